"""The command line: its three commands, their options and output, its errors and exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, save

from rf_viz.cli import main
from rf_viz.readers.onnx.node import OPERATORS
from tests.oracles.onnx_oracle import build

Run = Callable[..., str]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """conv1: 3x3, stride 2, pad 1. conv2: 3x3, dilation 2, pad 2. cat: both. head: 10 classes."""
    nodes = [
        helper.make_node(
            "Conv", ["image", "w1"], ["conv1"], "stem", strides=[2, 2], pads=[1, 1, 1, 1]
        ),
        helper.make_node(
            "Conv", ["conv1", "w2"], ["conv2"], "body", dilations=[2, 2], pads=[2, 2, 2, 2]
        ),
        helper.make_node("Concat", ["conv1", "conv2"], ["cat"], axis=1),
        helper.make_node("GlobalAveragePool", ["cat"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w3"], ["head"]),
    ]
    masked = np.ones((2, 2, 3, 3), np.float32)
    masked[:, :, 2] = 0
    constants = {
        "w1": np.ones((2, 3, 3, 3), np.float32),
        "w2": masked,
        "w3": np.ones((4, 10), np.float32),
    }
    model = build(nodes, {"image": [1, 3, "height", "width"]}, constants)
    file = tmp_path_factory.mktemp("models") / "small.onnx"
    save(model, file)
    return str(file)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line; returns its output."""

    def run(*argv: str, code: int = 0) -> str:
        assert main(argv) == code
        captured = capsys.readouterr()
        if code == 2:
            assert captured.out == ""
            assert captured.err.startswith("rf_viz: error: ")
            assert captured.err.count("\n") == 1
            return captured.err
        assert captured.err == ""
        return captured.out

    return run


def test_layers_tell_the_modules_of_pytorch(capsys: pytest.CaptureFixture[str]) -> None:
    model = Path(__file__).parent / "data" / "pytorch" / "modules.onnx"
    assert main(["layers", str(model), "--format", "json"]) == 0
    layers = {layer["name"]: layer for layer in json.loads(capsys.readouterr().out)["layers"]}
    assert layers["relu_3"]["module"] == "layer1.1.relu@1"
    assert layers["relu_3"]["ends"] == ["layer1.1.relu@1", "layer1.1", "layer1"]
    assert main(["layers", str(model)]) == 0
    assert "\nlayer1.0.conv2 " in capsys.readouterr().out
    assert main(["region", str(model), "--layer", "layer1.1.conv2", "--cell", "2,2"]) == 0
    assert "layer1.1.conv2 (Conv)" in capsys.readouterr().out


def test_layers_json(run: Run, path: str) -> None:
    record = json.loads(run("layers", path, "--input-size", "32x40", "--format", "json"))
    assert list(record) == ["model", "input", "layers"]
    assert record["model"] == "small.onnx"
    assert record["input"] == {
        "name": "image",
        "shape": [1, 3, 32, 40],
        "layout": "NCHW",
        "spatial_axes": [2, 3],
    }
    conv1, conv2, cat, pool, *_ = record["layers"]
    assert conv1 == {
        "name": "conv1",
        "op": "Conv",
        "shape": [1, 2, 16, 20],
        "grid": [16, 20],
        "size": [3, 3],
        "stride": [2, 2],
        "padding": [1, 1],
        "aligned": True,
        "exact": True,
        "note": "",
        "settings": {
            "kernel": [3, 3],
            "stride": [2, 2],
            "padding": [[1, 1], [1, 1]],
            "dilation": [1, 1],
            "groups": 1,
            "filters": 2,
            "parameters": 54,
        },
        "module": None,
        "ends": [],
    }
    assert (conv2["size"], conv2["stride"], conv2["padding"]) == ([11, 11], [2, 2], [5, 5])
    assert (cat["size"], cat["aligned"]) == ([11, 11], True)
    assert pool["size"] is pool["stride"] is pool["padding"] is pool["aligned"] is None
    assert "global" in pool["note"]


