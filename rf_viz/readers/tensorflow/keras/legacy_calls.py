"""How the layers of a model are connected, from the form of Keras 1 and 2 to that of Keras 3.

Keras 2 writes a call of a layer down as its first argument: a tensor or a structure of tensors,
each a list of a layer's name, the number of its call, the number of its output and the call's other
arguments. It counts the calls of a layer from 0; but those of a model that was made on an input of
its own, whose call on that input is its first, from 1. Keras 3 writes down the arguments as they
are, and counts from 0; only for the outputs of a model it counts the calls of functional models
from 1 as well.

Sources: ``get_network_config`` and ``Node.serialize`` of Keras 2.15, ``functional_from_config`` of
Keras 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....errors import ModelError

Config = dict[str, Any]

_CONSTANT = "_CONSTANT_VALUE"
"""Stands in the place of a layer's name where a call has a constant in the place of a tensor."""

_WITH_STATES = ("RNN", "SimpleRNN", "LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU", "Bidirectional",
                "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")  # fmt: skip
"""Layers that Keras 2 calls on a list of the sequence, the states to begin with and constants."""

_AS_WRITTEN = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
"""Layers that are called on a list of one tensor where the file has such a list."""


def is_functional(config: Any) -> bool:  # noqa: ANN401
    """Tell whether settings are those of a model that says how its layers are connected."""
    return (
        isinstance(config, dict)
        and isinstance(config.get("layers"), list)
        and {"input_layers", "output_layers"} <= config.keys()
    )


def modern_calls(model: Config) -> Config:
    """Return the settings of a functional model with all its calls in Keras 3's form.

    Raises ModelError where a call is damaged.
    """
    entries = [entry for entry in model["layers"] if isinstance(entry, dict)]
    if not any(isinstance(node, list) for entry in entries for node in _nodes(entry)):
        return model
    calls = _Calls(entries)
    calls.count(model)
    return {
        **model,
        "layers": [calls.layer(entry) for entry in model["layers"]],
        "input_layers": _single(calls.ends(model["input_layers"])),
        "output_layers": _single(calls.ends(model["output_layers"])),
    }


class _Calls:
    """The calls of one model's layers."""

    def __init__(self, entries: list[Config]) -> None:
        self._entries = {str(_name(entry)): entry for entry in entries}
        self._first = dict.fromkeys(self._entries, 0)

    def count(self, model: Config) -> None:
        """Find which layers' calls are counted from 1: their last one has their number."""
        nodes = [_nodes(entry) for entry in self._entries.values()]
        for name, number in self._references([nodes, model["output_layers"]]):
            if number == len(_nodes(self._entries[name])) > 0:
                self._first[name] = 1

    def layer(self, entry: Any) -> Any:  # noqa: ANN401
        """A layer with its calls in Keras 3's form."""
        if not isinstance(entry, dict) or not isinstance(entry.get("inbound_nodes"), list):
            return entry
        return {**entry, "inbound_nodes": [self._call(node, entry) for node in _nodes(entry)]}

    def ends(self, value: Any) -> Any:  # noqa: ANN401
        """Inputs or outputs of the model, as Keras 3 counts them."""
        if self._is_tensor(value):
            name, number, output = value[:3]
            from_1 = is_functional(self._entries[name].get("config"))
            return [name, number - self._first[name] + from_1, output]
        if isinstance(value, list):
            return [self.ends(v) for v in value]
        if isinstance(value, dict):
            return {k: self.ends(v) for k, v in value.items()}
        raise ModelError("the configuration names an input or output that no layer has")

    def _references(self, value: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401
        """All tensors that are named anywhere within, by layer and number of the call."""
        pending = [value]
        while pending:
            value = pending.pop()
            if self._is_tensor(value):
                yield value[0], value[1]
            if isinstance(value, list):
                pending.extend(value)
            elif isinstance(value, dict):
                pending.extend(value.values())

    def _is_tensor(self, value: Any) -> bool:  # noqa: ANN401
        """Whether a value names a tensor by its layer, call and output."""
        return (
            isinstance(value, list)
            and len(value) in (3, 4)
            and isinstance(value[0], str)
            and value[0] in self._entries
            and all(type(n) is int for n in value[1:3])
            and (len(value) == 3 or isinstance(value[3], dict))
        )

    def _call(self, node: Any, entry: Config) -> Any:  # noqa: ANN401
        """One call."""
        if isinstance(node, dict) and {"args", "kwargs"} <= node.keys():
            return node
        kind, others = entry.get("class_name"), {}
        first = self._first_argument(node, others)
        if kind not in _AS_WRITTEN:
            first = _single(first)
            others = {k: v for k, v in others.items() if v is not None}
        arguments = [first]
        if kind in _WITH_STATES and isinstance(first, list):
            arguments, states = first[:1], first[1:]
            count = _number(entry, "num_constants")
            others.setdefault("initial_state", states[: len(states) - count])
            if count:
                others["constants"] = states[len(states) - count :]
        kwargs = {k: self._argument(v) for k, v in others.items() if k != "name"}
        return {"args": arguments, "kwargs": kwargs}

    def _first_argument(self, value: Any, others: Config) -> Any:  # noqa: ANN401
        """The first argument of a call; the other arguments are added to ``others``."""
        constant = isinstance(value, list) and len(value) in (3, 4) and value[0] == _CONSTANT
        if constant or self._is_tensor(value):
            if len(value) == 4:
                others.update(value[3])
            return value[2] if constant else self._tensor(value)
        if isinstance(value, list) and value and not isinstance(value[0], str):
            return [self._first_argument(v, others) for v in value]
        if isinstance(value, dict) and value:
            return {k: self._first_argument(v, others) for k, v in value.items()}
        raise ModelError("the configuration has a call that is of no known form: it is damaged")

    def _argument(self, value: Any) -> Any:  # noqa: ANN401
        """Any other argument."""
        if self._is_tensor(value):
            return self._tensor(value)
        if isinstance(value, list):
            constant = len(value) == 3 and value[0] == _CONSTANT
            return value[2] if constant else [self._argument(v) for v in value]
        if isinstance(value, dict):
            return {k: self._argument(v) for k, v in value.items()}
        return value

    def _tensor(self, reference: list[Any]) -> Config:
        """A tensor as Keras 3 writes it: by its layer, and the numbers of call and output."""
        name, number, output = reference[:3]
        history = [name, number - self._first[name], output]
        config = {"shape": [None], "dtype": "float32", "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}


def _name(entry: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The name of a layer."""
    inner = entry.get("config")
    return entry.get("name") or (inner.get("name") if isinstance(inner, dict) else None)


def _nodes(entry: Mapping[str, Any]) -> list[Any]:
    """The calls of a layer."""
    nodes = entry.get("inbound_nodes")
    return nodes if isinstance(nodes, list) else []


def _number(entry: Mapping[str, Any], setting: str) -> int:
    """A setting of a layer that is a number; 0 where it has none."""
    inner = entry.get("config")
    value = inner.get(setting) if isinstance(inner, dict) else None
    return value if type(value) is int and value > 0 else 0


def _single(value: Any) -> Any:  # noqa: ANN401
    """What a list of one holds; anything else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
