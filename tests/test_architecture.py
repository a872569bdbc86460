"""The house stays in order: who may import whom, what stands where, what a cold start may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "rf_viz"

STOREYS = (
    ("errors", "relation"),
    ("inputs", "runtimes", "trace"),
    ("catalogue", "runtimes.onnx", "runtimes.pytorch", "runtimes.tensorflow", "runtimes.tflite"),
    ("model",),
    ("analysis", "verify"),
    ("influence", "readers.bounded"),
    ("readers.content", "readers.pickles", "readers.reading"),
    ("readers.archive", "readers.sniffing"),
    ("readers.foreign",),
    ("readers.onnx", "readers.tensorflow"),
    ("readers.pytorch", "readers.tflite"),
    ("readers",),
    ("rf_viz",),
    ("design", "lessons", "workers"),
    ("figures",),
    ("survey",),
    ("cli",),
    ("__main__", "ui", "ui.browser", "ui.clickable_table", "ui.outline", "ui.sharing", "ui.text"),
    ("ui.address", "ui.cache", "ui.chart", "ui.garbage", "ui.pictures", "ui.tables"),
    ("ui.address_choice", "ui.again"),
    ("ui.page",),
    ("ui.navigation",),
    ("ui.inspector", "ui.sidebar"),
    ("ui.measuring",),
    ("ui.build", "ui.compare", "ui.explore", "ui.learn", "ui.network"),
    ("pages", "streamlit_app"),
)
"""The rooms from the ground up. A room imports from the storeys below its own, and from itself."""

STOREY = {room: storey for storey, rooms in enumerate(STOREYS) for room in rooms}
WINGS = ("readers", "runtimes", "ui")
"""Folders whose folders and modules are rooms of their own."""

GUESTS = {
    "streamlit": {"ui", "streamlit_app", "pages"},
    "plotly": {"figures"},
    "onnx": {"readers", "runtimes", "design", "lessons"},
    "onnxruntime": {"runtimes"},
    "tensorflow": {"readers", "runtimes"},
    "keras": {"readers", "runtimes"},
    "ai_edge_litert": {"readers", "runtimes"},
    "torch": {"readers", "runtimes"},
    "torchvision": {"readers"},
    "timm": {"readers"},
    "PIL": {"inputs", "figures", "survey", "ui", "streamlit_app", "pages"},
    "pyarrow": {"survey"},
    "distributed": {"survey"},
}
"""Where what weighs much, or belongs to one purpose, may be imported."""

LATE = {
    *("ai_edge_litert", "onnxruntime", "tensorflow", "keras", "torch", "torchvision", "timm"),
    *("streamlit", "plotly", "PIL", "pyarrow", "distributed"),
}
"""What a cold start does not load: the command line costs what it imports."""

FOREIGN = {
    *("_keras_history", "_keras_mask", "_initializer", "_deferred_initialize", "_value"),  # Keras
    "_flatten_layers",
    *("_handle_data", "_default_value"),  # TensorFlow
    "_tab",  # flatbuffers
    *("_state", "_new_widget_state"),  # Streamlit
    "_exit",  # of os: the documented way to end a copied process
}
"""Private names of other packages that there is no public way around."""


def sources() -> list[Path]:
    files = [*ROOT.glob("streamlit_app.py"), *ROOT.glob("pages/*.py"), *PACKAGE.rglob("*.py")]
    assert len(files) > 100
    return sorted(files)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def name_of(file: Path) -> str:
    """A file's module by its dotted name."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    return {name_of(file): file for file in sources()}


def room(module: str) -> str:
    """The name in ``STOREYS`` that a module belongs to."""
    top, *inner = module.split(".")
    if top != "rf_viz" or not inner:
        return top
    # Modules at the top of the runtimes serve all of them; those of other wings are rooms.
    shared = inner[0] == "runtimes" and not PACKAGE.joinpath(*inner[:2]).is_dir()
    return ".".join(inner[:2]) if inner[0] in WINGS and not shared else inner[0]


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(file: Path, *, types: bool) -> Iterator[str]:
    """All that a file imports, as absolute dotted names; with ``types`` what only types need."""
    package = file.relative_to(ROOT).parent.parts
    pending: list[ast.AST] = [tree(file)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{name.name}" for name in node.names)
        elif types or not is_for_types_only(node):
            pending.extend(ast.iter_child_nodes(node))


def own(name: str) -> str | None:
    """The module of ours that an import names, or names something of; None for other people's."""
    while name:
        if name in modules():
            return name
        name = name.rpartition(".")[0]
    return None


def arrows(*, types: bool) -> dict[str, set[str]]:
    """For each module those that it imports."""
    found: dict[str, set[str]] = {}
    for module, file in modules().items():
        targets = {own(name) for name in imports(file, types=types)}
        found[module] = {target for target in targets if target and target != module}
    return found


def classes(file: Path) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree(file)) if isinstance(node, ast.ClassDef))


