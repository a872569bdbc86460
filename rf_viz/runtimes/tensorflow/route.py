"""The part of a TensorFlow graph between sources and targets, and where it passes no gradient.

TensorFlow drops without a word whatever passes through an operator that moves in steps, such as
``Round``. So each use of a tensor on the way gets a name of its own here, and it is looked at which
of them a gradient reaches.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from ...errors import ModelError
from .graph_names import maker
from .kinds import kind_of
from .operators import LASTING

_SHAPE_ONLY = (
    *("OnesLike", "Rank", "Shape", "ShapeN", "Size", "ZerosLike"),
    *("TensorArraySizeV3", "TensorListLength"),
)
"""Operators whose outputs do not depend on the values of their inputs."""

_ZERO = ("Sign",)
"""Operators that move in steps, and whose gradient TensorFlow has as zero instead of none."""

_OLD_LOOPS = ("Enter", "NextIteration", "RefEnter", "RefNextIteration")
"""Operators of loops that have no functions."""

_LOOPS = ("StatelessWhile", "While")
_USE = "rf_viz/use/"
_numbers = count()
_FIRST_REFERENCE = 100
"""The first number of DataType that stands for a reference to a variable."""

INSTEAD = 'ask for method="occlusion"'
"""What helps where there is no gradient."""


class Route:
    """The nodes of a graph between sources and targets, with the tensors that they read.

    Attributes:
        nodes: by name, in the order of the graph, without the sources.
        moved: the names of all nodes whose values depend on the sources.
    """

    def __init__(self, message: Any, sources: Collection[str], targets: Collection[str]) -> None:  # noqa: ANN401  (protobuf messages have no types)
        """Find the way between nodes by their names. Raises ModelError where it cannot be gone."""
        self._message, self._targets = message, frozenset(targets)
        self._all = {node.name: node for node in message.node}
        users: dict[str, list[str]] = {}
        for node in message.node:
            if node.op not in _SHAPE_ONLY:
                for reference in _inputs(node):
                    users.setdefault(maker(reference), []).append(node.name)
        self.moved = closure(sources, lambda name: users.get(name, ()))
        leading = closure(targets, lambda name: map(maker, _inputs(self._all[name])))
        between = self.moved & leading
        self.nodes = {n: node for n, node in self._all.items() if n in between - set(sources)}
        self._edges = {
            (name, i): reference
            for name, node in self.nodes.items()
            for i, reference in enumerate(_inputs(node))
            if maker(reference) in between
        }
        self._refuse()
        self._name_uses()

    def _refuse(self) -> None:
        for node in self.nodes.values():
            if node.op in _OLD_LOOPS:
                raise ModelError(
                    f"{_shown(node)} belongs to a loop that is no function of its own, and "
                    f"TensorFlow computes no gradient of those: {INSTEAD}"
                )
        for node in (self._all[name] for name in self.moved):
            if node.op in LASTING:
                raise ModelError(
                    f"{_shown(node)} changes what the model keeps, and gradients do not follow "
                    f"that: {INSTEAD}"
                )

    def _name_uses(self) -> None:
        """Put an Identity into each use of a tensor that is used several times."""
        times = Counter(map(full_name, self._edges.values()))
        for number, ((name, i), reference) in enumerate(self._edges.items()):
            tensor = full_name(reference)
            if times[tensor] == 1 and maker(tensor) not in self._targets:
                continue
            kind = kind_of(self._all[maker(tensor)], int(tensor.partition(":")[2]))
            if 0 < kind < _FIRST_REFERENCE:
                use = self._message.node.add(name=f"{_USE}{number}", op="Identity", input=[tensor])
                use.attr["T"].type = kind
                self.nodes[name].input[i] = self._edges[name, i] = use.name

    def gradients(
        self,
        tf: Any,  # noqa: ANN401
        ends: Sequence[Any],
        seeds: Sequence[Any],
        sources: Sequence[Any],
    ) -> tuple[list[Any], tuple[str, ...]]:
        """Build the gradients of tensors, and tell the gaps on the way there.

        The graph, with the uses that have names now, is imported where the ends are. The gradients
        are those with respect to the sources; None where none leads. Raises ModelError for an
        operator that has no gradient in TensorFlow.
        """
        graph = ends[0].graph
        uses = [graph.get_tensor_by_name(full_name(r)) for r in self._edges.values()]
        gradients = _differentiated(tf, ends, [*sources, *uses], seeds)
        own, reaching = gradients[: len(sources)], gradients[len(sources) :]
        reached = {
            edge: gradient is not None for edge, gradient in zip(self._edges, reaching, strict=True)
        }
        return own, tuple(dict.fromkeys(self._gaps(tf, graph, reached)))

    def _gaps(self, tf: Any, graph: Any, reached: dict[tuple[str, int], bool]) -> Iterator[str]:  # noqa: ANN401
        """List the operators that a gradient reaches but does not pass, in whole or in part.

        A choice is none: where an operator picks, by numbers that depend on a source, among values
        that do, the gradient is that of the values that are picked, as it is of a maximum.
        """
        onward = set()
        real: dict[str, list[bool]] = {name: [] for name in self.nodes}
        for (name, i), has in reached.items():
            tensor = graph.get_operation_by_name(name).inputs[i]
            if has:
                onward.add(_origin(tensor).name)
            if _is_real(tf, tensor):
                real[name].append(has)
        for name, node in self.nodes.items():
            operation = graph.get_operation_by_name(name)
            if not any(_is_real(tf, output) for output in operation.outputs):
                continue
            if name not in onward and name not in self._targets:
                continue
            if node.op in _ZERO or not all(real[name]):
                yield _shown(node)
            elif not real[name]:
                yield from (_shown(self.nodes[n]) for n in self._leaving(tf, graph, name))
            yield from self._gaps_within(tf, node)

    def _leaving(self, tf: Any, graph: Any, name: str) -> Iterator[str]:  # noqa: ANN401
        """List the operators that made real numbers to what this one reads, such as an ArgMax."""
        pending, seen = [name], {name}
        while pending:
            name = pending.pop()
            origins = [
                (_origin(tensor).name, _is_real(tf, tensor))
                for tensor in graph.get_operation_by_name(name).inputs
                if _origin(tensor).name in self.moved
            ]
            if any(real for _, real in origins):
                yield name
                continue
            new = {origin for origin, _ in origins if origin in self.nodes} - seen
            pending.extend(sorted(new))
            seen |= new

    def _gaps_within(self, tf: Any, node: Any) -> Iterator[str]:  # noqa: ANN401
        """List the gaps in the functions that a node calls."""
        from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def

        library = {f.signature.name: f for f in self._message.library.function}
        # What decides whether a loop goes on is a choice.
        names = [a.func.name for key, a in node.attr.items() if key != "cond"]
        names += [function.name for a in node.attr.values() for function in a.list.func]
        for function in (library[name] for name in names if name in library):
            with tf.Graph().as_default():
                _import_functions(tf, self._message)
                body, flat = function_def_to_graph_def(function)
            body.library.CopyFrom(self._message.library)
            _rename_functions(body)
            arguments = [argument.name for argument in function.signature.input_arg]
            results = [flat[function.ret[r.name]] for r in function.signature.output_arg]
            # Those of the node: a gradient adds inputs to a loop. A branch's number is in front.
            read = _inputs(node)[-len(arguments) :] if arguments else []
            sources = {
                argument
                for argument, reference in zip(arguments, read, strict=True)
                if maker(reference) in self.moved or reference.startswith(_USE)
            }
            if node.op in _LOOPS:
                sources = _carried(body, arguments, results, sources)
            yield from _gaps_of_function(tf, body, results, sources)


def _gaps_of_function(
    tf: Any,  # noqa: ANN401
    body: Any,  # noqa: ANN401
    results: Sequence[str],
    sources: set[str],
) -> tuple[str, ...]:
    """The gaps between arguments and results of a function, which is written as a graph."""
    route = Route(body, sources, {maker(result) for result in results})
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(body, name="")
        ends = [graph.get_tensor_by_name(result) for result in dict.fromkeys(results)]
        ends = [end for end in ends if end.op.name in route.nodes and _is_real(tf, end)]
        seeds = [tf.raw_ops.ZerosLike(x=end) for end in ends]  # any will do, lists are such
        return route.gradients(tf, ends, seeds, ())[1] if ends else ()


def _carried(
    body: Any,  # noqa: ANN401
    arguments: Sequence[str],
    results: Sequence[str],
    sources: set[str],
) -> set[str]:
    """The arguments of a loop's body that depend, in some turn, on those of the first turn."""
    while True:
        moved = Route(body, sources, ()).moved
        more = {a for a, r in zip(arguments, results, strict=True) if maker(r) in moved}
        if more <= sources:
            return sources
        sources = sources | more


