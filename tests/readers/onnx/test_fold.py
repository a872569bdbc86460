"""Constants computed inside a graph, told from what the shapes of the result must then be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import rf_viz
from rf_viz.readers.onnx import OnnxModel
from tests.oracles.onnx_oracle import (
    assert_agrees,
    build,
    runner,
    single,
    traced,
)

Node = onnx.NodeProto
make = helper.make_node


def constant(model: onnx.ModelProto, name: str) -> NDArray[Any] | None:
    """What a model's reader works out for a constant tensor."""
    loaded = rf_viz.load(model.SerializeToString())
    assert isinstance(loaded, OnnxModel)
    value = loaded._program.constants[name]
    return value.value()


def ints(*numbers: object) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


A, B = ints(7, -7, 5, 0), ints(2, 2, -3, 4)
F = np.array([[1.5, -2.5, 0.25], [3.0, 0.5, -1.0]], np.float32)
TRUE = np.array([True, False, True, True])


@pytest.mark.parametrize(
    ("node", "constants"),
    [
        (make("Add", ["a", "b"], ["c"]), (A, B)),
        (make("Sub", ["a", "b"], ["c"]), (A, B)),
        (make("Mul", ["a", "b"], ["c"]), (A, B)),
        (make("Div", ["a", "b"], ["c"]), (A, B)),
        (make("Div", ["a", "b"], ["c"]), (F, F + 0.125)),
        (make("Mod", ["a", "b"], ["c"]), (A, B)),
        (make("Mod", ["a", "b"], ["c"], fmod=1), (A, B)),
        (make("Mod", ["a", "b"], ["c"], fmod=1), (F, F + 0.125)),
        (make("Pow", ["a", "b"], ["c"]), (F, np.float32(2))),
        (make("Pow", ["a", "b"], ["c"]), (F, ints(2))),
        (make("Relu", ["a"], ["c"]), (F,)),
        (make("Clip", ["a", "b", "d"], ["c"]), (F, np.float32(-1), np.float32(1))),
        (make("Clip", ["a", "", "b"], ["c"]), (F, np.float32(1))),
        (make("Clip", ["a", "b"], ["c"]), (A, np.int64(0))),
        (make("Tile", ["a", "b"], ["c"]), (F, ints(2, 3))),
        (make("ReduceMean", ["a", "b"], ["c"]), (F, ints(1))),
        (make("ReduceMean", ["a"], ["c"], keepdims=0), (F,)),
        (make("GatherND", ["a", "b"], ["c"]), (F, ints([1, 2], [0, -1]))),
        (make("GatherND", ["a", "b"], ["c"]), (F, ints([[1], [0]]))),
        (make("GatherND", ["a", "b"], ["c"], batch_dims=1), (F, ints([1], [2]))),
        (make("ScatterND", ["a", "b", "d"], ["c"]), (F, ints([1, 2], [0, 0]), F[0, :2])),
        (make("ScatterND", ["a", "b", "d"], ["c"]), (F, ints([1]), F[:1])),
        (make("ScatterND", ["a", "b", "d"], ["c"], reduction="add"), (F, ints([1]), F[:1])),
        (make("Neg", ["a"], ["c"]), (A,)),
        (make("Abs", ["a"], ["c"]), (F,)),
        (make("Floor", ["a"], ["c"]), (F,)),
        (make("Ceil", ["a"], ["c"]), (F,)),
        (make("Round", ["a"], ["c"]), (F,)),
        (make("Sqrt", ["a"], ["c"]), (np.abs(F),)),
        (make("Min", ["a", "b"], ["c"]), (A, B)),
        (make("Max", ["a", "b"], ["c"]), (A, B)),
        (make("Equal", ["a", "b"], ["c"]), (A, ints(7, 1, 5, 1))),
        (make("Less", ["a", "b"], ["c"]), (A, B)),
        (make("GreaterOrEqual", ["a", "b"], ["c"]), (A, B)),
        (make("And", ["a", "b"], ["c"]), (TRUE, ~TRUE)),
        (make("Not", ["a"], ["c"]), (TRUE,)),
        (make("Where", ["a", "b", "d"], ["c"]), (TRUE, A, B)),
        (make("Cast", ["a"], ["c"], to=TensorProto.INT32), (F,)),
        (make("Cast", ["a"], ["c"], to=TensorProto.BOOL), (A,)),
        (make("Gather", ["a", "b"], ["c"], axis=1), (F, ints(2, -1))),
        (make("Gather", ["a", "b"], ["c"]), (A, np.array(-1))),
        (make("Concat", ["a", "b"], ["c"], axis=0), (A, B)),
        (make("Concat", ["a", "b"], ["c"], axis=-1), (F, F)),
        (make("Reshape", ["a", "b"], ["c"]), (F, ints(3, -1))),
        (make("Unsqueeze", ["a", "b"], ["c"]), (A, ints(0))),
        (make("Squeeze", ["a"], ["c"]), (A[None],)),
        (make("Flatten", ["a"], ["c"]), (F,)),
        (make("Slice", ["a", "b", "d"], ["c"]), (A, ints(1), ints(-1))),
        (make("Slice", ["a", "b", "d", "e", "f"], ["c"]),
         (F, ints(-1), ints(-9), ints(1), ints(-1))),
        (make("Transpose", ["a"], ["c"]), (F,)),
        (make("Transpose", ["a"], ["c"], perm=[1, 0]), (F,)),
        (make("Expand", ["a", "b"], ["c"]), (A[:, None], ints(1, 4, 2))),
        (make("Tile", ["a", "b"], ["c"]), (F, ints(2, 1))),
        (make("Range", ["a", "b", "d"], ["c"]), (np.array(3), np.array(12), np.array(4))),
        (make("Range", ["a", "b", "d"], ["c"]),
         (np.float32(2), np.float32(0), np.float32(-0.75))),
        (make("ReduceProd", ["a"], ["c"], keepdims=0), (B,)),
        (make("ReduceSum", ["a", "b"], ["c"]), (F, ints(0))),
        (make("ReduceMax", ["a", "b"], ["c"], keepdims=0), (F, ints(-1))),
        (make("ReduceMin", ["a"], ["c"]), (F,)),
        (make("CumSum", ["a", "b"], ["c"]), (A, np.array(0))),
        (make("NonZero", ["a"], ["c"]), (A,)),
        (make("TopK", ["a", "b"], ["c", "i"]), (F, ints(2))),
        (make("ScatterND", ["a", "b", "d"], ["c"]), (A, ints([1], [3]), ints(9, 8))),
        (make("DequantizeLinear", ["a", "b", "d"], ["c"]),
         (np.uint8([1, 2, 9]), np.float32(0.5), np.uint8(2))),
        (make("EyeLike", ["a"], ["c"], k=1), (F,)),
        (make("OneHot", ["a", "b", "d"], ["c"]), (ints(0, 2), np.array(3), F[0, :2])),
        (make("Trilu", ["a"], ["c"], upper=0), (F,)),
        (make("HannWindow", ["a"], ["c"]), (np.array(6),)),
        (make("Identity", ["a"], ["c"]), (F,)),
    ],
    ids=lambda value: value.op_type if isinstance(value, onnx.NodeProto) else "",
)  # fmt: skip
def test_constants_are_what_the_runtime_computes(
    node: Node, constants: tuple[NDArray[Any], ...]
) -> None:
    arrays = dict(zip("abdef", map(np.asarray, constants), strict=False))
    model = build([node, make("Relu", ["x"], ["y"])], {"x": (1,)}, arrays)
    real = runner(model)({"x": np.zeros(1, np.float32)})["c"]
    value = constant(model, "c")
    assert value is not None
    assert value.dtype == real.dtype
    assert value.shape == real.shape
    assert np.allclose(value, real)