def test_any_tensor_is_the_input_and_paths_are_stopped(run: Run, path: str) -> None:
    record = json.loads(run("layers", path, "--input", "conv1", "--format", "json"))
    assert record["input"]["name"] == "conv1"
    assert "conv1" not in [layer["name"] for layer in record["layers"]]
    conv2 = next(layer for layer in record["layers"] if layer["name"] == "conv2")
    assert (conv2["size"], conv2["stride"]) == ([5, 5], [1, 1])
    text = run("layers", path, "--input", "conv1", "--stop", "conv2")
    assert "stopped: conv2" in text
    assert "no layer named" not in text
    region = run("region", path, "--input", "conv1", "--layer", "conv2", "--cell", "40,40")
    assert "cell 40,40: start 38,38 stop 43,43" in region
    assert run("verify", path, "--stop", "conv2", "--layer", "cat").startswith("cat")
    error = run("layers", path, "--input", "conf1", code=2)
    assert "did you mean conv1" in error
    error = run("region", path, "--stop", "nowhere", "--layer", "cat", "--cell", "0,0", code=2)
    assert "has no tensor, node, layer or scope 'nowhere' to stop at" in error


def test_what_arrives_and_what_is_folded_is_named(run: Run) -> None:
    cases = Path(__file__).parent / "data/cases/inner_input"
    text = run("layers", str(cases / "src_queue.pb"))
    assert "clone_0/fifo_queue_Dequeue is what a queue hands out; --input takes any other" in text
    text = run("layers", str(cases / "deep_mnist.pb"))
    assert "x holds an image in a row: --input reshape/Reshape traces from the image" in text


def test_layers_of_a_misaligned_network_say_so(run: Run, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MaxPool", ["x"], ["even"], kernel_shape=[2, 2], pads=[0, 0, 1, 1]),
        helper.make_node("Add", ["x", "even"], ["sum"]),
    ]
    save(build(nodes, {"x": [1, 1, 8, 8]}), tmp_path / "net.onnx")
    file = str(tmp_path / "net.onnx")
    record = json.loads(run("layers", file, "--format", "json"))["layers"][-1]
    assert (record["aligned"], record["size"]) == (False, None)
    assert "centres 0.5 px apart at" in record["note"]
    assert "[1] branches misaligned: centres 0.5 px apart at" in run("layers", file)


def test_layers_of_unknown_size(run: Run, path: str) -> None:
    record = json.loads(run("layers", path, "--input-size", "unknown", "--format", "json"))
    assert record["input"]["shape"] == [1, 3, None, None]
    assert record["layers"][0]["shape"] == [1, 2, None, None]
    assert record["layers"][0]["grid"] == [None, None]
    assert record["layers"][1]["padding"] == [5, 5]
    assert "1x2x?x?" in run("layers", path, "--input-size", "unknown")


def test_layers_table_fits_a_terminal_and_shortens_long_names(run: Run, tmp_path: Path) -> None:
    names = ["x", *(f"network/{'block/' * 20}{i}/conv" for i in range(3))]
    nodes = [helper.make_node("MaxPool", [a], [b], kernel_shape=[3, 3]) for a, b in pairwise(names)]
    save(build(nodes, {"x": [1, 1, 512, 512]}), tmp_path / "net.onnx")
    lines = run("layers", str(tmp_path / "net.onnx")).splitlines()
    assert lines[0] == "net.onnx: input x, NCHW 1x1x512x512"
    assert lines[2].split() == ["LAYER", "OP", "SHAPE", "SIZE", "STRIDE", "PADDING", "NOTE"]
    assert lines[5].split()[1:] == ["MaxPool", "1x1x506x506", "7", "1", "0"]
    assert lines[5].startswith("network/")
    assert "2/conv " in lines[5]
    assert max(map(len, lines)) <= 100


def test_layers_csv(run: Run, path: str) -> None:
    rows = list(csv.DictReader(io.StringIO(run("layers", path, "--format", "csv"))))
    assert [row["name"] for row in rows] == ["conv1", "conv2", "cat", "pool", "flat", "head"]
    assert rows[1]["shape"] == "1x2x112x112"
    assert rows[1]["size"] == "11x11"
    assert rows[1]["aligned"] == "true"
    assert rows[3]["size"] == rows[3]["aligned"] == ""
    assert "global" in rows[3]["note"]


