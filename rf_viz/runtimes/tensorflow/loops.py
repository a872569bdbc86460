"""Values of tensors within a loop of TensorFlow: the loop run anew, its turns collected.

The loop is built again from its two functions, with an array for each tensor that is wanted, into
which every turn writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
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
    """A loop: the tensors that enter it, and the functions of its condition and of a turn.

    ``inner`` are the loops within its body, by name.
    """

    name: str
    inputs: Sequence[str]
    condition: Body
    body: Body
    inner: Mapping[str, Loop]


class Turns:
    """Tensors within a loop, by their paths there: the number of a turn, then the name.

    Without a number a path stands for all turns together, which are then in front. The name of a
    tensor within an inner loop goes on with its path there. A list that turns hand on stands for
    what it holds in the end. Raises ModelError where a turn does not compute a tensor.
    """

    def __init__(self, loop: Loop, paths: Sequence[str], functions: Mapping[str, Any]) -> None:
        self.loop, self.paths, self._functions = loop, tuple(paths), functions
        self._split = [_split(path) for path in paths]
        there = {node.name for node in loop.body.nodes}
        self._computed: list[str] = []
        self._states: list[str] = []
        inner: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for _, name in self._split):
            around = max(
                (at for at in loop.inner if name.startswith(f"{at}/")), key=len, default=""
            )
            if maker(name) in there:
                self._computed.append(name)
            elif 0 <= _state(name) < len(loop.inputs):
                self._states.append(name)
            elif around:
                inner.setdefault(around, []).append(name.removeprefix(f"{around}/"))
            else:
                raise ModelError(
                    f"{loop.name}/{name} is not a value that each turn of this loop computes, "
                    "so it cannot be shown: pick another layer"
                )
        self._inner = {
            at: Turns(loop.inner[at]._replace(name=f"{loop.name}/{at}"), rest, functions)
            for at, rest in inner.items()
        }

    def build(self, tf: Any, inputs: Sequence[Any]) -> list[Any]:  # noqa: ANN401
        """Build the loop on these tensors; returns what to fetch. Raises ModelError."""
        loop, count = self.loop, len(inputs)
        kinds = [tensor.dtype.as_datatype_enum for tensor in inputs]
        condition = _Function(tf, loop.condition, kinds, self._functions)
        body = _Function(tf, loop.body, kinds, self._functions)
        lists = [name for name in self._states if inputs[_state(name)].dtype == tf.variant]

        def go(*state: Any) -> Any:  # noqa: ANN401
            return tf.reshape(condition.run(state[:count])[0], ())

        def turn(carried: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
            """What a turn hands on, and the tensors that are wanted of it."""
            entering = [name for inner in self._inner.values() for name in inner.loop.inputs]
            results = body.run(carried, (*self._computed, *entering))
            values = dict(zip(self._computed, results[count:], strict=False))
            values.update((n, carried[_state(n)]) for n in self._states if n not in lists)
            entered = iter(results[count + len(self._computed) :])
            for at, inner in self._inner.items():
                built = inner.build(tf, [next(entered) for _ in inner.loop.inputs])
                values.update(zip(_keys(at, inner), built, strict=True))
            return results[:count], values

        def step(*state: Any) -> tuple[Any, ...]:  # noqa: ANN401
            number, arrays = state[count], state[count + 1 :]
            results, values = turn(state[:count])
            written = [a.write(number, v) for a, v in zip(arrays, values.values(), strict=True)]
            return (*results, number + 1, *written)

        # Once outside of the loop for the types: nobody fetches that.
        once = turn(inputs)[1]
        empty = [
            tf.TensorArray(v.dtype, size=0, dynamic_size=True, infer_shape=False)
            for v in once.values()
        ]
        variables = (*inputs, tf.constant(0), *empty)
        anything = (tf.TensorShape(None),) * len(variables)
        ends = tf.while_loop(go, step, variables, anything, parallel_iterations=1)
        turns, arrays = ends[count], dict(zip(once, ends[count + 1 :], strict=True))

        def fetched(key: str, number: int | None) -> Any:  # noqa: ANN401
            if key in lists:
                kind = _kind_of_items(loop.body, _state(key), tf.float32.as_datatype_enum)
                return tf.raw_ops.TensorListStack(
                    input_handle=ends[_state(key)], element_shape=-1, element_dtype=kind
                )
            array = arrays[key]
            if number is None:
                return array.stack()
            # Where there is no such turn, by_path says so.
            nothing = tf.zeros((0,), once[key].dtype)
            return tf.cond(turns > number, lambda: array.read(number), lambda: nothing)

        return [*(fetched(key, number) for number, key in self._fetches()), turns]

    @property
    def count(self) -> int:
        """How many tensors ``build`` returns."""
        return len(self._fetches()) + 1

    def _fetches(self) -> list[tuple[int | None, str]]:
        """What is fetched: numbers of turns, and what of each."""
        fetches: dict[tuple[int | None, str], None] = {}
        for number, name in self._split:
            at = self._inner_of(name)
            keys = [name] if not at else _keys(at, self._inner[at])
            fetches.update(dict.fromkeys((number, key) for key in keys))
        return list(fetches)

    def _inner_of(self, name: str) -> str:
        """The inner loop that a tensor is in; empty where it is in none."""
        if name in self._computed or name in self._states:
            return ""
        return _around(name, self._inner)

    def by_path(self, fetched: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The wanted values by path, of what was fetched. Raises ModelError for a missing turn."""
        *rest, turns = fetched
        values = dict(zip(self._fetches(), rest, strict=True))
        count, by_path = int(np.min(turns)), {}
        for path, (number, name) in zip(self.paths, self._split, strict=True):
            if number is not None and number >= count:
                raise ModelError(
                    f"the loop {self.loop.name} ends after {count} turns for these inputs: "
                    f"{name} has no value in turn {number}"
                )
            at = self._inner_of(name)
            if not at:
                by_path[path] = values[number, name]
                continue
            inner = self._inner[at]
            within = inner.by_path([values[number, key] for key in _keys(at, inner)])
            by_path[path] = within[name.removeprefix(f"{at}/")]
        return by_path


def _around(name: str, loops: Iterable[str]) -> str:
    """The innermost of these loops that a tensor is in; empty where it is in none."""
    return max((at for at in loops if name.startswith(f"{at}/")), key=len, default="")


def _keys(at: str, inner: Turns) -> list[str]:
    """Names for all that an inner loop gives out in a turn of the loop around."""
    return [f"{at}/{i}" for i in range(inner.count)]


def _split(path: str) -> tuple[int | None, str]:
    """The number of a turn that a path begins with, and the name behind it."""
    part, slash, name = path.partition("/")
    return (int(part), name) if slash and part.isdecimal() else (None, path)


def _state(name: str) -> int:
    """The number of what turns carry, of a name that stands for it; -1 for other names."""
    number = name.removeprefix(_STATE)
    return int(number) if number != name and number.isdecimal() else -1


def _kind_of_items(body: Body, state: int, default: int) -> int:
    """The type of the items of a list that turns hand on, by the operations that fill it."""
    for node in body.nodes:
        if node.input and node.input[0] == body.arguments[state] and "element_dtype" in node.attr:
            return int(node.attr["element_dtype"].type)
    return default


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
