"""Worksheets: a set of exercises as one HTML file to print, with or without the solutions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from math import ceil
from pathlib import Path
from typing import Literal

from .exercise_set import Link, write_link
from .exercises import LEVELS, Exercise, exercise
from .letters import letters
from .mathml import mathml, prose
from .unit_rows import rows_height, unit_rows
from .worked import feeders, paths

Paper = Literal["A4", "Letter"]

PAPERS: dict[Paper, tuple[float, float]] = {"A4": (210, 297), "Letter": (215.9, 279.4)}
"""Width and height of the papers, in millimetres."""

_WIDTH = 174.0
"""The width of what is printed, in millimetres."""

_ON_A_PAGE = 2
"""Number of exercises on a page: each has room to write."""

_LETTERS = 85
"""Letters of a line over the whole width, rather too few than too many."""

_FRAME = 31.0
"""What a solution has besides its units and its steps: title, answer, gaps, in millimetres."""

_MARGINS = 14 + 16 + 12
"""What the margin, the footer and the heading take of a page's height, in millimetres."""


def worksheet(
    links: Sequence[Link], paper: Paper, *, solutions: bool, address: str, note: str = ""
) -> str:
    """Make a worksheet of a set of exercises.

    ``address`` is where the set opens in a browser; the footer has it, and the ``note``, too.
    """
    tasks = [(number, exercise(*link)) for number, link in enumerate(links, 1)]
    pages = [
        _heading("Receptive fields", blanks=at == 0) + "".join(map(_question, tasks[at : at + 2]))
        for at in range(0, len(tasks), _ON_A_PAGE)
    ]
    if solutions:
        height = PAPERS[paper][1] - _MARGINS
        pages += [
            _heading("Solutions", blanks=False) + "".join(page)
            for page in _packed(((_solution(*task), _height(task[1])) for task in tasks), height)
        ]
    foot = [escape(text) for text in (address, note) if text]
    return _document(pages, paper, foot)


def _document(pages: Sequence[str], paper: Paper, foot: Sequence[str]) -> str:
    """Join pages into a document; each has its number in the footer."""
    width, height = PAPERS[paper]
    margin = (width - _WIDTH) / 2
    css = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    css = css.replace("var(--paper)", paper)
    # A page that is as high as the paper to the last digit may spill over onto an empty one.
    size = f"width:{width}mm;height:{height - 0.5}mm;padding-inline:{margin:.2f}mm"
    sheets = [
        f'<div class="page" style="{size}"><main>{page}</main>'
        f"<footer><span>{'<br>'.join(foot)}</span>Page {number} of {len(pages)}</footer></div>"
        for number, page in enumerate(pages, 1)
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Receptive fields: exercises</title><style>"
        f"{css}</style></head><body>{''.join(sheets)}</body></html>\n"
    )


def _heading(title: str, *, blanks: bool) -> str:
    """The top of a page; with ``blanks`` for name and date."""
    lines = '<span>Name <i class="blank wide"></i></span><span>Date <i class="blank"></i></span>'
    return f"<header><h1>{title}</h1>{lines if blanks else ''}</header>"


def _question(numbered: tuple[int, Exercise]) -> str:
    """An exercise, its blanks, and room to write."""
    number, task = numbered
    marked = {} if task.unit is None else {task.example.rows[-1].name: [task.unit]}
    blanks = "".join(
        f'<span>{escape(part.label)} <i class="blank"></i></span>' for part in task.parts
    )
    counted = "" if task.unit is None else " Units are counted from 0; the last one is seen."
    return (
        f'<section class="question">{_title(number, task)}'
        f"{unit_rows(task.example, marked, _WIDTH)}"
        f'<p class="legend">{escape(letters(task.example))}.{counted}</p>'
        f'<p class="blanks">{blanks}</p><div class="room"></div></section>'
    )


def _title(number: int, task: Exercise) -> str:
    """Number and question of an exercise, and where it is found."""
    where = f"Exercise {write_link((task.level, task.seed))}, {LEVELS[task.level - 1]}"
    return f"<h2>{number}. {escape(task.question)} <small>{escape(where)}</small></h2>"


def _solution(number: int, task: Exercise) -> str:
    """The answer, the units that are seen, and the steps."""
    steps = "".join(
        f"<li>{prose(step.says)}"
        f'<div class="equations">{"".join(map(mathml, step.equations))}</div></li>'
        for step in task.solution
    )
    answers = ". ".join(f"{part.label}: {part.answer}" for part in task.parts)
    remark = f"<p>{prose(task.remark)}</p>" if task.remark else ""
    return (
        f"<section>{_title(number, task)}{unit_rows(task.example, _seen(task), _WIDTH)}"
        f"<p><b>{escape(answers)}.</b></p><ol>{steps}</ol>{remark}</section>"
    )


def _seen(task: Exercise) -> dict[str, list[int]]:
    """The units that feed the unit in question, or the middle one, by the names of their rows."""
    rows = task.example.rows
    unit = rows[-1].size // 2 if task.unit is None else task.unit
    marked = {rows[-1].name: [unit]}
    for path, feeding in zip(paths(task.example), feeders(task.example, unit), strict=True):
        if len(paths(task.example)) > 1:
            marked[path[-1].row.name] = [unit]
        names = [*(stage.row.name for stage in reversed(path[:-1])), rows[0].name]
        for name, units in zip(names, feeding, strict=True):
            marked[name] = sorted({*marked.get(name, ()), *units})
    return marked


def _height(task: Exercise) -> float:
    """About how high a solution is, in millimetres: rather too much than too little."""
    steps = sum(_lines(step.says) + _equations(step.equations) + 1 for step in task.solution)
    return rows_height(task.example) + _FRAME + steps + _lines(task.remark)


def _lines(text: str) -> float:
    """About how high a text is that runs over the whole width, in millimetres."""
    return ceil(_written(text) / _LETTERS) * (6.3 if "^" in text else 5.3)


def _equations(equations: Sequence[str]) -> float:
    """About how high equations are, in millimetres: as many beside each other as fit."""
    lines, left = 0, 0
    for equation in equations:
        if _written(equation) > left:
            lines, left = lines + 1, _LETTERS
        left -= _written(equation) + 5
    return lines * (6.6 if "^" in "".join(equations) else 5.0)


def _written(text: str) -> int:
    """Number of letters that print, without the commands and the signs around them."""
    return len(re.sub(r"\\[a-z]+|[\\$*{}_^]", "", text))


def _packed(blocks: Iterable[tuple[str, float]], height: float) -> list[list[str]]:
    """Fill pages with blocks in their order; each block comes with its height."""
    pages: list[list[str]] = []
    left = 0.0
    for block, high in blocks:
        if not pages or high > left:
            pages.append([])
            left = height
        pages[-1].append(block)
        left -= high
    return pages
