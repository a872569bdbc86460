"""Opening GraphDef files, and which of their nodes are inputs and layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format

import rf_viz
from rf_viz import Region
from rf_viz.errors import DefectError
from rf_viz.model import ModelInput
from rf_viz.readers.tensorflow.protobuf.messages import GraphDef
from tests.models.tensorflow_graphs import (
    BOOL,
    FLOAT,
    INT32,
    STRING,
    Graph,
)


def small(size: int | None = 16) -> Graph:
    g = Graph()
    g.conv("conv", g.placeholder("x", (None, size, size, 1)), 3, 2, "SAME")
    return g


def test_binary_and_text_files_open_alike(tmp_path: Path) -> None:
    graph = small().graph
    (tmp_path / "net.pb").write_bytes(graph.SerializeToString())
    (tmp_path / "net.pbtxt").write_text("# a graph\n" + text_format.MessageToString(graph))
    (tmp_path / "net").write_text(text_format.MessageToString(graph))
    for name in ("net.pb", "net.pbtxt", "net"):
        model = rf_viz.load(tmp_path / name)
        assert model.name == name
        assert model.inputs == (ModelInput("x", (None, 16, 16, 1)),)
        assert model.trace()["conv"].region((1, 1)) == Region((2, 2), (5, 5))


WHOLE = small().graph.SerializeToString()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (WHOLE[:-20], "net.pb", "TensorFlow graph that is damaged or cut off"),
        (b"\xff" * 100, "net.pb", "damaged or cut off"),
        (b"node { name: 'x' op ", "net.pbtxt", "damaged or cut off"),
        (b"versions { producer: 1 }", "net.pbtxt", "no graph of operations"),
        (b"\x22\x03\x08\x87\x0e", "net.pb", "no graph of operations"),
    ],
    ids=["half", "noise", "half a text", "no nodes in text", "no nodes"],
)
def test_damaged_files_get_one_sentence(content: bytes, name: str, said: str) -> None:
    with pytest.raises(rf_viz.ModelError, match=said) as raised:
        rf_viz.load(content, name)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(name)


def test_nodes_may_come_in_any_order() -> None:
    g = small()
    nodes = list(g.graph.node)[::-1]
    turned = GraphDef(node=nodes)
    net = rf_viz.load(turned.SerializeToString(), "g.pb").trace()
    assert [layer.name for layer in net.layers] == ["conv"]


def test_graphs_that_contradict_themselves_are_refused() -> None:
    g = small()
    g.add("conv", "Relu", "x")
    with pytest.raises(rf_viz.ModelError, match="two nodes of the name 'conv'"):
        g.model()
    g = small()
    g.add("a", "AddV2", "conv", "b")
    g.add("b", "Relu", "a")
    with pytest.raises(rf_viz.ModelError, match="computed from itself"):
        g.model()
    g = small()
    g.add("a", "Relu", "nowhere")
    g.add("b", "AddV2", "a", "conv")
    with pytest.raises(rf_viz.ModelError, match="'nowhere', which nothing makes"):
        g.model().trace()


def test_the_image_comes_first_among_the_inputs() -> None:
    g = Graph()
    g.placeholder("number", (), FLOAT)
    g.placeholder("ids", (None, 8), INT32)
    g.placeholder("image", (None, 16, 16, 1))
    scaled = g.add("scaled", "Mul", g.conv("conv", "image", 3, 1), "number")
    cast = g.add("cast", "Cast", "ids", DstT=0)
    g.graph.node[-1].attr["DstT"].type = FLOAT
    axes = g.const("axes", np.array([0, 1], np.int32))
    g.add("both", "AddV2", scaled, g.add("sum", "Sum", cast, axes))
    model = g.model()
    assert model.inputs == (
        ModelInput("image", (None, 16, 16, 1)),
        ModelInput("number", ()),
        ModelInput("ids", (None, 8), "int32"),
    )
    assert model.trace()["both"].region((3, 4)) == Region((3, 4), (6, 7))


def test_an_input_of_any_rank_is_taken_for_an_image() -> None:
    g = Graph()
    g.conv("conv", g.placeholder("x", None), 3, 1)
    model = g.model()
    assert model.inputs == (ModelInput("x", (None,) * 4),)
    assert model.trace(input_shape=(1, 9, 9, 1))["conv"].region((2, 2)) == Region((2, 2), (5, 5))


def test_inputs_that_say_nothing_of_their_shape() -> None:
    g = Graph()
    g.placeholder("x", ())
    g.conv("conv", "x", 3, 1)
    g.graph.versions.producer = 22  # where no axes stood for any
    assert g.model().inputs == (ModelInput("x", (None,) * 4),)
    del g.graph.node[0].attr["shape"]
    g.graph.versions.producer = 1200
    assert g.model().inputs == (ModelInput("x", (None,) * 4),)


def test_what_is_not_fed_by_a_person_is_no_input() -> None:
    """A switch for training is off, a rate with a default has it, a saver's file name is unused."""
    g = small()
    g.placeholder("training", (), BOOL)
    g.placeholder("file", (), STRING)
    g.add("save", "SaveV2", "file")
    rate = g.add("rate", "PlaceholderWithDefault", g.const("one", np.float32(1)))
    g.add("dropped", "Mul", "conv", rate)
    g.add("out", "SelectV2", "training", g.add("mean", "Neg", "dropped"), "dropped")
    model = g.model()
    assert [i.name for i in model.inputs] == ["x"]
    net = model.trace()
    assert "save" not in {layer.name for layer in net.layers}
    assert net["out"].region((1, 1)) == Region((2, 2), (5, 5))


