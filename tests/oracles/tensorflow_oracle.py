"""What really depends on what in a TensorFlow graph, found by running it.

TensorFlow runs the graph as it is, unoptimised, with one input element changed at a time (see
``tests.truth``). A test says what the graph computes with ``tf.raw_ops``, ``tf.nn`` or anything
else that TensorFlow traces::

    assert_agrees(lambda x: tf.raw_ops.Relu(features=x), x=(1, 4, 4, 1))
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Eigen always adds up in one order, so that what must not change stays the same to the last bit.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

import rf_viz
from tests.oracles.truth import (
    BIG,
    Run,
    assert_traced,
    changes,
    generic,
)

Input = Sequence[int] | NDArray[Any]
"""The shape of a float32 input that takes generic values, or the values themselves."""


def graph(compute: Callable[..., Any], /, **inputs: Input) -> tf.compat.v1.GraphDef:
    """The graph of what ``compute`` makes of the named inputs; each is a Placeholder.

    What comes out is named ``y``, or ``y``, ``y1``, ... if these are several.
    """
    with tf.Graph().as_default() as tf_graph:
        placeholders = {
            name: tf.compat.v1.placeholder(value.dtype, value.shape, name)
            for name, value in _values(inputs).items()
        }
        outputs = compute(**placeholders)
        if not isinstance(outputs, list | tuple):
            outputs = [outputs]
        for i, output in enumerate(outputs):
            tf.identity(output, f"y{i or ''}")
    return tf_graph.as_graph_def()


def runner(graph_def: tf.compat.v1.GraphDef) -> Run:
    """A function from feeds to a dict of ``y``, ``y1``, ..."""
    names = sorted(n.name for n in graph_def.node if n.op == "Identity" and _is_output(n.name))
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=1, inter_op_parallelism_threads=1
    )
    options = config.graph_options
    options.optimizer_options.opt_level = tf.compat.v1.OptimizerOptions.L0
    options.rewrite_options.CopyFrom(RewriterConfig(disable_meta_optimizer=True))
    with tf.Graph().as_default() as tf_graph:
        tf.import_graph_def(graph_def, name="")
    session = tf.compat.v1.Session(graph=tf_graph, config=config)

    def run(feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        fed = {f"{name}:0": value for name, value in feeds.items()}
        fetched = session.run([f"{name}:0" for name in names], fed)
        return dict(zip(names, fetched, strict=True))

    return run


def traced(compute: Callable[..., Any], /, **inputs: Input) -> rf_viz.Network:
    """The network of what ``compute`` makes of its first input, its spatial axes as derived."""
    return _trace(graph(compute, **inputs), _values(inputs), next(iter(inputs)))


def dependence(
    compute: Callable[..., Any],
    /,
    *,
    nudges: Sequence[float] = BIG,
    tolerance: float = 0,
    **inputs: Input,
) -> dict[str, NDArray[np.bool_]]:
    """For each output a bool array of shape (*its own, *that of the first input)."""
    run = runner(graph(compute, **inputs))
    source = next(iter(inputs))
    return changes(run, _values(inputs), source, nudges=nudges, tolerance=tolerance)


def assert_agrees(
    compute: Callable[..., Any],
    /,
    *,
    nudges: Sequence[float] = BIG,
    tolerance: float = 0,
    exact: bool = True,
    **inputs: Input,
) -> rf_viz.Network:
    """Trace over all axes of the first input, and compare every element of every output.

    Shapes, masks and regions must be just what running the graph shows; with ``exact=False``
    masks may hold more than that (an assumed dependence), never less. Changes up to ``tolerance``
    are rounding errors. Returns the traced network.
    """
    graph_def, feeds, source = graph(compute, **inputs), _values(inputs), next(iter(inputs))
    truth = changes(runner(graph_def), feeds, source, nudges=nudges, tolerance=tolerance)
    net = _trace(graph_def, feeds, source, range(feeds[source].ndim))
    assert_traced(net, truth, feeds[source].ndim, exact=exact)
    return net


def _trace(
    graph_def: tf.compat.v1.GraphDef,
    feeds: Mapping[str, NDArray[Any]],
    source: str,
    spatial_axes: Sequence[int] | None = None,
) -> rf_viz.Network:
    return rf_viz.load(graph_def.SerializeToString(), "test.pb").trace(
        input=source,
        input_shape={name: a.shape for name, a in feeds.items()},
        spatial_axes=spatial_axes,
    )


def _values(inputs: Mapping[str, Input]) -> dict[str, NDArray[Any]]:
    return {
        name: source if isinstance(source, np.ndarray) else generic(source, seed)
        for seed, (name, source) in enumerate(inputs.items())
    }


def _is_output(name: str) -> bool:
    return name == "y" or (name[0] == "y" and name[1:].isdigit())
