"""Small networks exported by PyTorch: their regions, values and names are PyTorch's own."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rf_viz
from rf_viz.readers.pytorch.sizes import Expression, size
from rf_viz.verify import verify

from .stored import stored

DATA = Path(__file__).resolve().parents[2] / "data" / "pytorch"
NETWORKS = ("adaptive", "attention", "pyramid", "residual", "sequence", "shift", "windows", "words")
MASKS = json.loads((DATA / "masks.json").read_text(encoding="utf-8"))

SHAPE = {"sequence": (1, 2, 21)}


@cache
def model(name: str) -> Any:  # noqa: ANN401
    return rf_viz.load(DATA / f"{name}.pt2")


@cache
def network(name: str) -> rf_viz.Network:
    return model(name).trace(input_shape=SHAPE.get(name, (1, 3, 12, 16)))  # type: ignore[no-any-return]


@cache
def facts() -> dict[str, Any]:
    return stored(DATA / "networks.npz")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_is_exact(name: str) -> None:
    assert [layer.name for layer in network(name).layers if not layer.exact] == []


@pytest.mark.parametrize("name", NETWORKS)
def test_every_tensor_has_the_values_that_pytorch_computes(name: str) -> None:
    values = {k.split("/")[1]: v for k, v in facts().items() if k.startswith(f"{name}/")}
    inputs = [values.pop(key) for key in sorted(values) if key.startswith("input")]
    opened = model(name)
    feeds = dict(zip((i.name for i in sorted(opened.inputs, key=order)), inputs, strict=False))
    image = opened.inputs[0].name
    rest = {k: v for k, v in feeds.items() if k != image}
    made = {output for node in opened.proto.graph.node for output in node.output}
    assert len(made & values.keys()) >= 5
    computed = opened.activations(feeds[image], sorted(made & values.keys()), feeds=rest)
    for tensor, array in computed.items():
        np.testing.assert_allclose(array, values[tensor], rtol=1e-4, atol=1e-5, err_msg=tensor)


def order(declared: Any) -> int:  # noqa: ANN401
    """The inputs as the module takes them."""
    return ["x", "image", "words", "gain"].index(declared.name)


@pytest.mark.parametrize(
    ("name", "tensor"), [(name, tensor) for name in MASKS for tensor in MASKS[name]]
)
def test_a_mask_is_where_the_gradient_is(name: str, tensor: str) -> None:
    """Gradients in double precision, of weights and inputs that are all positive."""
    layer = network(name)[tensor]
    for cell, rows in MASKS[name][tensor].items():
        expected = np.array([[c == "1" for c in row] for row in rows])
        at = (0, slice(None), *map(int, cell.split(",")))
        np.testing.assert_array_equal(layer.mask_of(at), expected, err_msg=f"{tensor} {cell}")


def test_steps_of_a_recurrent_layer_see_what_came_before() -> None:
    layer = network("sequence")["lstm"] if "lstm" in names("sequence") else last("sequence")
    for step in (0, 4, 9):
        region = layer.region_of(np.s_[0, step, :])
        assert (region.start[-1], region.stop[-1]) == (0, 2 * step + 3)


def names(name: str) -> list[str]:
    return [layer.name for layer in network(name).layers]


def last(name: str) -> rf_viz.Layer:
    return network(name).layers[-1]


def test_free_sizes_keep_their_names_and_any_of_them_works() -> None:
    declared = model("pyramid").inputs[0]
    assert declared.shape == (1, 3, None, None)
    assert all(declared.symbols[2:])
    assert declared.symbols[2] != declared.symbols[3]
    other = model("pyramid").trace(input_size=(32, 20))
    assert other.layers[-1].shape == (1, 2, 32, 20)
    assert all(layer.exact for layer in other.layers)


def test_a_network_traced_at_every_size_has_its_receptive_fields() -> None:
    net = model("residual").trace(input_size="unknown")
    assert net["max_pool2d"].receptive_field.size == (9, 9)


def test_nodes_say_which_module_they_come_from() -> None:
    node = next(n for n in model("residual").proto.graph.node if "conv2d_4" in n.output)
    entries = {p.key: p.value for p in node.metadata_props}
    assert "'layer1.1.conv1'" in entries["pkg.torch.onnx.name_scopes"]
    assert "'torch.nn.modules.conv.Conv2d'" in entries["pkg.torch.onnx.class_hierarchy"]
    assert "in forward" in entries["pkg.torch.onnx.stack_trace"]


def test_weights_have_the_names_that_the_module_gives_them() -> None:
    weights = {t.name for t in model("residual").proto.graph.initializer}
    assert {"conv1.weight", "layer1.0.bn2.running_var", "fc.bias"} <= weights
    assert sum(model("residual").parameters().values()) > 1000


@pytest.mark.parametrize("name", ["residual", "shift", "pyramid"])
def test_the_running_network_agrees(name: str) -> None:
    report = verify(model(name), network(name), cells=2)
    assert report.checks
    assert len(report.agreed) == len(report.checks)


def test_parts_that_do_not_attend_to_each_other_do_not_see_each_other() -> None:
    """The mask of shifted windows is written part by part into a tensor of zeros."""
    layer = network("windows")["matmul_1"]
    assert layer.mask_of(np.s_[-1, 3, :]).sum() == 4  # its own patch of 2 x 2 pixels alone
    assert layer.mask_of(np.s_[0, 3, :]).sum() == 16  # all four of its window


def test_a_write_by_strides_is_followed_through_all_of_the_memory() -> None:
    """The part that is written to begins with pixel 30 of its memory: row 1, column 14."""
    net = network("strided")
    scaled = net["conv2d_after_mul_"]
    assert scaled.exact
    alone = model("strided").trace(input="as_strided", spatial_axes=(0, 1))
    written = {(0, 0, *divmod(30 + 7 * i + 2 * j, 16)): (i, j) for i in (0, 1) for j in (0, 1, 2)}
    for place, (i, j) in written.items():
        mask = alone["conv2d_after_mul_"].mask_of(place)
        assert mask.sum() == 1
        assert mask[i, j]
    assert not alone["conv2d_after_mul_"].mask_of((0, 0, 1, 15)).any()


def test_after_a_write_that_cannot_be_followed_everything_is_assumed_by_name() -> None:
    def overlap(document: Any) -> None:  # noqa: ANN401
        for node in document["graph_module"]["graph"]["nodes"]:
            if node["target"].endswith("as_strided.default"):
                node["inputs"][2]["arg"]["as_ints"] = [1, 1]

    net = rf_viz.load(changed("strided", overlap), name="net.pt2").trace()
    assert net["conv2d"].exact
    last = net["conv2d_1"]
    assert not last.exact
    assert last.region_of(np.s_[0, :, 3, 4]).size == (12, 16)
    assert "as_strided" in last.note


def test_sizes_that_follow_from_free_ones_are_written_as_people_write_them() -> None:
    spelled = "Add(FloorDiv(Symbol('s0', positive=True, integer=True), Integer(2)), Integer(1))"
    value = size({"as_expr": {"expr_str": spelled, "hint": {"as_int": 9}}})
    assert value == Expression("s0//2 + 1", free=False, hint=9)
    assert size({"as_expr": {"expr_str": "s0", "hint": None}}) == Expression("s0", True, None)
    with pytest.raises(ValueError, match="no expression"):
        size({"as_expr": {"expr_str": "(" * 5000}})


def test_shapes_behind_an_unknown_operator_are_those_that_the_exporter_wrote_at_any_size() -> None:
    """Of an operator of the user's own; its sizes are told by expressions over the free ones."""

    def unknown(document: Any) -> None:  # noqa: ANN401
        for node in document["graph_module"]["graph"]["nodes"]:
            if node["target"].endswith("conv_transpose2d.input"):
                node["target"] = "torch.ops.mine.grow.default"

    net = rf_viz.load(changed("pyramid", unknown), name="net.pt2").trace(input_size=(20, 32))
    grown = net["conv_transpose2d"]
    assert grown.shape == (1, 4, 10, 16)
    assert not grown.exact
    assert "grow" in grown.note
    assert net.layers[-1].shape == (1, 2, 20, 32)