def _differentiated(
    tf: Any,  # noqa: ANN401
    ends: Sequence[Any],
    tensors: Sequence[Any],
    seeds: Sequence[Any],
) -> list[Any]:
    """The gradients with respect to tensors, None for those that none reaches."""
    try:
        gradients: list[Any] = tf.gradients(ends, tensors, seeds)
    except Exception as error:  # gradients are functions of Python, and raise what they like
        operator = re.search(r"operation\s*'(.*?)' \(op type: (\w+)\)", str(error))
        if isinstance(error, LookupError) and operator:
            raise ModelError(
                f"TensorFlow has no gradient of {operator[2]} ({operator[1]}): {INSTEAD}"
            ) from error
        reason = str(getattr(error, "message", error)).strip().partition("\n")[0]
        raise ModelError(
            "TensorFlow cannot compute gradients of this model "
            f"({reason[:300].rstrip('.') or type(error).__name__}): {INSTEAD}"
        ) from error
    return gradients


def _import_functions(tf: Any, message: Any) -> None:  # noqa: ANN401
    """Bring the functions of a graph into the present one."""
    functions = tf.compat.v1.GraphDef(versions=message.versions)
    functions.library.CopyFrom(message.library)
    tf.import_graph_def(functions, name="")


def _rename_functions(message: Any) -> None:  # noqa: ANN401
    """Give the functions of a graph names that no other has.

    A gradient through a loop adds functions whose names follow from its own, and TensorFlow takes
    each name once.
    """
    number = next(_numbers)
    names = {
        f.signature.name: f"rf_viz_{number}_{f.signature.name}" for f in message.library.function
    }
    for nodes in (message.node, *(f.node_def for f in message.library.function)):
        for node in nodes:
            node.op = names.get(node.op, node.op)
            for attribute in node.attr.values():
                for function in (attribute.func, *attribute.list.func):
                    if function.name in names:
                        function.name = names[function.name]
    for function in message.library.function:
        function.signature.name = names[function.signature.name]
    del message.library.gradient[:]