def test_region_json(run: Run, path: str) -> None:
    record = json.loads(
        run(
            *("region", path, "--input-size", "32x32", "--layer", "body"),
            *("--cell", "8,8", "--cell", "0,3", "--pixels", "--format", "json"),
        )
    )
    assert list(record) == ["layer", "exact", "cells"]
    assert (record["layer"], record["exact"]) == ("conv2", True)
    inner, border = record["cells"]
    assert list(inner) == ["cell", "channel", "start", "stop", "pixels"]
    assert inner == {
        "cell": [8, 8],
        "channel": None,
        "start": [11, 11],
        "stop": [22, 22],
        "pixels": 81,
    }
    assert (border["start"], border["stop"], border["pixels"]) == ([0, 1], [6, 12], 5 * 9)


def test_region_of_one_channel(run: Run, path: str) -> None:
    def start(*more: str) -> tuple[int | None, list[int]]:
        argv = ["region", path, "--layer", "cat", "--cell", "8,8", "--format", "json", *more]
        cell = json.loads(run(*argv))["cells"][0]
        assert cell["pixels"] is None
        return cell["channel"], cell["start"]

    assert start() == (None, [11, 11])
    assert start("--channel", "1") == (1, [15, 15])
    assert start("--channel", "2") == (2, [11, 11])


@pytest.mark.parametrize(
    ("index", "start", "stop"),
    [
        (":,:,8,8", [11, 11], [22, 22]),
        ("0,1,8,-1", [15, 29], [18, 32]),
        ("-1,1,8,9", [15, 17], [18, 20]),
        ("..., 8, 8:10", [11, 11], [22, 24]),
        (":,:2,::5,8", [0, 15], [32, 18]),
        ("...", [0, 0], [32, 32]),
    ],
)
def test_region_of_an_index(
    run: Run, path: str, index: str, start: list[int], stop: list[int]
) -> None:
    argv = ["region", path, "--input-size", "32x32", "--layer", "cat", "--index", index]
    (cell,) = json.loads(run(*argv, "--format", "json"))["cells"]
    assert cell["cell"] is None
    assert (cell["index"], cell["start"], cell["stop"]) == (index, start, stop)


def test_region_text(run: Run, path: str) -> None:
    argv = ["region", path, "--input-size", "32x32", "--layer", "conv2", "--cell", "8,8", "0,3"]
    assert run(*argv, "--pixels").splitlines() == [
        "conv2 (Conv), cells 16x16, input 32x32",
        "receptive field: size 11, stride 2, padding 5",
        "exact",
        "cell 8,8: start 11,11 stop 22,22, size 11x11, 81 pixels",
        "cell 0,3: start 0,1 stop 6,12, size 6x11, 45 pixels",
    ]


def test_a_cell_that_sees_only_padding(run: Run, tmp_path: Path) -> None:
    node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[1], pads=[2, 2])
    save(build([node], {"x": [1, 1, 4]}), tmp_path / "net.onnx")
    argv = ["region", str(tmp_path / "net.onnx"), "--layer", "y", "--cell", "0"]
    assert "cell 0: sees no pixel" in run(*argv)
    (cell,) = json.loads(run(*argv, "--pixels", "--format", "json"))["cells"]
    assert (cell["start"], cell["stop"], cell["pixels"]) == ([0], [0], 0)


def test_weight_aware_and_cut_global(run: Run, path: str) -> None:
    def sizes(*more: str) -> dict[str, Any]:
        record = json.loads(run("layers", path, "--format", "json", *more))
        return {layer["name"]: layer["size"] for layer in record["layers"]}

    assert sizes()["conv2"] == [11, 11]
    assert sizes("--weight-aware")["conv2"] == [7, 11]
    assert sizes("--cut-global")["pool"] is None  # nothing local remains beside a global pool


