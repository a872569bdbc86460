"""Every number of the living figures, at random settings, held against the core and against taps.

The figures work in the browser. Here Python asks them for what they would show, and derives the
same by the core, which reads a model of the same layers, or by following every tap of every kernel.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from playwright.sync_api import Browser

import rf_viz
from rf_viz import ModelError
from rf_viz.lessons import Conv, Example, Fork, Layer, Transposed, Upsample, stack
from rf_viz.lessons import bell as bells
from rf_viz.lessons.exercises import LEVELS, exercise
from rf_viz.lessons.steps import STEPS
from rf_viz.lessons.worked import runs
from rf_viz.ui.browser.component import bundle
from rf_viz.ui.learn.diagram.living_figure import Choice, Slider
from rf_viz.ui.learn.diagram.networks import single
from rf_viz.ui.learn.figures import FIGURES
from rf_viz.ui.learn.lesson import step_details
from rf_viz.ui.text import percent
from tests.browser.driver import call
from tests.browser.visitors import visitor

SCRIPT = Path(__file__).parents[2] / "rf_viz/ui/learn/diagram/figures.js"
SETTINGS = 40
"""How many random settings each figure is shown at."""

LIVING = [name for name, figure in FIGURES.items() if figure.controls]

READ = """(cases) => {
  const written = (part) => {
    if (typeof part !== "object") return String(part);
    const parts = part.parts.map(written);
    switch (part.tag) {
      case "msub": return parts.join("_");
      case "msubsup": return `${parts[0]}_${parts[1]}^${parts[2]}`;
      case "mfrac": return `((${parts[0]})/(${parts[1]}))`;
      case "munderover": return parts[0];
      case "munder": return parts[0];
      case "mtr": return `${parts.slice(0, 2).join("\\t")}\\n`;
      default: return parts.join("");
    }
  };
  return cases.map(({ figure, values, unit, details }) => {
    const shown = FIGURES[figure];
    let model;
    try {
      model = shown.model(values, details);
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      return { misfit: error.message };
    }
    const rows = model.rows ?? [];
    const top = rows.length - 1;
    const of = rows.length ? unit % rows[top].size : 0;
    return {
      unit: of,
      sizes: rows.map(({ size }) => size),
      links: rows.map(({ links }) => links),
      forms: rows.map((_, row) => formsOf(rows, row)),
      regions: rows.length ? regionsOf(rows) : [],
      padding: rows.map(({ padding }) => padding),
      places: rows.map(({ at, step, level, path }) => ({ at, step, level, path })),
      brackets: model.brackets,
      marks: model.marks?.({ row: top, unit: of }) ?? [],
      start: model.start,
      formulas: shown.formulas(model, of).map(written),
      says: shown.says(model, of).map(written),
      strip: shown.strip?.(model, of) ?? null,
      shares: [...(model.shares ?? [])],
      inside: model.inside ?? null,
    };
  });
}"""


@dataclass(frozen=True)
class Shown:
    """What a figure shows at some settings, for a unit of its output."""

    values: dict[str, Any]
    shows: dict[str, Any]

    @property
    def unit(self) -> int:
        return int(self.shows["unit"])

    @property
    def says(self) -> str:
        return plain(" ".join(self.shows["says"]))

    @property
    def symbols(self) -> dict[str, float]:
        """Values of the symbols in the formulas; all sides of an equation must agree."""
        values: dict[str, float] = {}
        for formula in self.shows["formulas"]:
            symbol = ""
            for line in formula.splitlines():
                left, right = plain(line).split("\t")
                symbol = left.replace(" ", "") or symbol
                sides = [value(side) for side in re.split("[=:≠]", right)]
                numbers = [side for side in sides if side is not None]
                if not numbers or "≠" in right:
                    continue
                assert len(set(numbers)) == 1, line
                for name in symbol.split("="):
                    assert values.setdefault(name, numbers[0]) == numbers[0], (name, formula)
        return values


def plain(text: str) -> str:
    """A text with hyphens for minus signs."""
    return text.replace("\N{MINUS SIGN}", "-")


def value(side: str) -> float | None:
    """The value of a side of an equation; None where it has letters."""
    text = re.sub("[✓✗\\s]", "", side)
    if not text or re.search("[^\\W\\d]|[∑∏?]", text):
        return None
    text = plain(text).replace("·", "*")
    text = text.replace("\N{LEFT FLOOR}", "floor(").replace("\N{RIGHT FLOOR}", ")")
    assert re.fullmatch(r"(?:[-+*/().\d]|floor)+", text), text
    return float(eval(text, {"floor": math.floor}))


@pytest.fixture(scope="module")
def shown(browser: Browser) -> dict[str, list[Shown]]:
    """What every figure shows at random settings."""
    rng = Random(14)
    cases = [
        {"figure": name, "values": settings(name, rng), "unit": rng.randrange(1000)}
        for name in LIVING
        for _ in range(SETTINGS)
    ]
    results = read(browser, cases)
    figures: dict[str, list[Shown]] = {name: [] for name in LIVING}
    for case, result in zip(cases, results, strict=True):
        figures[str(case["figure"])].append(Shown(case["values"], result))
    return figures


def read(browser: Browser, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What figures show in these cases."""
    with visitor(browser) as page:
        results: list[dict[str, Any]] = call(page, bundle(SCRIPT), READ, cases)
    return results


