"""Steps of the guided lesson: small networks, and a task for each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import equations
from .example import Example, stack
from .layers import Conv, Fork


@dataclass(frozen=True)
class Slider:
    """Slider for a whole number: from ``low`` to ``high``, at first ``start``."""

    label: str
    low: int
    high: int
    start: int


@dataclass(frozen=True)
class Unit:
    """Unit of a row; rows are counted from the input, which is row 0."""

    row: int
    unit: int


@dataclass(frozen=True)
class LessonStep:
    """Step of the lesson: one thing to learn, one thing to do.

    Attributes:
        title: its subject.
        says: the explanation, in Markdown.
        task: the task in words.
        conclusion: the lesson to draw once the task is done.
        sliders: the settings.
        build: makes the network of these settings.
        done: whether the task is done, by the network and the pinned unit.
        equation: in LaTeX, with the network's numbers; None where there is nothing to count.
        counts: whether the units show the number of paths that reach them.
    """

    title: str
    says: str
    task: str
    conclusion: str
    sliders: tuple[Slider, ...]
    build: Callable[..., Example]
    done: Callable[[Example, Unit], bool]
    equation: Callable[[Example], str] | None = None
    counts: bool = False


def size(example: Example) -> int | None:
    """Return the receptive field size of the last layer; None where it has no closed form."""
    field = example.last.receptive_field
    return field.size[0] if field else None


def cut_off(example: Example, unit: int) -> tuple[int, int] | None:
    """Return the closed form's region of a unit of the output, cut off at the input's ends.

    Half-open; None where there is no closed form.
    """
    forms = example.forms(len(example.rows) - 1)
    if forms is None:
        return None
    start, stop = forms[unit]
    return max(start, 0), min(stop, example.length)


def _is_misjudged(example: Example, pinned: Unit) -> bool:
    """Whether the closed form, cut off at the ends, differs from the pinned output's region."""
    top = len(example.rows) - 1
    return pinned.row == top and cut_off(example, pinned.unit) != example.spans(top)[pinned.unit]


