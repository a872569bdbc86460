"""What really depends on what in an ONNX model, found by running it.

ONNX Runtime (or ONNX's own reference implementation) runs the model, with one input element
changed at a time (see ``tests.oracles.truth``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import rf_viz
from tests.oracles.truth import (
    BIG,
    Run,
    assert_traced,
    changes,
    generic,
)


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
    shape: Sequence[int],
    /,
    *rest: object,
    opset: int = 22,
    outputs: int = 1,
    **attributes: object,
) -> onnx.ModelProto:
    """A model of one operator, whose first input ``x`` has that shape.

    ``rest`` are its other inputs: an array is a constant, None is left out. Its outputs are ``y``,
    ``y1``, ...
    """
    names = ["" if a is None else f"c{i}" for i, a in enumerate(rest)]
    results = ["y", *(f"y{i}" for i in range(1, outputs))]
    node = helper.make_node(op, ["x", *names], results, **attributes)
    constants = {n: a for n, a in zip(names, rest, strict=True) if n}
    return build([node], {"x": shape}, constants, opset=opset)


def traced(model: onnx.ModelProto, **options: object) -> rf_viz.Network:
    """The network of a model, at the shapes that it declares."""
    shapes = {
        i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in model.graph.input
    }
    return rf_viz.load(model.SerializeToString()).trace(input_shape=shapes, **options)


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
    """For each output of the model a bool array of shape (*its own, *the input's)."""
    run = runner(model, reference)
    return changes(run, feeds, source, nudges=nudges, tolerance=tolerance)


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
    net = rf_viz.load(model.SerializeToString()).trace(
        input=source,
        input_shape={name: a.shape for name, a in feeds.items()},
        spatial_axes=range(feeds[source].ndim),
        **options,
    )
    assert_traced(net, truth, feeds[source].ndim, exact=exact)
    return net
