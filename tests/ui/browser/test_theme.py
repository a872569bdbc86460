"""The colours and parts that all components share stand in one place."""

from __future__ import annotations

import re
from pathlib import Path

import rf_viz
from rf_viz.figures.colours import PINNED

PACKAGE = Path(rf_viz.__file__).parent
THEME = PACKAGE / "ui" / "browser" / "theme.css"


def test_the_pinned_colour_is_the_same_in_charts_and_on_pages_and_stands_nowhere_else() -> None:
    assert re.search(r"--pinned: (#\w+);", THEME.read_text(encoding="utf-8"))[1] == PINNED
    files = [file for kind in ("py", "css", "js") for file in PACKAGE.rglob(f"*.{kind}")]
    holding = {file.name for file in files if PINNED in file.read_text(encoding="utf-8")}
    assert holding == {"theme.css", "colours.py"}


def test_no_style_sheet_defines_a_shared_colour_again() -> None:
    shared = re.findall(r"^  (--\w+):", THEME.read_text(encoding="utf-8"), re.MULTILINE)
    assert "--faint" in shared
    for file in PACKAGE.rglob("*.css"):
        own = re.findall(r"(--\w+):", file.read_text(encoding="utf-8"))
        assert file == THEME or not {*own} & {*shared}, file.name


def test_every_component_takes_part() -> None:
    pages = [
        file
        for file in PACKAGE.rglob("*.html")
        if file.stem not in ("cue", "offline_page", "picture_data")
    ]
    assert len(pages) >= 8
    for file in pages:
        assert re.match(r'<div class="rf [\w -]+">', file.read_text(encoding="utf-8")), file.name
