"""A graph that was saved in training mode is told as such."""

from __future__ import annotations

import pytest

import rf_viz

GRAPH = """
node { name: "x" op: "Placeholder"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape {
    dim { size: 1 } dim { size: 8 } dim { size: 8 } dim { size: 3 } } } } }
node { name: "one" op: "Const"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor {
    dtype: DT_FLOAT tensor_shape { dim { size: 3 } } float_val: 1 } } } }
node { name: "y" op: "FusedBatchNormV3"
  input: "x" input: "one" input: "one" input: "one" input: "one"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "U" value { type: DT_FLOAT } } MODE }
"""


@pytest.mark.parametrize(("mode", "training"), [("", True), ("true", True), ("false", False)])
def test_a_graph_in_training_mode_is_told(mode: str, training: bool) -> None:
    """Training is the operator's default, which a file may leave out."""
    attribute = f'attr {{ key: "is_training" value {{ b: {mode} }} }}' if mode else ""
    model = rf_viz.load(GRAPH.replace("MODE", attribute).encode(), "net.pbtxt")
    assert (model.trace()["y"].region((4, 4)).size == (8, 8)) == training
    assert [remark.title for remark in model.remarks] == ["Saved in training mode"] * training
    for remark in model.remarks:
        assert remark.text.startswith("net.pbtxt was saved in training mode: 1 batch normalisation")
