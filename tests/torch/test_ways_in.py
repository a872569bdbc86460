"""The same network by every way in: it opens, its modules are there, and their regions are equal.

The ways are the module itself, the archive of ``torch.export.save``, and the files of both of
PyTorch's exporters to ONNX, at a fixed and at any size. Where PyTorch cannot write a file, there is
nothing to read, and a line says so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from tests.torch.architectures import ARCHITECTURES, build
from tests.torch.ways import (
    MODULE,
    TORCHSCRIPT,
    WAYS,
    Opened,
    indices,
    layer_at,
    norms,
    open_by,
    paths_that_compute,
    write,
)

FOUND = 0.9
"""The share of the modules that has to be found under its own path."""

COMPARED = 40
"""Modules of a network whose regions are compared, at most."""


def spread(layers: dict[str, rf_viz.Layer]) -> dict[str, rf_viz.Layer]:
    """Some of the layers, over the whole depth."""
    paths = list(layers)
    chosen = np.linspace(0, len(paths) - 1, min(COMPARED, len(paths))).round().astype(int)
    return {paths[i]: layers[paths[i]] for i in chosen}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_way_in_gives_the_same_regions(
    name: str, exports: Path, note: Callable[[str], None]
) -> None:
    module, shape = build(name)
    paths = paths_that_compute(module, shape)
    opened: dict[str, Opened] = {}
    unwritten = []
    for way in WAYS:
        source = module if way == MODULE else write(way, module, shape, exports, name)
        if isinstance(source, str):
            unwritten.append(f"{way} ({source[:70]})")
        else:
            opened[way] = open_by(way, source, shape)
    assert {MODULE, "pt2", "onnx"} <= opened.keys(), unwritten
    report, wrong = [], []
    for way, one in opened.items():
        here = {path: layer for path in paths if (layer := layer_at(one.net, path))}
        # TorchScript's exporter fuses a norm into a convolution, and leaves no trace of it.
        gone = norms(module) - here.keys() if way.startswith(TORCHSCRIPT) else set()
        expected = paths.keys() - gone
        rate = len(here) / len(expected)
        same = compared = 0
        for path, layer in spread(here).items():
            reference = layer_at(opened[MODULE].net, path)
            if reference is None or reference.shape != layer.shape or layer.shape != paths[path]:
                continue
            compared += 1
            for index in indices(layer.shape):
                if layer.region_of(index) != reference.region_of(index):
                    wrong.append(f"{way}: {path} at {index}")
                    break
            else:
                same += 1
        assumed = sum(not layer.exact for layer in one.net.layers)
        report.append(
            f"{way} {one.seconds:.1f} s, found {rate:.0%}, equal {same}/{compared}"
            + (f", assumed {assumed}/{len(one.net.layers)}" if assumed else "")
        )
        if rate < FOUND:
            wrong.append(f"{way}: only {rate:.0%} found, not {sorted(expected - here.keys())[:5]}")
        if compared < FOUND * len(spread(here)):
            wrong.append(f"{way}: only {compared} of {len(spread(here))} have the module's shape")
    note(f"{name}: {'; '.join(report)}")
    if unwritten:
        note(f"    not written by PyTorch: {'; '.join(unwritten)}")
    assert wrong == []


FREE = ("pt2, free", "onnx, free", "onnx by TorchScript, free")


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "squeezenet1_1", "dla34"])
def test_files_of_any_size_are_as_the_module_at_another_size(name: str, exports: Path) -> None:
    module, shape = build(name)
    other = (1, 3, 160, 192)
    net = rf_viz.load(module, shape).trace(input_size=other[2:])
    sources = {way: write(way, module, shape, exports, name) for way in FREE}
    files = {way: source for way, source in sources.items() if isinstance(source, Path)}
    assert len(files) >= 2
    for way, file in files.items():
        there = rf_viz.load(file).trace(input_size=other[2:])
        assert there.input.shape == other
        for path in paths_that_compute(module, other):
            layer, reference = layer_at(there, path), layer_at(net, path)
            if layer is not None and reference is not None and layer.shape == reference.shape:
                for index in indices(layer.shape, 2):
                    assert layer.region_of(index) == reference.region_of(index), (way, path)