def changed(name: str, change: Any) -> bytes:  # noqa: ANN401
    """The archive of a network whose document is changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(DATA / f"{name}.pt2") as before, zipfile.ZipFile(buffer, "w") as after:
        for entry in before.namelist():
            content = before.read(entry)
            if entry.endswith("models/model.json"):
                document = json.loads(content)
                change(document)
                content = json.dumps(document).encode()
            after.writestr(entry, content)
    return buffer.getvalue()


def test_an_unknown_operator_without_results_may_have_written_to_what_it_reads() -> None:
    def insert(document: Any) -> None:  # noqa: ANN401
        reads = {"name": "x", "arg": {"as_tensor": {"name": "conv2d"}}}
        call = {"target": "torch.ops.mine.scramble.default", "inputs": [reads], "outputs": []}
        document["graph_module"]["graph"]["nodes"].insert(1, {**call, "metadata": {}})

    net = rf_viz.load(changed("residual", insert), name="net.pt2").trace()
    assert net["conv2d"].exact
    assert not net["relu"].exact
    assert "scramble" in net["relu"].note


def test_what_is_written_to_without_being_named_depends_on_all_that_may_be_in_it() -> None:
    """A buffer that lies in another one's memory, and the statistics of a normalisation."""
    opened = rf_viz.load(DATA / "memory.pt2")
    net = opened.trace(spatial_axes=(0, 1))
    outputs = [o.name for o in opened.proto.graph.output]
    norm, end, mean = (net[name] for name in outputs[-3:])
    assert norm.exact
    assert norm.mask_of((1, 2)).sum() == 3
    assert not end.exact
    assert "memory" in end.note
    assert end.mask_of((0,))[0, 4]
    assert not mean.exact
    assert "training" in mean.note
    assert mean.mask_of((2,))[:, 2].all()


def test_a_tensor_that_claims_to_lie_apart_is_not_read() -> None:
    """Whether a flattened tensor shows it is found by its strides; its elements do not exist."""

    def spread(document: Any) -> None:  # noqa: ANN401
        tensors = document["graph_module"]["graph"]["tensor_values"]
        tensors["adaptive_avg_pool2d"]["strides"][1]["as_int"] = 2**31

    net = rf_viz.load(changed("adaptive", spread), name="net.pt2").trace()
    assert net.layers[-1].shape == (1, 5)