def methods(of: ast.ClassDef) -> set[str]:
    return {node.name for node in of.body if isinstance(node, ast.FunctionDef)}


def is_in(file: Path, *folders: str) -> bool:
    return room(name_of(file)).split(".")[0] in folders


# ---- storeys


def test_every_module_has_its_storey() -> None:
    assert {room(module) for module in modules()} == STOREY.keys()


def test_only_the_public_face_stands_at_the_top_of_the_package() -> None:
    face = {"__init__", "__main__", "cli", "errors", "model"}
    assert {file.stem for file in PACKAGE.glob("*.py")} | {"cli"} == face


def test_imports_run_down() -> None:
    """Imports for types too: a type from upstairs ties two storeys as much as a function."""
    upward = [
        f"{module} imports {target}"
        for module, targets in arrows(types=False).items()
        for target in targets
        if room(target) != room(module) and STOREY[room(target)] >= STOREY[room(module)]
    ]
    assert upward == []


def test_charts_are_shown_by_one_function() -> None:
    """So that all of them have the same mode bar."""
    shown = [file for file in sources() if "plotly_chart(" in file.read_text(encoding="utf-8")]
    assert [name_of(file) for file in shown] == ["rf_viz.ui.chart.chart"]


def test_no_page_knows_another() -> None:
    pages = {"ui.explore", "ui.network", "ui.compare", "ui.build", "ui.learn"}
    assert pages <= STOREY.keys()
    tied = [
        f"{module} imports {target}"
        for module, targets in arrows(types=True).items()
        for target in targets
        if {room(module), room(target)} <= pages and room(module) != room(target)
    ]
    assert tied == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for types and those within functions included."""
    left = arrows(types=True)
    while free := {module for module, targets in left.items() if not targets & left.keys()}:
        left = {module: targets for module, targets in left.items() if module not in free}
    # What is left leads into a circle; what nothing leads to is not part of one.
    while loose := left.keys() - set().union(*left.values()):
        left = {module: targets for module, targets in left.items() if module not in loose}
    assert {module: sorted(targets & left.keys()) for module, targets in left.items()} == {}


def test_no_module_has_the_name_of_a_folder_beside_it() -> None:
    """An ``__init__.py`` in that folder would make the module vanish."""
    assert [f for f in sources() if f.stem != "__init__" and f.with_suffix("").is_dir()] == []


def test_every_folder_says_what_it_is() -> None:
    folders = {file.parent for file in sources()} - {ROOT, ROOT / "pages"}
    silent = [f for f in folders if not ast.get_docstring(tree(f / "__init__.py"))]
    assert silent == []


# ---- guests


def test_guests_stay_in_their_rooms() -> None:
    strayed = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in sources()
        for name in imports(file, types=False)
        if (top := name.split(".")[0]) in GUESTS and not is_in(file, *GUESTS[top])
    ]
    assert strayed == []


def test_readers_load_a_framework_only_where_they_use_it() -> None:
    """Whoever imports a reader's module has not asked for a framework that takes seconds."""
    heavy = {"ai_edge_litert", "onnxruntime", "tensorflow", "keras", "torch", "torchvision", "timm"}
    at_the_top = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sources()
        if is_in(file, "readers")
        for node in tree(file).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""] * (node.level == 0)
        )
        if name.split(".")[0] in heavy
    ]
    assert at_the_top == []


def test_components_are_made_in_one_place() -> None:
    home = PACKAGE / "ui" / "browser" / "component.py"
    naming = {file for file in sources() if "st.components" in file.read_text(encoding="utf-8")}
    assert naming == {home}


def test_scripts_of_a_component_import_their_own_and_the_shared_ones() -> None:
    shared = PACKAGE / "ui" / "browser"
    # The offline page is the linked view, with a script of its own around it.
    allowed = {"offline_page": {shared, PACKAGE / "ui" / "inspector" / "linked_view"}}
    strayed = [
        f"{script.relative_to(ROOT)} imports {name}"
        for script in PACKAGE.rglob("*.js")
        for name in re.findall(r'^import .*?"(.*?)";$', script.read_text(), re.MULTILINE)
        if (script.parent / name).resolve().parent
        not in {script.parent, shared, *allowed.get(script.parent.name, ())}
    ]
    assert strayed == []


# ---- the algebra


def steps() -> set[str]:
    """The names of the classes that are steps of relations."""
    return {
        c.name for f in sources() for c in classes(f) if {"push", "pull", "label"} <= methods(c)
    }


def test_steps_live_among_the_relations() -> None:
    assert len(steps()) > 10
    outside = {
        f"{file.relative_to(ROOT)}: {c.name}"
        for file in sources()
        if not is_in(file, "relation")
        for c in classes(file)
        if {"push", "pull"} & methods(c) and {"label", "affine"} & methods(c)
    }
    assert outside == set()


