"""How Keras 1 and 2 wrote down which layers call which, brought to Keras 3's form.

Keras 2 writes a call as the tensors of its first argument, in their structure. Each is a list: the
layer that made the tensor, the number of that layer's call, the number of its output, and the other
arguments of the call. It counts the calls of a model that has an input of its own from 1, since
building the model was a call too. A list of one tensor stands for the tensor. Keras 3 writes all
arguments alike and counts from 0, but from 1 where a model names its outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....errors import ModelError

Entry = dict[str, Any]

CONSTANT = "_CONSTANT_VALUE"
"""What stands in the place of a layer's name where an argument is a constant."""

_RECURRENT = ("RNN", "LSTM", "GRU", "Bidirectional")
"""How the names of layers end that take states, and constants, in a list after their input."""


def with_modern_calls(model: Entry) -> Entry:
    """Rewrite the calls within a model's settings; its ``layers`` are left as they are otherwise.

    Raises ModelError where a call is of no known form.
    """
    layers = [entry for entry in model["layers"] if isinstance(entry, dict)]
    if not any(_is_legacy(node) for entry in layers for node in _nodes(entry)):
        return model
    numbers = _Numbers(model, layers)
    rewritten = {**model, "layers": [_with_modern_nodes(e, numbers) for e in model["layers"]]}
    for key in ("input_layers", "output_layers"):
        if key in model:
            references = _references(model[key], numbers)
            one = isinstance(references, list) and len(references) == 1
            rewritten[key] = references[0] if one else references
    return rewritten


def _nodes(entry: Entry) -> list[Any]:
    """The calls of a layer. Raises ModelError where they are damaged."""
    nodes = entry.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise ModelError(
            f"the configuration is damaged: its layer {layer_name(entry)!r} has no list of calls"
        )
    return nodes


def _is_legacy(node: Any) -> bool:  # noqa: ANN401
    """Whether a call is in the form of Keras 1 and 2: no object with all its arguments."""
    return not (isinstance(node, dict) and "args" in node)


def layer_name(entry: Mapping[str, Any]) -> str:
    """Return the name of a layer of a configuration."""
    settings = entry.get("config")
    inner = settings.get("name") if isinstance(settings, dict) else None
    return str(entry.get("name") or inner or entry.get("class_name"))


class _Numbers:
    """The numbers of calls: ``model`` counts those of its layers as Keras 2 does."""

    def __init__(self, model: Entry, layers: list[Entry]) -> None:
        uses: dict[str, set[int]] = {}
        for entry in layers:
            for node in _nodes(entry):
                for leaf in _leaves(node):
                    uses.setdefault(leaf[0], set()).add(leaf[1])
        for key in ("input_layers", "output_layers"):
            for leaf in _leaves(model.get(key, [])):
                uses.setdefault(leaf[0], set()).add(leaf[1])
        self._first: dict[str, int] = {}
        self._functional: set[str] = set()
        for entry in layers:
            name = layer_name(entry)
            if is_model(entry):
                self._first[name] = _first_call(entry, uses.get(name, set()))
                if entry.get("class_name") != "Sequential":
                    self._functional.add(name)

    def from_0(self, name: str, number: int) -> int:
        """Return a call's number counted from 0."""
        return number - self._first.get(name, 0)

    def of_output(self, name: str, number: int) -> int:
        """Return a call's number as Keras 3 counts it where a model names its outputs."""
        return self.from_0(name, number) + (name in self._functional)


def is_model(entry: Mapping[str, Any]) -> bool:
    """Tell whether a layer of a configuration is a model of layers."""
    settings = entry.get("config")
    if entry.get("class_name") == "Sequential" and isinstance(settings, list):
        return True
    return isinstance(settings, dict) and isinstance(settings.get("layers"), list)


def _first_call(entry: Entry, uses: set[int]) -> int:
    """The number of a model's first call, as its uses show; where both are possible, by rule.

    Versions differ in Sequential models without an input of their own.
    """
    count = len(_nodes(entry))
    if 0 in uses:
        return 0
    if count in uses:
        return 1
    settings = entry["config"]
    layers = settings["layers"] if isinstance(settings, dict) else settings
    first = layers[0] if layers else {}
    own_input = isinstance(first, dict) and first.get("class_name") == "InputLayer"
    return int(entry.get("class_name") != "Sequential" or own_input)


