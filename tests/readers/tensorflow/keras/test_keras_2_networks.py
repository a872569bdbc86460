"""Whole networks as Keras 1 and 2 saved them: regions, values, and the names that people know."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import rf_viz

DATA = Path(__file__).resolve().parents[3] / "data"
CASES, NETWORKS, KERAS_1 = DATA / "cases" / "keras2", DATA / "keras2" / "networks", DATA / "keras1"


def spans(path: Path, layer: str, cell: tuple[int, ...]) -> list[tuple[int, int]]:
    """The region of a cell, along each axis of the image."""
    region = rf_viz.load(path).trace()[layer].region(cell)
    return list(zip(region.start, region.stop, strict=True))


@pytest.mark.parametrize(
    ("file", "layer", "cell", "expected", "pixels"),
    [
        ("k2_nested.h5", "vgg16/block2_conv1", (4, 4), (5, 13), 64),
        ("v3_k2_nested.keras", "vgg16/block2_conv1", (4, 4), (5, 13), 64),
        ("k2_minixception.h5", "head", (5, 5), (6, 19), 169),
        ("k2_aug.h5", "conv2", (4, 4), (5, 13), 64),
        ("k2_spatialdropout.h5", "conv2", (4, 4), (5, 13), 64),
    ],
)
def test_regions(
    file: str, layer: str, cell: tuple[int, int], expected: tuple[int, int], pixels: int
) -> None:
    """Each was measured by changing every pixel of the running model's input."""
    net = rf_viz.load(CASES / file).trace()
    assert all(x.exact for x in net.layers)
    assert spans(CASES / file, layer, cell) == [expected] * 2
    assert net[layer].mask(cell).sum() == pixels


@pytest.mark.parametrize(
    ("file", "groups"),
    [
        ("teachable_tf211.h5", ("sequential_1/model1/Conv1", "sequential_3/dense_1")),
        ("nested_aug_tf215.h5", ("vgg16/block2_conv1", "random_flip")),
        ("autoenc.h5", ("encoder/conv2d_1", "decoder/conv2d_transpose")),
        ("seq_in_func.keras", ("block/conv2d", "tail")),
        ("slash_name.h5", ("conv1/conv",)),
        ("slash_seq.h5", ("block.1/conv",)),
        ("sepseq.h5", ("s1", "s2", "c")),
        ("oned_tf211.h5", ("cc", "ct")),
        ("misc_tf211.h5", ("sep", "crop")),
        ("resizing_crop_tf211.h5", ("resizing", "center_crop")),
    ],
)
def test_files_of_keras_2_open_with_the_names_of_their_layers(
    file: str, groups: tuple[str, ...]
) -> None:
    model = rf_viz.load(CASES / file)
    shape = tuple(32 if n is None else n for n in model.inputs[0].shape[1:])
    net = model.trace(input_shape=(1, *shape))
    assert all(layer.exact for layer in net.layers)
    assert set(groups) <= {group.name for group, _ in net.groups}
    (values,) = model.activations(np.ones((1, *shape), np.float32), [net.layers[-1].name]).values()
    assert np.isfinite(values).all()


EXPECTED = json.loads((NETWORKS / "v2_13.json").read_text())


@pytest.mark.parametrize("file", sorted(p.name for p in NETWORKS.glob("v2_*.*[5s]")))
def test_networks_of_networks_compute_what_keras_2_does(file: str) -> None:
    """Frozen parts, several calls, states, several inputs and outputs: each has its own order."""
    expected = EXPECTED[file.split("_")[2].partition(".")[0]]
    model = rf_viz.load(NETWORKS / file)
    net = model.trace()
    assert all(layer.exact for layer in net.layers)
    layers = {group.name: layer.name for group, layer in net.groups}
    outputs = {name: v for name, v in expected["outputs"].items() if name in layers}
    assert outputs
    image = np.array(expected["input"], np.float32)
    values = model.activations(image, [layers[name] for name in outputs])
    for name, output in outputs.items():
        np.testing.assert_allclose(values[layers[name]], output, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["merged", "line", "nested", "flipped"])
def test_files_of_keras_1_compute_what_keras_1_did(name: str) -> None:
    """``flipped`` is of Theano, the others are of TensorFlow."""
    expected = json.loads((KERAS_1 / "values.json").read_text())[name]
    model = rf_viz.load(KERAS_1 / f"{name}.h5")
    net = model.trace()
    assert all(layer.exact for layer in net.layers)
    last = net.groups[-1][1].name
    values = model.activations(np.array(expected["input"], np.float32), [last])[last]
    np.testing.assert_allclose(values, expected["output"], rtol=1e-4, atol=1e-5)


def test_models_within_a_merge_of_keras_1_are_told_apart() -> None:
    net = rf_viz.load(KERAS_1 / "merged.h5").trace()
    kinds = {group.name.rpartition("/")[2]: group.kind for group, _ in net.groups}
    assert kinds["joined"] == "Concatenate"
    # after: 3 x 3; c: 3 x 3 more; a: 3 x 3 more.
    assert net["after"].region((2, 2)).size == (7, 7)


@pytest.fixture(scope="module")
def configurations() -> dict[str, Any]:
    """What Keras 2 writes of networks of ``keras.applications``."""
    with gzip.open(NETWORKS / "applications.json.gz", "rt") as file:
        return dict(json.load(file))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "MobileNetV3Small"]
)
def test_the_networks_of_keras_2_are_those_of_keras_3(
    name: str, configurations: dict[str, Any]
) -> None:
    """Layers with a slash, functions of TensorFlow, layers of the networks' own."""
    from rf_viz.readers.tensorflow.keras.applications import load

    old = rf_viz.load(json.dumps(configurations[name]).encode(), f"{name}.json").trace()
    new = load(name).trace((64, 64))
    assert all(layer.exact for layer in old.layers)
    convolutions = [
        [layer for group, layer in net.groups if group.kind in ("Conv2D", "DepthwiseConv2D")]
        for net in (old, new)
    ]
    assert len(convolutions[0]) == len(convolutions[1]) > 15
    for before, after in zip(*convolutions, strict=True):
        assert before.shape == after.shape
        assert before.receptive_field == after.receptive_field


def test_weights_that_a_file_lacks_are_named(tmp_path: Path) -> None:
    whole = NETWORKS / "v2_13_siamese.h5"
    (tmp_path / "part.h5").write_bytes(whole.read_bytes())
    with h5py.File(tmp_path / "part.h5", "a") as file:
        del file["model_weights"].attrs["layer_names"]
        file["model_weights"].attrs["layer_names"] = ["encoder"]
    model = rf_viz.load(tmp_path / "part.h5")
    net = model.trace()
    assert net["joined"].exact
    with pytest.raises(rf_viz.ModelError, match=r"part\.h5 do not fit.*'conv'"):
        model.activations(np.ones((1, 10, 8, 2), np.float32), [net["conv"].name])
