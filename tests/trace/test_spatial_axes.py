"""Which axes of an input are space: not its channels, wherever a graph moves them; but its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import rf_viz
from rf_viz import Network
from tests.oracles.onnx_oracle import build

CASES = Path(__file__).parents[1] / "data" / "cases" / "odd_structures"


class Graph:
    """An ONNX graph, built node by node."""

    def __init__(self, *shape: int | str) -> None:
        self.shape = shape
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def op(self, op: str, *sources: object, **attributes: object) -> str:
        """Add a node; sources that are no names are constants."""
        names = []
        for source in sources:
            if isinstance(source, str):
                names.append(source)
                continue
            names.append(f"c{len(self.constants)}")
            self.constants[names[-1]] = np.asarray(source)
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, names, [name], name, **attributes))
        return name

    def conv(self, x: str, *kernel: int, pads: Sequence[int] | None = None) -> str:
        """A convolution: kernel holds the channels out and in, and the extents in space."""
        pads = pads or [k // 2 for k in kernel[2:]] * 2
        return self.op("Conv", x, np.ones(kernel, np.float32), pads=pads)

    def reshape(self, x: str, *shape: int) -> str:
        return self.op("Reshape", x, np.array(shape))

    def transpose(self, x: str, *order: int) -> str:
        return self.op("Transpose", x, perm=order)

    def trace(self) -> Network:
        model = build(self.nodes, {"x": self.shape}, self.constants)
        return rf_viz.load(model.SerializeToString()).trace()


def shuffled_by_reshape() -> Graph:
    """A packed image, whose pixels a reshape and a transposition put in place."""
    g = Graph(1, 4, 12, 14)
    x = g.transpose(g.reshape("x", 1, 1, 2, 2, 12, 14), 0, 1, 4, 2, 5, 3)
    g.conv(g.reshape(x, 1, 1, 24, 28), 1, 1, 3, 3)
    return g


def shuffled_and_convolved_at_once() -> Graph:
    """Beside a branch that upsamples the same image, channels and space in one axis."""
    g = Graph(1, 4, 12, 14)
    deep = g.conv("x", 1, 4, 3, 3)
    up = g.op("ConvTranspose", deep, np.ones((1, 1, 2, 2), np.float32), strides=[2, 2])
    raw = g.op("DepthToSpace", "x", blocksize=2)
    g.conv(g.op("Add", up, raw), 1, 1, 3, 3)
    return g


def shuffled_channels_last() -> Graph:
    g = Graph(1, 12, 14, 4)
    x = g.transpose(g.reshape("x", 1, 12, 14, 2, 2), 0, 1, 3, 2, 4)
    g.conv(g.reshape(x, 1, 1, 24, 28), 1, 1, 3, 3)
    return g


def shuffled_signal() -> Graph:
    """One axis of space: samples of four interleaved channels."""
    g = Graph(1, 4, 50)
    g.conv(g.reshape(g.transpose("x", 0, 2, 1), 1, 1, 200), 1, 1, 3)
    return g


def focus() -> Graph:
    """The stem of YOLOv5: every other row and column become channels."""
    g = Graph(1, 3, 32, 32)
    parts = [
        g.op("Slice", "x", [y, x], [2**40] * 2, [2, 3], [2, 2]) for y in (0, 1) for x in (0, 1)
    ]
    g.conv(g.op("Concat", *parts, axis=1), 8, 12, 3, 3)
    return g


def space_to_depth_stem() -> Graph:
    """The stem of TResNet, by reshapes: blocks of 4 x 4 pixels become channels."""
    g = Graph(1, 3, 32, 32)
    x = g.transpose(g.reshape("x", 1, 3, 8, 4, 8, 4), 0, 3, 5, 1, 2, 4)
    g.conv(g.reshape(x, 1, 48, 8, 8), 8, 48, 3, 3)
    return g


def channel_shuffle() -> Graph:
    """ShuffleNet's, right at the input."""
    g = Graph(1, 6, 20, 22)
    x = g.reshape(g.transpose(g.reshape("x", 1, 2, 3, 20, 22), 0, 2, 1, 3, 4), 1, 6, 20, 22)
    g.op("Conv", x, np.ones((6, 3, 3, 3), np.float32), group=2)
    return g


