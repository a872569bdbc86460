"""Weights of files that Keras 1 and 2 wrote, put into the layers that Keras 3 built.

An HDF5 file has a group for each layer of the model, with the weights of a nested model in one row:
those that are trained first, in the order of its layers, then the others. A ``.keras`` archive has
a group for each object, named after its class and numbered in the order of the layers. Keras 3
orders layers by its own walk over the graph and knows other classes, so here the file's own
configuration says which layer comes when.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from .build import with_slashes
from .keras_1_weights import of_keras_1
from .legacy_calls import is_model, layer_name
from .stand_ins import kind_of

Entry = Mapping[str, Any]

_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
"""What Keras 2 called the group with the layers of a model; the latter up to 2.12."""


def fill_from_rows(model: Any, config: Entry, file: Any, name: str) -> None:  # noqa: ANN401
    """Fill a model from an open HDF5 file. Raises ModelError where the weights do not fit."""
    weights = _member(file, "model_weights", name) if "model_weights" in file else file
    layers = {layer_name(e): (e, layer) for e, layer in _children(config, model) or ()}
    version = _text(weights.attrs.get("keras_version", "1"))
    for group_name in _names(weights, "layer_names"):
        group = _member(weights, group_name, name)
        arrays = [_array(group, path, name) for path in _names(group, "weight_names")]
        if group_name not in layers or not arrays:
            continue
        entry, layer = layers[group_name]
        if version.startswith("1"):
            arrays = of_keras_1(kind_of(layer), layer, arrays)
        variables = [v for part in _parts(entry, layer) for v in part]
        if not variables and not layer.weights:
            continue  # a stand-in, which has none
        _assign(variables, arrays, group_name, name)


def fill_from_objects(model: Any, config: Entry, file: Any, name: str) -> None:  # noqa: ANN401
    """Fill a model from the open HDF5 file of a ``.keras`` archive. Raises ModelError."""
    _fill_object(config, model, file, name)


def _children(entry: Entry, layer: Any) -> list[tuple[Entry, Any]] | None:  # noqa: ANN401
    """The layers within a model or a wrapper, as the file lists them; None for any other layer."""
    settings = entry.get("config")
    if is_model(entry) and hasattr(layer, "layers"):
        by_name = {with_slashes(inner.name): inner for inner in layer.layers}
        listed = settings if isinstance(settings, list) else settings["layers"]  # type: ignore[index]
        return [(e, by_name.pop(layer_name(e))) for e in listed if layer_name(e) in by_name]
    inner = settings.get("layer") if isinstance(settings, dict) else None
    if not isinstance(settings, dict) or not isinstance(inner, dict):
        return None
    if hasattr(layer, "backward_layer"):
        other = settings.get("backward_layer")
        backward = other if isinstance(other, dict) else inner
        return [(inner, layer.forward_layer), (backward, layer.backward_layer)]
    if kind_of(layer) == "TimeDistributed":
        return [(inner, layer.layer)]
    return None


def _parts(entry: Entry, layer: Any) -> tuple[list[Any], list[Any]]:  # noqa: ANN401
    """The variables of a layer that are trained, and the others, each in Keras 2's order."""
    settings = entry.get("config")
    frozen = isinstance(settings, dict) and settings.get("trainable") is False
    children = _children(entry, layer)
    if children is None:
        layer.trainable = True  # of the class's own; the file's order follows its own flag
        trained, others = list(layer.trainable_weights), list(layer.non_trainable_weights)
        return ([], trained + others) if frozen else (trained, others)
    parts = [_parts(*child) for child in children]
    trained = [v for part, _ in parts for v in part]
    others = [v for _, part in parts for v in part]
    if not frozen:
        return trained, others
    if is_model(entry):
        return [], trained + others
    return [], [v for part in parts for v in (*part[0], *part[1])]


def _assign(
    variables: Sequence[Any], arrays: Sequence[NDArray[Any]], layer: str, name: str
) -> None:
    """Give variables their values. Raises ModelError where the shapes differ."""
    if len(variables) != len(arrays):
        raise ModelError(
            f"the weights of {name} do not fit: its layer {layer!r} has {len(variables)}, the file "
            f"holds {len(arrays)}"
        )
    for variable, array in zip(variables, arrays, strict=True):
        shape = tuple(variable.shape)
        if shape != array.shape:
            raise ModelError(
                f"the weights of {name} do not fit: {with_slashes(variable.path)} of the layer {layer!r} is "
                f"{shape}, in the file {array.shape}"
            )
        variable.assign(array)


