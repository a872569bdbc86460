"""The modules of PyTorch models, by the paths that people know them by."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import rf_viz
from rf_viz import Network
from rf_viz.ui.outline import Entry, outline, undivided

FILES = Path(__file__).parents[2] / "data" / "pytorch"
CLASSES: dict[str, str] = json.loads((FILES / "modules.json").read_text())
NEVER_CALLED = {"stem.2", "towers", "head"}  # a dropout, a list, and a head whose parts are called
NORMS = {path for path, kind in CLASSES.items() if kind == "BatchNorm2d"}


@pytest.fixture(scope="module")
def net() -> Network:
    return rf_viz.load(FILES / "modules.onnx").trace()


@pytest.fixture(scope="module")
def old() -> Network:
    return rf_viz.load(FILES / "modules_old.onnx").trace()


def kinds(net: Network) -> dict[str, str]:
    return {group.name: group.kind for group, _ in net.groups}


def test_modules_are_known_by_their_path_and_class(net: Network) -> None:
    called = {path: kind for path, kind in CLASSES.items() if path not in NEVER_CALLED}
    assert called.items() <= kinds(net).items()
    assert net["layer1.1.conv2"].op == "Conv"
    assert net["layer1.1.conv2"].receptive_field == rf_viz.ReceptiveField(
        (23, 23), (4, 4), (11, 11)
    )


def test_the_older_exporter_tells_paths(old: Network) -> None:
    assert set(CLASSES) - NEVER_CALLED - NORMS <= set(kinds(old))
    assert kinds(old)["layer1.0.conv1"] == "Conv2d"
    assert kinds(old)["attention.proj"] == kinds(old)["head.fc"] == "Linear"


def test_regions_are_the_same_by_both_exporters(net: Network, old: Network) -> None:
    for path in set(CLASSES) - NEVER_CALLED - NORMS:
        if "." not in path or path.startswith("layer1"):
            assert net[path].shape == old[path].shape, path
            assert np.array_equal(net[path].bounds(), old[path].bounds()), path


def test_a_norm_is_found_as_the_convolution_that_it_was_fused_into(net: Network) -> None:
    groups = {group.name: group for group, _ in net.groups}
    for norm in NORMS:
        assert net[norm].op == "Conv"
        assert groups[norm].settings.startswith("fused into layer1.")
    assert net["layer1.0.bn2"] is net["layer1.0.conv2"]


def test_a_block_and_its_last_activation_share_their_output(net: Network) -> None:
    ending = [group.name for group, layer in net.groups if layer is net["layer1"]]
    assert ending == ["layer1.1.relu@1", "layer1.1", "layer1"]
    assert net["layer1"].title == "layer1.1.relu@1"


def test_each_call_of_a_shared_module_has_its_own_name(net: Network) -> None:
    assert net["shared.0"].receptive_field != net["shared.0@1"].receptive_field
    assert net["shared"] is net["shared.1"]
    assert net["shared@1"] is net["shared.1@1"]
    parents = {group.name: group.parent for group, _ in net.groups}
    assert parents["shared.0@1"].name == "shared@1"


def test_the_outline_nests_as_the_modules_do(net: Network) -> None:
    entries = {entry.name: entry for entry in outline(net)}
    assert entries["stem"].kind == "Sequential"
    block = entries["layer1"].parts[0]
    assert [part.name for part in block.parts] == [
        "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu", "layer1.0.conv2", "layer1.0.bn2",
        "layer1.0.downsample", "add", "layer1.0.relu@1",
    ]  # fmt: skip
    assert block.parts[0].settings == "4 filters 3x3, padding 1"


def test_what_is_not_divided_stands_for_each_operation_once(net: Network) -> None:
    def parts(entries: list[Entry]) -> list[str]:
        return [entry.name for entry in undivided(entries)]

    names = parts(outline(net))
    assert names[:5] == ["stem.0", "stem.1", "layer1.0.conv1", "layer1.0.relu", "layer1.0.conv2"]
    assert "layer1" not in names
    assert len({net[name].name for name in names}) == len(names)


def test_paths_stop_at_a_module_by_its_name() -> None:
    model = rf_viz.load(FILES / "modules.onnx")
    whole, stopped = model.trace(), model.trace(stop=["layer1.0.downsample"])
    assert whole["layer1.0"].paths((4, 4)).sum() == pytest.approx(1)
    assert stopped["layer1.0"].receptive_field == whole["layer1.0.conv2"].receptive_field
    inner = model.trace(input="layer1.0")
    assert inner["layer1.1.conv1"].receptive_field == rf_viz.ReceptiveField((3, 3), (2, 2), (1, 1))


def test_metadata_that_is_no_list_names_no_module() -> None:
    node = helper.make_node("Relu", ["x"], ["y"], name="node_relu")
    for key, value in (("name_scopes", "['', 'a', 'b"), ("class_hierarchy", "__import__('os')")):
        node.metadata_props.add(key=f"pkg.torch.onnx.{key}", value=value)
    shape = [1, 1, 4, 4]
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in "xy"]
    model = helper.make_model(helper.make_graph([node], "g", values[:1], values[1:]))
    assert rf_viz.load(model).trace().groups == []
