"""Models within models, as Keras 1 and 2 wrote them, in the form in which Keras 3 reads them.

Three things differ: how layers are connected (see ``legacy_calls``), sequential models that are no
more than a list of their layers (up to Keras 2.2), and sequential models of Keras 1 that begin with
a ``Merge`` of others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....errors import ModelError
from .legacy_calls import Config, is_functional, modern_calls


def modern_models(config: Any) -> Any:  # noqa: ANN401
    """Return a configuration in which all models, however deep, have Keras 3's form.

    Raises ModelError where one is damaged.
    """
    if isinstance(config, list):
        return [modern_models(value) for value in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "Sequential":
        config = _sequential(config)
    modern = {key: modern_models(value) for key, value in config.items()}
    return modern_calls(modern) if is_functional(modern) else modern


def _sequential(entry: Config) -> Config:
    """A sequential model's entry, its settings a dictionary, without a merge in front."""
    settings = entry.get("config")
    if isinstance(settings, list):
        settings = {"name": entry.get("name", "sequential"), "layers": settings}
    if not isinstance(settings, dict) or not isinstance(settings.get("layers"), list):
        return entry
    layers = settings["layers"]
    if layers and isinstance(layers[0], dict) and layers[0].get("class_name") == "Merge":
        settings = _Merged(settings.get("name", "sequential")).functional(layers)
        return {**entry, "class_name": "Functional", "config": settings}
    return {**entry, "config": settings}


class _Merged:
    """A sequential model that begins with a merge of others, as a functional model."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs: list[Config] = []
        self._calls: dict[str, Config] = {}

    def functional(self, layers: list[Config]) -> Config:
        """Return the settings of the functional model. Raises ModelError where it is damaged."""
        merge, *others = layers
        settings = _settings(merge)
        branches = [self._branch(branch) for branch in settings.pop("layers", None) or []]
        last = self._call({**merge, "config": settings}, branches)
        for layer in others:
            last = self._call(layer, [last])
        return {
            "name": self._name,
            "layers": [*self._inputs, *self._calls.values()],
            "input_layers": [[entry["name"], 0, 0] for entry in self._inputs],
            "output_layers": [last],
        }

    def _branch(self, branch: Any) -> list[Any]:  # noqa: ANN401
        """The output of one of the merged models or layers, on inputs of its own."""
        if isinstance(branch, dict) and branch.get("class_name") == "Sequential":
            branch = _sequential(branch)
        inputs = [self._input(shape, dtype) for shape, dtype in _takes(branch)]
        if not inputs:
            raise ModelError(
                f"the model {self._name!r} merges layers that do not say what input they take"
            )
        return self._call(branch, inputs)

    def _input(self, shape: list[int | None], dtype: str) -> list[Any]:
        """An input of the whole model."""
        name = f"{self._name}_input_{len(self._inputs) + 1}"
        settings = {"name": name, "batch_input_shape": shape, "dtype": dtype}
        entry = {"class_name": "InputLayer", "name": name, "inbound_nodes": []}
        self._inputs.append({**entry, "config": settings})
        return [name, 0, 0]

    def _call(self, layer: Config, tensors: list[list[Any]]) -> list[Any]:
        """The output of a layer that is called on these tensors."""
        settings = _settings(layer)
        name = layer.get("name") or settings.get("name") or f"layer_{len(self._calls) + 1}"
        entry = {**layer, "config": {**settings, "name": name}, "name": name, "inbound_nodes": []}
        entry = self._calls.setdefault(name, entry)
        entry["inbound_nodes"].append(tensors)
        return [name, len(entry["inbound_nodes"]) - 1, 0]


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
    if isinstance(inner, list) and is_functional(settings):
        entries = {entry.get("name"): entry for entry in inner if isinstance(entry, dict)}
        for name, *_ in settings["input_layers"]:
            yield from _takes(entries.get(name))
    elif isinstance(inner, list) and inner:
        yield from _takes(inner[0])
    elif isinstance(settings.get("batch_input_shape"), list):
        dtype = settings.get("input_dtype") or settings.get("dtype") or "float32"
        yield settings["batch_input_shape"], str(dtype)