def test_input_shapes_and_a_chosen_input(run: Run, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MaxPool", ["a"], ["p"], kernel_shape=[3, 3]),
        helper.make_node("MaxPool", ["b"], ["q"], kernel_shape=[5, 5]),
    ]
    save(build(nodes, {"a": [1, 3, "h", "w"], "b": [1, 1, "h", "w"]}), tmp_path / "net.onnx")
    file = str(tmp_path / "net.onnx")
    assert '"shape": [1, 3, 9, 8]' in run(
        "layers", file, "--input-shape", "a=1,3,9,8", "--input-shape", "b=1,1,9,9",
        "--format", "json",
    )  # fmt: skip
    shapes = ["--input-shape", "a=1,3,9,9", "--input-shape", "b=1,1,9,8"]
    record = json.loads(run("layers", file, "--input", "b", *shapes, "--format", "json"))
    assert record["input"]["shape"] == [1, 1, 9, 8]
    assert [layer["name"] for layer in record["layers"]] == ["q"]
    assert "different input name" in run(
        "layers", file, "--input-shape", "1,3,9,8", "--input-shape", "b=1,1,9,8", code=2
    )


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["list"], "there is no file list, and no such command: there are layers, region and"),
        (["missing.onnx"], "there is no file missing.onnx"),
        (["MODEL", "cat.jpg"], "there is no file cat.jpg"),
        (["MODEL", "--models", "nets"], "there is no folder nets"),
        (["MODEL", "--port", "0"], "'0' is not a port"),
        (["layers"], "required: MODEL"),
        (["layers", "MODEL", "--sizes"], "unrecognized arguments: --sizes"),
        (["layers", "MODEL", "--input-size", "big"], "'big' is neither a size like 224x224"),
        (["layers", "MODEL", "--input-size", "32x32x32"], "2 spatial axes"),
        (["layers", "MODEL", "--input-size", "0x32"], "at least 1"),
        (["layers", "MODEL", "--input-size", "1000000x1000000"], "too large"),
        (["layers", "MODEL", "--input-shape", "1,3"], "4 axes, not 2"),
        (["layers", "MODEL", "--input-shape", "1x3"], "'1x3' is not a shape like"),
        (["layers", "MODEL", "--input", "nobody"], "no input 'nobody'"),
        (["layers", "missing.onnx"], "missing.onnx"),
        (["region", "MODEL", "--layer", "conv1"], "--cell 3,4"),
        (["region", "MODEL", "--cell", "3,4"], "required: --layer"),
        (["region", "MODEL", "--layer", "conv3", "--cell", "3,4"], "did you mean conv"),
        (["region", "MODEL", "--layer", "conv1", "--cell", "3"], "cells of 2 coordinates"),
        (["region", "MODEL", "--layer", "head", "--cell", "3,4"], "no cells"),
        (["region", "MODEL", "--layer", "conv1", "--cell", "3,y"], "'3,y' is not a list"),
        (["region", "MODEL", "--layer", "conv1", "--cell", "3,999"], "(3, 999) is outside"),
        (["region", "MODEL", "--layer", "conv1", "--cell", "-1,0"], "(-1, 0) is outside"),
        (["region", "MODEL", "--layer", "conv1", "--cell", "0,0", "--channel", "2"], "0 to 1"),
        (["region", "MODEL", "--layer", "conv1", "--index", ":,0"], "4 axes"),
        (["region", "MODEL", "--layer", "conv1", "--index", "a"], "index 'a' is not like"),
        (["region", "MODEL", "--layer", "conv1", "--index", "::0,0,0,0"], "is not like"),
        (["region", "MODEL", "--layer", "conv1", "--index", "0,9,0,0"], "outside an axis"),
        (
            ["region", "MODEL", "--layer", "conv1", "--cell", "0,0", "--input-size", "unknown"],
            "need an input size",
        ),
        (["verify", "MODEL", "--layer", "nowhere"], "no layer named 'nowhere'"),
        (["verify", "MODEL", "--cells", "0"], "'0' is not a positive number"),
    ],
)
def test_errors_are_one_line(run: Run, path: str, argv: list[str], says: str) -> None:
    assert says in run(*[path if part == "MODEL" else part for part in argv], code=2)


def test_a_folder_or_another_file_is_refused(run: Run, tmp_path: Path) -> None:
    assert f"{tmp_path.name} is a folder" in run("layers", str(tmp_path), code=2)
    text = tmp_path / "notes.onnx"
    text.write_text("these are\nonly notes\n")
    run("layers", str(text), code=2)


