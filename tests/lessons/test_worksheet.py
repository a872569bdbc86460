"""Worksheets: what they draw and write is what the exercises hold, and nothing else gets in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean
from xml.etree import ElementTree as ET

import pytest

from rf_viz.lessons import Row
from rf_viz.lessons.exercises import LEVELS, Exercise, exercise
from rf_viz.lessons.mathml import mathml, prose
from rf_viz.lessons.unit_rows import unit_rows
from rf_viz.lessons.worksheet import PAPERS, worksheet
from tests.oracles.taps import extents, seen, ways

TASKS = [exercise(level, seed) for level in range(1, len(LEVELS) + 1) for seed in range(1, 7)]
LINKS = [(task.level, task.seed) for task in TASKS]


def sheet(solutions: bool, **changes: str) -> str:
    texts = {"address": "https://example.org/learn?part=exercises", "note": "Seed 7"} | changes
    return worksheet(LINKS, "A4", solutions=solutions, **texts)


def sections(html: str) -> list[ET.Element]:
    """The exercises and the solutions: they are well-formed, down to each equation."""
    return [ET.fromstring(part) for part in re.findall(r"<section.*?</section>", html, re.DOTALL)]


def positions(rows: Sequence[Row]) -> list[float]:
    """Where unit 0 of each row stands, in units of the input: over the middle of what rows take."""
    starts: list[float] = []
    for row in rows:
        middles = [
            starts[links.source] + rows[links.source].step * i - row.step * unit
            for links in row.links
            for unit, units in enumerate(links.of)
            for i in units
        ]
        starts.append(fmean(middles) if middles else 0.0)
    return starts


def words(node: ET.Element) -> str:
    return "".join(node.itertext())


def shaded(section: ET.Element) -> list[list[int]]:
    """The numbers of the shaded units, row by row from the top."""
    rows: list[list[int]] = []
    children = list(section.find("svg"))
    for rect, text in pairwise(children):
        if rect.get("class") == "label":
            rows.append([])
        elif rect.get("class") == "shaded":
            rows[-1].append(int(text.text))
    return rows


def test_every_exercise_is_there_with_its_question_and_its_blanks() -> None:
    html = sheet(False)
    for number, (section, task) in enumerate(zip(sections(html), TASKS, strict=True), 1):
        title = words(section.find("h2"))
        assert title.startswith(f"{number}. {task.question} Exercise {task.level}-{task.seed}, ")
        assert [words(b).strip() for b in section.find("p[@class='blanks']")] == [
            part.label for part in task.parts
        ]
        asked = [[] for _ in task.example.rows]
        if task.unit is not None:
            asked[0] = [task.unit]
        assert shaded(section) == asked


def test_a_sheet_without_solutions_has_none() -> None:
    assert "Solutions" not in sheet(False)
    assert "<math>" not in sheet(False)
    assert sheet(True).startswith(sheet(False).partition("Page 1 of")[0])


def by_rows(task: Exercise) -> list[list[int]]:
    """The units that feed the one in question, row by row from the top: tap by tap."""
    unit = task.example.rows[-1].size // 2 if task.unit is None else task.unit
    chains, length = ways(task), task.example.length
    rows = [[unit]] if len(chains) > 1 else []
    for way in reversed(chains):
        sizes = extents(way, length)
        rows += [sorted(seen(way[depth:], sizes[depth], unit)) for depth in range(len(way), 0, -1)]
    return [*rows, sorted(set().union(*(seen(way, length, unit) for way in chains)))]


def test_solutions_show_the_units_that_are_seen_and_the_numbers() -> None:
    solutions = sections(sheet(True))[len(TASKS) :]
    for section, task in zip(solutions, TASKS, strict=True):
        assert shaded(section) == by_rows(task), (task.level, task.seed)
        answers = ". ".join(f"{part.label}: {part.answer}" for part in task.parts)
        assert words(section.find("p/b")) == f"{answers}."
        steps = section.findall("ol/li")
        assert len(steps) == len(task.solution)
        for item, step in zip(steps, task.solution, strict=True):
            assert [digits(words(math)) for math in item.findall("div/math")] == [
                digits(equation.replace(r"\tfrac", "")) for equation in step.equations
            ]


def digits(text: str) -> str:
    """All digits and signs of a text, in their order."""
    return "".join(re.findall(r"[\d.]", text))


def test_units_stand_where_the_diagram_on_the_page_has_them() -> None:
    for task in TASKS:
        rows = task.example.rows
        svg = ET.fromstring(unit_rows(task.example, {}, 174))
        middles: list[list[float]] = []
        for node in svg:
            if node.get("class") == "label":
                middles.append([])
            elif node.get("class") == "number":
                middles[-1].append(float(node.get("x")))
        middles.reverse()
        assert [len(row) for row in middles] == [row.size for row in rows]
        scale = (middles[0][-1] - middles[0][0]) / (rows[0].size - 1)
        for row, start, drawn in zip(rows, positions(rows), middles, strict=True):
            for unit, x in enumerate(drawn):
                assert x - middles[0][0] == pytest.approx(
                    (start + unit * row.step) * scale, abs=0.1
                )


def test_nothing_gets_out_of_a_text() -> None:
    attack = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    html = sheet(True, address=attack, note=attack)
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;") == 2 * html.count("<footer>")


def test_a_sheet_needs_no_other_file() -> None:
    html = sheet(True)
    assert not re.search(r"(src|href)=|url\(|@import|<link", html)


def test_paper_is_what_was_chosen() -> None:
    for paper in PAPERS:
        html = worksheet(LINKS[:3], paper, solutions=False, address="x")
        assert f"size: {paper};" in html
        assert html.count('class="page"') == 2


def test_equations_become_mathml() -> None:
    assert mathml(r"r_{0}^{A} = -3") == (
        "<math><mrow><msubsup><mi>r</mi><mrow><mn>0</mn></mrow><mrow><mi>A</mi></mrow></msubsup>"
        '<mo>=</mo><mo form="prefix">\N{MINUS SIGN}</mo><mn>3</mn></mrow></math>'
    )
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>" in mathml(
        r"\tfrac{1}{2}"
    )
    assert prose("**Layer <1>** sees $u_0$") == (
        "<b>Layer &lt;1&gt;</b> sees <math><mrow><msub><mi>u</mi><mn>0</mn></msub></mrow></math>"
    )


@pytest.mark.parametrize("latex", [r"\input{x}", "{", "<", "a & b"])
def test_what_no_solution_has_is_no_equation(latex: str) -> None:
    with pytest.raises(ValueError, match=r"brace|equation"):
        mathml(latex)