def test_only_what_depends_on_the_input_is_a_layer() -> None:
    g = small()
    g.add("initial", "Mul", g.const("two", np.float32(2)), "two")
    g.add("assign", "AssignVariableOp", "initial", "conv")
    g.add("summary", "HistogramSummary", "two", "conv")
    assert [layer.name for layer in g.model().trace().layers] == ["conv"]


def test_shapes_computed_in_the_graph_are_followed() -> None:
    """Half the height, as a graph of any size asks for it: shape, slice, product, pack, reshape."""
    g = Graph()
    x = g.placeholder("x", (1, None, None, 1))
    shape = g.add("shape", "Shape", x)
    parts = [g.const(n, np.array([i], np.int32)) for n, i in (("one", 1), ("two", 2), ("three", 3))]
    mask = {"shrink_axis_mask": 1}
    height = g.add("height", "StridedSlice", shape, *parts[:2], parts[0], **mask)
    width = g.add("width", "StridedSlice", shape, *parts[1:], parts[0], **mask)
    area = g.add("area", "Mul", height, width)
    flat = g.add("flat", "Pack", area, axis=0, N=1)
    g.add("line", "Reshape", x, flat)
    net = g.model().trace(input_shape=(1, 6, 8, 1))
    assert net["line"].shape == (48,)
    assert net["line"].region_of(13) == Region((1, 5), (2, 6))


def test_a_custom_operator_is_assumed_by_name() -> None:
    g = small()
    g.add("own", "MyVeryOwnOp", "conv")
    layer = g.model().trace()["own"]
    assert not layer.exact
    assert "MyVeryOwnOp" in layer.note
    assert layer.region((0, 0)) == Region((0, 0), (16, 16))


def test_an_unknown_shape_names_its_cause_once() -> None:
    g = small()
    places = g.add("places", "Where", "conv")
    order = g.const("order", np.array([1, 0], np.int32))
    g.add("later", "Transpose", g.add("turned", "Transpose", places, order), order)
    assert g.model().trace()["later"].note.count("depends") == 1