def test_a_shape_computed_from_the_input_s_own() -> None:
    """Halve the size, as exporters write it."""
    nodes = [
        make("Shape", ["x"], ["shape"]),
        make("Gather", ["shape", "two"], ["height"]),
        make("Div", ["height", "two"], ["half"]),
        make("Unsqueeze", ["half", "zero"], ["halves"]),
        make("Shape", ["x"], ["channels"], start=0, end=2),
        make("Size", ["x"], ["size"]),
        make("Concat", ["channels", "halves", "minus"], ["target"], axis=0),
        make("Reshape", ["x", "target"], ["y"]),
    ]
    constants = {"two": np.array(2), "zero": ints(0), "minus": ints(-1)}
    model = build(nodes, {"x": (1, 2, 6, 4)}, constants)
    assert_agrees(model)
    assert traced(model)["y"].shape == (1, 2, 3, 8)


@pytest.mark.parametrize(
    "attributes",
    [
        {"value": numpy_helper.from_array(ints(2, -1))},
        {"value_ints": [2, -1]},
        {"sparse_value": helper.make_sparse_tensor(
            numpy_helper.from_array(ints(2, -1)), numpy_helper.from_array(ints(0, 1)), [2]
        )},
    ],
)  # fmt: skip
def test_constant_nodes(attributes: dict[str, Any]) -> None:
    nodes = [make("Constant", [], ["shape"], **attributes), make("Reshape", ["x", "shape"], ["y"])]
    assert traced(build(nodes, {"x": (3, 4)}), spatial_axes=(0, 1))["y"].shape == (2, 6)
    for kind, value in (("value_int", 3), ("value_float", 0.5), ("value_floats", [1.0, 2.0])):
        model = build([make("Constant", [], ["c"], **{kind: value})], {"x": (1,)})
        assert np.array_equal(constant(model, "c"), value)


