"""Names of layers that Keras 2 allowed and Keras 3 does not: ``conv1/conv``, and the same twice.

A model is built with other names in their place, and shown with its own.
"""

from __future__ import annotations

from typing import Any

_ATTRIBUTE = "name_in_file"

Config = dict[str, Any]


class LayerNames:
    """The names in a configuration, and those that take their place.

    ``renamed`` gives a layer's name in the file by the name under which it is built.
    """

    def __init__(self, config: Config) -> None:
        self._used = {entry["name"] for entry in _dictionaries(config) if _has_name(entry)}
        self._instead: dict[str, str] = {}
        self.renamed: dict[str, str] = {}

    def replaced(self, value: Any) -> Any:  # noqa: ANN401
        """Return a copy of a configuration with names that Keras 3 takes."""
        if isinstance(value, list):
            if len(value) == 3 and isinstance(value[0], str) and type(value[1]) is int:
                return [self._allowed(value[0]), *value[1:]]  # a tensor, by its layer
            return [self.replaced(v) for v in value]
        if not isinstance(value, dict):
            return value
        copy = {key: self.replaced(v) for key, v in value.items()}
        if _has_name(copy):
            copy["name"] = self._allowed(copy["name"])
        if "input_layers" not in copy and isinstance(copy.get("layers"), list):
            self._distinguish(copy["layers"])
        return copy

    def _allowed(self, name: str) -> str:
        """The name to build a layer under."""
        if "/" not in name:
            return name
        if name not in self._instead:
            free = self._free(name.replace("/", "_").strip("_") or "layer")
            self._instead[name], self.renamed[free] = free, name
        return self._instead[name]

    def _free(self, wanted: str) -> str:
        """A name that no layer has yet."""
        free, count = wanted, 1
        while free in self._used:
            count += 1
            free = f"{wanted}_{count}"
        self._used.add(free)
        return free

    def _distinguish(self, layers: list[Any]) -> None:
        """Let no two layers of a sequential model have the same name."""
        names = set()
        for entry in layers:
            settings = entry.get("config") if isinstance(entry, dict) else None
            if isinstance(settings, dict) and _has_name(settings):
                if settings["name"] in names:
                    settings["name"] = self._free(settings["name"])
                names.add(settings["name"])


def keep_names(model: Any, renamed: dict[str, str]) -> None:  # noqa: ANN401
    """Let the layers of a model that was built know their names in the file."""
    for layer in model._flatten_layers():
        if layer.name in renamed:
            setattr(layer, _ATTRIBUTE, renamed[layer.name])


def name_of(layer: Any) -> str:  # noqa: ANN401
    """Return a layer's name as its file has it."""
    return str(getattr(layer, _ATTRIBUTE, layer.name))


def _has_name(entry: Config) -> bool:
    """Whether a part of a configuration has a name."""
    return isinstance(entry.get("name"), str)


def _dictionaries(config: Any) -> Any:  # noqa: ANN401
    """All dictionaries in a configuration."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
