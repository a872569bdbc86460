"""What really depends on what: found by running a model with one input element changed at a time.

Shares no code with what it judges: ONNX Runtime (or ONNX's own reference implementation) runs
the model, and an output element depends on an input element if changing the one changes the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import rf_viz

Run = Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]

BIG = (3e3, -3e3)
"""Changes beyond all other values, so that maxima and minima notice them too."""


def build(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int]],
    constants: Mapping[str, Any] | None = None,
    *,
    opset: int = 22,
    dtype: int = onnx.TensorProto.FLOAT,
    domains: Mapping[str, int] | None = None,
) -> onnx.ModelProto:
    """A model of these nodes, every one of its tensors an output. ``constants`` are arrays."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, dtype, shape) for name, shape in inputs.items()],
        [onnx.ValueInfoProto(name=name) for node in nodes for name in node.output if name],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid(d, v) for d, v in {"": opset, **(domains or {})}.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def single(
    op: str,
    given: Sequence[int],
    /,
    *rest: object,
    opset: int = 22,
    outputs: int = 1,
    **attributes: object,
) -> onnx.ModelProto:
    """A model of one operator. Its first input ``x`` has the shape ``given``; ``rest`` are its
    other inputs: an array is a constant, None is left out. Its outputs are ``y``, ``y1``, ..."""
    names = ["" if a is None else f"c{i}" for i, a in enumerate(rest)]
    made = ["y", *(f"y{i}" for i in range(1, outputs))]
    node = helper.make_node(op, ["x", *names], made, **attributes)
    constants = {n: a for n, a in zip(names, rest, strict=True) if n}
    return build([node], {"x": given}, constants, opset=opset)


def traced(model: onnx.ModelProto, **options: object) -> rf_viz.Network:
    """The network of a model, at the shapes that it declares."""
    shapes = {
        i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in model.graph.input
    }
    return rf_viz.load(model.SerializeToString()).trace(input_shape=shapes, **options)


def generic(shape: Sequence[int], seed: int = 0) -> NDArray[np.float32]:
    """Positive values of which no two are alike, nor any sums of a few."""
    return np.random.default_rng(seed).uniform(1, 2, tuple(shape)).astype(np.float32)


def runner(model: onnx.ModelProto, reference: bool = False) -> Run:
    """A function from feeds to a dict of all the model's outputs."""
    names = [o.name for o in model.graph.output]
    if reference:
        evaluator = ReferenceEvaluator(model)
        return lambda feeds: dict(zip(names, evaluator.run(names, dict(feeds)), strict=True))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return lambda feeds: dict(zip(names, session.run(names, dict(feeds)), strict=True))


def dependence(
    model: onnx.ModelProto,
    feeds: Mapping[str, NDArray[Any]],
    source: str,
    *,
    nudges: Sequence[float] = BIG,
    reference: bool = False,
    tolerance: float = 0,
) -> dict[str, NDArray[np.bool_]]:
    """For each output of the model a bool array of shape (*its own, *the input's).

    Changes up to ``tolerance`` are the rounding errors of weights that should be zero.
    """
    run = runner(model, reference)
    base = {name: np.asarray(a) for name, a in run(feeds).items()}
    given = feeds[source]
    found = {name: np.zeros((*a.shape, given.size), bool) for name, a in base.items()}
    for i in range(given.size):
        for nudge in nudges:
            changed = given.copy()
            changed.reshape(-1)[i] += np.asarray(nudge).astype(given.dtype)
            for name, a in run({**feeds, source: changed}).items():
                found[name][..., i] |= ~_same(np.asarray(a), base[name], tolerance)
    return {name: a.reshape(*base[name].shape, *given.shape) for name, a in found.items()}


def _same(a: NDArray[Any], b: NDArray[Any], tolerance: float) -> NDArray[np.bool_]:
    if a.dtype.kind != "f":
        return np.asarray(a == b)
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= tolerance
    return np.asarray(near | (a == b) | (np.isnan(a) & np.isnan(b)))


def assert_agrees(
    model: onnx.ModelProto,
    feeds: Mapping[str, NDArray[Any]] | None = None,
    *,
    source: str | None = None,
    nudges: Sequence[float] = BIG,
    reference: bool = False,
    tolerance: float = 0,
    exact: bool = True,
    **options: object,
) -> rf_viz.Network:
    """Trace the model over all the input's axes, and compare every element of every tensor.

    The traced shapes, masks and regions must be just what running the model shows; with
    ``exact=False`` masks may hold more than that (an assumed dependence), never less. By default
    all inputs are fed generic values and the first one is traced. ``options`` go to ``trace``.
    Returns the traced network.
    """
    if feeds is None:
        feeds = {
            value.name: generic([d.dim_value for d in value.type.tensor_type.shape.dim], seed)
            for seed, value in enumerate(model.graph.input)
        }
    source = source or model.graph.input[0].name
    truth = dependence(
        model, feeds, source, nudges=nudges, reference=reference, tolerance=tolerance
    )
    rank = feeds[source].ndim
    net = rf_viz.load(model.SerializeToString()).trace(
        input=source,
        input_shape={name: a.shape for name, a in feeds.items()},
        spatial_axes=range(rank),
        **options,
    )
    traced = {layer.name: layer for layer in net.layers}
    for name, real in truth.items():
        shape, extents = real.shape[: real.ndim - rank], real.shape[real.ndim - rank :]
        layer = traced.get(name)
        if layer is None:
            assert not real.any(), f"{name} depends on the input, but was not traced"
            continue
        assert layer.shape == shape, f"{name}: traced as {layer.shape}, really {shape}"
        assert layer.exact or not exact, f"{name} is only assumed: {layer.assumed}"
        for index in np.ndindex(shape):
            mask = layer.mask_of(index)
            if not exact:
                assert not (real[index] & ~mask).any(), f"{name}{index} sees more than traced"
                continue
            assert np.array_equal(mask, real[index]), (
                f"{name}{index} sees {_listed(real[index])}, traced as {_listed(mask)}"
            )
            region = layer.region_of(index)
            assert (region.start, region.stop) == _box(real[index]), f"{name}{index}: {region}"
        assert np.array_equal(layer.mask_of(...), real.any(axis=tuple(range(len(shape))))) or (
            not exact
        ), f"{name}: the union over all elements is wrong"
        assert len(extents) == rank
    return net


def _listed(mask: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    return [tuple(map(int, i)) for i in np.argwhere(mask)]


def _box(mask: NDArray[np.bool_]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The bounding box of what is marked."""
    where = np.argwhere(mask)
    if not len(where):
        return (0,) * mask.ndim, (0,) * mask.ndim
    start, stop = where.min(axis=0), where.max(axis=0) + 1
    return tuple(map(int, start)), tuple(map(int, stop))