def test_what_is_random_is_not_known() -> None:
    model = build([make("RandomNormal", [], ["c"], shape=[2])], {"x": (1,)})
    assert constant(model, "c") is None


def test_what_would_be_huge_is_never_written_out() -> None:
    nodes = [
        make("ConstantOfShape", ["shape"], ["c"]),
        make("Add", ["c", "c"], ["more"]),
        make("Tile", ["one", "shape"], ["tiled"]),
    ]
    model = build(nodes, {"x": (1,)}, {"shape": ints(2**12, 2**14), "one": F[:1, :1]})
    value = constant(model, "c")
    assert value is not None
    assert value.shape == (2**12, 2**14)
    assert value.strides == (0, 0)
    assert constant(model, "more") is None
    assert constant(model, "tiled") is None


def test_a_long_chain() -> None:
    nodes = [make("Add", [f"c{i}", "one"], [f"c{i + 1}"]) for i in range(10_000)]
    nodes.append(make("Reshape", ["x", "c10000"], ["y"]))
    model = build(nodes, {"x": (100, 101)}, {"c0": ints(100), "one": ints(1)})
    assert traced(model, spatial_axes=(0, 1))["y"].shape == (10_100,)


@pytest.mark.parametrize(
    "kind",
    [
        TensorProto.FLOAT16,
        TensorProto.BFLOAT16,
        TensorProto.INT4,
        TensorProto.UINT4,
        TensorProto.FLOAT8E4M3FN,
        TensorProto.FLOAT8E5M2,
    ],
)
def test_small_number_formats(kind: int) -> None:
    tensor = helper.make_tensor("w", kind, (1, 1, 3), [1, 0, 2])
    model = build([make("Conv", ["x", "w"], ["y"])], {"x": (1, 1, 5)})
    model.graph.initializer.append(tensor)
    layer = traced(model, weight_aware=True)["y"]
    assert layer.mask((1,)).tolist() == [False, True, False, True, False]


def test_side_files_are_read_from_the_folder_of_the_model(tmp_path: Path) -> None:
    np.array([1, 0, 2], np.float32).tofile(tmp_path / "weights.bin")
    model = single("Conv", (1, 1, 5), np.zeros((1, 1, 3), np.float32))
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="weights.bin")
    onnx.save(model, tmp_path / "model.onnx")
    layer = rf_viz.load(tmp_path / "model.onnx").trace(weight_aware=True)["y"]
    assert layer.mask((0,)).tolist() == [True, False, True, False, False]


def test_a_number_that_is_repeated_without_end_is_not_added_up() -> None:
    nodes = [
        make("ConstantOfShape", ["many"], ["ones"]),
        make("ReduceMax", ["ones"], ["largest"], keepdims=0),
        make("Add", ["x", "largest"], ["y"]),
    ]
    model = build(nodes, {"x": (1, 1, 5)})
    model.graph.initializer.append(numpy_helper.from_array(ints(2**40), "many"))
    assert constant(model, "largest") is None
    assert traced(model)["y"].exact
