"""Values of tensors within a loop of TensorFlow: the loop run anew, its turns collected.

The loop is built again from its two functions, with an array for each tensor that is wanted, into
which every turn writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ...errors import ModelError
from .graph_names import called_functions, maker
from .safety import may_run

_STATE = "state_"
"""How the names begin of what turns carry, each with its number."""


class Body(NamedTuple):
    """A function written out: its nodes, the names of its arguments, and those of its results."""

    nodes: Sequence[Any]
    arguments: Sequence[str]
    results: Sequence[str]


class Loop(NamedTuple):
    """A loop: the tensors that enter it, and the functions of its condition and of a turn."""

    name: str
    inputs: Sequence[str]
    condition: Body
    body: Body


class Turns:
    """Tensors within a loop, by their paths there: the number of a turn, then the name.

    Without a number a path stands for all turns together, which are then in front. ``names`` are
    the tensors, each once. Raises ModelError where a turn does not compute one.
    """

    def __init__(self, loop: Loop, paths: Sequence[str], functions: Mapping[str, Any]) -> None:
        self.loop = loop
        self._functions, self._paths = functions, paths
        self._split = [_split(path) for path in paths]
        self.names = tuple(dict.fromkeys(name for _, name in self._split))
        self._computed = [name for name in self.names if _state(name) < 0]
        there = {node.name for node in loop.body.nodes}
        for name in self.names:
            if maker(name) not in there and not 0 <= _state(name) < len(loop.inputs):
                raise ModelError(
                    f"{loop.name}/{name} is not a value that each turn of this loop computes, "
                    "so it cannot be shown: pick another layer"
                )

    def build(self, tf: Any, inputs: Sequence[Any]) -> list[Any]:  # noqa: ANN401
        """Build the loop on these tensors; returns what to fetch. Raises ModelError."""
        loop, count = self.loop, len(inputs)
        kinds = [tensor.dtype.as_datatype_enum for tensor in inputs]
        condition = _Function(tf, loop.condition, kinds, self._functions)
        body = _Function(tf, loop.body, kinds, self._functions)

        def go(*state: Any) -> Any:  # noqa: ANN401
            return tf.reshape(condition.run(state[:count])[0], ())

        def step(*state: Any) -> tuple[Any, ...]:  # noqa: ANN401
            carried, number, arrays = state[:count], state[count], state[count + 1 :]
            results = body.run(carried, self._computed)
            values = self._values(carried, results[count:])
            written = [array.write(number, v) for array, v in zip(arrays, values, strict=True)]
            return (*results[:count], number + 1, *written)

        # Once outside of the loop for the types: nobody fetches that.
        once = self._values(inputs, body.run(inputs, self._computed)[count:])
        arrays = [
            tf.TensorArray(value.dtype, size=0, dynamic_size=True, infer_shape=False)
            for value in once
        ]
        variables = (*inputs, tf.constant(0), *arrays)
        anything = (tf.TensorShape(None),) * len(variables)
        ends = tf.while_loop(go, step, variables, anything, parallel_iterations=1)
        return [array.stack() for array in ends[count + 1 :]]

    def _values(self, carried: Sequence[Any], computed: Sequence[Any]) -> list[Any]:
        """The wanted tensors of a turn: what enters it, and what it computes."""
        by_name = dict(zip(self._computed, computed, strict=True))
        return [by_name[n] if n in by_name else carried[_state(n)] for n in self.names]

    def by_path(self, stacked: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The wanted values by path, of what was fetched. Raises ModelError for a missing turn."""
        by_name = dict(zip(self.names, stacked, strict=True))
        values = {}
        for path, (number, name) in zip(self._paths, self._split, strict=True):
            every = by_name[name]
            if number is not None and number >= len(every):
                raise ModelError(
                    f"the loop {self.loop.name} ends after {len(every)} turns for these inputs: "
                    f"{name} has no value in turn {number}"
                )
            values[path] = every if number is None else every[number]
        return values


def _split(path: str) -> tuple[int | None, str]:
    """The number of a turn that a path begins with, and the name behind it."""
    part, slash, name = path.partition("/")
    return (int(part), name) if slash and part.isdecimal() else (None, path)


def _state(name: str) -> int:
    """The number of what turns carry, of a name that stands for it; -1 for other names."""
    number = name.removeprefix(_STATE)
    return int(number) if number != name and number.isdecimal() else -1


class _Function:
    """A function that can be put into a graph. Raises ModelError where it is not to be run."""

    def __init__(
        self,
        tf: Any,  # noqa: ANN401
        body: Body,
        kinds: Sequence[int],
        functions: Mapping[str, Any],
    ) -> None:
        self._tf, self._body = tf, body
        self._message = message = tf.compat.v1.GraphDef()
        for name, kind in zip(body.arguments, kinds, strict=True):
            message.node.add(name=name, op="Placeholder").attr["dtype"].type = kind
        there = {*body.arguments, *(node.name for node in body.nodes)}
        for node in body.nodes:
            copy = message.node.add()
            copy.ParseFromString(node.SerializeToString())
            copy.input[:] = [reference for reference in node.input if maker(reference) in there]
            for key in [key for key in copy.attr if key.startswith("_")]:
                del copy.attr[key]
        for function in called_functions(body.nodes, functions):
            message.library.function.add().ParseFromString(function.SerializeToString())
        reason = may_run(message)
        if reason:
            raise ModelError(f"this loop cannot be run: {reason}")

    def run(self, inputs: Sequence[Any], names: Iterable[str] = ()) -> list[Any]:
        """Put the function into the graph on these inputs; returns its results, and more of it."""
        entering = {
            _reference(name): tensor
            for name, tensor in zip(self._body.arguments, inputs, strict=True)
        }
        wanted = [_reference(name) for name in (*self._body.results, *names)]
        inner = [name for name in dict.fromkeys(wanted) if name not in entering]
        tensors = self._tf.graph_util.import_graph_def(
            self._message, input_map=entering, return_elements=inner, name="turn"
        )
        by_name = {**entering, **dict(zip(inner, tensors, strict=True))}
        return [by_name[name] for name in wanted]


def _reference(name: str) -> str:
    """A tensor's name as TensorFlow spells it, with the number of the output."""
    return name if ":" in name else f"{name}:0"