def settings(name: str, rng: Random) -> dict[str, Any]:
    """Random values of a figure's controls."""
    values: dict[str, Any] = {}
    for control in FIGURES[name].controls:
        if isinstance(control, Slider):
            values[control.name] = rng.randint(control.low, control.high)
        elif isinstance(control, Choice):
            values[control.name] = rng.choice(list(control.options))
        else:
            values[control.name] = rng.randint(0, control.last)
    return values


def convs(values: dict[str, Any], count: int) -> list[Conv]:
    """Layers of a figure with sliders for each of them."""
    return [
        Conv(values[f"{i}-k"], values[f"{i}-s"], (p := values.get(f"{i}-p", 0), p))
        for i in range(1, count + 1)
    ]


def same_rows(shows: dict[str, Any], example: Example) -> None:
    """The rows of the drawing are those of the core, unit by unit.

    Each row stands above all that it takes, and each unit above the middle of what it sees.
    """
    for place, row in zip(shows["places"], example.rows, strict=True):
        assert (place["path"], place["step"]) == (row.path, row.step)
        below = [shows["places"][link.source] for link in row.links]
        assert place["level"] == 1 + max((other["level"] for other in below), default=-1)
        field = row.layer and row.layer.receptive_field
        if field and not any(len(other.links) > 1 for other in example.rows):
            assert place["at"] == pytest.approx(field.centre((0,))[0])
        elif row.links:
            middles = [
                other["at"] + other["step"] * i - row.step * unit
                for other, link in zip(below, row.links, strict=True)
                for unit, units in enumerate(link.of)
                for i in units
            ]
            assert place["at"] == pytest.approx(np.mean(middles))
    assert shows["sizes"] == [row.size for row in example.rows]
    assert [tuple(pair) for pair in shows["padding"]] == example.padding
    for number, row in enumerate(example.rows):
        links = [(link["source"], link["of"]) for link in shows["links"][number]]
        assert links == [(link.source, [list(units) for units in link.of]) for link in row.links]
        assert [tuple(span) for span in shows["regions"][number]] == example.spans(number)
        forms, expected = shows["forms"][number], example.forms(number)
        assert forms is None if expected is None else [tuple(f) for f in forms] == expected


def fitting(figure: list[Shown], layers: Any, length: Any) -> list[tuple[Shown, Example]]:  # noqa: ANN401
    """Settings whose layers fit, with the traced network, whose rows are the drawn ones.

    The others are those that the core refuses, too.
    """
    fits = []
    for one in figure:
        try:
            example = stack(layers(one.values), length(one.values))
        except ModelError:
            assert "misfit" in one.shows, one.values
            continue
        assert "misfit" not in one.shows, one
        same_rows(one.shows, example)
        fits.append((one, example))
    assert len(fits) >= SETTINGS // 3
    return fits


def seen(example: Example, unit: int) -> list[int]:
    """The input units that a unit of the output sees, by the core."""
    return np.flatnonzero(example.last.mask((unit,))).tolist()


