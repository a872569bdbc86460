"""Examples run from any folder, on the sample model and on another one, and print what holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
NOTEBOOK = EXAMPLES / "receptive_fields.ipynb"
SIGNALS = ROOT / "assets" / "models" / "crepe_tiny.onnx"

OUTPUT = {
    "regions": "Cell (6, 6) sees the box from (72, 72) to (151, 151)",
    "list_layers": "conv10/relu                      Relu                       207      16",
    "verify_model": "0 disagree, 0 undecided",
    "who_sees_pixel": "fire8/concat                        121 of    169 cells",
    "influence": "Effective size to expect of random weights: 124.7",
    "keras_model": "RF-Viz, at the end:      r =   37, S =   4",
}
"""A part of what each script prints for its sample model."""


def run(name: str, folder: Path, *arguments: str | Path) -> str:
    """Runs a script in a folder of its own and returns what it prints."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_listed_and_run() -> None:
    listing = (EXAMPLES / "README.md").read_text()
    assert {path.stem for path in EXAMPLES.glob("*.py")} == OUTPUT.keys()
    assert all(f"({name}.py)" in listing for name in OUTPUT)
    assert f"({NOTEBOOK.name})" in listing


@pytest.mark.parametrize("name", OUTPUT)
def test_a_script_runs_on_its_sample(name: str, tmp_path: Path) -> None:
    assert OUTPUT[name] in run(name, tmp_path)
    if name == "regions":
        assert Image.open(tmp_path / "crop.png").size == (79, 79)


@pytest.mark.parametrize("name", ["regions", "list_layers", "verify_model", "who_sees_pixel"])
def test_a_script_runs_on_a_model_of_ones_own(name: str, tmp_path: Path) -> None:
    """A network of signals, of which there is no picture to crop."""
    assert run(name, tmp_path, SIGNALS)
    assert not list(tmp_path.iterdir())


def test_a_chain_of_keras_layers_can_be_ones_own(tmp_path: Path) -> None:
    code = (
        "import keras\n"
        "model = keras.Sequential([keras.Input((40, 40, 1)), keras.layers.Conv2D(2, 5, strides=3),"
        " keras.layers.AveragePooling2D(3, 2)])\n"
        "model.save('own.keras')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True)
    assert "RF-Viz, at the end:      r =   11, S =   6" in run("keras_model", tmp_path, "own.keras")


def test_the_notebook_runs_and_holds_no_outputs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(EXAMPLES)  # where Jupyter starts a notebook's kernel
    cells = [c for c in json.loads(NOTEBOOK.read_text())["cells"] if c["cell_type"] == "code"]
    names: dict[str, object] = {}
    for number, cell in enumerate(cells, 1):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}, cell {number}", "exec"), names)
    printed = capsys.readouterr().out
    assert "fire5/concat   r = (63, 63), S = (8, 8), P = (24, 24)" in printed
    assert "50 of 50 checks agree" in printed
