"""What files may hold, and what is said of those that are damaged or strange."""

from __future__ import annotations

import random
import sys
from dataclasses import replace

import ai_edge_litert.schema_py_generated as schema
import flatbuffers
import numpy as np
import pytest
from flatbuffers import flexbuffers

import rf_viz
from rf_viz.errors import DefectError
from rf_viz.readers.tensorflow.protobuf.messages import NodeDef
from rf_viz.readers.tflite.node import Site
from rf_viz.readers.tflite.ops import OPERATORS
from rf_viz.readers.tflite.tf_op import TfOp
from tests.oracles.tflite_oracle import (
    Op,
    build,
    options,
    packed,
    runner,
    single,
)
from tests.oracles.truth import generic

X = generic((1, 6, 5, 2))
CONV = Op("CONV_2D", ["x", "w", "b"], ["y"], options("Conv2D", strideH=1, strideW=1))
CONSTANTS = {"w": generic((3, 3, 3, 2), 1), "b": generic((3,), 2)}


def refusal(data: bytes, name: str = "m.tflite") -> str:
    with pytest.raises(rf_viz.ModelError) as error:
        rf_viz.load(data, name).trace()
    return str(error.value)


def test_a_file_is_known_by_its_content() -> None:
    net = rf_viz.load(build([CONV], {"x": X}, CONSTANTS), "download.bin").trace()
    assert [layer.op for layer in net.layers] == ["CONV_2D"]
    assert net.input.name == "x"
    assert net.input.spatial_axes == (1, 2)
    assert net["y"].receptive_field is not None
    assert net["y"].receptive_field.size == (3, 3)


def test_without_the_package_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = build([CONV], {"x": X}, CONSTANTS)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.schema_py_generated", None)
    assert "pip install ai-edge-litert" in refusal(data)


def test_a_file_that_is_cut_off() -> None:
    data = build([CONV], {"x": X}, CONSTANTS)
    assert "damaged or cut off" in refusal(data[:200])
    assert "damaged or cut off" in refusal(data[:8])


def test_damaged_files_are_refused_or_read_and_nothing_else() -> None:
    """Whatever is in a file, opening it takes no harm, nor long."""
    ops = [CONV, Op("RESHAPE", ["y", "s"], ["z"]), Op("MEAN", ["z", "a"], ["m"])]
    more = {"s": np.array([-1, 3], np.int32), "a": np.array([1], np.int32)}
    data = build(ops, {"x": X}, {**CONSTANTS, **more})
    read = 0
    for seed in range(400):
        chance = random.Random(seed)
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 2, 8])):
            damaged[chance.randrange(8, len(data))] = chance.choice([0, 1, 127, 128, 255])
        try:
            rf_viz.load(bytes(damaged), "m.tflite").trace()
            read += 1
        except rf_viz.ModelError:
            pass
    assert 0 < read < 400