def closure(start: Iterable[str], onward: Callable[[str], Iterable[str]]) -> set[str]:
    """Collect all names that can be reached from some, by a function from a name to the next."""
    reached = set(start)
    pending = list(reached)
    while pending:
        new = set(onward(pending.pop())) - reached
        reached |= new
        pending.extend(new)
    return reached


def full_name(name: str) -> str:
    """Spell a tensor's name as TensorFlow does, with the number of the output."""
    return name if ":" in name else f"{name}:0"


def _inputs(node: Any) -> list[str]:  # noqa: ANN401
    """The tensors that a node reads."""
    return [reference for reference in node.input if not reference.startswith("^")]


def _origin(tensor: Any) -> Any:  # noqa: ANN401
    """The operation of the model that makes a tensor, or that which a use stands for."""
    operation = tensor.op
    return operation.inputs[0].op if operation.name.startswith(_USE) else operation


def _is_real(tf: Any, tensor: Any) -> bool:  # noqa: ANN401
    """Whether a gradient can run along a tensor: real or complex numbers, and lists of them."""
    dtype = tensor.dtype
    return bool(dtype.is_floating or dtype.is_complex or dtype.base_dtype == tf.variant)


def _shown(node: Any) -> str:  # noqa: ANN401
    return f"{node.op} ({node.name})"
