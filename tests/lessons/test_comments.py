"""Comments on wrong numbers: each is read back, and held against going along every tap."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, NamedTuple

import pytest

from rf_viz.lessons import Conv
from rf_viz.lessons.comments import comment
from rf_viz.lessons.exercises import LEVELS, Exercise, Part, exercise
from tests.oracles.taps import extents, seen, taps, ways

NUMBERS = range(-5, 61)
LONG, MIDDLE = 2000, 20
"""An input so long that the unit in its middle meets no padding."""


class Asked(NamedTuple):
    """A network and a question, as the tests change them."""

    ways: list[tuple[Any, ...]]
    names: list[list[str]]
    length: int
    unit: int | None

    def answers(self) -> dict[str, int]:
        """The right numbers, by going along every tap."""
        if self.unit is not None:
            units = set().union(*(seen(way, self.length, self.unit) for way in self.ways))
            return {"first": min(units), "last": max(units)}
        boxes = []
        for unit in (MIDDLE, MIDDLE + 1):
            units = set().union(*(seen(way, LONG, unit) for way in self.ways))
            boxes.append((min(units), max(units)))
        stride = boxes[1][0] - boxes[0][0]
        size = boxes[0][1] - boxes[0][0] + 1
        return {"r": size, "S": stride, "P": MIDDLE * stride - boxes[0][0]}

    def is_possible(self) -> bool:
        """Whether there is such a network, and such a unit."""
        ends = [extents(way, self.length) for way in self.ways]
        one_end = len({sizes[-1] for sizes in ends}) == 1
        if self.unit is None:
            return len(self.ways) == 1 or one_end
        return one_end and self.unit < ends[0][-1] and min(map(min, ends)) > 0

    def changed(self, name: str, **settings: Any) -> Asked:  # noqa: ANN401
        """The question with other settings of the layer of that name."""
        return self.with_layer(name, lambda layer: (replace(layer, **settings),))

    def with_layer(self, name: str, change: Any) -> Asked:  # noqa: ANN401
        """The question with other layers in the place of the one of that name."""
        both = [list(zip(way, called, strict=True)) for way, called in zip(*self[:2], strict=True)]
        assert sum(name in called for called in self.names) == 1
        return self._replace(
            ways=[
                tuple(new for old, of in way for new in (change(old) if of == name else (old,)))
                for way in both
            ]
        )

    def layer(self, name: str) -> tuple[list[Any], Any]:
        """The layers below that of the name, and itself."""
        way, called = next(w for w in zip(*self[:2], strict=True) if name in w[1])
        at = called.index(name)
        return list(way[:at]), way[at]

    def along(self, number: int) -> Asked:
        """The question about one way alone."""
        return self._replace(ways=[self.ways[number]], names=[self.names[number]])


def asked(task: Exercise) -> Asked:
    chains = ways(task)
    if len(chains) == 1:
        names = [[f"layer {n}" for n in range(1, len(chains[0]) + 1)]]
    else:
        names = [[f"{x}{n + 1}" for n in range(len(c))] for x, c in zip("AB", chains, strict=True)]
    return Asked(chains, names, task.example.length, task.unit)


def every(question: Asked, **settings: Any) -> Asked:  # noqa: ANN401
    return question._replace(
        ways=[tuple(replace(layer, **settings) for layer in way) for way in question.ways]
    )


def varied(question: Asked, says: str) -> Asked:
    """The question that a condition such as "if layer 2 had stride 1" describes."""
    if match := re.fullmatch(r"along path ([AB]) alone, (.+)", says):
        return varied(question.along("AB".index(match[1])), match[2])
    if match := re.fullmatch(r"without (strides|dilation|padding)", says):
        plain = {"strides": {"stride": 1}, "dilation": {"dilation": 1}, "padding": {}}[match[1]]
        return every(question, **(plain or {"padding": (0, 0)}))
    if match := re.fullmatch(r"without (.+)", says):
        return question.with_layer(match[1], lambda _: ())
    if match := re.fullmatch(r"for (unit (\d+)( of )?)?(.+\d)?", says):
        of = match[4]
        lower = question
        if of:
            below, layer = question.layer(of)
            lower = question._replace(ways=[(*below, layer)])
        return lower._replace(unit=int(match[2]) if match[2] else lower.unit)
    if match := re.fullmatch(r"if (.+) and (.+) changed places", says):
        first, second = (question.layer(match[n])[1] for n in (1, 2))
        return question.with_layer(match[1], lambda _: (second,)).with_layer(
            match[2], lambda _: (first,)
        )
    if match := re.fullmatch(r"if (.+) were a plain convolution", says):
        return question.with_layer(match[1], lambda t: (Conv(t.kernel, t.stride, t.padding),))
    if match := re.fullmatch(r"if (.+) had no (padding|dilation)", says):
        return question.changed(
            match[1], **({"padding": (0, 0)} if match[2] == "padding" else {"dilation": 1})
        )
    match = re.fullmatch(
        r"if (.+) had (kernel|stride|dilation|padding) (\d+)(| in front| at the end)", says
    )
    assert match, says
    name, setting, value, end = match[1], match[2], int(match[3]), match[4]
    if setting != "padding":
        return question.changed(name, **{setting: value})
    front, back = question.layer(name)[1].padding
    pads = {"": (value, value), " in front": (value, back), " at the end": (front, value)}[end]
    return question.changed(name, padding=pads)


def strides_below(way: Any) -> list[int]:  # noqa: ANN401
    return [prod(layer.stride for layer in way[:at]) for at in range(len(way))]


def added(question: Asked, symbol: str, name: str) -> int:
    """How many steps (r) or units of padding (P) a layer adds."""
    _, layer = question.layer(name)
    return layer.padding[0] if symbol == "P" else (layer.kernel - 1) * getattr(layer, "dilation", 1)


def on_the_way(question: Asked, symbol: str, says: str) -> int | None:
    """The value on the way down, as in "for the size at layer 1, $r_{1}$: go on down ..."."""
    letter = {"first": "u", "last": "v"}.get(symbol, symbol)
    match = re.match(rf"for the [a-z ]+ at (.+), \${letter}_\{{(\d)\}}", says)
    if match is None:
        return None
    path = re.search(r"\^\{([AB])\}", says.split("$")[1])
    way = question.ways["AB".index(path[1]) if path else 0]
    depth = int(match[2])
    assert (question.names["AB".index(path[1]) if path else 0])[depth - 1] == match[1]
    sizes = extents(way, question.length)
    upper = Asked([way[depth:]], [], sizes[depth], question.unit)
    return upper.answers()[symbol]


def right_for(question: Asked, symbol: str, number: int, says: str) -> bool:
    """Whether a number would be right as the comment says."""
    if match := re.match(r"(only )?if each (step|unit of padding) of (.+) were (\S+) units", says):
        below, _ = question.layer(match[3])
        start = Asked([tuple(below)], [], LONG, None).answers() if below else {"r": 1, "P": 0}
        wide = Fraction(match[4])
        assert (wide.denominator > 1) == bool(match[1])
        return start[symbol] + added(question, symbol, match[3]) * wide == number
    value = on_the_way(question, symbol, says)
    if value is not None:
        return value == number
    labels = {
        "for the receptive field size": "r",
        "for the effective stride": "S",
        "for the effective padding": "P",
        "for the first input unit": "first",
        "for the last input unit": "last",
    }
    for label, other in labels.items():
        if says.startswith(label):
            return question.answers()[other] == number
    changed = varied(question, says.split(". ")[0].rstrip("."))
    assert changed.is_possible(), says
    return changed.answers()[symbol] == number


def fact_holds(question: Asked, symbol: str, number: int, says: str) -> bool:
    """Whether a fact is true, and rules the number out."""
    if question.unit is not None:
        units = set().union(*(seen(w, question.length, question.unit) for w in question.ways))
        if match := re.search(r"the input, which has the units 0 to (\d+)", says):
            side = number < 0 if "in front of" in says else number >= question.length
            return int(match[1]) == question.length - 1 and side
        if "is seen, but it is not the" in says:
            other = min(units) < number if "first" in says else max(units) > number
            return number in units and other
        if "hole" in says:
            return number not in units and min(units) < number < max(units)
        outputs = extents(question.ways[0], question.length)[-1]
        reached = [
            unit
            for unit in range(outputs)
            if any(number in seen(way, question.length, unit) for way in question.ways)
        ]
        if "takes anything of it" in says:
            return not reached
        named = re.search(r"only units? (.+) of ", says)[1]
        told = set()
        for run in re.split(r", | and ", named):
            first, _, last = run.partition(" to ")
            told |= set(range(int(first), int(last or first) + 1))
        return told == set(reached) and question.unit not in told
    right = question.answers()[symbol]
    if says.startswith(("is no size", "is no stride")):
        return number < 1
    if says.startswith("is negative"):
        return number < 0
    if says.startswith("is too large: no layer has"):
        return right == 0 and number > 0
    counted = r"the layers have (\d+) (?:steps|units of padding), and none is (.+)"
    if match := re.search(counted, says):
        counts = [added(question, symbol, name) for name in question.names[0]]
        first = int(symbol == "r")
        assert int(match[1]) == sum(counts)
        if match[2] == "narrower than 1 unit.":
            return number < first + sum(counts) <= right
        width = int(re.search(r"wider than (\d+), all strides below", says)[1])
        top = max(at for at, count in enumerate(counts) if count)
        assert width == prod(layer.stride for layer in question.ways[0][:top])
        bound = re.search(r"at most \$(.+) = (\d+)\$", says)
        most = first + sum(counts) * width
        assert (bound is None) == (most == right)
        assert bound is None or eval(bound[1].replace(r"\cdot", "*")) == int(bound[2]) == most
        return number > most >= right
    if match := re.match(r"is too small: without any stride it would be \$(.+) = (\d+)\$", says):
        bare = every(question, stride=1).answers()[symbol]
        return eval(match[1]) == int(match[2]) == bare and number < bare < right
    if match := re.match(r"is too small: the layers below (.+) alone make it (\d+)\.", says):
        below = Asked([tuple(question.layer(match[1])[0])], [], LONG, None).answers()[symbol]
        return number <= below == int(match[2]) < right
    match = re.match(r"cannot be: it must be (odd|(1 more than )?a multiple of (\d+))", says)
    assert match, says
    step, rest = (2, 1) if match[1] == "odd" else (int(match[3]), int(bool(match[2])))
    return right % step == rest % step != number % step


def slip_holds(question: Asked, symbol: str, number: int, says: str) -> bool:
    """Whether a number is what the known slip says."""
    if question.unit is not None:
        return region_slip_holds(question, symbol, number, says)
    singles = [question.along(n).answers()[symbol] for n in range(len(question.ways))]
    if len(singles) > 1:
        if match := re.search(r"along path ([AB]):", says):
            return number == singles["AB".index(match[1])]
        if "both strides multiplied" in says:
            return number == prod(singles)
        if "the sum of both" in says:
            return number == sum(singles)
    sizes = [question.along(n).answers()["r"] for n in range(len(question.ways))]
    way = question.ways[sizes.index(max(sizes))]
    below = strides_below(way)
    spans = [(layer.kernel - 1) * layer.dilation for layer in way]
    own = [width * layer.stride for width, layer in zip(below, way, strict=True)]
    pads = [layer.padding[0] for layer in way]

    def total(counts: list[int], widths: list[int]) -> int:
        return sum(n * width for n, width in zip(counts, widths, strict=True))

    facts = {
        "kernels that are $d k$ wide": 1
        + total([layer.kernel * layer.dilation - 1 for layer in way], below),
        "That is the size with each layer's own stride": 1 + total(spans, own),
        "how many steps there are": max(sizes) - 1,
        "the sum of the kernels": sum(layer.kernel for layer in way),
        "the product of the kernels": prod(layer.kernel for layer in way),
        "what the last layer sees of the layer below": spans[-1] + 1,
        "the sum of the strides": sum(layer.stride for layer in way),
        "without the last layer's stride": prod(layer.stride for layer in way[:-1]),
        "the last layer's stride alone": way[-1].stride,
        "without the first layer's stride": prod(layer.stride for layer in way[1:]),
        "the largest stride": max(layer.stride for layer in way),
        "the sum of the paddings": sum(pads),
        "That is the sum with each layer's own stride": total(pads, own),
        "at $-P_0$": -total(pads, below),
        "the padding of both ends": 2 * total(pads, below),
        "with the dilation multiplied in": total(
            [pad * layer.dilation for pad, layer in zip(pads, way, strict=True)], below
        ),
        "the last layer's padding alone": pads[-1],
        "the first layer's padding alone": pads[0],
    }
    if "with $k$ steps for each layer" in says:
        steps = total([layer.kernel for layer in way], below)
        return number in (steps, steps + 1)
    (value,) = (value for words, value in facts.items() if words in says)
    return number == value


def region_slip_holds(question: Asked, symbol: str, number: int, says: str) -> bool:
    """Whether a number is what the known slip in a region says."""
    right = question.answers()
    if "half-open" in says or "counted from 1" in says:
        return number == right[symbol] + 1
    if match := re.search(r"by path ([AB]) alone", says):
        return number == question.along("AB".index(match[1])).answers()[symbol]
    far = 60
    """So many units there are on either side, as if padding were input."""
    units: set[int] = set()
    for way in question.ways:
        reach = {question.unit}
        for layer in reversed(way):
            bare = replace(layer, padding=(0, 0)) if "leaves the padding out" in says else layer
            shift = bare.padding[0]
            everywhere = replace(bare, padding=(0, 0))
            if isinstance(layer, Conv):
                moved = {u * layer.stride - shift + far for u in reach}
                single = replace(everywhere, stride=1)
                reach = {i - far for u in moved for i in taps(single, 3 * far, u)}
            else:
                moved = {u + shift + far * layer.stride for u in reach}
                reach = {i - far for u in moved for i in taps(everywhere, 3 * far, u)}
        units |= reach
    first, last = min(units), max(units)
    if "counts padding as input" not in says:
        first, last = max(first, 0), min(last, question.length - 1)
    return number == {"first": first, "last": last}[symbol]


def holds(task: Exercise, part: Part, number: int) -> str:
    """What kind of comment a number gets; "wrong" where the comment is not true."""
    says = comment(task, part, number).partition("** ")[2] or "wrong"
    question = asked(task)
    if "not quite. " in comment(task, part, number):
        says = comment(task, part, number).partition("not quite. ")[2]
        return "slip" if slip_holds(question, part.symbol, number, says) else "wrong"
    if len(question.ways) > 1 and says.endswith("and decides."):
        wide = re.search(r"along path ([AB]): it is the wider", says)[1]
        says = says.partition(" This is along path")[0]
        whole, question = question, question.along("AB".index(wide))
        assert question.answers() == whole.answers()
    if says.startswith("would be right "):
        says = says.removeprefix("would be right ")
        return "variation" if right_for(question, part.symbol, number, says) else "wrong"
    return "fact" if fact_holds(question, part.symbol, number, says) else "wrong"


@pytest.mark.parametrize("level", range(1, len(LEVELS) + 1))
def test_every_wrong_number_gets_a_true_comment(level: int) -> None:
    kinds: Counter[str] = Counter()
    for seed in (1, 2, 3, 4, 5, 6, 41, 73):
        task = exercise(level, seed)
        for part in task.parts:
            for number in NUMBERS:
                if number == part.answer:
                    continue
                kind = holds(task, part, number)
                assert kind != "wrong", (level, seed, comment(task, part, number))
                kinds[kind] += 1
    assert {"slip", "variation", "fact"} <= kinds.keys()


def test_a_fact_does_not_give_the_answer_away() -> None:
    """No number that it works out, or that it says an answer has to be, is the answer."""
    for level, seed in product(range(1, len(LEVELS) + 1), range(1, 9)):
        task = exercise(level, seed)
        for part in task.parts:
            for number in NUMBERS:
                says = comment(task, part, number)
                if number == part.answer or "would be right" in says or "not quite" in says:
                    continue
                worked_out = re.findall(r"= (\d+)\$|alone make it (\d+)", says)
                assert str(part.answer) not in {n for pair in worked_out for n in pair}, says


def test_likely_slips_are_told_apart() -> None:
    task = exercise(3, 3)
    size, stride, padding = task.parts
    assert "would be right without strides" in comment(task, size, 1 + 3 + 3)
    assert "the sum of the strides" in comment(task, stride, 2 + 1)
    assert "the sum of the paddings" in comment(task, padding, 2 + 2)
    assert "$-P_0$" in comment(task, padding, -6)
    region = exercise(3, 2)
    assert region.answer == (0, 7)
    assert "counts padding as input" in comment(region, region.parts[0], -3)
    assert comment(region, region.parts[1], 7) == "**last unit = 7** is right."
