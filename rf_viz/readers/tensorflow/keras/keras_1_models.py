"""Sequential models as Keras wrote them once, in the form in which it reads them today.

Up to Keras 2.2 such a model was no more than a list of its layers. In Keras 1 it could begin with a
``Merge`` of others; it becomes a functional model here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from ....errors import ModelError

Config = dict[str, Any]


def with_modern_sequences(config: Config) -> Config:
    """Return a configuration in which all sequential models, however deep, have today's form.

    Those without a name are numbered: ``sequential_1``. Raises ModelError where one is damaged.
    """
    return dict(_Sequences(config).modern(config))


class _Sequences:
    """One pass over a configuration."""

    def __init__(self, config: Config) -> None:
        used = set(_names(config))
        self._free = (name for i in count(1) if (name := f"sequential_{i}") not in used)

    def modern(self, value: Any) -> Any:  # noqa: ANN401
        """Return a part of the configuration with today's sequential models."""
        if isinstance(value, list):
            return [self.modern(v) for v in value]
        if not isinstance(value, dict):
            return value
        if value.get("class_name") == "Sequential":
            value = self._sequential(value)
        return {key: self.modern(v) for key, v in value.items()}

    def _sequential(self, entry: Config) -> Config:
        """A sequential model's entry, its settings a dictionary, without a merge in front."""
        settings = entry.get("config")
        if isinstance(settings, list):
            settings = {"name": entry.get("name") or next(self._free), "layers": settings}
        if not isinstance(settings, dict) or not isinstance(settings.get("layers"), list):
            return entry
        layers = settings["layers"]
        if layers and isinstance(layers[0], dict) and layers[0].get("class_name") == "Merge":
            settings = self._merged(settings.get("name") or next(self._free), layers)
            return {**entry, "class_name": "Functional", "config": settings}
        return {**entry, "config": settings}

    def _merged(self, name: str, layers: list[Config]) -> Config:
        """The settings of the functional model for a sequential one that begins with a merge."""
        merge, *others = layers
        settings = _settings(merge)
        branches = settings.pop("layers", None)
        if not isinstance(branches, list):
            raise ModelError(f"the configuration is damaged: the model {name!r} merges nothing")
        graph = _Graph(name)
        tensors = []
        for branch in branches:
            is_sequence = isinstance(branch, dict) and branch.get("class_name") == "Sequential"
            tensors.append(
                graph.call_on_inputs(self._sequential(branch) if is_sequence else branch)
            )
        last = graph.call({**merge, "config": settings}, tensors)
        for layer in others:
            last = graph.call(layer, [last])
        return graph.settings(last)


class _Graph:
    """A functional model in the making, in the form of Keras 2."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs: list[Config] = []
        self._layers: dict[str, Config] = {}

    def call_on_inputs(self, layer: Any) -> list[Any]:  # noqa: ANN401
        """Return the output of a model or layer on inputs of its own. Raises ModelError."""
        inputs = [self._input(shape, dtype) for shape, dtype in _takes(layer)]
        if not inputs:
            raise ModelError(
                f"the model {self._name!r} merges layers that do not say what input they take: "
                "save it again after it was called on some data"
            )
        return self.call(layer, inputs)

    def call(self, layer: Config, tensors: list[list[Any]]) -> list[Any]:
        """Return the output of a layer that is called on these tensors."""
        settings = _settings(layer)
        name = layer.get("name") or settings.get("name") or f"layer_{len(self._layers) + 1}"
        if not isinstance(name, str):
            raise ModelError("the configuration has a layer whose name is no text: it is damaged")
        entry = {**layer, "config": {**settings, "name": name}, "name": name, "inbound_nodes": []}
        entry = self._layers.setdefault(name, entry)
        entry["inbound_nodes"].append(tensors)
        return [name, len(entry["inbound_nodes"]) - 1, 0]

    def settings(self, output: list[Any]) -> Config:
        """Return the settings of the model that ends with this tensor."""
        return {
            "name": self._name,
            "layers": [*self._inputs, *self._layers.values()],
            "input_layers": [[entry["name"], 0, 0] for entry in self._inputs],
            "output_layers": [output],
        }

    def _input(self, shape: list[int | None], dtype: str) -> list[Any]:
        """An input of the whole model."""
        name = f"{self._name}_input_{len(self._inputs) + 1}"
        settings = {"name": name, "batch_input_shape": shape, "dtype": dtype}
        entry = {"class_name": "InputLayer", "name": name, "inbound_nodes": []}
        self._inputs.append({**entry, "config": settings})
        return [name, 0, 0]


def _settings(layer: Any) -> Config:  # noqa: ANN401
    """A copy of a layer's settings. Raises ModelError where there are none."""
    settings = layer.get("config") if isinstance(layer, dict) else None
    if not isinstance(settings, dict):
        raise ModelError("the configuration lists something that is no layer: it is damaged")
    return dict(settings)


def _takes(layer: Any) -> Iterator[tuple[list[int | None], str]]:  # noqa: ANN401
    """Shape and type of each input of a layer or model."""
    settings = _settings(layer)
    inner = settings.get("layers")
    if isinstance(inner, list) and isinstance(settings.get("input_layers"), list):
        entries = {entry.get("name"): entry for entry in inner if isinstance(entry, dict)}
        for name, *_ in settings["input_layers"]:
            yield from _takes(entries.get(name))
    elif isinstance(inner, list) and inner:
        yield from _takes(inner[0])
    elif isinstance(settings.get("batch_input_shape"), list):
        dtype = settings.get("input_dtype") or settings.get("dtype") or "float32"
        yield settings["batch_input_shape"], str(dtype)


def _names(config: Any) -> Iterator[str]:  # noqa: ANN401
    """All names in a configuration."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("name"), str):
                yield value["name"]
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