def test_weights_of_zero_do_not_count_where_that_is_asked() -> None:
    g = Graph()
    weights = np.ones((3, 3, 1, 1), np.float32)
    weights[0] = weights[:, 2] = 0
    x = g.placeholder("x", (1, 9, 9, 1))
    g.add("y", "Conv2D", x, g.const("w", weights), strides=[1, 1, 1, 1], padding="VALID")
    model = g.model()
    assert model.trace()["y"].region((2, 2)) == Region((2, 2), (5, 5))
    assert model.trace(weight_aware=True)["y"].region((2, 2)) == Region((3, 2), (5, 4))


def test_a_branch_that_is_computed_from_itself_is_told() -> None:
    graph = Graph()
    graph.image("x", 8)
    graph.add("a", "Identity", "b")
    graph.add("b", "Identity", "a")
    graph.add("merged", "Merge", "a", "x")
    graph.add("y", "Relu", "merged")
    with pytest.raises(rf_viz.ModelError, match="computed from itself"):
        graph.model().trace()


def test_an_attribute_without_a_name_is_no_defect() -> None:
    graph = Graph()
    graph.image("x", 8)
    graph.add("y", "Mystery", "x", **{"": 1})
    assert not graph.model().trace()["y"].exact


IMAGE = "image"


@pytest.mark.parametrize(
    ("op", "inputs", "attributes", "reason"),
    [
        ("DynamicPartition", [IMAGE, 0], {"num_partitions": 2**40}, "outputs, RF-Viz reads at"),
        ("RefSelect", [[0, 1], IMAGE], {}, "takes one number"),
        ("rf_viz>NotExecuted", [], {}, "lacks its input 0"),
        ("Range", [1, True, IMAGE], {}, "takes one number as its input 1"),
        ("MatrixSolve", [IMAGE, [[1]]], {}, "cannot take a tensor of"),
        ("Unique", [3], {}, "cannot take a tensor of [] as its input 0"),
        ("SelectV2", [IMAGE], {}, "lacks its input 1"),
        ("MatMul", [np.ones([1] * 33, np.float32), IMAGE], {}, "of 33 axes: the limit is 32"),
        ("_MklFusedInstanceNorm", [IMAGE], {"reduction_axes": [4]}, "has axis 4 for a tensor of 4"),
        ("MaxPool", [IMAGE], {"ksize": 3, "strides": [1, 2, 2, 1]}, "ksize of another type"),
    ],
)
def test_inputs_and_settings_that_do_not_fit_each_other(
    op: str, inputs: list[object], attributes: dict[str, object], reason: str
) -> None:
    graph = Graph()
    graph.placeholder(IMAGE, (1, 2, 4, 4))
    names = [i if i is IMAGE else graph.const(f"c{n}", np.array(i)) for n, i in enumerate(inputs)]
    graph.add("y", op, *map(str, names), **attributes)
    graph.add("z", "AddN", "y", IMAGE, N=2)
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(graph.graph.SerializeToString(), "graph.pb").trace()
    assert not isinstance(caught.value, DefectError)
    assert reason in str(caught.value)


def test_an_output_of_any_number_is_refused() -> None:
    graph = small()
    graph.add("y", "Relu", "conv:99999999999")
    with pytest.raises(rf_viz.ModelError, match="has 100,000,000,000 outputs"):
        rf_viz.load(graph.graph.SerializeToString(), "graph.pb").trace()


def test_a_transform_of_no_sample_sees_nothing() -> None:
    """Of length 0, it has one frequency all the same; and nothing gets through it."""
    graph = Graph()
    image = graph.placeholder("image", (1, 2, 4, 4))
    graph.add("spectrum", "RFFT", image, graph.const("length", np.array([0], np.int32)))
    graph.add("y", "AddV2", "spectrum", image)
    layer = rf_viz.load(graph.graph.SerializeToString(), "graph.pb").trace()["y"]
    assert layer.mask_of((0, 1, 2, 3)).sum() == 1