def _fill_object(entry: Entry, layer: Any, group: Any, name: str) -> None:  # noqa: ANN401
    """Fill a layer of an archive from its group, and the layers within."""
    children = _children(entry, layer)
    if children is None:
        _fill_layer(layer, group, name)
        return
    if is_model(entry):
        container = next((c for c in _CONTAINERS if c in group), None)
        if container is None:
            return
        inner_group = _member(group, container, name)
        numbers: Counter[str] = Counter()
        settings = entry["config"]
        keys = {}
        for e in settings["layers"]:
            keys[layer_name(e)] = _numbered(str(e.get("class_name")), numbers)
        for e, inner in children:
            key = keys[layer_name(e)]
            if key in inner_group:
                _fill_object(e, inner, _member(inner_group, key, name), name)
        return
    attributes = ("forward_layer", "backward_layer") if len(children) == 2 else ("layer",)
    for attribute, (e, inner) in zip(attributes, children, strict=True):
        if attribute in group:
            _fill_object(e, inner, _member(group, attribute, name), name)


def _numbered(kind: str, numbers: Counter[str]) -> str:
    """The name of an object in a container, by its class: ``conv2d``, ``conv2d_1`` ..."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    key = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
    number = numbers[key]
    numbers[key] += 1
    return f"{key}_{number}" if number else key


def _fill_layer(layer: Any, group: Any, name: str) -> None:  # noqa: ANN401
    """Fill a layer of no model's kind, and the objects that it is made of."""
    if "vars" in group and layer.weights:
        own = _member(group, "vars", name)
        values = {key: _array(own, key, name) for key in own}
        if values:
            try:
                layer.load_own_variables(values)
            except Exception as error:  # whatever Keras makes of values that do not fit
                raise ModelError(
                    f"the weights of {name} do not fit its layer {with_slashes(layer.name)!r}"
                ) from error
    for key in group:
        if key == "vars":
            continue
        parts = getattr(layer, key, None) or getattr(layer, key.lstrip("_"), None)
        inner = _member(group, key, name)
        for part, part_group in _with_groups(parts, inner, name):
            if hasattr(part, "load_own_variables") and hasattr(part, "weights"):
                _fill_layer(part, part_group, name)


def _with_groups(parts: Any, group: Any, name: str) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    """What an attribute holds, one object or a list of them, with their groups."""
    if not isinstance(parts, list | tuple):
        yield parts, group
        return
    numbers: Counter[str] = Counter()
    for part in parts:
        key = _numbered(kind_of(part), numbers)
        if key in group:
            yield part, _member(group, key, name)


def _names(group: Any, attribute: str) -> list[str]:  # noqa: ANN401
    """A list of names among a group's attributes, which Keras cuts up where it is long."""
    if attribute in group.attrs:
        return [_text(value) for value in group.attrs[attribute]]
    keys = takewhile(group.attrs.__contains__, (f"{attribute}{i}" for i in count()))
    return [_text(value) for key in keys for value in group.attrs[key]]


def _text(value: Any) -> str:  # noqa: ANN401
    """An attribute of an HDF5 file as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _member(group: Any, path: str, name: str) -> Any:  # noqa: ANN401
    """A group or an array at a path. Raises ModelError where it is missing, or in another file."""
    import h5py

    for key in path.split("/"):
        link = group.get(key, getlink=True) if isinstance(group, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            raise ModelError(f"{name} is damaged: it names weights, {path}, that it does not hold")
        group = group[key]
    return group


def _array(group: Any, path: str, name: str) -> NDArray[Any]:  # noqa: ANN401
    """The values of an array. Raises ModelError where there is none, or it is in another file."""
    import h5py

    dataset = _member(group, path, name)
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual:
        raise ModelError(f"{name} is damaged: it names weights, {path}, that it does not hold")
    return np.asarray(dataset)