def test_nobody_asks_for_the_class_of_a_step() -> None:
    """A step answers every question about itself, so that a new one works everywhere."""
    names = steps()

    def asks(node: ast.AST) -> bool:
        if isinstance(node, ast.MatchClass):
            return ast.unparse(node.cls).rpartition(".")[2] in names
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            return bool(names & set(re.findall(r"\w+", ast.unparse(node.args[1]))))
        if isinstance(node, ast.Compare) and ast.unparse(node.left).startswith("type("):
            return bool(names & set(re.findall(r"\w+", ast.unparse(node.comparators[0]))))
        return False

    asking = [
        f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for file in sources()
        if not is_in(file, "relation")
        and any(name.startswith("rf_viz.relation") for name in imports(file, types=True))
        for node in ast.walk(tree(file))
        if asks(node)
    ]
    assert asking == []


def test_the_core_knows_no_operator_by_name() -> None:
    from rf_viz.readers.onnx import ops as _onnx  # noqa: F401  (fills the table)
    from rf_viz.readers.onnx.node import OPERATORS as ONNX
    from rf_viz.readers.tensorflow import ops as _tensorflow  # noqa: F401
    from rf_viz.readers.tensorflow.node import OPERATORS as TENSORFLOW

    # Names that are plain words besides ("Size", "Shape", "Range") prove nothing.
    operators = {name for _, name in ONNX} | set(TENSORFLOW)
    telling = {name for name in operators if re.search(r"[a-z][A-Z0-9]|Conv|Pool|Relu|Gemm", name)}
    assert len(telling) > 500
    naming = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for file in sources()
        if not is_in(file, "readers", "runtimes", "design", "lessons", "catalogue")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant) and node.value in telling
    ]
    assert naming == []


# ---- privacy


def reach_ins(file: Path) -> Iterator[str]:
    """Private names of other objects that a file touches."""
    pending: list[tuple[ast.AST, frozenset[str]]] = [(tree(file), frozenset())]
    while pending:
        node, private = pending.pop()
        if isinstance(node, ast.ClassDef):
            # Another object of the same class is no other object.
            private = frozenset(
                n.attr if isinstance(n, ast.Attribute) else n.name
                for n in ast.walk(node)
                if (isinstance(n, ast.Attribute) and ast.unparse(n.value) in ("self", "cls"))
                or isinstance(n, ast.FunctionDef)
            )
        if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr):
            owner = ast.unparse(node.value)
            named_tuple = node.attr in ("_replace", "_asdict", "_fields")
            if not (
                owner in ("self", "cls", "super()")
                or named_tuple
                or node.attr in private
                or node.attr in FOREIGN
            ):
                yield f"{file.relative_to(ROOT)}:{node.lineno}: {owner}.{node.attr}"
        pending.extend((child, private) for child in ast.iter_child_nodes(node))


def test_nobody_reaches_into_another_object() -> None:
    assert [line for file in sources() for line in reach_ins(file)] == []


def test_nobody_imports_a_private_name() -> None:
    private = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in sources()
        for name in imports(file, types=True)
        if own(name) and re.match(r"_[a-z]", name.rpartition(".")[2])
    ]
    assert private == []


# ---- what a newcomer reads


VAGUE = {"given", "found", "made", "asked", "known", "told", "taken"}
"""Participles that say of a thing only that somebody had to do with it."""


def test_names_say_what_a_thing_is() -> None:
    vague = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {name}"
        for file in sources()
        for node in ast.walk(tree(file))
        for name in (
            [node.id]
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else [node.arg]
            if isinstance(node, ast.arg)
            else []
        )
        if name.strip("_") in VAGUE
    ]
    assert vague == []


def test_what_is_public_says_what_it_is() -> None:
    def undocumented(file: Path) -> Iterator[str]:
        pending: list[ast.AST] = list(tree(file).body)
        while pending:
            node = pending.pop()
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                yield f"{file.relative_to(ROOT)}:{node.lineno}: {node.name}"
            if isinstance(node, ast.ClassDef):
                pending.extend(node.body)

    assert [line for file in sources() for line in undocumented(file)] == []


def test_the_guide_to_the_house_names_every_room() -> None:
    guide = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {r.rpartition(".")[2] for r in STOREY} - {"rf_viz", "streamlit_app", "__main__"}
    assert [r for r in sorted(rooms) if not re.search(rf"\b{r}(\.py|/|\b)", guide)] == []
    paths = set(re.findall(r"`((?:rf_viz|tests|docs|examples|benchmarks)/[\w./-]+)`", guide))
    assert paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_examples_of_the_guide_are_the_code() -> None:
    guide = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    code = "\n".join(file.read_text(encoding="utf-8") for file in sources())
    assert examples
    assert [example for example in examples if example not in code] == []


# ---- a cold start


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


def test_the_command_line_answers_before_the_library_is_there() -> None:
    """So it opens the app at once, and an interruption of the import ends in good order."""
    code = "import sys, rf_viz.cli; assert not {'numpy', 'rf_viz.model'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
