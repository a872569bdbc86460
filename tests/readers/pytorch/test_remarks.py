"""A program that was exported in training mode is told as such."""

from __future__ import annotations

from pathlib import Path

import pytest

import rf_viz
from rf_viz.readers.pytorch.program import Graph, Name, Node
from rf_viz.readers.pytorch.remarks import kinds_in_training, remarks

CASES = Path(__file__).resolve().parents[2] / "data/cases/pytorch"


def graph(target: str, **arguments: object) -> Graph:
    return Graph(("x",), (Node(target, "y", arguments, ("y",)),), (Name("y"),), {})


@pytest.mark.parametrize(
    ("program", "kinds"),
    [
        (graph("torch.ops.aten.batch_norm.default", running_mean=Name("m"), training=True), 1),
        (graph("torch.ops.aten.batch_norm.default", running_mean=Name("m"), training=False), 0),
        (graph("torch.ops.aten.batch_norm.default", running_mean=None, training=True), 0),
        (graph("torch.ops.aten.dropout.default", p=0.5, train=True), 1),
        (graph("torch.ops.aten.dropout.default", p=0.5, train=False), 0),
    ],
)
def test_operators_in_training_mode_are_listed(program: Graph, kinds: int) -> None:
    assert len(kinds_in_training(program)) == kinds
    within = Graph((), (Node("cond", "c", {"true": program}, ("c",)),), (), {})
    assert len(kinds_in_training(within)) == kinds


def test_the_remark_comes_with_the_line_that_exports_it_right() -> None:
    (remark,) = remarks(("batch_norm", "dropout"), "net.pt2", (1, 3, 8, 8))
    assert "net.pt2 was exported in training mode: 1 batch normalisation takes" in remark.text
    assert remark.line == (
        "import torch; torch.export.save(torch.export.export(model.eval(), "
        '(torch.zeros(1, 3, 8, 8),)), "net.pt2")  # pip install torch'
    )
    assert rf_viz.load(CASES / "exported.pt2").remarks == ()
