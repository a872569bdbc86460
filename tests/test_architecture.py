"""The house stays in order: who may import whom, and what a cold start may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up. A module imports what is below it, and its own package.
STOREYS = (
    ("errors", "relation", "images"),
    ("closed_form", "kinds", "operators", "samples", "tables", "volumes"),
    ("article", "blocks", "keras_applications", "resampling"),
    ("shapes",),
    ("linear",),
    ("walk",),
    ("layout", "strands"),
    ("cost",),
    ("network",),
    ("coverage", "diagnosis", "growth", "model", "records"),
    ("experiment", "runtimes"),
    ("proof", "verify"),
    ("readers",),
    ("rf_viz",),
    ("design", "lessons"),
    ("cli", "figures"),
    ("ui", "__main__"),
    ("streamlit_app", "pages"),
)
STOREY = {module: storey for storey, modules in enumerate(STOREYS) for module in modules}

# Who may import what weighs much or belongs to one purpose; everything else is free to all.
GUESTS = {
    "streamlit": {"ui", "streamlit_app", "pages"},
    "plotly": {"figures", "ui", "streamlit_app", "pages"},
    "onnx": {"readers", "runtimes", "design", "lessons"},
    "onnxruntime": {"runtimes"},
    "tensorflow": {"readers", "runtimes"},
    "keras": {"readers", "runtimes"},
    "ai_edge_litert": {"readers", "runtimes"},
    "PIL": {"images", "volumes", "figures", "ui", "streamlit_app", "pages"},
}

# A cold start of the command line costs what it imports.
LATE = {"ai_edge_litert", "onnxruntime", "tensorflow", "keras", "streamlit", "plotly", "PIL"}


def sources() -> list[Path]:
    files = [*ROOT.glob("streamlit_app.py"), *ROOT.glob("pages/*.py"), *ROOT.glob("rf_viz/**/*.py")]
    assert files
    return sorted(files)


def module(file: Path) -> str:
    """The name in ``STOREYS`` that a file belongs to."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    if parts[0] == "rf_viz" and parts[-1] != "__init__":
        return parts[1]
    return parts[1] if len(parts) > 2 else parts[0]


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(file: Path) -> Iterator[str]:
    """All that a file imports when it runs, as absolute dotted names."""
    package = file.relative_to(ROOT).parent.parts
    pending: list[ast.AST] = [ast.parse(file.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{name.name}" for name in node.names)
        elif not is_for_types_only(node):
            pending.extend(ast.iter_child_nodes(node))


def own(name: str) -> str | None:
    """The name in ``STOREYS`` that an import refers to; None for other people's modules."""
    top, *rest = name.split(".")
    if top != "rf_viz":
        return top if top in STOREY else None
    if rest and (
        (ROOT / "rf_viz" / rest[0]).is_dir() or (ROOT / "rf_viz" / f"{rest[0]}.py").exists()
    ):
        return rest[0]
    return "rf_viz"


def test_every_module_has_its_storey() -> None:
    assert {module(file) for file in sources()} <= STOREY.keys()


def test_arrows_point_down() -> None:
    upward = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in sources()
        for name in imports(file)
        if (target := own(name))
        and target != module(file)
        and STOREY[target] >= STOREY[module(file)]
    ]
    assert upward == []


def test_guests_stay_in_their_rooms() -> None:
    strayed = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in sources()
        for name in imports(file)
        if (top := name.split(".")[0]) in GUESTS and module(file) not in GUESTS[top]
    ]
    assert strayed == []


@pytest.mark.parametrize(
    "start",
    [
        "import rf_viz",
        "import runpy; sys.argv = ['rf_viz', '--help']; runpy.run_module('rf_viz', alter_sys=True)",
    ],
    ids=["import rf_viz", "python -m rf_viz --help"],
)
def test_a_cold_start_loads_nothing_heavy(start: str) -> None:
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('loaded:', *sys.modules, file=sys.stderr))\n" + start
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = done.stderr.rpartition("loaded:")[2].split()
    assert "rf_viz" in loaded
    assert LATE.isdisjoint(loaded)
