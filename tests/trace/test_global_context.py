"""What reaches a cell through a mix over the whole image, and how it is cut."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import rf_viz


def gated(pool: str, **attributes: object) -> rf_viz.Model:
    """A convolution gated by a pooling over the whole map, then another convolution."""

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(np.ones(shape, np.float32), name)

    nodes = [
        helper.make_node("Conv", ["x", "w"], ["local"], pads=[1] * 4),
        helper.make_node(pool, ["local"], ["pooled"], name="squeeze", **attributes),
        helper.make_node("Conv", ["pooled", "v"], ["mixed"]),
        helper.make_node("Sigmoid", ["mixed"], ["gate"]),
        helper.make_node("Mul", ["local", "gate"], ["gated"], name="excite"),
        helper.make_node("Conv", ["gated", "u"], ["y"], pads=[1] * 4),
    ]
    graph = helper.make_graph(
        nodes,
        "gated",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [weights("w", 4, 3, 3, 3), weights("v", 4, 4, 1, 1), weights("u", 4, 4, 3, 3)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    return rf_viz.load(model.SerializeToString())


POOLS = [("GlobalAveragePool", {}), ("AveragePool", {"kernel_shape": [16, 16]})]
"""Two spellings of the same: converters write the second."""


@pytest.mark.parametrize(("pool", "attributes"), POOLS)
def test_a_gate_makes_every_cell_see_the_whole_image(
    pool: str, attributes: dict[str, object]
) -> None:
    layer = gated(pool, **attributes).trace()["y"]
    assert layer.region((8, 8)) == rf_viz.Region((0, 0), (16, 16))
    assert layer.receptive_field is None
    assert layer.note.startswith("global: ")
    assert layer.global_context == ("squeeze",)


@pytest.mark.parametrize(("pool", "attributes"), POOLS)
def test_cut_shows_the_local_region_and_names_the_global_context(
    pool: str, attributes: dict[str, object]
) -> None:
    net = gated(pool, **attributes).trace(cut_global=True)
    layer = net["y"]
    assert layer.region((8, 8)) == rf_viz.Region((6, 6), (11, 11))
    assert layer.mask((8, 8)).sum() == 25
    assert layer.receptive_field == rf_viz.ReceptiveField((5, 5), (1, 1), (2, 2))
    assert layer.global_context == ("squeeze",)


@pytest.mark.parametrize(("pool", "attributes"), POOLS)
def test_the_gate_has_no_local_path_to_keep(pool: str, attributes: dict[str, object]) -> None:
    layer = gated(pool, **attributes).trace(cut_global=True)["gate"]
    assert layer.region((0, 0)).size == (16, 16)
