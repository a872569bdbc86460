"""Random ONNX networks, traced, against what ONNX Runtime does when pixels change.

All weights are positive and every operation is monotone in its input, so an element depends on a
pixel just if a large increase of that pixel changes it. Every pixel is one item of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from random import Random

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import helper

import rf_viz
from tests.oracles.onnx_oracle import build, generic, runner

Shape = tuple[int, ...]
"""Of a tensor without its batch axis."""

INCREASE = 1e6


class Net:
    """Grows a random network node by node, keeping count of the tensors' shapes."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        rank = rng.choice([1, 1, 2, 2, 2, 3])
        low, high = {1: (6, 14), 2: (3, 7), 3: (2, 4)}[rank]
        self.size = tuple(rng.randint(low, high) for _ in range(rank))
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray] = {}
        self.shapes: dict[str, Shape] = {"x": (rng.randint(1, 3), *self.size)}
        makers = [
            self.conv,
            self.conv,
            self.transposed,
            self.pool,
            self.pool,
            self.pad,
            self.slice,
            self.resize,
            self.concat,
            self.concat,
            self.add,
            self.add,
            self.gate,
            self.regroup,
            self.transpose,
            self.reduce,
        ]
        for _ in range(rng.randint(2, 8)):
            source = rng.choice(list(self.shapes)[-3:])
            rng.choice(makers)(source, self.shapes[source])

    def node(self, op: str, sources: Sequence[str], shape: Shape, **attributes: object) -> None:
        if not all(shape) or prod(shape) > 400:
            return
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, sources, [name], **attributes))
        self.shapes[name] = shape

    def constant(self, array: NDArray) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = array
        return name

    def weights(self, *shape: int) -> str:
        """Positive, and small enough for nothing to grow from layer to layer."""
        return self.constant(generic(shape, len(self.constants)) / prod(shape[1:]))

    def axis(self, shape: Shape) -> int:
        return self.rng.randrange(1, len(shape) + 1)

    def windows(
        self, size: Shape, kernels: Shape, *, wide: bool, ceil: bool = False
    ) -> tuple[Shape, dict[str, object]]:
        """Strides, dilations and any padding; ``wide``: more than the kernel, too."""
        rng = self.rng
        strides = [rng.choice([1, 1, 2, 3]) for _ in size]
        dilations = [rng.choice([1, 1, 2]) if k > 1 else 1 for k in kernels]
        reach = [(k - 1) * d + 1 for k, d in zip(kernels, dilations, strict=True)]
        attributes: dict[str, object] = {"strides": strides}
        auto = rng.choice(["NOTSET"] * 4 + ["SAME_UPPER", "SAME_LOWER", "VALID"])
        if auto != "NOTSET":
            attributes["auto_pad"] = auto
            if any(d > 1 for d in dilations):
                dilations, reach = [1] * len(size), list(kernels)
        if ceil or auto.startswith("SAME"):  # the runtime's pools refuse to skip the input's end
            strides = [min(s, k) for s, k in zip(strides, kernels, strict=True)]
            attributes["strides"] = strides
        attributes["dilations"] = dilations
        if auto.startswith("SAME"):
            return tuple(-(-n // s) for n, s in zip(size, strides, strict=True)), attributes
        pads = [0] * 2 * len(size)
        if auto == "NOTSET":
            most = [r + 1 if wide else k - 1 for r, k in zip(reach, kernels, strict=True)]
            pads = [rng.randint(0, m) for m in most * 2]
            attributes["pads"] = pads
        room = [
            n + a + b - r
            for n, a, b, r in zip(size, pads[: len(size)], pads[len(size) :], reach, strict=True)
        ]
        if any(r < 0 for r in room):
            return (0,) * len(size), attributes
        out = [r // s + 1 for r, s in zip(room, strides, strict=True)]
        if ceil and auto == "NOTSET":
            attributes["ceil_mode"] = 1
            for i, (r, s) in enumerate(zip(room, strides, strict=True)):
                up = -(-r // s) + 1
                out[i] = up if (up - 1) * s < size[i] + pads[i] else up - 1
        return tuple(out), attributes

    def kernels(self, size: Shape) -> Shape:
        return tuple(self.rng.randint(1, min(3, n)) for n in size)

    def conv(self, x: str, shape: Shape) -> None:
        if len(shape) < 2 or len(shape) > 4:
            return
        channels, *size = shape
        kernels = self.kernels(tuple(size))
        group = self.rng.choice([g for g in range(1, channels + 1) if channels % g == 0])
        outs = group * self.rng.randint(1, 2)
        out, attributes = self.windows(tuple(size), kernels, wide=True)
        w = self.weights(outs, channels // group, *kernels)
        self.node("Conv", [x, w], (outs, *out), group=group, **attributes)

    def transposed(self, x: str, shape: Shape) -> None:
        if len(shape) < 2 or len(shape) > 4:
            return
        rng = self.rng
        channels, *size = shape
        kernels = self.kernels(tuple(size))
        strides = [rng.randint(1, 3) for _ in size]
        dilations = [rng.choice([1, 1, 2]) for _ in size]
        extra = [rng.randint(0, s - 1) for s in strides]
        pads = [rng.randint(0, 1) for _ in size * 2]
        out = tuple(
            (n - 1) * s + e + (k - 1) * d + 1 - a - b
            for n, s, e, k, d, a, b in zip(
                size, strides, extra, kernels, dilations, pads, pads[len(size) :], strict=False
            )
        )
        if min(out) < 1:
            return
        group = rng.choice([g for g in range(1, channels + 1) if channels % g == 0])
        each = rng.randint(1, 2)
        self.node(
            "ConvTranspose",
            [x, self.weights(channels, each, *kernels)],
            (group * each, *out),
            strides=strides,
            dilations=dilations,
            pads=pads,
            output_padding=extra,
            group=group,
        )

    def pool(self, x: str, shape: Shape) -> None:
        if len(shape) < 2 or len(shape) > 4:
            return
        kernels = self.kernels(shape[1:])
        op = self.rng.choice(["MaxPool", "AveragePool", "LpPool"])
        ceil = op != "LpPool" and self.rng.random() < 0.3
        out, attributes = self.windows(shape[1:], kernels, wide=False, ceil=ceil)
        self.node(op, [x], (shape[0], *out), kernel_shape=kernels, **attributes)

    def pad(self, x: str, shape: Shape) -> None:
        axis = self.axis(shape)
        mode = self.rng.choice(["constant", "edge", "reflect"])
        n = shape[axis - 1]
        low = -1 if mode == "constant" and n > 2 else 0
        ends = [self.rng.randint(low, min(2, n - 1)) for _ in range(2)]
        pads = np.zeros((2, len(shape) + 1), np.int64)
        pads[:, axis] = ends
        after = (*shape[: axis - 1], n + sum(ends), *shape[axis:])
        self.node("Pad", [x, self.constant(pads.reshape(-1))], after, mode=mode)

    def slice(self, x: str, shape: Shape) -> None:
        axis = self.axis(shape)
        n = shape[axis - 1]
        start, stop = sorted(self.rng.sample(range(n + 1), 2))
        step = self.rng.choice([1, 1, 2, -1])
        kept = range(n)[start:stop:step]
        if step < 0:
            start, stop = stop - 1, start - 1 - (n if start == 0 else 0)
            kept = range(n)[slice(start, None if stop < -n + 1 else stop, step)]
        bounds = [self.constant(np.array([v])) for v in (start, stop, axis, step)]
        self.node("Slice", [x, *bounds], (*shape[: axis - 1], len(kept), *shape[axis:]))

    def resize(self, x: str, shape: Shape) -> None:
        if len(shape) < 2 or len(shape) > 3:
            return
        mode = self.rng.choice(["nearest", "linear"])
        where = self.rng.choice(["half_pixel", "asymmetric"])
        size = tuple(self.rng.randint(max(1, n - 2), n + 4) for n in shape[1:])
        if mode == "linear":  # at other sizes rounding decides whether a pixel has any weight
            size = tuple(2 * n for n in shape[1:])
        sizes = self.constant(np.array(size))
        axes = list(range(2, len(shape) + 1))
        self.node(
            "Resize",
            [x, "", "", sizes],
            (shape[0], *size),
            mode=mode,
            coordinate_transformation_mode=where,
            axes=axes,
        )

    def concat(self, x: str, shape: Shape) -> None:
        axis = self.axis(shape)
        fits = [
            name
            for name, other in self.shapes.items()
            if len(other) == len(shape)
            and all(
                a == b for i, (a, b) in enumerate(zip(shape, other, strict=True), 1) if i != axis
            )
        ]
        parts = [x, *self.rng.choices(fits, k=self.rng.randint(1, 2))]
        total = sum(self.shapes[part][axis - 1] for part in parts)
        self.node("Concat", parts, (*shape[: axis - 1], total, *shape[axis:]), axis=axis)

    def add(self, x: str, shape: Shape) -> None:
        fits = [
            name
            for name, other in self.shapes.items()
            if len(other) == len(shape)
            and all(1 in (a, b) or a == b for a, b in zip(shape, other, strict=True))
        ]
        other = self.rng.choice(fits)
        after = tuple(map(max, zip(shape, self.shapes[other], strict=True)))
        self.node(self.rng.choice(["Add", "Max"]), [x, other], after)

    def gate(self, x: str, shape: Shape) -> None:
        """A mean over some axes, added to every element."""
        before = len(self.nodes)
        self.reduce(x, shape, keep=True)
        if len(self.nodes) > before:
            self.node("Add", [x, self.nodes[-1].output[0]], shape)

    def reduce(self, x: str, shape: Shape, keep: bool | None = None) -> None:
        rng = self.rng
        axes = sorted(rng.sample(range(1, len(shape) + 1), rng.randint(1, len(shape))))
        if keep is None:
            keep = rng.random() < 0.5 or len(axes) == len(shape)
        after = tuple(
            1 if i in axes else n for i, n in enumerate(shape, 1) if keep or i not in axes
        )
        op = rng.choice(["ReduceMean", "ReduceMax"])
        self.node(op, [x, self.constant(np.array(axes))], after, keepdims=int(keep))

    def regroup(self, x: str, shape: Shape) -> None:
        """Another shape of as many elements; the batch stays what it is."""
        left, after = prod(shape), []
        while left > 1 and len(after) < 3:
            factor = self.rng.choice([f for f in range(1, left + 1) if left % f == 0])
            after.append(factor)
            left //= factor
        after.append(left)
        target = self.constant(np.array([0, *after]))
        self.node("Reshape", [x, target], tuple(after))

    def transpose(self, x: str, shape: Shape) -> None:
        order = self.rng.sample(range(1, len(shape) + 1), len(shape))
        self.node("Transpose", [x], tuple(shape[i - 1] for i in order), perm=[0, *order])

    def check(self) -> None:
        # Before opset 22 ONNX infers one cell too many of some pools, and the runtime refuses them.
        model = build(self.nodes, {"x": ["batch", *self.shapes["x"]]}, self.constants, opset=22)
        axes = range(2, 2 + len(self.size))
        net = rf_viz.load(model.SerializeToString()).trace(
            input_shape=(1, *self.shapes["x"]), spatial_axes=axes
        )
        image = generic((1, *self.shapes["x"]))
        batch = np.repeat(image, 1 + prod(self.size), axis=0)
        for item, pixel in enumerate(np.ndindex(self.size), 1):
            batch[(item, slice(None), *pixel)] += INCREASE
        real = runner(model)({"x": batch})
        traced = {layer.name: layer for layer in net.layers}
        assert traced.keys() == real.keys()
        for name, values in real.items():
            layer = traced[name]
            assert layer.shape == (1, *values.shape[1:]), name
            assert layer.exact
            moved = np.abs(values[1:] - values[:1]) > 1e-5 * np.abs(values[:1])
            self.compare(layer, moved)

    def compare(self, layer: rf_viz.Layer, moved: NDArray[np.bool_]) -> None:
        """``moved[p, ...]`` tells which elements moved with pixel ``p``."""
        elements = list(np.ndindex(moved.shape[1:]))
        for element in self.rng.sample(elements, min(15, len(elements))):
            seen = moved[(slice(None), *element)].reshape(self.size)
            mask = layer.mask_of((0, *element))
            assert np.array_equal(mask, seen), f"{layer}{element}: {mask & ~seen} {seen & ~mask}"
            region = layer.region_of((0, *element))
            assert (region.start, region.stop) == box(seen), f"{layer}{element}"
        whole = moved.reshape(len(moved), -1).any(axis=1).reshape(self.size)
        assert np.array_equal(layer.mask_of(...), whole)
        grid = [axis for axis in layer.grid_axes if axis]
        others = tuple(i for i in range(1, moved.ndim) if i not in grid)
        cells = moved.any(axis=others, keepdims=True).transpose(0, *grid, *others)
        cells = cells.reshape(len(moved), *layer.grid)
        start, stop = layer.bounds()
        field = {pixel: cells[p] for p, pixel in enumerate(np.ndindex(self.size))}
        for cell in np.ndindex(layer.grid):
            seen = cells[(slice(None), *cell)].reshape(self.size)
            assert (tuple(start[cell]), tuple(stop[cell])) == box(seen), f"{layer} cell {cell}"
        pixel = self.rng.choice(list(field))
        assert np.array_equal(layer.net.seen_by(pixel)[layer.name], field[pixel])


def box(mask: NDArray[np.bool_]) -> tuple[Shape, Shape]:
    where = np.argwhere(mask)
    if not len(where):
        return (0,) * mask.ndim, (0,) * mask.ndim
    return tuple(where.min(axis=0).tolist()), tuple((where.max(axis=0) + 1).tolist())


@pytest.mark.slow
@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_random_networks_depend_on_just_what_is_traced(rng: Random) -> None:
    net = Net(rng)
    if net.nodes:
        net.check()
