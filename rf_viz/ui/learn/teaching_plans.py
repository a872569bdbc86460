"""Plans for a lesson on receptive fields, minute by minute, and what learners often believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...lessons.exercise_set import Link, write_link


@dataclass(frozen=True)
class Stage:
    """Part of a lesson.

    Attributes:
        minutes: how long it takes.
        title: its subject.
        shows: what to show and do, in Markdown, with links into Learn.
        asks: questions to the class, each with the answer to expect.
    """

    minutes: int
    title: str
    shows: str
    asks: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Belief:
    """Misconception, and the exercise that brings it to light.

    Attributes:
        says: what a learner believes.
        truth: what holds instead.
        exercise: the exercise.
        symbol: the part of it in which the belief shows, as ``Part.symbol``.
        number: the number that the belief leads to there.
    """

    says: str
    truth: str
    exercise: Link
    symbol: str
    number: int


def _step(number: int) -> str:
    """A link to a step of the lesson."""
    return f"[step {number}](?part=lesson&step={number})"


def _figure(name: str, words: str, **values: object) -> str:
    """A link to a figure; ``values`` are those of its controls, if not the first ones."""
    state = "".join(f"&{name}.{control}={value}" for control, value in values.items())
    return f"[{words}](?part=figures&figure={name}{state})"


def _set(words: str, plan: str, *counts: int) -> str:
    """A link to this page beside a plan, its set with so many exercises of each level."""
    levels = "".join(f"&n{level}={count}" for level, count in enumerate(counts, 1))
    return f"[{words}](?part=teaching&plan={plan}{levels})"


def _exercise(link: Link) -> str:
    """A link to an exercise."""
    name = write_link(link)
    return f"[{name}](?part=exercises&exercise={name})"


_PLAYGROUND = "[the playground](?part=playground)"
_LAB = "[Why it matters](?part=lab)"

_OPENING = (
    "Show [the opening of the lesson](?part=lesson) on the projector, and let the class guess "
    "before the box grows."
)
_HOOK = (
    (
        "The network says: a cat. Which pixels has this one cell looked at?",
        "Many say: all of them. A cell of an early layer sees a few pixels; only cells of late "
        "layers see most of the picture.",
    ),
)
_LAYERS = (
    (
        "A kernel has 5 taps. How many input units does a unit see?",
        "5, the width of the kernel.",
    ),
    (
        "Three layers with kernels of 3: how many input units does the last layer see?",
        "Many say 9. It is 7: each layer adds 2, and the first unit counts once.",
    ),
)
_STRIDES = (
    (
        "Two kernels of 3, the first with a stride of 2. How many input units does layer 2 see?",
        "7: the first layer sees 3, and the two steps of layer 2 are 2 units wide each.",
    ),
    (
        "Does the stride of the last layer change how much one of its units sees?",
        "No. It only moves the next unit further away.",
    ),
)
_PADDING = (
    (
        "A kernel of 5 with padding 2: how many input units does unit 0 see?",
        "3: the other two taps lie on padding, which holds no input.",
    ),
    (
        "Does padding change the receptive field size?",
        "No. It changes where the field begins, and how much of it is input at the border.",
    ),
)
_DILATION = (
    (
        "Three taps, 4 units apart: how wide is the field, and how many units does it read?",
        "9 wide, 3 read. The field is the box around them, with holes.",
    ),
)
_BRANCHES = (
    (
        "One path sees 5 units, the other 3, and both are added. What does the sum see?",
        "5, if they are centred alike: the wider one holds the other. They do not add up.",
    ),
)
_BELL = (
    (
        "Do all pixels of the field count alike?",
        "No: many paths lead up from the middle, and only one from each end. The influence forms a "
        "bell.",
    ),
)
_WHY = (
    (
        "Two dots lie 9 units apart. Can a unit that sees 7 units tell how far apart they are?",
        "No, whatever it learns: it never sees both.",
    ),
)
_EXIT = (
    (
        "Exit question: name two ways to let a network see further.",
        "More layers, larger kernels, an early stride, dilation. Any two of these.",
    ),
)

PLANS: dict[str, Sequence[Stage]] = {
    "20": (
        Stage(
            3,
            "What could this cell know?",
            _OPENING,
            _HOOK,
        ),
        Stage(
            6,
            "Kernels and layers",
            f"Show {_step(1)}, then {_step(2)}. Let the class say the number before you move the "
            "slider.",
            _LAYERS,
        ),
        Stage(4, "Strides", f"Show {_step(3)}, and move one stride at a time.", _STRIDES),
        Stage(
            5,
            "Two exercises",
            f"Everybody opens exercise {_exercise((1, 1))} and then {_exercise((2, 2))}, or the "
            f"class link of {_set('a set of two', '20', 1, 1, 0, 0, 0, 0)}. Read the comments on "
            "wrong numbers together.",
        ),
        Stage(2, "Why it matters", f"Show {_LAB}, the drawing only.", _EXIT),
    ),
    "45": (
        Stage(
            5,
            "What could this cell know?",
            _OPENING,
            _HOOK,
        ),
        Stage(
            8,
            "Kernels and layers",
            f"Slide a kernel over real pixels in {_PLAYGROUND}. Then show {_step(1)} and "
            f"{_step(2)}. Let the class say the number before you move the slider.",
            _LAYERS,
        ),
        Stage(
            8,
            "Strides, and the closed form",
            f"Show {_step(3)} and {_step(4)}. Write the sum on the board: 1, and for each layer "
            f"its steps times all strides below. {_figure('size', 'Figure 5, The size')}, fills "
            "the sum in for any numbers.",
            _STRIDES,
        ),
        Stage(
            7,
            "Padding and the border",
            f"Show {_step(5)} and {_step(6)}. Let the class find the unit in which the closed "
            "form is wrong.",
            _PADDING,
        ),
        Stage(
            12,
            "Exercises in pairs",
            f"Everybody opens the link of {_set('a set up to level 3', '45', 2, 2, 1, 0, 0, 0)}, "
            "which this lesson covers, two to a screen. One says why, the other types. After a "
            "wrong number, both read the comment before they try again. Fast pairs go on to "
            f"dilation in {_step(7)}.",
            _DILATION,
        ),
        Stage(
            5,
            "Why it matters",
            f"Show {_LAB}: the accuracy jumps where the network sees far enough. Collect the "
            "summaries.",
            (*_WHY, *_EXIT),
        ),
    ),
    "90": (
        Stage(
            6,
            "What could this cell know?",
            _OPENING,
            _HOOK,
        ),
        Stage(
            12,
            "Kernels and layers",
            f"Everybody slides a kernel over real pixels in {_PLAYGROUND}, and edits it. Then "
            f"show {_step(1)} and {_step(2)}.",
            _LAYERS,
        ),
        Stage(
            12,
            "Strides, and the closed form",
            f"Show {_step(3)} and {_step(4)}. Walk through "
            f"{_figure('derivation', 'figure 4, The recurrence')}, step by step, and with a class "
            f"that likes proofs through its solution in {_figure('size', 'figure 5, The size')}.",
            _STRIDES,
        ),
        Stage(
            10,
            "Padding and the border",
            f"Show {_step(5)} and {_step(6)}. Then change the length of the input, the stride and "
            f"the padded layers in {_figure('border', 'figure 15, At the border')}, and let the "
            "class say beforehand whether both brackets agree.",
            _PADDING,
        ),
        Stage(
            8,
            "Dilation and branches",
            f"Show {_step(7)} and {_step(8)}. A dilation that doubles from 1, as in "
            f"{_figure('dilation', 'figure 11, Dilation', d=1, how='doubled')}, leaves no holes. "
            "With SAME padding the length of the input decides whether paths are aligned, as "
            f"{_figure('branches', 'figure 8, Branches', network='same')}, shows.",
            (*_DILATION, *_BRANCHES),
        ),
        Stage(
            20,
            "Exercises in pairs",
            "Everybody opens your class link, two to a screen, with at least one exercise of each "
            "level up to 5.",
        ),
        Stage(
            10,
            "The effective receptive field",
            f"Show {_step(9)} and {_figure('bell', 'figure 13, The bell')}, then a real network in "
            f"{_step(10)}.",
            _BELL,
        ),
        Stage(
            9,
            "Why it matters",
            f"Everybody trains a small network in {_LAB}, and finds the fewest layers that can "
            "tell how far apart two dots are.",
            _WHY,
        ),
        Stage(3, "Exit", "Hand out the worksheet as homework.", _EXIT),
    ),
}
"""Plans by their minutes."""

READY = (
    "A projector. *Present*, at the top right of every page, hides the menu and enlarges the text.",
    "A screen for every two learners, with a browser. A phone will do.",
    "Your class link, where everybody can copy it.",
    "A few printed worksheets, in case the network is down. Yours with the solutions.",
    "Ten minutes beforehand: go through the lesson once, and solve one exercise of each level.",
)
"""What to have ready, in Markdown."""

BELIEFS = (
    Belief(
        "The kernels of all layers add up.",
        "A layer adds only its *k* \N{MINUS SIGN} 1 steps: neighbours share what they see.",
        (2, 3),
        "r",
        6,
    ),
    Belief(
        "A layer's stride makes its own units see more.",
        "It widens the steps of the layers above it, not its own.",
        (2, 1),
        "r",
        11,
    ),
    Belief(
        "Strides add up.", "Each counts in units of the layer below: they multiply.", (2, 2), "S", 5
    ),
    Belief(
        "One unit of padding is one unit of input.",
        "It is as wide as all strides below its layer multiplied.",
        (3, 3),
        "P",
        4,
    ),
    Belief(
        "Padding is input.",
        "It holds nothing: a unit at the border sees less.",
        (3, 2),
        "first",
        -3,
    ),
    Belief(
        "A kernel with dilation *d* is *d* times *k* wide.",
        "There are *k* \N{MINUS SIGN} 1 gaps between *k* taps.",
        (4, 1),
        "r",
        18,
    ),
    Belief(
        "Two branches see the sum of what each sees.",
        "They look at the same units: the wider one decides where they are aligned.",
        (5, 1),
        "r",
        10,
    ),
    Belief(
        "At the border the closed form, cut off, is what a unit sees.",
        "Padding between the layers holds no input either: go down layer by layer.",
        (6, 5),
        "last",
        10,
    ),
    Belief(
        "The first unit is unit 1.",
        "Units are counted from 0, as Python counts pixels.",
        (1, 1),
        "first",
        7,
    ),
)
"""What learners often believe, level by level."""