def _is_leaf(value: Any) -> bool:  # noqa: ANN401
    """Whether a value is a tensor as Keras 2 writes it."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and type(value[1]) is int
        and (type(value[2]) is int or value[0] == CONSTANT)
    )


def _leaves(value: Any) -> Iterator[list[Any]]:  # noqa: ANN401
    """The tensors in a structure, with those among the other arguments of its call."""
    pending = [value]
    while pending:
        part = pending.pop()
        if _is_leaf(part):
            if part[0] != CONSTANT:
                yield part
            pending.extend(part[3:])
        elif isinstance(part, list):
            pending.extend(part)
        elif isinstance(part, dict):
            pending.extend(part.values())


def _with_modern_nodes(entry: Any, numbers: _Numbers) -> Any:  # noqa: ANN401
    """A layer with its calls in Keras 3's form."""
    if not isinstance(entry, dict) or "inbound_nodes" not in entry:
        return entry
    name = layer_name(entry)
    nodes = [
        _modern_node(node, entry, name, numbers) if _is_legacy(node) else node
        for node in _nodes(entry)
    ]
    return {**entry, "name": name, "inbound_nodes": nodes}


def _modern_node(node: Any, entry: Entry, name: str, numbers: _Numbers) -> Entry:  # noqa: ANN401
    """A call in Keras 3's form. Raises ModelError where it is damaged."""
    leaf = next(_first_leaves(node), None)
    others = leaf[3] if leaf is not None and len(leaf) > 3 and leaf[3] is not None else {}
    if leaf is None or not isinstance(others, dict):
        raise ModelError(
            f"the configuration is damaged: a call of the layer {name!r} is of no known form"
        )
    kind = str(entry.get("class_name"))
    calls_function = kind.endswith("OpLambda")
    if not calls_function and isinstance(node, list) and len(node) == 1:
        node = node[0]  # a list of one tensor stands for the tensor
    first = _argument(node, numbers, raw=calls_function)
    kwargs = {
        k: _mask(v)
        if k.endswith("mask") and not calls_function and _is_array(v)
        else _argument(v, numbers, raw=True)
        for k, v in others.items()
        if v is not None
    }
    if calls_function:
        kwargs.pop("name", None)
    elif kind.endswith(_RECURRENT) or "LSTM" in kind:
        first, kwargs = _with_states(first, kwargs, entry)
    return {"args": [first], "kwargs": kwargs}


def _first_leaves(node: Any) -> Iterator[list[Any]]:  # noqa: ANN401
    """The tensors and constants of a call's first argument, in order."""
    if _is_leaf(node):
        yield node
    elif isinstance(node, list | dict):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _first_leaves(part)


def _with_states(first: Any, kwargs: Entry, entry: Entry) -> tuple[Any, Entry]:  # noqa: ANN401
    """The arguments of a recurrent layer's call: input, states and constants came in one list."""
    if not isinstance(first, list) or len(first) < 2:
        return first, kwargs
    settings = entry.get("config")
    count = settings.get("num_constants") if isinstance(settings, dict) else None
    constants = first[len(first) - count :] if isinstance(count, int) and count > 0 else []
    states = first[1 : len(first) - len(constants)]
    if states:
        kwargs = {**kwargs, "initial_state": states}
    if constants:
        kwargs = {**kwargs, "constants": constants}
    return first[0], kwargs


def _argument(value: Any, numbers: _Numbers, *, raw: bool) -> Any:  # noqa: ANN401
    """An argument of a call in Keras 3's form; ``raw`` leaves constants as plain numbers."""
    if _is_leaf(value):
        if value[0] == CONSTANT:
            return value[2] if raw else _constant(value[2])
        return _tensor(value[0], numbers.from_0(value[0], value[1]), value[2])
    if isinstance(value, list):
        return [_argument(v, numbers, raw=raw) for v in value]
    if isinstance(value, dict):
        return {k: _argument(v, numbers, raw=raw) for k, v in value.items()}
    return value


def _is_array(value: Any) -> bool:  # noqa: ANN401
    """Whether a value is a list of numbers, or of such lists."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(v, bool | int | float) or _is_array(v) for v in value)


def _mask(value: list[Any]) -> Entry:
    """A constant mask in Keras 3's form. Keras 2 took lists for tensors."""
    return {"class_name": "__numpy__", "config": {"value": value, "dtype": "bool"}}


def _constant(value: Any) -> Entry:  # noqa: ANN401
    """An array in Keras 3's form."""
    return {"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}


def _tensor(layer: str, call: int, output: int) -> Entry:
    """A tensor in Keras 3's form. Keras finds it by its history alone."""
    config = {"shape": [None], "dtype": "float32", "keras_history": [layer, call, output]}
    return {"class_name": "__keras_tensor__", "config": config}


def _references(value: Any, numbers: _Numbers) -> Any:  # noqa: ANN401
    """The tensors that a model takes or returns, their calls counted as Keras 3 does."""
    if _is_leaf(value):
        return [value[0], numbers.of_output(value[0], value[1]), value[2]]
    if isinstance(value, list):
        return [_references(v, numbers) for v in value]
    if isinstance(value, Mapping):
        return {k: _references(v, numbers) for k, v in value.items()}
    return value