def share_at_the_end(example: Example) -> float:
    """Return the path count of the outermost unit that the middle of the output sees.

    As a share of the largest path count.
    """
    middle = (example.rows[-1].size // 2,)
    counts = example.last.paths(middle)[example.last.region(middle).slices]
    return float(counts[0] / counts.max())


def _alignment(example: Example) -> str:
    """The equations of the paths of an example's fork."""
    ends = [row for row in example.rows if row.path is not None]
    return equations.alignment(
        [(row.name[0], row.layer.receptive_field) for row in ends if row.layer]
    )


def _long_as_the_input(example: Example, _: Unit) -> bool:
    """Whether the output has as many units as the input."""
    return example.rows[-1].size == example.length


STEPS: Sequence[LessonStep] = (
    LessonStep(
        "A pixel and a kernel",
        "The input lies at the bottom: a row of pixels, here called units. A convolution slides a "
        "**kernel** over it, and every unit that it makes looks at $k$ neighbours. Those are its "
        "**receptive field**. Point at any unit to see what it sees.",
        "Set the kernel so that a unit of layer 1 sees exactly 5 input units.",
        "A kernel of $k$ sees $k$ units. In turn, an input unit is seen by up to $k$ units above. "
        "Neighbours share $k - 1 = 4$ of the 5 units that each of them sees.",
        (Slider("Kernel k", 1, 7, 3),),
        lambda k: stack([Conv(k)], 13),
        lambda e, _: size(e) == 5,
    ),
    LessonStep(
        "One layer on another",
        "A unit of the second layer looks at units of the first, and through them at the input. "
        "Layers let small kernels see far.",
        "With kernels of 3 only, make the last layer see exactly 7 input units.",
        "Each layer adds $k - 1 = 2$: three of them see $1 + 3 \\cdot 2 = 7$, as one kernel of 7 "
        "would. On a picture, from one channel to one channel, three kernels of 3 by 3 have "
        "27 weights, and one of 7 by 7 has 49.",
        (Slider("Layers", 1, 5, 1),),
        lambda n: stack([Conv(3)] * n, 15),
        lambda e, _: size(e) == 7,
        equations.size,
    ),
    LessonStep(
        "Stride",
        "With a **stride** of $s$, a kernel moves on by $s$ units at a time: what neighbours see "
        "begins $s$ units apart. So each step in a layer above is $s$ times as wide.",
        "Leave both kernels at 3, and make layer 2 see exactly 9 input units.",
        "Kernel 2 adds two steps, each as wide as the stride of layer 1: "
        "$3 + 2 \\cdot 3 = 9$. The stride of layer 2 does not change what one of its units sees.",
        (Slider("Stride of layer 1", 1, 4, 1), Slider("Stride of layer 2", 1, 2, 1)),
        lambda s, t: stack([Conv(3, s), Conv(3, t)], 24),
        lambda e, _: size(e) == 9,
        equations.size,
    ),
    LessonStep(
        "The closed form",
        "For any chain of layers: multiply each layer's ${k - 1}$ by all strides below it, add "
        "everything up, and add 1. That is the **closed form** of Araujo, Norris and Sim "
        "(Distill, 2019). They count layers from the input and write $r_l$ for the size of what "
        "one unit of the output sees of layer $l$: for the input, that is $r_0$. All strides "
        "multiplied are the effective stride $S_0$.",
        "Find strides with which layer 3 sees 15 input units and steps by 4.",
        "Two strides of 2: $S_0 = 4$, and $r_0 = 1 + 2 + 2 \\cdot 2 + 2 \\cdot 4 = 15$. A stride "
        "widens the steps of all layers above it, so an early one widens most.",
        (Slider("Stride of layer 1", 1, 4, 1), Slider("Stride of layer 2", 1, 4, 1)),
        lambda s, t: stack([Conv(3, s), Conv(3, t), Conv(3)], 48),
        lambda e, _: _sizes(e) == (15, 4),
        equations.size,
    ),
    LessonStep(
        "Padding",
        "Without padding, a kernel of 2 or more makes a layer shorter than what it stands on. "
        "**Padding** adds units that hold no input, drawn dashed, at both ends. The field of "
        "unit 0 then begins $P_0$ units in front of the input: that is the effective padding.",
        "With a kernel of 5, make layer 1 as long as the input.",
        "$p = (k - 1)/2 = 2$ at both ends keeps the length, since the stride is 1. The receptive "
        "field is still 5, but two of the 5 units of unit 0 are padding: it sees 3 input units.",
        (Slider("Padding p", 0, 4, 0),),
        lambda p: stack([Conv(5, padding=(p, p))], 12),
        _long_as_the_input,
        lambda e: equations.output_size(_conv(e), e.length, e.rows[-1].size),
    ),
    LessonStep(
        "At the border",
        "Padding holds no input. It is tempting to take the closed form and cut it off where the "
        "input ends. But padding *between* layers holds no input either, and the closed form "
        "counts it as if it did.",
        "Click the unit of layer 2 for which the closed form, cut off at the ends of the input, "
        "is not the exact region. Compare the two brackets.",
        "Unit 3 sees 4 to 8. The closed form says 4 to 10, cut off 4 to 9: but no unit of layer 1 "
        "looks at input unit 9, only the padding beside them would.",
        (),
        lambda: stack([Conv(3, 2), Conv(3, padding=(1, 1))], 10),
        _is_misjudged,
    ),
    LessonStep(
        "Dilation",
        "A **dilation** of $d$ pulls the taps of a kernel $d$ units apart: it reaches far with "
        "few weights.",
        "With three taps, make a unit reach over 9 input units.",
        "$d(k - 1) + 1 = 4 \\cdot 2 + 1 = 9$. But count the lit units: the field is 9 units long, "
        "and only 3 of them are seen. A region is the smallest box around what is seen, and that "
        "may have holes.",
        (Slider("Dilation d", 1, 5, 1),),
        lambda d: stack([Conv(3, dilation=d)], 16),
        lambda e, _: size(e) == 9,
        equations.size,
    ),
    LessonStep(
        "Branches",
        "Two paths lead from the input to a sum, A on the left and B on the right. If they agree "
        "on the stride $S_0$ and on the **centre** $c_0$ of what unit 0 sees, they are aligned: "
        "then the closed form of the wider one is that of the sum. If not, the sum has none.",
        "Move padding of path B from one end to the other until the paths are aligned.",
        "With 1 at each end, both centres are 0. Other paddings shift what path B looks at, so "
        "the sum adds up what lies around different places of the input.",
        (Slider("Padding of B in front", 0, 2, 0),),
        lambda p: stack([Fork(((Conv(5, 2, (2, 2)),), (Conv(3, 2, (p, 2 - p)),)))], 15),
        lambda e, _: bool(e.last.aligned),
        _alignment,
    ),
    LessonStep(
        "The effective receptive field",
        "Not all units of a field count alike: many paths lead from its middle to the output, "
        "and one from each end. The numbers are path counts. If all weights are equal, a unit's "
        "influence is its share of the paths: they form a bell, the **effective receptive field** "
        "(Luo and others, NeurIPS 2016).",
        "Stack layers until the outermost unit has less than a hundredth of the paths of the "
        "middle one.",
        "With six layers there is 1 path from each end and 141 from the middle. The field grows "
        "linearly with the depth, the bell only with the square root of the depth.",
        (Slider("Layers of kernel 3", 1, 8, 2),),
        lambda n: stack([Conv(3)] * n, 19),
        lambda e, _: share_at_the_end(e) < 0.01,
        None,
        counts=True,
    ),
)
"""All but the last step, which shows a real network."""


def _sizes(example: Example) -> tuple[int, int] | None:
    """r and S of the last layer; None where it has no closed form."""
    field = example.last.receptive_field
    return (field.size[0], field.stride[0]) if field else None


def _conv(example: Example) -> Conv:
    """The only layer of an example."""
    (layer,) = example.layers
    assert isinstance(layer, Conv)
    return layer