def test_a_small_file_that_claims_to_be_large_is_refused() -> None:
    """A list of thousands of tensors that are all the same one with a very long name."""
    model = schema.ModelT.InitFromPackedBuf(build([CONV], {"x": X}, CONSTANTS), 0)
    model.subgraphs[0].tensors[0].name = b"x" * 60000
    builder = flatbuffers.Builder(1024)
    graph = model.subgraphs[0]
    tensors = [tensor.Pack(builder) for tensor in graph.tensors]
    schema.SubGraphStartTensorsVector(builder, 20003)
    for offset in [*reversed(tensors), *[tensors[0]] * 20000]:
        builder.PrependUOffsetTRelative(offset)
    vector = builder.EndVector()
    schema.SubGraphStartInputsVector(builder, 20003)
    for number in reversed(range(20003)):
        builder.PrependInt32(number)
    inputs = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, vector)
    schema.SubGraphAddInputs(builder, inputs)
    graph = schema.SubGraphEnd(builder)
    schema.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddSubgraphs(builder, graphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    assert "damaged" in refusal(bytes(builder.Output()))


def test_a_graph_without_operations() -> None:
    model = schema.ModelT.InitFromPackedBuf(build([CONV], {"x": X}, CONSTANTS), 0)
    model.subgraphs[0].operators = []
    assert "no graph of operations" in refusal(packed(model))


def test_a_graph_that_hands_its_input_on() -> None:
    model = schema.ModelT.InitFromPackedBuf(build([CONV], {"x": X}, CONSTANTS), 0)
    model.subgraphs[0].operators = []
    model.subgraphs[0].outputs = model.subgraphs[0].inputs
    assert "has no layers to show" in refusal(packed(model))


def test_operations_out_of_order() -> None:
    ops = [Op("RELU", ["y"], ["z"]), CONV]
    assert "which nothing makes before it" in refusal(build(ops, {"x": X}, CONSTANTS))


def test_tensors_of_one_name_and_of_none_are_told_apart() -> None:
    model = schema.ModelT.InitFromPackedBuf(
        build([CONV, Op("RELU", ["y"], ["z"]), Op("EXP", ["z"], ["u"])], {"x": X}, CONSTANTS), 0
    )
    for tensor in model.subgraphs[0].tensors[3:5]:
        tensor.name = b"same"
    model.subgraphs[0].tensors[5].name = None
    net = rf_viz.load(packed(model)).trace()
    assert [layer.name for layer in net.layers] == ["same", "same (4)", "tensor 5"]


def test_inputs_of_any_size() -> None:
    data = build([CONV], {"x": X[:, :1, :1]}, CONSTANTS, signatures={"x": (-1, -1, -1, 2)})
    model = rf_viz.load(data)
    assert model.inputs[0].shape == (None, None, None, 2)
    net = model.trace(input_size=(20, 30))
    assert net["y"].shape == (1, 20, 30, 3)
    assert model.activations(generic((1, 20, 30, 2)), ["y"])["y"].shape == (1, 20, 30, 3)


def test_the_input_that_windows_slide_over_comes_first() -> None:
    ops = [CONV, Op("ADD", ["y", "style"], ["z"], options("Add"))]
    data = build(ops, {"style": generic((1, 1, 1, 3)), "x": X}, CONSTANTS)
    assert [i.name for i in rf_viz.load(data).inputs] == ["x", "style"]


def test_custom_operators_are_assumed_to_see_everything_and_named() -> None:
    ops = [CONV, Op("Detect", ["y"], ["boxes"]), Op("RELU", ["boxes"], ["z"])]
    data = build(ops, {"x": X}, CONSTANTS, shapes={"boxes": (10, 4)})
    net = rf_viz.load(data).trace()
    assert net["boxes"].shape == net["z"].shape == (10, 4)
    assert not net["z"].exact
    assert "Detect" in net["z"].assumed[0]
    assert net["y"].exact


def test_mediapipes_transposed_convolution() -> None:
    """Its options are C's: padding, then the strides across and down."""
    op = Op("Convolution2DTransposeBias", ["x", "w", "b"], ["y"], custom=b"")
    plain = Op(
        "TRANSPOSE_CONV", ["s", "w", "x"], ["y"], options("TransposeConv", strideH=2, strideW=3)
    )
    for padding, size in ((1, (12, 15)), (2, (13, 15))):
        packed_options = np.array([padding, 3, 2], "<i4").tobytes()
        constants = {"w": generic((3, 3, 3, 2), 1), "b": generic((3,), 2)}
        mine = build([op._replace(custom=packed_options)], {"x": X}, constants)
        plain.options.padding = padding - 1
        constants = {"w": generic((3, 3, 3, 2), 1), "s": np.array([1, *size, 3], np.int32)}
        theirs = build([plain], {"x": X}, constants)
        one, two = (rf_viz.load(data).trace()["y"] for data in (mine, theirs))
        assert one.shape == two.shape == (1, *size, 3)
        for cell in np.ndindex(size):
            assert np.array_equal(one.mask(cell), two.mask(cell))


def test_operations_that_the_converter_left_to_tensorflow() -> None:
    node = NodeDef(name="roll", op="MaxPool")
    node.attr["ksize"].list.i.extend([1, 3, 1, 1])
    node.attr["strides"].list.i.extend([1, 1, 1, 1])
    node.attr["padding"].s = b"SAME"
    builder = flexbuffers.Builder()
    with builder.Vector():
        builder.String("MaxPool")
        builder.String(node.SerializeToString().decode())
    blob = bytes(builder.Finish())
    net = rf_viz.load(build([Op("FlexMaxPool", ["x"], ["y"], custom=blob)], {"x": X})).trace()
    assert net["y"].op == "FlexMaxPool"
    assert net["y"].exact
    assert net["y"].region((3, 3)).size == (3, 1)


def test_what_is_put_into_a_variable_may_come_out_again() -> None:
    ops = [
        Op("VAR_HANDLE", [], ["v"], options("VarHandle", sharedName=b"v")),
        Op("ASSIGN_VARIABLE", ["v", "x"], []),
        Op("READ_VARIABLE", ["v"], ["y"], options("ReadVariable")),
    ]
    data = build(ops, {"x": X}, types={"v": "resource"}, shapes={"y": X.shape})
    net = rf_viz.load(data).trace()
    assert not net["y"].exact
    assert net["y"].mask_of((0, 0, 0, 0)).all()


def test_a_state_that_nothing_has_changed_yet_does_not_depend_on_the_input() -> None:
    """A streaming model keeps a few rows of earlier inputs in a variable of each layer."""
    joined = options("Concatenation", axis=1)
    handle = options("VarHandle", sharedName=b"w")
    ops = [
        Op("VAR_HANDLE", [], ["v"], options("VarHandle", sharedName=b"v")),
        Op("ASSIGN_VARIABLE", ["v", "x"], []),
        Op("VAR_HANDLE", [], ["w"], handle),
        Op("READ_VARIABLE", ["w"], ["before"], options("ReadVariable")),
        Op("CONCATENATION", ["before", "x"], ["y"], joined),
        Op("VAR_HANDLE", [], ["same"], handle),
        Op("ASSIGN_VARIABLE", ["same", "x"], []),
        Op("READ_VARIABLE", ["w"], ["after"], options("ReadVariable")),
        Op("CONCATENATION", ["after", "x"], ["z"], joined),
    ]
    shapes = dict.fromkeys(("before", "after"), X.shape)
    kinds = dict.fromkeys(("v", "w", "same"), "resource")
    net = rf_viz.load(build(ops, {"x": X}, types=kinds, shapes=shapes)).trace()
    assert net["y"].exact
    assert net["y"].shape == (1, 12, 5, 2)
    assert not net["y"].mask_of((0, 2, 3, 0)).any()
    assert net["y"].mask_of((0, 8, 3, 0)).sum() == 1
    assert not net["z"].exact
    assert net["z"].mask_of((0, 2, 3, 0)).all()


def test_parameters_that_depend_on_the_data_are_assumed() -> None:
    ops = [
        Op("MEAN", ["x", "all"], ["state"], options("Reducer", keepDims=False)),
        Op(
            "UNIDIRECTIONAL_SEQUENCE_RNN",
            ["sequence", "w", "r", "state", "h"],
            ["y"],
            options("SequenceRNN"),
        ),
    ]
    constants = {
        "all": np.array([0, 1, 2], np.int32),
        "sequence": generic((1, 4, 3)),
        "w": generic((2, 3)),
        "r": generic((2, 2)),
    }
    data = build(
        ops, {"x": X}, constants, variables={"h": (1, 2)}, shapes={"y": (1, 4, 2)}, outputs=["y"]
    )
    net = rf_viz.load(data).trace()
    assert not net["y"].exact
    assert net["y"].mask_of((0, 0, 0)).all()


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_quantised_weight_is_zero_at_its_zero_point(dtype: str) -> None:
    weights = np.full((1, 3, 3, 1), 9, dtype)
    weights[:, 0], weights[:, 2] = 5, 0
    x = np.zeros((1, 6, 6, 1), dtype)
    data = build(
        [CONV._replace(inputs=["x", "w"])],
        {"x": x},
        {"w": weights},
        types={"y": dtype},
        quantised={"x": (0.1, 0), "w": (0.2, 5), "y": (1.0, 0)},
    )
    model = rf_viz.load(data)
    assert model.trace()["y"].region((2, 2)).size == (3, 3)
    aware = model.trace(weight_aware=True)["y"]
    assert aware.region((2, 2)).start == (2, 1)
    assert aware.region((2, 2)).stop == (4, 4)


@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_integer_resizing_sees_what_its_steps_make_it_see(dtype: str) -> None:
    """Two pixels made six: the fourth lies on the second, but in steps of 1/1024 not quite."""
    x = np.zeros((1, 1, 2, 1), dtype)
    data = single(
        "RESIZE_BILINEAR",
        x,
        np.array([1, 6], np.int32),
        options=options("ResizeBilinear"),
        types=(dtype,),
    )
    x[..., 0, 0] = 20000
    moved = runner(data)({"x": x})["y"].reshape(-1) != 0
    layer = rf_viz.load(data).trace(input_shape=(1, 1, 2, 1), spatial_axes=(1, 2))["y"]
    seen = [bool(layer.mask((0, x))[0, 0]) for x in range(6)]
    assert seen == moved.tolist()
    assert seen[3] == (dtype == "int16")


def test_absurd_extents_are_refused_before_they_are_listed() -> None:
    pads = np.array([[0, 0], [0, 2**31 - 100], [0, 0], [0, 0]], np.int32)
    assert "too many" in refusal(single("PAD", X, pads))
    size = np.array([2**31 - 1, 4], np.int32)
    assert "too many" in refusal(
        single("RESIZE_BILINEAR", X, size, options=options("ResizeBilinear"))
    )
    assert "too many" in refusal(single("TILE", X, np.array([1, 2**30, 1, 1], np.int32)))


def test_a_defect_of_ours_is_told_as_ours(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def translate(site: Site) -> TfOp:
        raise KeyError("padding")

    monkeypatch.setitem(OPERATORS, "CONV_2D", replace(OPERATORS["CONV_2D"], translate=translate))
    data = build([CONV], {"x": X}, CONSTANTS)
    with pytest.raises(DefectError, match="RF-Viz could not describe CONV_2D 'y'"):
        rf_viz.load(data, "m.tflite")
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("op", "said"),
    [
        (CONV._replace(inputs=["x"]), "it lacks its input 1"),
        (CONV._replace(options=options("Conv2D", padding=7)), "its option padding is 7"),
        (
            CONV._replace(options=options("Conv2D", fusedActivationFunction=9)),
            "its option fusedActivationFunction is 9",
        ),
        (
            Op("DEPTHWISE_CONV_2D", ["x", "b"], ["y"], options("DepthwiseConv2D")),
            "its input 1 is of [3], where 4 axes are due",
        ),
        (Op("BITCAST", ["x"], []), "it lacks its output 0"),
        (Op("FlexRoll", ["x"], ["y"], custom=b"no vector"), "hold no TensorFlow operation"),
        (Op("MIRROR_PAD", ["x", "p"], ["y"], options("MirrorPad", mode=5)), "its option mode is 5"),
    ],
)
def test_a_file_that_breaks_the_schemas_rules(op: Op, said: str) -> None:
    constants = {**CONSTANTS, "p": np.zeros((4, 2), np.int32)}
    with pytest.raises(rf_viz.ModelError, match="is not valid") as error:
        rf_viz.load(build([op], {"x": X}, constants), "m.tflite").trace()
    assert not isinstance(error.value, DefectError)
    assert said in str(error.value)


def test_control_flow_that_the_converter_left_to_tensorflow_is_assumed() -> None:
    op = Op("FlexWhile", ["x"], ["y"], custom=b"")
    net = rf_viz.load(build([op], {"x": X}, shapes={"y": X.shape})).trace()
    assert not net["y"].exact
    assert net["y"].mask_of((0, 0, 0, 0)).all()