def plural(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def words(numbers: Sequence[int]) -> str:
    """Sorted numbers as the figures write them."""
    parts = []
    for run in runs(list(numbers)).replace(" and ", ", ").split(", "):
        first, _, last = run.partition(" to ")
        pair = bool(last) and int(last) - int(first) == 1
        parts += [first, last] if pair else [run]
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def named(thing: str, numbers: Sequence[int]) -> str:
    return f"{thing}{'' if len(numbers) == 1 else 's'} {words(numbers)}"


def signed(number: float) -> str:
    return f"{number:g}"


def nothing_else(text: str, *sentences: str) -> None:
    """The text holds all these sentences, and no other numbers."""
    for sentence in sentences:
        assert sentence in text, (sentence, text)
        text = text.replace(sentence, "", 1)
    assert not re.search(r"\d", text), text


def unseen(example: Example) -> list[int]:
    """Input units that no output sees."""
    return [i for i in range(example.length) if not example.last.seeing((i,)).any()]


def test_the_network_of_four_layers(shown: dict[str, list[Shown]]) -> None:
    def layers(v: dict[str, Any]) -> list[Conv]:
        first, second, pool = (
            Conv(v[f"{i}-k"], v[f"{i}-s"], (v[f"{i}-p"], v[f"{i}-p"])) for i in (1, 3, 4)
        )
        return [first, Conv(1), second, pool]

    for one, example in fitting(shown["network"], layers, lambda v: v["n"]):
        sizes = [row.size for row in example.rows]
        assert one.symbols == {f"n_{i}": size for i, size in enumerate(sizes) if i}
        inputs, pool = seen(example, one.unit), one.values["4-k"]
        sees = f"{plural(len(inputs), 'input unit')}: {words(inputs)}" if inputs else "no input"
        maps = f"n₀ to n₄ = {', '.join(map(str, sizes[:-1]))} and {sizes[-1]}"
        nothing_else(
            one.says,
            f"Unit {one.unit} of the output sees {sees}",
            "the equations of figures 5 to 7",
            f"{maps} units",
            "so its kernel size and its stride are 1",
            f"The pooling takes {plural(pool, 'unit')} at a time",
            f"it is a kernel of size {pool} like any other",
        )


def test_one_layer_with_padding_of_either_sign(shown: dict[str, list[Shown]]) -> None:
    """Negative padding crops, which the core's layers here cannot: every tap is followed."""
    cropped = 0
    for one in shown["layer"]:
        n, k, s, p, q = (one.values[name] for name in "nkspq")
        taps = [
            list(range(first, first + k)) for first in range(-p, n + q - k + 1, s)
        ]  # the first tap of every window that lies within the padded or cropped input
        if n + p + q < k:
            assert "misfit" in one.shows
            continue
        assert one.shows["sizes"] == [n, len(taps)]
        assert one.shows["links"][1] == [{"source": 0, "of": taps}]
        spans = [[max(0, t[0]), min(n, t[-1] + 1)] for t in taps]
        assert one.shows["regions"][1] == [span if span[1] > span[0] else [0, 0] for span in spans]
        u = taps[one.unit][0]
        assert one.symbols == {"n_1": len(taps), "u_0": u, "v_0": u + k - 1}
        rest = sorted(set(range(n)) - {i for window in taps for i in window})
        sentences = [
            f"n₀ = {n} units become n₁ = {len(taps)}.",
            f"Unit u₁ = {one.unit} takes the units from u₀ = {u} to v₀ = {u + k - 1}.",
        ]
        if rest:
            sentences.append(f"No unit takes {named('input unit', rest)}.")
        if p < 0:
            cropped += 1
            sentences.append(f"the first kernel starts at input unit {-p}.")
        if q < 0:
            sentences.append(f"At the end, {plural(-q, 'unit')} {'is' if q == -1 else 'are'} cut")
        nothing_else(one.says, *sentences)
    assert cropped > 3


def uniform(values: dict[str, Any]) -> list[Conv]:
    return [Conv(values["k"], values["s"])] * values["layers"]


def free_length(layers: Sequence[Conv], units: int) -> int:
    """The length of an input that gives so many units."""
    for conv in reversed(layers):
        units = (units - 1) * conv.stride + (conv.kernel - 1) * conv.dilation + 1
    return units


def test_layers_stacked(shown: dict[str, list[Shown]]) -> None:
    def length(v: dict[str, Any]) -> int:
        return free_length(uniform(v), 5 if v["s"] == 1 else 3)

    for one, example in fitting(shown["stack"], uniform, length):
        size_formula_and_marks(one, example)
        sizes = [
            form[0][1] - form[0][0]
            for row in range(len(example.rows))
            if (form := example.forms(row))
        ]
        if one.values["k"] == 1:
            nothing_else(one.says, "A kernel of 1 sees one unit")
            continue
        added = np.diff(sizes)
        if one.values["s"] == 1:
            assert set(added) == {one.values["k"] - 1}
            how = f"every layer adds the same, k - 1 = {one.values['k'] - 1}"
        else:
            assert (added[1:] == 2 * added[:-1]).all()
            how = "every layer adds twice what the one below it adds, since each stride of 2"
        if len(added) == 1:
            nothing_else(one.says, f"sees as many units as its kernel takes: {sizes[-1]}.")
            continue
        nothing_else(one.says, f"The field grows {' → '.join(map(str, sizes))}: {how}")


def size_formula_and_marks(one: Shown, example: Example) -> None:
    """The sum of the size is the core's size, and its terms tile the field."""
    field = example.last.receptive_field
    assert field is not None
    assert one.symbols["r_0"] == field.size[0]
    (line,) = one.shows["marks"]
    start = field.start((one.unit,))[0]
    for mark in line:
        assert mark["span"][0] == start
        assert int(mark["text"].removeprefix("+ ")) == mark["span"][1] - start
        start = mark["span"][1]
    assert start == field.stop((one.unit,))[0]


def test_the_size_and_the_telescoping_sum(shown: dict[str, list[Shown]]) -> None:
    def layers(v: dict[str, Any]) -> list[Conv]:
        return [Conv(c.kernel, c.stride, (v["p"], v["p"])) for c in convs(v, 3)]

    steps = set()
    for one, example in fitting(
        shown["size"], layers, lambda v: max(1, free_length(layers(v), 2) - 2 * v["p"])
    ):
        size_formula_and_marks(one, example)
        field = example.last.receptive_field
        assert field is not None
        symbols, chain = one.symbols, layers(one.values)
        # The recurrence: what an output sees of each layer, by the core on the layers above it.
        for below in range(3):
            above = stack(
                chain[below:], max(1, free_length(chain[below:], 2) - 2 * one.values["p"])
            )
            form = above.last.receptive_field
            assert form is not None
            assert symbols[f"r_{below}"] == form.size[0]
        steps.add(one.values["step"])
        telescoping(one, chain, [symbols[f"r_{i}"] for i in range(4)], "r")
        products = [math.prod(c.stride for c in chain[:i]) for i in range(3)]
        sentences = [
            f"r₀ = {field.size[0]}, and the fields of neighbours begin "
            f"S₀ = {plural(field.stride[0], 'unit')} apart:"
        ]
        if one.values["p"]:
            sentences.append(f"Padding of {one.values['p']} shifts the fields")
        if all(c.kernel == 1 for c in chain):
            assert field.size == (1,)
            sentences.append("All kernels are 1")
        elif all(c.stride == 1 for c in chain):
            total = " + ".join(str(c.kernel - 1) for c in chain)
            sentences.append(
                "All strides are 1, so the field is the sum of all k - 1, plus 1: "
                f"{total} + 1 = {field.size[0]}"
            )
        else:
            for i, product in enumerate(products):  # what one more tap adds, by the core
                wider = [Conv(c.kernel + (i == at), c.stride) for at, c in enumerate(chain)]
                wide = stack(wider, free_length(wider, 2)).last.receptive_field
                assert wide is not None
                assert wide.size[0] - field.size[0] == product
            if set(products) == {1}:
                sentences.append("One more tap in a kernel adds 1 input unit")
            else:
                a, b, c = products
                sentences.append(f"multiply to: {a} in layer 1, {b} in layer 2 and {c} in layer 3.")
        end = ["the r at the top is 1.", "leave 1: that is equation 2."]
        constants = end if one.values["step"] == 5 else CONSTANTS.get(one.values["step"], [])
        nothing_else(one.says, *sentences, *constants)
    assert steps == set(range(6))


def telescoping(one: Shown, chain: list[Conv], values: list[float], letter: str) -> None:
    """Each line of the solution has the values of its letter, times the strides below."""
    strides = [f"·s_{i + 1}" for i in range(len(chain))]
    for i in range(min(one.values["step"], len(chain))):
        products = [math.prod(c.stride for c in chain[:upto]) for upto in (i, i + 1)]
        name = f"{letter}_{i}{''.join(strides[:i])}-{letter}_{i + 1}{''.join(strides[: i + 1])}"
        assert one.symbols[name] == values[i] * products[0] - values[i + 1] * products[1]


CONSTANTS = {
    1: ["write it for layer 1 with"],
    2: ["Write the same for layer 2"],
    3: ["Write the same for layer 3"],
}
"""Sentences of the solutions whose numbers are those of layers."""


def test_the_derivation_of_the_recurrence(shown: dict[str, list[Shown]]) -> None:
    for one in shown["derivation"]:
        k, s, r, step = (one.values[name] for name in ("k", "s", "r", "step"))
        kernel = k if step in (0, 3) else 1
        union = sorted({u * s + tap for u in range(r) for tap in range(kernel)})
        assert one.shows["sizes"][1:] == [r, 1]
        assert one.shows["regions"][2] == [[0, union[-1] + 1]]
        counts = [s * r, union[-1] + 1, union[-1] + 1]  # stretches, what they see, all of it
        if step:
            assert one.symbols["r_l-1"] == counts[step - 1]
        ends = [[0, s * r], [s * r - s + 1, s * r], [s * (r - 1) + 1, s * (r - 1) + k]]
        assert [line[0]["span"] for line in one.shows["marks"]] == ends[:step]
        rest = s * (r - 1) + 1
        gaps = sorted(set(range(union[-1] + 1)) - set(union))
        sentences = {
            0: [f"One output sees {plural(r, 'unit')} of layer l."],
            1: [
                "let the kernel be 1.",
                f"s = {plural(s, 'unit')}. Together the stretches have s · r = {s * r} units.",
            ],
            2: ["With a stride of 1", "s - 1 = 0."]
            if s == 1
            else [
                f"The s - 1 = {plural(s - 1, 'unit')} after",
                f"{s * r} - {s - 1} = {rest} remain",
            ],
            3: ["The kernel is 1,", "k - 1 = 0."]
            if k == 1
            else [
                f"k - 1 = {plural(k - 1, 'more unit')}, and so does the last one: "
                f"{rest} + {k - 1} = {union[-1] + 1}."
            ],
        }[step]
        if step == 3 and gaps:
            sentences.append(f"nothing takes {named('unit', gaps)}.")
        nothing_else(one.says, *sentences)


def test_the_region(shown: dict[str, list[Shown]]) -> None:
    for one, example in fitting(shown["region"], lambda v: convs(v, 2), lambda v: v["n"]):
        field = example.last.receptive_field
        assert field is not None
        first, stop = field.start((one.unit,))[0], field.stop((one.unit,))[0]
        symbols = one.symbols
        assert (symbols["u_0"], symbols["v_0"]) == (first, stop - 1)
        assert (symbols["u_2"], symbols["v_2"]) == (one.unit, one.unit)
        above = stack(convs(one.values, 2)[1:], example.rows[1].size)
        middle = above.last.receptive_field
        assert middle is not None
        assert symbols["u_1"] == middle.start((one.unit,))[0]
        assert symbols["v_1"] == middle.stop((one.unit,))[0] - 1
        assert symbols["r_0"] == field.size[0]
        inputs = seen(example, one.unit)
        inside = [i for i in range(first, stop) if 0 <= i < example.length]
        bare = {one.unit}
        for conv in reversed(convs(one.values, 2)):
            bare = {u * conv.stride - conv.padding[0] + t for u in bare for t in range(conv.kernel)}
        gaps = [i for i in inside if i not in inputs and i not in bare]
        padded = [i for i in inside if i not in inputs and i in bare]
        count = stop - first
        span = (
            f"units {signed(first)} to {signed(stop - 1)}" if count > 1 else f"unit {signed(first)}"
        )
        where = "all are" if count > 1 else "it is"
        if not inside:
            where = "none of them is" if count > 1 else "it is not"
        elif len(inside) < count:
            where = f"{len(inside)} of them {'is' if len(inside) == 1 else 'are'}"
        sees = f"{len(inputs)}: {words(inputs)}" if inputs else "none"
        sentences = [
            f"The equations count r₀ = {count}, the {span}; {where} in the input. "
            f"Unit {one.unit} sees {sees}."
        ]
        if gaps:
            sentences.append(f"The kernels leave out {named('unit', gaps)},")
        if padded:
            sentences.append(f"It reaches {named('unit', padded)} only through padding")
        telescoping(one, convs(one.values, 2), [symbols[f"u_{i}"] for i in range(3)], "u")
        end = ["that is equation 5. Equation 6 follows", "from equation 4."]
        step = one.values["step"]
        constants = end if step == 4 else CONSTANTS.get(step, []) if step < 3 else []
        nothing_else(one.says, *sentences, *constants)


def test_stride_padding_and_centre(shown: dict[str, list[Shown]]) -> None:
    for one, example in fitting(shown["position"], lambda v: convs(v, 2), lambda v: v["n"]):
        field = example.last.receptive_field
        assert field is not None
        symbols, u = one.symbols, one.unit
        centre = field.centre((u,))[0]
        assert (symbols["S_0"], symbols["P_0"]) == (field.stride[0], field.padding[0])
        assert (symbols["u_0"], symbols["c_0"]) == (field.start((u,))[0], centre)
        first, second = convs(one.values, 2)
        assert (symbols["S_1"], symbols["P_1"]) == (second.stride, second.padding[0])
        (points,) = one.shows["marks"]
        middles = [sum(point["span"]) / 2 for point in points]
        assert middles == [field.centre((i,))[0] + 0.5 for i in range(example.rows[-1].size)]
        assert [plain(p["text"]) for p in points if p["text"]] == [f"c₀ = {signed(centre)}"]
        sentences = [
            f"The field of unit {u} is centred on {signed(centre)}; the centres of neighbours lie "
            f"S₀ = {plural(field.stride[0], 'unit')} apart."
        ]
        even = [i for i, c in enumerate((first, second), 1) if c.kernel % 2 == 0]
        start = field.centre((0,))[0]
        if all(2 * c.padding[0] == c.kernel - 1 for c in (first, second)):
            at = [field.centre((i,))[0] for i in range(3)]
            sentences += [
                "Each layer has p = (k - 1)/2, so unit 0 is centred on the first",
                f"the centres are {at[0]:g}, {at[1]:g}, {at[2]:g} and so on",
            ]
        elif even:
            kernels = f"The kernel of layer {even[0]} is" if even[1:] == [] else "Both kernels are"
            sentences.append(f"{kernels} even, and no whole padding is (k - 1)/2")
        elif start == 0:
            sentences += ["The paddings differ from (k - 1)/2", "for each other: unit 0 is"]
        else:
            sentences.append(
                "With p = (k - 1)/2 in each layer, unit 0 would be centred on 0. "
                f"Here it is centred on {signed(start)}."
            )
        nothing_else(one.says, *sentences)


def two_paths(v: dict[str, Any]) -> list[Layer]:
    """The two paths of the figure of branches."""
    network = v["network"]
    if network == "strides":
        return [Fork(((Conv(5, 2, (2, 1)),), (Conv(3), Conv(3))))]
    if network == "same":
        return [Fork(((Conv(1, 4),), (Conv(3, 2, "same"), Conv(1, 2))))]
    k, p = (v["k"], v["p"]) if network == "own" else (3, int(network == "aligned"))
    units = -(-v["n"] // 4)
    after = max(0, free_length([Conv(k, 2), Conv(1, 2)], units) - v["n"] - p)
    return [Fork(((Conv(1, 4),), (Conv(k, 2, (p, after)), Conv(1, 2))))]


def test_branches(shown: dict[str, list[Shown]]) -> None:
    verdicts = set()
    for one, example in fitting(
        shown["branches"], two_paths, lambda v: 8 if v["network"] == "strides" else v["n"]
    ):
        ends = {row.name[0]: row for row in example.rows if row.path is not None}
        fields = {name: row.layer.receptive_field for name, row in ends.items() if row.layer}
        symbols = one.symbols
        centres = {}
        for name, field in fields.items():
            assert field is not None
            centres[name] = field.centre((0,))[0]
            assert symbols[f"r_0^{name}"] == field.size[0]
            assert symbols[f"P_0^{name}"] == field.padding[0]
            assert symbols[f"c_0^{name}"] == centres[name]
        (a, b), (ca, cb) = fields.values(), centres.values()
        assert a is not None
        assert b is not None
        criteria = plain(one.shows["formulas"][-1])
        for number, (left, right) in enumerate([(a.stride[0], b.stride[0]), (ca, cb)]):
            sign, mark = ("=", "✓") if left == right else ("≠", "✗")
            expected = f":{signed(left)}{sign}{signed(right)}{mark}"
            assert criteria.splitlines()[number].replace(" ", "").endswith(expected)
        assert one.shows["strip"]["values"] == [
            len(seen(example, u)) for u in range(example.rows[-1].size)
        ]
        constants = {
            "aligned": [], "misaligned": [], "same": [], "own": [],
            "strides": ["path A has a stride of 2, path B one of 1."],
        }[one.values["network"]]  # fmt: skip
        together = example.last.receptive_field
        verdicts.add(bool(together))
        if together:
            alike = a.size == b.size
            nothing_else(
                one.says,
                *constants,
                f"Together r₀ = {together.size[0]}, S₀ = {together.stride[0]}, "
                f"P₀ = {signed(together.padding[0])}, "
                f"{'as for each path alone' if alike else 'those of the wider path'}.",
            )
            continue
        assert "Not aligned" in one.says
        if a.stride != b.stride:
            assert "outputs 1 and 2 see 6 and 5 units" in one.says
            reason = f"the strides are {a.stride[0]} and {b.stride[0]}."
            nothing_else(one.says, *constants, reason, "outputs 1 and 2 see 6 and 5 units")
        else:
            nothing_else(one.says, f"the centres lie {signed(abs(ca - cb))} unit")
    assert verdicts == {True, False}


def test_dilation(shown: dict[str, list[Shown]]) -> None:
    def layers(v: dict[str, Any]) -> list[Conv]:
        doubled = v["how"] == "doubled"
        return [
            Conv(v["k"], dilation=v["d"] * (2**i if doubled else 1)) for i in range(v["layers"])
        ]

    for one, example in fitting(shown["dilation"], layers, lambda v: free_length(layers(v), 3)):
        field = example.last.receptive_field
        assert field is not None
        assert one.symbols["r_0"] == field.size[0]
        count = len(seen(example, one.unit))
        see = f"all {count}" if count == field.size[0] else f"only {count} of the {field.size[0]}"
        sentences = [f"Unit {one.unit} sees {see} units of its region."]
        if "multiples" in one.says:
            inputs = seen(example, one.unit)
            assert math.gcd(*np.diff(inputs).tolist()) == one.values["d"]
            sentences.append(f"multiples of {one.values['d']}.")
        nothing_else(one.says, *sentences)


def upsampled(v: dict[str, Any]) -> list[Layer]:
    if v["how"] == "transposed":
        return [Transposed(v["k"], v["s"], (v["p"], v["p"]))]
    k = v["after"]
    mode = "nearest" if v["how"] == "nearest" else "linear"
    return [Upsample(v["s"], mode), Conv(k, padding=((k - 1) // 2, k // 2))]


def by_hand(layers: list[Layer], length: int) -> list[float]:
    """What the layers make of ones, if all their weights are one, tap by tap."""
    values = np.ones(length)
    for layer in layers:
        if isinstance(layer, Upsample):
            values = np.repeat(values, layer.factor)
        elif isinstance(layer, Transposed):
            out = np.zeros((len(values) - 1) * layer.stride + layer.kernel)
            for i, one in enumerate(values):
                out[i * layer.stride : i * layer.stride + layer.kernel] += one
            values = out[layer.padding[0] : len(out) - layer.padding[1]]
        else:
            assert isinstance(layer, Conv)
            assert layer.padding != "same"
            values = np.convolve(np.pad(values, layer.padding), np.ones(layer.kernel), "valid")
    return [float(one) for one in values]


def test_upsampling(shown: dict[str, list[Shown]]) -> None:
    boards = 0
    for one, example in fitting(shown["upsampling"], upsampled, lambda _: 7):
        transposed = one.values["how"] == "transposed"
        assert example.last.receptive_field is None
        sums = by_hand(upsampled(one.values), 7)
        assert one.shows["strip"]["values"] == sums
        spans = example.spans(len(example.rows) - 1)
        inner = [u for u, (start, stop) in enumerate(spans) if start > 0 and stop < 7]
        inner = list(range(inner[0], inner[-1] + 1))
        assert [u for u, mark in enumerate(one.shows["strip"]["marks"]) if mark] == inner
        if transposed:
            assert one.symbols["n_1"] == len(sums)
        counts = sorted({len(seen(example, u)) for u in inner})
        kinds = sorted({int(sums[u]) for u in inner})
        takes = " or ".join([", ".join(map(str, counts[:-1])), str(counts[-1])][len(counts) < 2 :])
        sentences = [
            f"{takes} input unit{'' if counts == [1] else 's'}.",
            f"neighbours would lie 1/{one.values['s']} of",
        ]
        if len(kinds) == 1:
            sentences.append(f"Even: all their summed weights are {kinds[0]}, so")
        else:
            assert transposed
            assert one.values["k"] % one.values["s"]
            products = sorted({a * b for a in kinds for b in kinds})
            boards += products != kinds
            listed = f"{', '.join(map(str, products[:-1]))} and {products[-1]}"
            between = f"{kinds[0]} and {kinds[1]}"
            sentences += [f"alternate between {between},", f"they multiply to {listed}:"]
        nothing_else(one.says, *sentences)
    assert boards > 2


def test_the_border(shown: dict[str, list[Shown]]) -> None:
    def layers(v: dict[str, Any]) -> list[Conv]:
        k = v["padded"]
        above = Conv(k, padding=((k - 1) // 2, k // 2))
        return [Conv(v["k"], v["s"]), *[above] * v["depth"]]

    differences = 0
    for one, example in fitting(shown["border"], layers, lambda v: v["n"]):
        top = len(example.rows) - 1
        forms, exact, n = example.forms(top), example.spans(top), example.length
        assert forms is not None
        clipped = [(max(0, a), min(n, b)) for a, b in forms]
        drawn = {b["label"]: b["spans"][top] for b in one.shows["brackets"]}
        assert [tuple(span) for span in drawn["closed form, clipped"]] == clipped
        assert [tuple(span) for span in drawn["exact region"]] == exact
        wrong = [u for u, pair in enumerate(zip(clipped, exact, strict=True)) if pair[0] != pair[1]]
        assert one.shows["start"] == (wrong[-1] if wrong else len(exact) - 1)
        sentences = []
        count = f"They differ for {len(wrong)} of {len(exact)} outputs"
        if one.unit in wrong:
            differences += 1
            (a, b), (c, d) = clipped[one.unit], exact[one.unit]
            sentences.append(
                f"Clipping gives {a} to {b - 1}, but the region of unit {one.unit} is "
                f"{c} to {d - 1}. {count}."
            )
        elif wrong:
            sentences.append(f"Both agree for unit {one.unit}. {count}: {words(wrong)}.")
        else:
            assert "Here both agree for every output" in one.says
        last = max(i for taps in example.rows[1].links[0].of for i in taps)
        gaps = [i for i in unseen(example) if i < last]
        rest = [i for i in unseen(example) if i > last]
        if gaps:
            assert one.values["s"] > one.values["k"]
            sentences.append(f"No output sees {named('input unit', gaps)}: the stride of layer 1")
        if rest:
            sentences.append(
                f"No output sees {named('input unit', rest)}: no further window of layer 1 fits"
            )
            if max(b for _, b in clipped) > rest[0]:
                sentences.append("it takes the padding above for units of layer 1.")
        nothing_else(one.says, *sentences)
    assert differences


def test_the_bell(shown: dict[str, list[Shown]]) -> None:
    for one in shown["bell"]:
        depth, k = one.values["depth"], one.values["k"]
        counts = bells.counts(depth, k)
        assert one.shows["shares"] == pytest.approx(counts.tolist(), rel=1e-9)
        assert one.shows["inside"] == bells.within(counts).tolist()
        assert one.symbols["σ²"] == pytest.approx(depth * (k**2 - 1) / 12, rel=1e-3)
        formulas = one.shows["formulas"][0].splitlines()
        for line, expected in (
            (formulas[1], bells.gaussian_width(depth, k)),
            (formulas[2], bells.gaussian_area_width(depth, k)),
        ):
            assert float(line.split("=")[-1]) == float(f"{expected:.3g}")
        width, size = bells.width(counts), len(counts)
        inside = float(counts[bells.within(counts)].sum())
        nothing_else(
            one.says,
            f"The field has r₀ = {size} units, and the bell {width} of them.",
            f"The bell is {percent(width / size)} of the field, and "
            f"{percent(inside)} of all paths start in it.",
            f"which the paper measures, is {bells.area_width(counts):.3g}.",
            *(["in the drawing of 3 layers from the output down."] if depth > 3 else []),
            "The output itself counts 1.",
            "higher than 4.55% of the middle",
        )
        example = stack([Conv(k)] * min(depth, 3), one.shows["sizes"][0])
        same_rows(one.shows, example)


OPERATIONS = {
    "relu": (lambda k: [Conv(k), Conv(1)], lambda k: (1, 1, 0)),
    "norm": (lambda k: [Conv(k), Conv(1)], lambda k: (1, 1, 0)),
    "pooling": (lambda k: [Conv(k, 2)], lambda k: (k, 2, 0)),
    "separable": (
        lambda k: [Conv(k, padding=((k - 1) // 2, k // 2)), Conv(1)],
        lambda k: (k, 1, (k - 1) // 2),
    ),
    "dilated": (lambda k: [Conv(k, dilation=2)], lambda k: (2 * k - 1, 1, 0)),
    "upsampled": (lambda k: [Upsample(2)], lambda k: None),
    "sum": (
        lambda k: [Fork(((Conv(k, padding=((k - 1) // 2, k // 2)),), (Conv(1),)))],
        lambda k: (1, 1, 0),
    ),
}  # fmt: skip


def test_other_operations(shown: dict[str, list[Shown]]) -> None:
    for one in shown["operations"]:
        name, k, u = one.values["operation"], one.values["k"], one.unit
        if name in OPERATIONS:
            layers, amounts = OPERATIONS[name]
            example = stack(layers(k), 11)
            same_rows(one.shows, example)
            inputs, equal = seen(example, u), amounts(k)
        elif name == "cropping":
            inputs, equal = list(range(u + 2, u + 2 + k)), (k, 1, -2)
            assert one.shows["sizes"] == [11, 11 - 4 - k + 1]
        else:
            inputs, equal = list(range(11)), None
            assert one.shows["regions"][-1] == [[0, 11]] * (12 - k)
        if equal and name not in ("relu", "norm", "sum"):
            # One layer of that kernel, stride and padding sees the same region.
            (kernel, stride, padding) = equal
            first = u * stride - padding
            span = [max(0, first), min(11, first + kernel)]
            assert [inputs[0], inputs[-1] + 1] == span
        says = plain(one.shows["says"][1])
        assert says.endswith(f"sees {plural(len(inputs), 'input unit')}: {words(inputs)}.")
        if equal:
            spelled = "k = {}, s = {}, p = {}".format(*map(signed, equal))
            assert f"It amounts to {spelled}." in one.says
        else:
            assert "No kernel, stride and padding stand for it." in one.says


@cache
def traced(name: str, nodes: tuple[tuple[Any, ...], ...]) -> dict[str, Any]:
    """A graph of the figure as an ONNX model, traced; its layers by name."""
    onnx_nodes, weights = [], []
    for layer, k, s, p, takes in nodes[1:]:
        if len(takes) > 1:
            onnx_nodes.append(helper.make_node("Sum", list(takes), [layer], layer))
            continue
        weights.append(numpy_helper.from_array(np.ones((1, 1, k), np.float32), f"w {layer}"))
        settings = {"strides": [s], "pads": [p, p]}
        onnx_nodes.append(
            helper.make_node("Conv", [takes[0], f"w {layer}"], [layer], layer, **settings)
        )
    length = 63  # at which also the misaligned paths are equally long
    graph = helper.make_graph(
        onnx_nodes,
        name,
        [helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, [1, 1, length])],
        [helper.make_tensor_value_info("output", onnx.TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    net = rf_viz.load(model.SerializeToString(), name).trace(spatial_axes=(2,))
    return {layer.name: layer for layer in net.layers}


def test_the_algorithm_finds_what_the_core_finds(browser: Browser) -> None:
    read = """(text = (part) => part.parts?.map((one) => text(one)).join("") ?? String(part)) =>
      Object.entries(GRAPHS).map(([name, drawn]) => ({
      name, nodes: drawn.nodes, counts: pathsThrough(drawn),
      visits: visits(drawn).map(({ fields, ...rest }) => ({ ...rest, fields: [...fields] })),
      steps: drawn.nodes.map((_, i) => {
        const model = graph.model({ graph: name, step: i + 1 });
        return graph.says(model).map(text).join(" ");
      }),
    }))"""
    with visitor(browser) as page:
        graphs = call(page, bundle(SCRIPT.with_name("graph.js")), read)
    assert [g["name"] for g in graphs] == ["residual", "inception", "misaligned"]
    for drawn in graphs:
        nodes = [(n["name"], n["k"], n["s"], n["p"], tuple(n["takes"])) for n in drawn["nodes"]]
        layers = traced(drawn["name"], tuple(nodes))
        last = drawn["visits"][-1]
        output = layers["output"]
        (field,) = [f for name, f in last["fields"] if name == "input"]
        if output.receptive_field:
            assert last["aligned"]
            assert output.receptive_field.size == (field["r"],)
            assert output.receptive_field.stride == (field["S"],)
            assert output.receptive_field.padding == (field["P"],)
        else:
            assert not last["aligned"]
            assert drawn["name"] == "misaligned"
        # Path by path, by the recurrences alone.
        paths = list(walks(nodes))
        assert drawn["counts"] == {"paths": len(paths), "edges": sum(len(p) - 1 for p in paths)}
        takes = {name: sources for name, *_, sources in nodes}
        edges = sum(map(len, takes.values()))
        assert last["edges"] == edges
        text = drawn["steps"][-1]
        assert f"Each of the {len(nodes)} layers and each of the {edges} connections" in text
        together = sum(len(p) - 1 for p in paths)
        assert f"{len(paths)} paths with {together} connections" in text
        assert ("no more, since" in text) == (together == edges)
        settings = {name: (k, s, p) for name, k, s, p, _ in nodes}
        for visit in drawn["visits"]:
            reaching = [p[: p.index(visit["name"])] for p in paths if visit["name"] in p]
            fields = {along([settings[name] for name in path]) for path in reaching}
            assert visit["field"]["r"] == max(r for r, _, _ in fields)
            assert tuple(visit["field"].values()) in fields


def walks(nodes: list[tuple[Any, ...]]) -> Iterator[list[str]]:
    """All paths from the output down to the input."""
    takes = {name: sources for name, *_, sources in nodes}

    def down(path: list[str]) -> Iterator[list[str]]:
        sources = takes[path[-1]]
        if not sources:
            yield path
        for source in sources:
            yield from down([*path, source])

    yield from down([nodes[-1][0]])


def along(layers: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    """r, S and P below a path of layers, from the output down: of a unit, its taps and position."""
    r, stride, padding = 1, 1, 0
    for k, s, p in layers:
        first = -padding * s - p  # of the taps of unit 0
        r, stride, padding = (r - 1) * s + k, stride * s, -first
    return r, stride, padding


def test_the_lesson_at_all_its_settings(browser: Browser) -> None:
    cases, examples = [], []
    for step in STEPS:
        details = step_details(step)
        for key in details["networks"]:
            numbers = [int(number) for number in key.split(",") if number]
            values = dict(zip(details["names"], numbers, strict=True))
            case = {"figure": "describedNetwork", "values": values, "unit": 0, "details": details}
            cases.append(case)
            examples.append((step, step.build(*numbers)))
    for (step, example), shows in zip(examples, read(browser, cases), strict=True):
        same_rows(shows, example)
        labels = {bracket["label"] for bracket in shows["brackets"]}
        assert ("receptive field" in labels) != step.names_closed_form
        symbols = Shown({}, shows).symbols
        field = example.last.receptive_field
        if step.equation == "added":
            assert field is not None
            assert symbols == {"": field.size[0]}
        elif step.equation == "size":
            assert field is not None
            assert symbols["r_0"] == field.size[0]
        elif step.equation == "output":
            assert symbols["n_1"] == example.rows[-1].size
        elif step.equation == "alignment":
            for row in example.rows[1:-1]:
                assert row.layer is not None
                path = row.layer.receptive_field
                assert path is not None
                assert symbols[f"c_0^{row.name[0]}"] == path.centre((0,))[0]
            last = shows["formulas"][-1].splitlines()
            assert ("✗" in last[1]) == (field is None)
        else:
            assert shows["formulas"] == []


def test_solutions_of_exercises_are_drawn_as_the_core_has_them(browser: Browser) -> None:
    tasks = [exercise(level, seed) for level in range(1, len(LEVELS) + 1) for seed in range(1, 7)]
    cases = [
        {
            "figure": "describedNetwork",
            "values": {},
            "unit": 0,
            "details": single(task.example, task.unit or 0),
        }
        for task in tasks
    ]
    for task, shows in zip(tasks, read(browser, cases), strict=True):
        same_rows(shows, task.example)
        assert shows["start"] == (task.unit or 0)
