"""Steps of the guided lesson: small networks, and a task for each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .example import Example, stack
from .layers import Conv, Fork, Layer


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
        layers: the layers of these settings.
        length: how many units the input has.
        done: whether the task is done, by the network and the pinned unit.
        equation: which equation has the network's numbers below the drawing; none where there is
            nothing to count. "added" is the sum of what each layer adds, in words; "size" is the
            closed form, "output" the length of layer 1, and "alignment" compares two paths.
        counts: whether the units show the number of paths that reach them.
        names_closed_form: whether the closed form is told apart from the region, which only steps
            do that come after its explanation.
    """

    title: str
    says: str
    task: str
    conclusion: str
    sliders: tuple[Slider, ...]
    layers: Callable[..., list[Layer]]
    length: int
    done: Callable[[Example, Unit], bool]
    equation: Literal["added", "size", "output", "alignment"] | None = None
    counts: bool = False
    names_closed_form: bool = True

    def build(self, *values: int) -> Example:
        """Trace the network of these settings."""
        return stack(self.layers(*values), self.length)


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


def _long_as_the_input(example: Example, _: Unit) -> bool:
    """Whether the output has as many units as the input."""
    return example.rows[-1].size == example.length


STEPS: Sequence[LessonStep] = (
    LessonStep(
        "A pixel and a kernel",
        "A picture is a grid of pixels. Let us take one row of it: the squares at the bottom are "
        "13 pixels. The squares above are a layer. We call all squares **units**, and count them "
        "from 0.\n\nA unit of layer 1 gets the units under its **kernel**: a short row of weights, "
        "$k$ of them, that slides along the row below. The input units that a unit gets are "
        "what it **sees**, its **receptive field**. The bracket marks them, from the first one, "
        "$u$, to the last one, $v$. Point at any unit, or tap it.",
        "Set the kernel so that a unit of layer 1 sees exactly 5 input units.",
        "A kernel of $k$ weights sees $k$ units. Neighbours share all but one of them: here 4 "
        "of 5. The other way round, an input unit is seen by up to 5 units of layer 1.",
        (Slider("Kernel k", 1, 7, 3),),
        lambda k: [Conv(k)],
        13,
        lambda e, _: size(e) == 5,
        names_closed_form=False,
    ),
    LessonStep(
        "One layer on another",
        "A unit of layer 2 gets units of layer 1. Each of these gets input units. So a unit of "
        "layer 2 sees farther than its own kernel reaches. Here every kernel has 3 weights.",
        "Stack layers until a unit of the last one sees exactly 7 input units.",
        "Each layer adds its kernel less 1, which is 2. Three layers see $1 + 2 + 2 + 2 = 7$ "
        "units, as many as one kernel of 7. On a picture the small kernels need fewer weights: "
        "three kernels of 3 by 3 have 27, one of 7 by 7 has 49 (with one channel in each layer).",
        (Slider("Layers", 1, 5, 2),),
        lambda n: [Conv(3)] * n,
        15,
        lambda e, _: size(e) == 7,
        "added",
        names_closed_form=False,
    ),
    LessonStep(
        "Stride",
        "So far each kernel moved on by one unit at a time. With a **stride** of $s$ it moves on "
        "by $s$ units. Neighbours in layer 1 then look at places $s$ input units apart. So one "
        "step in layer 1 is as wide as $s$ steps in the input.",
        "Both kernels have 3 weights. Make a unit of layer 2 see exactly 9 input units.",
        "A unit of layer 1 sees 3 input units. The kernel of layer 2 adds two steps, and each is "
        "3 wide, as the stride of layer 1: $3 + 2 \\cdot 3 = 9$. The stride of layer 2 does not "
        "change what one of its units sees. It changes where the next one looks.",
        (Slider("Stride of layer 1", 1, 3, 1), Slider("Stride of layer 2", 1, 2, 1)),
        lambda s, t: [Conv(3, s), Conv(3, t)],
        24,
        lambda e, _: size(e) == 9,
        "added",
        names_closed_form=False,
    ),
    LessonStep(
        "The closed form",
        "You have found a rule that holds for every chain of layers. Take each layer's kernel "
        "less 1, times all strides below it. Add everything up, and add 1. This is the **closed "
        "form** of Araujo, Norris and Sim (Distill, 2019).\n\nIn their letters: there are $L$ "
        "layers, counted from the input, so $l$ runs from 1 to $L$. Layer $l$ has the kernel $k_l$ "
        "and the stride $s_l$. One unit of the output, the last layer, sees $r_l$ units of layer "
        "$l$. The input is layer 0, so the size of the receptive field is $r_0$. All strides "
        "multiplied are the **effective stride** $S_0$: so far apart lie the fields of neighbours. "
        "In the equation, $\\sum$ adds up for all layers, and $\\prod$ multiplies the strides "
        "$s_i$ of those below.",
        "Find strides with which a unit of layer 3 sees $r_0 = 15$ input units, and neighbours lie "
        "$S_0 = 4$ apart.",
        "Two strides of 2 multiply to $S_0 = 4$, and $r_0 = 1 + 2 + 2 \\cdot 2 + 2 \\cdot 4 = "
        "15$. Strides of 3 and 1 give 15, too, but neighbours lie 3 apart. A stride widens the "
        "steps of all layers above it. So the strides of the first layers widen the field most.",
        (Slider("Stride of layer 1", 1, 3, 1), Slider("Stride of layer 2", 1, 3, 1)),
        lambda s, t: [Conv(3, s), Conv(3, t), Conv(3)],
        36,
        lambda e, _: _sizes(e) == (15, 4),
        "size",
    ),
    LessonStep(
        "Padding",
        "A kernel of 5 fits on 12 units in 8 places only, so the layer is shorter than its input. "
        "**Padding** adds units at both ends, drawn dashed: $p$ in front and $q$ behind, here "
        "the same number. They hold no input. The field of unit 0 then begins in front of the "
        "input, by the **effective padding** $P_0$. The equation gives the length of layer 1, "
        "$n_1$, from that of the input, $n_0$; the half brackets round down.",
        "Make layer 1 as long as the input.",
        "Half of the kernel less 1 at each end, $p = (k - 1)/2 = 2$, keeps the length where the "
        "stride is 1. The receptive field still has 5 units. But for unit 0, two of them are "
        "padding: it sees 3 input units.",
        (Slider("Padding p", 0, 4, 0),),
        lambda p: [Conv(5, padding=(p, p))],
        12,
        _long_as_the_input,
        "output",
    ),
    LessonStep(
        "At the border",
        "The closed form counts padding as if it were input. At the border it reaches too far. Can "
        "we cut it off where the input ends? Not always: there is padding *between* layers, too. "
        "Here it lies at both ends of layer 1. The exact region is what a unit really sees.",
        "Click the unit of layer 2 for which the closed form, cut off at the ends of the input, "
        "is still not the exact region. Compare the two brackets.",
        "Unit 3 sees the input units 4 to 8. Its closed form says 4 to 10; cut off at the end of "
        "the input, it says 4 to 9. No unit of layer 1 looks at input unit 9. The padding beside "
        "layer 1 stands where such a unit would be, and padding holds no input.",
        (),
        lambda: [Conv(3, 2), Conv(3, padding=(1, 1))],
        10,
        _is_misjudged,
    ),
    LessonStep(
        "Dilation",
        "The places where a kernel has its weights are called **taps**. So far they lay side by "
        "side. With a **dilation** of $d$ they lie $d$ units apart. The kernel reaches farther "
        "with as many weights. In the equation, $d_l$ is the dilation of layer $l$; where every "
        "dilation is 1, it is left out.",
        "With three taps, make a unit reach over 9 input units.",
        "$d(k - 1) + 1 = 4 \\cdot 2 + 1 = 9$. Now count the lit units: the field is 9 units long, "
        "and only 3 of them are seen. The region is the smallest box around all that is seen. It "
        "can have holes.",
        (Slider("Dilation d", 1, 5, 2),),
        lambda d: [Conv(3, dilation=d)],
        16,
        lambda e, _: size(e) == 9,
        "size",
    ),
    LessonStep(
        "Branches",
        "In many networks the layers fork, and the paths are added in the end: here path A on the "
        "left and path B on the right. Two things must agree: the effective stride $S_0$, and the "
        "**centre** $c_0$ of what unit 0 sees. Then the paths are **aligned**, and the sum has the "
        "closed form of the wider path. Otherwise it has none. In the equations, a small A or B "
        "names the path.",
        "Path B has two units of padding. Move them from one end to the other until the paths are "
        "aligned.",
        "With 1 at each end, both centres are 0. With any other padding, path B looks at another "
        "place of the input than path A, and the sum mixes the two places.",
        (Slider("Padding of B in front", 0, 2, 0),),
        lambda p: [Fork(((Conv(5, 2, (2, 2)),), (Conv(3, 2, (p, 2 - p)),)))],
        15,
        lambda e, _: bool(e.last.aligned),
        "alignment",
    ),
    LessonStep(
        "The effective receptive field",
        "Not all units of a field count alike. A **path** leads from an input unit up to the "
        "output, by one unit of each layer. The number in a unit counts its paths to the output "
        "unit: many from the middle of the field, one from each end. Where all weights are equal, "
        "the influence of a unit is its share of all paths. These shares form a bell, the "
        "**effective receptive field** (Luo and others, NeurIPS 2016).",
        "Stack layers until the outermost unit has less than a hundredth of the paths of the "
        "middle one.",
        "With six layers there is 1 path from each end and 141 from the middle. With each further "
        "layer the field grows by 2 units. The bell grows, too, but only with the square root of "
        "the number of layers.",
        (Slider("Layers of kernel 3", 2, 7, 2),),
        lambda n: [Conv(3)] * n,
        17,
        lambda e, _: share_at_the_end(e) < 0.01,
        None,
        counts=True,
    ),
)
"""All but the first and the last step, which show a real network."""


def _sizes(example: Example) -> tuple[int, int] | None:
    """r and S of the last layer; None where it has no closed form."""
    field = example.last.receptive_field
    return (field.size[0], field.stride[0]) if field else None
