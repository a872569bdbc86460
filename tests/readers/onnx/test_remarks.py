"""A file exported in training mode is told as such, with the line that exports it right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

import rf_viz
from rf_viz.cli import main
from rf_viz.verify import verify
from tests.oracles.onnx_oracle import build, generic

CASE = Path(__file__).resolve().parents[2] / "data/cases/pytorch/train_False.onnx"
STATISTICS = ("scale", "shift", "mean", "variance")


def normalised(opset: int, outputs: int, **attributes: int) -> rf_viz.Model:
    names = ["y", *(f"y{i}" for i in range(1, outputs))]
    node = helper.make_node("BatchNormalization", ["x", *STATISTICS], names, **attributes)
    weights = {name: np.ones(3, np.float32) for name in STATISTICS}
    model = build([node], {"x": (1, 3, 8, 8)}, weights, opset=opset)
    return rf_viz.load(model.SerializeToString(), "net.onnx")


@pytest.mark.parametrize(
    ("model", "training"),
    [
        (normalised(15, 3, training_mode=1), True),
        (normalised(15, 1), False),
        (normalised(13, 5), True),
        (normalised(9, 1), False),
    ],
)
def test_batch_normalisation_in_training_mode_is_told(model: rf_viz.Model, training: bool) -> None:
    """What is told of the file agrees with what its layer sees: the whole image, or one pixel."""
    assert bool(model.remarks) == training
    assert (model.trace()["y"].region((4, 4)).size == (8, 8)) == training
    for remark in model.remarks:
        assert remark.title == "Exported in training mode"
        assert remark.text.startswith("net.onnx was exported in training mode: 1 batch norm")
        assert remark.line == ""  # PyTorch did not write it
    assert verify(model, model.trace(), cells=2).ok


def test_an_export_of_pytorch_comes_with_the_line_that_exports_it_right() -> None:
    (remark,) = rf_viz.load(CASE).remarks
    assert remark.line == (
        "import torch; torch.onnx.export(model.eval(), (torch.zeros(1, 3, 64, 64),), "
        '"train_False.onnx", dynamo=True, external_data=False)  '
        "# pip install torch onnx onnxscript"
    )
    assert rf_viz.load(CASE.with_name("readme.onnx")).remarks == ()


@pytest.mark.parametrize("training", [True, False])
def test_dropout_in_training_mode_changes_values_only(training: bool) -> None:
    node = helper.make_node("Dropout", ["x", "ratio", "training"], ["y"])
    constants = {"ratio": np.float32(0.5), "training": np.array(training)}
    conv = helper.make_node("Conv", ["y", "w"], ["z"])
    weights = {**constants, "w": generic((2, 3, 3, 3))}
    model = rf_viz.load(build([node, conv], {"x": (1, 3, 8, 8)}, weights).SerializeToString())
    assert [("dropout changes its values at random" in r.text) for r in model.remarks] == (
        [True] * training
    )
    assert model.trace()["z"].region((0, 0)).size == (3, 3)


def test_the_command_line_tells_it_beside_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", str(CASE), "--format", "csv"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("name,op,shape")
    assert captured.err.startswith("rf_viz: note: train_False.onnx was exported in training mode")
    assert captured.err.count("\n") == 1
