"""The guided lesson: every task can be done, and none is done before."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import product

import pytest

from rf_viz.lessons.steps import STEPS, LessonStep, Unit, share_at_the_end

IDS = [step.title for step in STEPS]
ANSWERS = {
    "A pixel and a kernel": {(5,)},
    "One layer on another": {(3,)},
    "Stride": {(3, 1), (3, 2)},
    "The closed form": {(2, 2)},
    "Padding": {(2,)},
    "Dilation": {(4,)},
    "Branches": {(1,)},
    "The effective receptive field": {(6,), (7,)},
}


def settings(step: LessonStep) -> list[tuple[int, ...]]:
    """Everything that the sliders can be set to."""
    return list(product(*(range(s.low, s.high + 1) for s in step.sliders)))


@pytest.mark.parametrize("step", STEPS, ids=IDS)
def test_every_setting_makes_a_network(step: LessonStep) -> None:
    for values in settings(step):
        example = step.build(*values)
        assert example.rows[-1].size >= 1
        assert example.net.layers[-1].exact


@pytest.mark.parametrize("step", [s for s in STEPS if s.sliders], ids=lambda s: s.title)
def test_the_task_is_done_by_these_settings_only(step: LessonStep) -> None:
    nowhere = Unit(0, 0)
    done = {values for values in settings(step) if step.done(step.build(*values), nowhere)}
    assert done == ANSWERS[step.title]
    assert tuple(slider.start for slider in step.sliders) not in done


def test_at_the_border_one_unit_is_misjudged() -> None:
    (step,) = (s for s in STEPS if s.title == "At the border")
    example = step.build()
    units = [Unit(row, unit) for row, r in enumerate(example.rows) for unit in range(r.size)]
    assert [u for u in units if step.done(example, u)] == [Unit(2, 3)]
    region, field = example.last.region((3,)), example.last.receptive_field
    assert (region.start[0], region.stop[0] - 1) == (4, 8)
    assert (field.start((3,))[0], field.stop((3,))[0] - 1) == (4, 10)
    assert not example.net["layer 1"].mask_of((0, 0, slice(None)))[9]


def test_what_the_steps_tell_holds_in_the_core_too() -> None:
    by_title = {step.title: step for step in STEPS}
    paths = by_title["Branches"].build(1)
    assert paths.last.receptive_field == paths.net["A1"].receptive_field, "the wider one's"
    for front in (0, 2):
        assert by_title["Branches"].build(front).last.receptive_field is None
    assert 1 / share_at_the_end(
        by_title["The effective receptive field"].build(6)
    ) == pytest.approx(141)


# ---- what the sentences say, counted with plain loops


@dataclass(frozen=True)
class Chain:
    """Layers by k, s, p and d over an input, without anything of the core."""

    length: int
    layers: tuple[tuple[int, int, int, int], ...]

    @property
    def sizes(self) -> list[int]:
        sizes = [self.length]
        for k, s, p, d in self.layers:
            sizes.append((sizes[-1] + 2 * p - d * (k - 1) - 1) // s + 1)
        return sizes

    def seen(self, unit: int) -> list[int]:
        """The input units that a unit of the last layer sees."""
        units = {unit}
        for (k, s, p, d), below in zip(self.layers[::-1], self.sizes[-2::-1], strict=True):
            taps = {s * u - p + d * tap for u in units for tap in range(k)}
            units = {u for u in taps if 0 <= u < below}
        return sorted(units)

    def span(self, unit: int) -> tuple[int, int]:
        """First and last unit of the field, padding counted."""
        first = last = unit
        for k, s, p, d in self.layers[::-1]:
            first, last = s * first - p, s * last - p + d * (k - 1)
        return first, last

    def counts(self, unit: int) -> list[int]:
        """The number of paths from each input unit."""
        paths = Counter([unit])
        for k, s, p, d in self.layers[::-1]:
            below: Counter[int] = Counter()
            for u, n in paths.items():
                for tap in range(k):
                    below[s * u - p + d * tap] += n
            paths = below
        return [n for _, n in sorted(paths.items())]


def chain(length: int, *layers: tuple[int, ...]) -> Chain:
    """A chain of layers by k, s, p and d; what is left out is 1, 0 and 1."""
    return Chain(length, tuple((*layer, *(1, 0, 1)[len(layer) - 1 :]) for layer in layers))


def of_a_kernel() -> list[str]:
    net = chain(13, (5,))
    shared = set(net.seen(3)) & set(net.seen(4))
    most = max(sum(i in net.seen(u) for u in range(net.sizes[1])) for i in range(13))
    return [
        f"the squares at the bottom are {net.sizes[0]} pixels",
        "count them from 0",
        f"exactly {len(net.seen(0))} input units",
        f"here {len(shared)} of {len(net.seen(3))}",
        f"seen by up to {most} units",
    ]


def of_a_stack() -> list[str]:
    fields = [len(chain(15, *[(3,)] * n).seen(2)) for n in (1, 2, 3)]
    added = fields[1] - fields[0]
    assert [len(chain(15, (3,), (3,)).seen(u)) for u in (1, 5)] == [fields[1]] * 2
    assert len(chain(15, (fields[2],)).seen(2)) == fields[2]
    return [
        "every kernel has 3 weights",
        f"exactly {fields[2]} input units",
        f"its kernel less 1, which is {added}",
        f"$1 + {added} + {added} + {added} = {fields[2]}$",
        f"as many as one kernel of {fields[2]}",
        f"three kernels of 3 by 3 have {3 * 3 * 3}, one of 7 by 7 has {7 * 7}",
    ]


def of_strides() -> list[str]:
    net = chain(24, (3, 3), (3,))
    assert len(chain(24, (3, 3), (3, 2)).seen(1)) == len(net.seen(1))
    first = chain(24, (3, 3))
    width = first.seen(1)[0] - first.seen(0)[0]
    return [
        "Both kernels have 3 weights",
        f"exactly {len(net.seen(1))} input units",
        f"sees {len(first.seen(1))} input units",
        f"each is {width} wide",
        f"$3 + 2 \\cdot {width} = {len(net.seen(1))}$",
    ]


def of_the_closed_form() -> list[str]:
    net, other = (chain(36, (3, s), (3, t), (3,)) for s, t in ((2, 2), (3, 1)))
    r = len(net.seen(2))
    apart, near = (one.seen(3)[0] - one.seen(2)[0] for one in (net, other))
    widths = [1, 2, 2 * 2]
    assert 1 + sum((3 - 1) * width for width in widths) == r
    assert len(other.seen(2)) == r
    return [
        "less 1",
        "add 1.",
        "runs from 1 to $L$",
        "The input is layer 0",
        "is $r_0$",
        "**effective stride** $S_0$",
        f"sees $r_0 = {r}$ input units",
        f"neighbours lie $S_0 = {apart}$ apart",
        f"Two strides of 2 multiply to $S_0 = {apart}$",
        f"$r_0 = 1 + 2 + 2 \\cdot {widths[1]} + 2 \\cdot {widths[2]} = {r}$",
        f"Strides of 3 and 1 give {r}, too, but neighbours lie {near} apart",
    ]


def of_padding() -> list[str]:
    bare, padded = chain(12, (5,)), chain(12, (5, 1, 2))
    assert padded.sizes == [12, 12]
    first, last = padded.span(0)
    assert (last - first + 1, -first) == (5, 2), "two of the five units are padding"
    return [
        f"A kernel of 5 fits on {bare.sizes[0]} units in {bare.sizes[1]} places",
        "The field of unit 0",
        "$P_0$",
        "$n_1$",
        "$n_0$",
        "less 1 at each end",
        f"$p = (k - 1)/2 = {-first}$",
        "the stride is 1",
        f"still has {last - first + 1} units",
        "for unit 0",
        f"sees {len(padded.seen(0))} input units",
    ]


def of_the_border() -> list[str]:
    net = chain(10, (3, 2), (3, 1, 1))
    seen, (first, last) = net.seen(3), net.span(3)
    assert seen == list(range(seen[0], seen[-1] + 1))
    missed = net.length - 1
    below = chain(10, (3, 2))
    assert all(missed not in below.seen(u) for u in range(below.sizes[1]))
    first_of_padding, last_of_padding = below.span(below.sizes[1])
    assert first_of_padding <= missed <= last_of_padding, "the padding stands for it"
    return [
        f"Unit 3 sees the input units {seen[0]} to {seen[-1]}",
        f"Its closed form says {first} to {last};",
        f"it says {first} to {min(last, missed)}.",
        f"looks at input unit {missed}.",
    ]


def of_dilation() -> list[str]:
    net = chain(16, (3, 1, 0, 4))
    first, last = net.span(1)
    return [
        f"over {last - first + 1} input units",
        f"$d(k - 1) + 1 = 4 \\cdot 2 + 1 = {last - first + 1}$",
        f"is {last - first + 1} units long",
        f"only {len(net.seen(1))} of them are seen",
        "every dilation is 1",
    ]


def of_branches() -> list[str]:
    wide, narrow = chain(15, (5, 2, 2)), chain(15, (3, 2, 1))
    (centre,) = {sum(net.span(0)) / 2 for net in (wide, narrow)}
    assert set(narrow.seen(3)) < set(wide.seen(3))
    return [
        "$S_0$",
        "$c_0$",
        "of what unit 0 sees",
        "With 1 at each end",
        f"both centres are {centre:.0f}",
    ]


def of_the_bell() -> list[str]:
    counts = chain(17, *[(3,)] * 6).counts(2)
    assert counts[0] == counts[-1]
    grown = len(chain(17, *[(3,)] * 7).counts(1)) - len(counts)
    return [
        f"is {counts[0]} path from each end and {max(counts)} from the middle",
        f"grows by {grown} units",
    ]


COUNTED = {
    "A pixel and a kernel": of_a_kernel,
    "One layer on another": of_a_stack,
    "Stride": of_strides,
    "The closed form": of_the_closed_form,
    "Padding": of_padding,
    "At the border": of_the_border,
    "Dilation": of_dilation,
    "Branches": of_branches,
    "The effective receptive field": of_the_bell,
}


@pytest.mark.parametrize("step", STEPS, ids=IDS)
def test_every_number_in_the_sentences_is_counted(step: LessonStep) -> None:
    text = f"{step.says} {step.task} {step.conclusion}"
    for sentence in COUNTED[step.title]():
        assert sentence in text
        text = text.replace(sentence, "")
    # What is left: names of layers, the years of papers, and a size that stands for any.
    left = re.sub(r"[Ll]ayer [12]|layer 3|\b20(19|16)\b", "", text)
    assert re.findall(r"\d+", left) == []


LETTERS = {"size": "rLlkis", "output": "npqks", "alignment": "rSPcAB"}
"""The letters of the equations; tests/browser/test_living_numbers.py reads them off the page."""


def letters(latex: str) -> set[str]:
    """The letters of a formula."""
    return set(
        re.findall(r"[A-Za-z]", re.sub(r"\\(?:text|begin|end)\{.*?\}|\\[A-Za-z]+", " ", latex))
    )


def test_no_letter_comes_before_its_explanation() -> None:
    explained: set[str] = set()
    for step in STEPS:
        in_text = {part: letters(" ".join(re.findall(r"\$(.*?)\$", part))) for part in texts(step)}
        explained |= in_text[step.says] | ({"A", "B"} if step.title == "Branches" else set())
        example = step.build(*(slider.start for slider in step.sliders))
        rows = {row.about for row in example.rows if row.about != "added"}
        assert letters(" ".join(rows)) <= explained
        assert set(LETTERS.get(step.equation or "", "")) <= explained
        assert set().union(*in_text.values()) <= explained
    assert explained >= set("ksrSPlLc")


def test_no_field_has_holes_before_dilation_explains_them() -> None:
    for step in STEPS[: IDS.index("Dilation")]:
        for values in settings(step):
            output = step.build(*values).last
            for unit in range(output.extents[0]):
                assert output.mask((unit,)).sum() == output.region((unit,)).size[0]


def test_the_first_steps_do_not_name_the_closed_form() -> None:
    names = [step.names_closed_form for step in STEPS]
    assert names == [IDS.index("The closed form") <= n for n in range(len(STEPS))]
    for step in STEPS[: IDS.index("The closed form")]:
        assert all("closed form" not in text for text in texts(step))


def texts(step: LessonStep) -> tuple[str, str, str]:
    """All that a step says."""
    return step.says, step.task, step.conclusion