def groups_by_reshape() -> Graph:
    """A grouped convolution written as a convolution of a batch of groups."""
    g = Graph(1, 6, 20, 22)
    g.conv(g.reshape("x", 2, 3, 20, 22), 4, 3, 3, 3)
    return g


def hyperspectral() -> Graph:
    """HybridSN: a convolution over bands and space, then one over all that as channels."""
    g = Graph(1, 1, 30, 25, 25)
    x = g.conv("x", 8, 1, 7, 3, 3, pads=[0] * 6)
    g.conv(g.reshape(x, 1, 192, 23, 23), 16, 192, 3, 3)
    return g


def clip() -> Graph:
    g = Graph(1, 3, 8, 32, 32)
    g.conv("x", 4, 3, 3, 3, 3)
    return g


def factorised_clip() -> Graph:
    """(2+1)D: a convolution over space, then one over time."""
    g = Graph(1, 3, 8, 32, 32)
    g.conv(g.conv("x", 4, 3, 1, 3, 3), 4, 4, 3, 1, 1)
    return g


def folded_clip() -> Graph:
    """Frames as a batch of images, then a convolution over time."""
    g = Graph(1, 8, 3, 32, 32)
    x = g.conv(g.reshape("x", 8, 3, 32, 32), 4, 3, 3, 3)
    x = g.reshape(g.op("ReduceMean", x, np.array([2, 3]), keepdims=0), 1, 8, 4)
    g.conv(g.transpose(x, 0, 2, 1), 4, 4, 3)
    return g


def shifted(*shape: int) -> Graph:
    """A temporal shift module (Lin et al. 2019) between the convolutions of single frames."""
    g = Graph(*shape)
    x = g.conv(g.reshape("x", 8, 3, 16, 16), 8, 3, 3, 3)
    x = g.reshape(x, 1, 8, 8, 16, 16)
    zeros = np.zeros((1, 1, 2, 16, 16), np.float32)
    left = g.op("Slice", x, [1, 0], [2**40, 2], [1, 2])
    right = g.op("Slice", x, [0, 2], [7, 4], [1, 2])
    rest = g.op("Slice", x, [4], [8], [2])
    x = g.op(
        "Concat",
        g.op("Concat", left, zeros, axis=1),
        g.op("Concat", zeros, right, axis=1),
        rest,
        axis=2,
    )
    g.conv(g.reshape(x, 8, 8, 16, 16), 8, 8, 3, 3)
    return g


NETWORKS: Mapping[str, tuple[Callable[[], Graph], tuple[int, ...]]] = {
    "pixel shuffle by reshape": (shuffled_by_reshape, (2, 3)),
    "pixel shuffle beside an upsampling": (shuffled_and_convolved_at_once, (2, 3)),
    "pixel shuffle, channels last": (shuffled_channels_last, (1, 2)),
    "pixel shuffle of a signal": (shuffled_signal, (2,)),
    "Focus": (focus, (2, 3)),
    "space to depth": (space_to_depth_stem, (2, 3)),
    "channel shuffle": (channel_shuffle, (2, 3)),
    "groups by reshape": (groups_by_reshape, (2, 3)),
    "hyperspectral": (hyperspectral, (2, 3, 4)),
    "clip": (clip, (2, 3, 4)),
    "(2+1)D": (factorised_clip, (2, 3, 4)),
    "frames folded into the batch": (folded_clip, (1, 3, 4)),
    "shifted frames": (lambda: shifted(1, 8, 3, 16, 16), (1, 3, 4)),
    "shifted frames as a batch": (lambda: shifted(8, 3, 16, 16), (0, 2, 3)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_spatial_axes(name: str) -> None:
    graph, axes = NETWORKS[name]
    assert graph().trace().input.spatial_axes == axes


def test_a_packed_image_is_no_volume() -> None:
    """A Bayer image of four channels, which is also shuffled to one of four times the pixels."""
    net = rf_viz.load(CASES / "bayer.onnx").trace()
    assert net.input.layout == "NCHW"
    assert net.input.size == (12, 14)
    assert net["c"].receptive_field == rf_viz.ReceptiveField((3, 3), (1, 1), (1, 1))


def test_a_shifted_frame_sees_its_neighbours() -> None:
    net = shifted(1, 8, 3, 16, 16).trace()
    region = net.layers[-1].region((3, 8, 8))
    assert region == rf_viz.Region((2, 6, 6), (5, 11, 11))
