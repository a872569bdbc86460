"""A step that nobody has heard of answers every question, as long as it fulfils the protocol.

It halves an axis, each output made of two neighbours. A window of two with a stride of two does
the same, so all that a network says of the one it must say of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper

import rf_viz
from rf_viz import Layer, Network, ReceptiveField, Region
from rf_viz.analysis import diagnosis
from rf_viz.readers.onnx.node import OPERATORS, Node
from rf_viz.readers.reading.operators import Operator
from rf_viz.relation import (
    MAX,
    MIN,
    OR,
    SUM,
    AxisIndex,
    AxisMap,
    BaseStep,
    Edge,
    Factor,
    Mix,
    NoMap,
    Output,
    Pairs,
    Part,
    Reshape,
    Slide,
    Step,
    Stretch,
    Window,
    shape_after,
)
from rf_viz.relation.base import Array, Indices, Labels, Semiring, Shape
from rf_viz.relation.common.basic import broadcast
from rf_viz.trace.cost import multiply_adds
from rf_viz.trace.tensors import Source, Tensor
from tests.oracles import naive
from tests.oracles.onnx_oracle import build


class Halve:
    """The whole protocol, without anything of the package's own steps."""

    mixes: tuple[int, ...] = ()
    blind = False
    stays = False
    separable = False
    fills: Stretch | None = None

    def __init__(self, axis: int, size: int) -> None:
        assert size % 2 == 0
        self.axis, self.size, self.slides = axis, size, (axis,)

    def push(self, a: Array, ring: Semiring) -> Array:
        if a.shape[self.axis] == 1:
            return a * 2 if ring is SUM else a
        even, odd = np.arange(0, self.size, 2), np.arange(1, self.size, 2)
        out: Array = ring.plus(a.take(even, axis=self.axis), a.take(odd, axis=self.axis))
        return out

    def pull(self, a: Array, ring: Semiring) -> Array:
        return a if a.shape[self.axis] == 1 else np.repeat(a, 2, axis=self.axis)

    def label(self, labels: Labels) -> Labels:
        origins = 0
        for factor in labels[self.axis]:
            origins |= factor.origins
        halved = (Factor(origins, self.size // 2),)
        return (*labels[: self.axis], halved, *labels[self.axis + 1 :])

    def shape(self, before: Shape) -> Shape:
        if before[self.axis] != self.size:
            raise ValueError(f"axis {self.axis} of {before} should be {self.size} long")
        return (*before[: self.axis], self.size // 2, *before[self.axis + 1 :])

    def pairs(self) -> Pairs | None:
        return Pairs(2, 1, True)

    def affine(self, axis: int) -> AxisMap | NoMap:
        return AxisMap(axis, 2, 0, 2) if axis == self.axis else AxisMap(axis, 1, 0, 1)

    def follow_index(self, axis: int, inner: int, extent: int | None) -> AxisIndex | None:
        return None if axis == self.axis else AxisIndex(axis, inner, extent)

    def reads(self, axis: int) -> Indices | None:
        return np.arange(self.size).reshape(-1, 2) if axis == self.axis else None

    def leaves(self, axis: int) -> bool:
        return axis != self.axis

    def unites(self, axis: int) -> bool:
        return False


class Timid(BaseStep):
    """No more than a step must say; all else is as the base class has it."""

    def __init__(self, axis: int, size: int) -> None:
        self._halve = Halve(axis, size)

    def push(self, a: Array, ring: Semiring) -> Array:
        return self._halve.push(a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return self._halve.pull(a, ring)

    def label(self, labels: Labels) -> Labels:
        return self._halve.label(labels)

    def shape(self, before: Shape) -> Shape:
        return self._halve.shape(before)

    def affine(self, axis: int) -> AxisMap | NoMap:
        return self._halve.affine(axis)


def window(axis: int, size: int) -> Step:
    return Window((Slide(axis, size, size // 2, kernel=2, stride=2),))


Make = Callable[[int, int], Step]

SHAPE = (1, 4, 8, 12)


def network(halve: Make, **options: bool) -> Network:
    """Halved along rows, then beside a wider branch, halved along columns and over channels."""
    rows = (1, 4, 4, 12)
    both = (1, 8, 4, 12)
    less = (1, 8, 4, 6)
    wide = Window((Slide(3, 12, 12, kernel=5, pad=2),))
    squeezed = (Mix((2, 3), (4, 6), (1, 1)), Mix((1,), (8,), (8,)))
    tensors = [
        Tensor("x", "x", "Input", SHAPE),
        Tensor("rows", "rows", "Halve", rows, [Source(0, (halve(2, 8),))], multiplies=True),
        Tensor("wide", "wide", "Op", rows, [Source(1, (wide,))]),
        Tensor(
            "both",
            "both",
            "Concat",
            both,
            [Source(1, (Part(1, 0, 4, 8),)), Source(2, (Part(1, 4, 4, 8),))],
        ),
        Tensor("less", "less", "Halve", less, [Source(3, (halve(3, 12),))], multiplies=True),
        Tensor("pairs", "pairs", "Halve", (1, 4, 4, 12), [Source(3, (halve(1, 8),))]),
        Tensor(
            "gated",
            "gated",
            "Mul",
            less,
            [Source(4, ()), Source(4, (*squeezed, *broadcast((1, 8, 1, 1), less)))],
        ),
        Tensor("line", "line", "Reshape", (1, 8, 24), [Source(4, (Reshape(less, (1, 8, 24)),))]),
        Tensor("end", "end", "Halve", (1, 8, 12), [Source(7, (halve(2, 24),))], multiplies=True),
    ]
    return Network(tensors, (2, 3), **options)


def answers(layer: Layer) -> dict[str, object]:
    """All that a layer says, of itself and of its cells."""
    said: dict[str, object] = {
        "grid": layer.grid,
        "form": layer.receptive_field,
        "note": layer.note,
        "aligned": layer.aligned,
        "context": layer.global_context,
        "layout": layer.layout and (layer.layout.cells.tolist(), layer.layout.apart),
        "bounds": [a.tolist() for a in layer.bounds()],
        "channel": [a.tolist() for a in layer.bounds(channel=1)],
        "seeing": layer.seeing((3, 5)).tolist(),
    }
    for cell in np.ndindex(layer.grid):
        said[f"region {cell}"] = layer.region(cell)
        said[f"mask {cell}"] = layer.mask(cell).tolist()
        said[f"paths {cell}"] = layer.paths(cell, channel=2).tolist()
    last = tuple(n - 1 for n in layer.grid)
    said["trail"] = {name: cells.tolist() for name, cells in layer.trail(last).items()}
    return said


@pytest.mark.parametrize("cut_global", [False, True])
@pytest.mark.parametrize("halve", [Halve, Timid])
def test_a_new_step_says_what_its_equal_says(halve: Make, cut_global: bool) -> None:
    new, equal = network(halve, cut_global=cut_global), network(window, cut_global=cut_global)
    for one, other in zip(new.layers, equal.layers, strict=True):
        assert answers(one) == answers(other), one.name
    assert diagnosis.path_sizes(new) == diagnosis.path_sizes(equal)
    assert diagnosis.features(new) == diagnosis.features(equal)


def test_what_a_new_step_says() -> None:
    net = network(Halve)
    assert net["less"].receptive_field == ReceptiveField((2, 6), (2, 2), (0, 2))
    assert net["less"].region((1, 0)) == Region((2, 0), (4, 4))
    assert net["less"].region((1, 1), channel=0) == Region((2, 2), (4, 4))
    assert net["pairs"].region((0, 4), channel=0) == Region((0, 4), (2, 5))
    assert network(Halve, cut_global=True)["gated"].region((1, 1)) == Region((2, 0), (4, 6))
    assert net["less"].combined == (True, False)
    assert net["pairs"].combined == (False, True)


def test_a_new_step_is_counted_and_one_that_does_not_tell_is_not() -> None:
    assert network(Halve)["less"].multiply_adds == 8 * 4 * 6 * 2
    assert network(window)["less"].multiply_adds == 8 * 4 * 6 * 2
    assert network(Timid)["less"].multiply_adds is None
    beside = Source(0, (Mix((1,), (4,), (4,)),))
    tensor = Tensor("y", "y", "Op", SHAPE, [Source(0, (Timid(1, 4),)), beside], multiplies=True)
    assert multiply_adds(tensor) == 4 * 8 * 12 * 4


@pytest.mark.parametrize("ring", [MIN, MAX, OR, SUM], ids=["min", "max", "or", "sum"])
def test_a_new_step_does_what_its_matrix_says(ring: Semiring) -> None:
    op = naive.window((2, 6), [Slide(1, 6, 3, 2, 2)])
    rng = Random(0)
    numbers = [rng.randint(1, 99) for _ in range(12)]
    a = np.array(numbers).reshape(2, 6)
    a = a > 50 if ring is OR else a.astype(float if ring is SUM else np.int32)
    step = Halve(1, 6)
    np.testing.assert_array_equal(step.push(a, ring), op.relation[0].push(a, ring))
    out = step.push(a, ring)
    np.testing.assert_array_equal(step.pull(out, ring), op.relation[0].pull(out, ring))


def test_a_new_step_is_seen_to_fit() -> None:
    assert shape_after((Halve(0, 4), Reshape((2, 3), (6,))), (4, 3)) == (6,)
    with pytest.raises(ValueError, match="should be 4 long"):
        shape_after((Halve(0, 4),), (6, 3))


@pytest.mark.parametrize("extent", [4, 5])
def test_a_description_may_use_a_new_step(extent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def describe(node: Node) -> Output:
        shape = node.shape()
        return Output((*shape[:-1], extent), [Edge(0, (Halve(len(shape) - 1, shape[-1]),))])

    monkeypatch.setitem(OPERATORS, ("new", "Halve"), Operator(describe, "pooling", True))
    node = helper.make_node("Halve", ["x"], ["y"], "halve", domain="new")
    model = build([node], {"x": (1, 1, 8)}, domains={"new": 1})
    loaded = rf_viz.load(model.SerializeToString())
    if extent == 5:
        with pytest.raises(rf_viz.ModelError, match=r"Halve 'halve' cannot make \[1, 1, 5\]"):
            loaded.trace()
        return
    layer = loaded.trace()["y"]
    assert (layer.category, layer.exact) == ("pooling", True)
    assert layer.region((3,)) == Region((6,), (8,))
    assert layer.multiply_adds == 8
    mask: NDArray[np.bool_] = layer.mask((0,))
    assert np.flatnonzero(mask).tolist() == [0, 1]
