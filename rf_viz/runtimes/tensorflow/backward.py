"""The backward pass of a TensorFlow graph: from the values of a tensor to those that it comes from.

Parts of the forward pass that it reads can be kept, so that several gradients at the same input
take one forward pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ...errors import ModelError
from .channels_last import put_channels_last
from .convolution_gradients import CONVOLUTIONS, differentiate_here
from .graph_names import maker
from .route import INSTEAD, Route, closure, full_name
from .substitutes import substitute

_IDENTITIES = ("CheckNumerics", "CheckNumericsV2", "PreventGradient", "StopGradient")
"""Operators that hand their input on, but stop gradients, or refuse those that are not finite."""


class Backward(NamedTuple):
    """A backward pass, ready to run.

    Attributes:
        graph: the graph that holds it, and the forward pass.
        seed: the name of the placeholder of what it starts from.
        gradient: the name of the tensor in which it ends.
        kept: the names of the tensors of the forward pass that it reads, if these can be fed.
        again: whether the forward pass has to run for each gradient, since they cannot.
        gaps: the operators on the way that pass no gradient, as "Round (name)".
    """

    graph: Any
    seed: str
    gradient: str
    kept: tuple[str, ...]
    again: bool
    gaps: tuple[str, ...]


def backward(tf: Any, message: Any, target: str, source: str) -> Backward | None:  # noqa: ANN401
    """Build the backward pass from a target to a source, which is a placeholder of the graph.

    The message of the graph is changed. Returns None where the target's values do not depend on
    those of the source. Raises ModelError where there is no gradient.
    """
    for nodes in (message.node, *(f.node_def for f in message.library.function)):
        _prepare(tf, nodes)
    put_channels_last(message)
    route = Route(message, {maker(source)}, {maker(target)})
    if maker(target) not in route.nodes:
        return None
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(message, name="")
        end = graph.get_tensor_by_name(full_name(target))
        end = tf.abs(end) if end.dtype.is_complex else tf.identity(end)
        if not end.dtype.is_floating:
            raise ModelError(
                f"{target} holds no real numbers but {end.dtype.name}, which have no gradient: "
                f"{INSTEAD}"
            )
        seed = tf.compat.v1.placeholder(end.dtype, end.shape, "rf_viz/seed")
        origin = graph.get_tensor_by_name(full_name(source))
        (gradient,), gaps = route.gradients(tf, [end], [seed], [origin])
        if gradient is None:
            raise ModelError(
                f"no gradient leads from {target} back to {source}, since "
                f"{_listed(gaps)} passes none: {INSTEAD}"
            )
        gradient = tf.identity(tf.convert_to_tensor(gradient), "rf_viz/gradient")
        whole = graph.as_graph_def()
    kept, again = _keep(graph, whole, seed.op, gradient.op)
    substitute(whole)
    with tf.Graph().as_default() as final:
        tf.import_graph_def(whole, name="")
    return Backward(final, seed.name, gradient.name, kept, again, gaps)


def _keep(graph: Any, whole: Any, seed: Any, gradient: Any) -> tuple[tuple[str, ...], bool]:  # noqa: ANN401
    """Give names to the tensors of the forward pass that the backward pass reads, in its message.

    Returns them, and whether some cannot be fed; then nothing is changed.
    """
    operations = {operation.name: operation for operation in graph.get_operations()}
    if any("Switch" in operation.type for operation in operations.values()):
        return (), True  # a branch that is not taken has no values
    users: dict[str, list[str]] = {}
    for operation in operations.values():
        for before in (*(tensor.op for tensor in operation.inputs), *operation.control_inputs):
            users.setdefault(before.name, []).append(operation.name)
    backwards = closure({seed.name}, lambda name: users.get(name, ()))
    leading = closure(
        {gradient.name}, lambda name: (tensor.op.name for tensor in operations[name].inputs)
    )
    uses: dict[str, list[tuple[str, int]]] = {}
    tensors = {}
    for name in backwards & leading:
        for i, tensor in enumerate(operations[name].inputs):
            if tensor.op.name not in backwards and tensor.op.type not in ("Const", "Placeholder"):
                uses.setdefault(tensor.name, []).append((name, i))
                tensors[tensor.name] = tensor.dtype
    if not all(_can_be_fed(dtype) for dtype in tensors.values()):
        return (), True
    nodes = {node.name: node for node in whole.node}
    kept = []
    for number, (tensor, dtype) in enumerate(tensors.items()):
        copy = whole.node.add(name=f"rf_viz/kept/{number}", op="Identity", input=[tensor])
        copy.attr["T"].type = dtype.as_datatype_enum
        kept.append(f"{copy.name}:0")
        for name, i in uses[tensor]:
            nodes[name].input[i] = copy.name
    return tuple(kept), False


def _can_be_fed(dtype: Any) -> bool:  # noqa: ANN401
    """Whether tensors of a type are numbers, and no handles."""
    return bool(dtype.is_numpy_compatible and dtype.base_dtype == dtype and dtype.name != "string")


def _prepare(tf: Any, nodes: Iterable[Any]) -> None:  # noqa: ANN401
    """Make nodes ready to be differentiated.

    A gradient that is stopped is a device of training: the input moves the output all the same.
    """
    for node in nodes:
        if node.op in _IDENTITIES:
            node.op = "Identity"
            for key in [key for key in node.attr if key != "T"]:
                del node.attr[key]
        elif node.op in CONVOLUTIONS:
            differentiate_here(tf, node)


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "some operator on the way"
    return names[0] if len(names) == 1 else f"{names[0]}, with {len(names) - 1} more,"