@pytest.mark.parametrize("command", [[], ["layers"], ["region"], ["verify"]])
def test_help_shows_examples(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert re.search(r"examples:\n  (python -m rf_viz|rf-viz) ", text)
    assert max(map(len, text.splitlines())) <= 100


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("rf_viz 0.")


def test_verify_agrees(run: Run, path: str) -> None:
    argv = ["verify", path, "--input-size", "24x24", "--cells", "3"]
    assert "0 disagree" in run(*argv)
    report = json.loads(run(*argv, "--layer", "conv1", "cat", "--format", "json"))
    assert report["ok"] is True
    assert {check["layer"] for check in report["checks"]} == {"conv1", "cat"}


def test_verify_ends_with_1_where_the_model_sees_more(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect in the table of operators: a pool that is described as if it had no window."""
    node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    save(build([node], {"x": [1, 1, 8, 8]}), tmp_path / "net.onnx")
    monkeypatch.setitem(OPERATORS, ("", "MaxPool"), OPERATORS["", "Relu"])
    assert "DISAGREES: y cell" in run("verify", str(tmp_path / "net.onnx"), code=1)


def cold(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rf_viz", *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_from_a_shell(path: str) -> None:
    done = cold("region", "--layer", "conv1", "--cell", "0,0", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cell 0,0: start 0,0 stop 2,2" in done.stdout
    done = cold("layers", path, "--input-size", "0x3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


DEFECTS = {
    "could not describe Relu 'act' (KeyError)": (
        "from rf_viz.readers.onnx.node import OPERATORS\n"
        "from rf_viz.readers.reading.operators import Operator\n"
        "import rf_viz.readers.onnx.ops\n"
        "def describe(node): return {}['nowhere']\n"
        "OPERATORS['', 'Relu'] = Operator(describe, 'activation')\n"
    ),
    "could not run layers (ZeroDivisionError)": (
        "from rf_viz.cli import commands\n"
        "def load(path, **options): return 1 / 0\n"
        "commands.load = load\n"
    ),
}
"""Defects of ours, foreseen by the reader or by nobody: what is told, and the code with it."""


@pytest.mark.parametrize("says", DEFECTS)
@pytest.mark.parametrize("development", [False, True])
def test_a_defect_of_ours_is_told_as_ours(tmp_path: Path, says: str, development: bool) -> None:
    file = str(tmp_path / "net.onnx")
    save(build([helper.make_node("Relu", ["x"], ["y"], "act")], {"x": [1, 1, 8, 8]}), file)
    code = f"import sys\n{DEFECTS[says]}from rf_viz.cli import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, *(["-X", "dev"] if development else []), "-c", code, "layers", file]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    last = done.stderr.splitlines()[-1]
    line = f"rf_viz: error: RF-Viz {says}: that is a defect of RF-Viz itself, please report it"
    assert last.startswith(line)
    assert ("Traceback" in done.stderr) == development
    if not development:
        assert last == f"{line} (python -X dev -m rf_viz ... shows where)"
        assert done.stderr.count("\n") == 1


def test_a_model_that_needs_a_size_is_told_by_which_option(run: Run, tmp_path: Path) -> None:
    """A matrix for images of 12 x 5, and one for signals of 3 free axes."""
    for shape, option in (
        ((1, 3, "h", "w"), "say its size with --input-size, as in --input-size 224x224"),
        (("n", "c", "h", "w"), "--input-shape, as in --input-shape x=1,224,224,224"),
    ):
        nodes = [
            helper.make_node("Flatten", ["x"], ["f"]),
            helper.make_node("MatMul", ["f", "m"], ["y"]),
        ]
        weights = {"m": np.ones((3 * 12 * 5, 2), np.float32)}
        save(build(nodes, {"x": shape}, weights), tmp_path / "open.onnx")
        assert option in run("layers", str(tmp_path / "open.onnx"), code=2)
        text = run("layers", str(tmp_path / "open.onnx"), "--input-shape", "1,3,12,5")
        assert "1x3x12x5" in text


def test_a_reader_that_stops_early_is_no_error(path: str) -> None:
    command = [sys.executable, "-m", "rf_viz", "layers", path]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


def test_other_inputs_are_fed_by_name(run: Run, tmp_path: Path) -> None:
    model = str(ROOT / "tests/data/cases/onnx_values/if_sr.onnx")
    assert "also takes sr (int64): any value" in run("layers", model)
    text = run("layers", model, "--feed", "sr=16000")
    assert "also takes sr (int64): 16000" in text
    assert "pick/else" not in text
    np.save(tmp_path / "rate.npy", np.array(8000))
    assert "pick/then" not in run("layers", model, "--feed", f"sr={tmp_path / 'rate.npy'}")
    region = run("region", model, "--layer", "y", "--cell", "2", "--feed", "sr=16000")
    assert "start 8 stop 16" in region
    assert "0 disagree" in run("verify", model, "--feed", "sr=16000")


@pytest.mark.parametrize(
    ("feeds", "complaint"),
    [
        (["rate=1"], "if_sr.onnx has no side input 'rate' to feed beside x; there is sr"),
        (["sr=1,2"], "input sr takes a single number, not an array of 2"),
        (["sr"], "'sr' is not like sr=16000"),
        (["sr=fast"], "neither a number nor a list"),
        (["sr=1", "sr=2"], "each input can be fed once"),
    ],
)
def test_a_wrong_feed_is_one_clear_line(
    feeds: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(ROOT / "tests/data/cases/onnx_values/if_sr.onnx")
    assert main(["layers", model, *(part for feed in feeds for part in ("--feed", feed))]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("redirection", "says"),
    [
        (">&-", "standard output is closed"),
        (">/dev/full", "standard output cannot be written: No space left on device"),
    ],
)
def test_an_answer_that_cannot_be_written_is_told(path: str, redirection: str, says: str) -> None:
    command = f'"{sys.executable}" -m rf_viz layers "{path}" {redirection}'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, f"rf_viz: error: {says}\n")


def test_errors_do_not_move_to_stdout_where_stderr_is_closed() -> None:
    command = f'"{sys.executable}" -m rf_viz layers nowhere.onnx 2>&-'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")


def test_names_cannot_drive_the_terminal(run: Run, tmp_path: Path) -> None:
    name = "evil\x1b[2J\x9b\u202e"
    file = str(tmp_path / "net.onnx")
    save(build([helper.make_node("Relu", ["x"], [name], name)], {"x": [1, 1, 8, 8]}), file)
    for argv in (
        ["layers", file],
        ["layers", file, "--format", "json"],
        ["region", file, "--layer", name, "--cell", "3,4"],
        ["verify", file],
    ):
        text = run(*argv)
        assert r"evil\u001b[2J\u009b\u202e" in text
        assert text.replace("\n", "").isprintable()
    assert json.loads(run("layers", file, "--format", "json"))["layers"][0]["name"] == name
    assert run("layers", str(tmp_path / name), code=2).strip().isprintable()


def test_an_interruption_is_one_line_and_130(tmp_path: Path) -> None:
    """While Python runs, and while the library is imported: the signal comes from within."""
    signals = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    model = ROOT / "assets" / "models" / "squeezenet1_1.onnx"
    for module in ("numpy", "onnx"):
        (tmp_path / module).mkdir()
        (tmp_path / module / "__init__.py").write_text(signals)
        environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        command = [sys.executable, "-m", "rf_viz", "layers", str(model)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (130, "")
        assert done.stderr == "rf_viz: interrupted\n"
        shutil.rmtree(tmp_path / module)


def test_verify_shows_how_far_it_is_on_a_terminal_only(path: str) -> None:
    command = [sys.executable, "-m", "rf_viz", "verify", path, "--input-size", "24x24"]
    ours, theirs = pty.openpty()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    shown = os.read(ours, 2**16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert re.search(r"verifying \[#+-+\] \d of \d layers, \d:\d\d", shown)
    assert shown.endswith("\r\x1b[K")
    piped = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (piped.stderr, piped.stdout) == ("", done.stdout)
