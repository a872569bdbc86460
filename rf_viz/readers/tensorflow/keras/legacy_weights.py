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
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import count, takewhile
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from .build import with_slashes
from .keras_1_weights import Origin, of_keras_1
from .legacy_calls import is_model, layer_name
from .stand_ins import kind_of
from .texts import attribute_texts

Entry = Mapping[str, Any]
Stored = tuple[str, NDArray[Any]]
"""A weight in a file: its name and its values."""

_EXPANSION, _SPARE = 100, 2**20
"""A weight takes no more bytes than so many times the file's own, and some: a file may claim any
size, and HDF5 fills in what it does not hold."""

_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
"""What Keras 2 called the group with the layers of a model; the latter up to 2.12."""


def fill_from_rows(model: Any, config: Entry, file: Any, name: str) -> None:  # noqa: ANN401
    """Fill a model from an open HDF5 file. Raises ModelError where the weights do not fit."""
    weights = _member(file, "model_weights", name) if "model_weights" in file else file
    rows: dict[str, list[Stored]] = {}
    for key in _names(weights, "layer_names"):
        group = _member(weights, key, name)
        row = [(path, _array(group, path, name)) for path in _names(group, "weight_names")]
        if row:
            rows[key] = row
    layers = {
        layer_name(entry): (entry, layer)
        for entry, layer in _with_rows(config, model, rows)
        if layer_name(entry) in rows or layer.weights
    }
    if not layers.keys() <= rows.keys():
        if len(layers) != len(rows):
            missing = next(key for key in layers if key not in rows)
            raise ModelError(
                f"the weights of {name} do not fit: it holds none for the layer {missing!r}"
            )
        rows = dict(zip(layers, rows.values(), strict=True))  # they go by their order
    origin = Origin.of(file, weights)
    for key, (entry, layer) in layers.items():
        runs = [run for part in _parts(entry, layer) for run in part]
        if any(run.variables for run in runs):  # a stand-in has none
            _assign(runs, rows[key], origin, key, name)


def _with_rows(
    config: Entry,
    model: Any,  # noqa: ANN401
    rows: Container[str],
) -> Iterator[tuple[Entry, Any]]:
    """The layers that have rows: the model's, or in Keras 1 those of models that it merges."""
    for entry, layer in _children(config, model) or ():
        if is_model(entry) and layer_name(entry) not in rows and _any_within(entry, layer, rows):
            yield from _with_rows(entry, layer, rows)
        else:
            yield entry, layer


def _any_within(entry: Entry, layer: Any, rows: Container[str]) -> bool:  # noqa: ANN401
    """Whether any of the layers within, however deep, has a row."""
    children = _children(entry, layer) or ()
    return any(layer_name(e) in rows or _any_within(e, inner, rows) for e, inner in children)


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


class _Run(NamedTuple):
    """Weights of one layer that stand in a file one after the other."""

    name: str
    layer: Any
    variables: list[Any]


def _parts(entry: Entry, layer: Any) -> tuple[list[_Run], list[_Run]]:  # noqa: ANN401
    """The variables of a layer that are trained, and the others, each in Keras 2's order.

    Source: ``trainable_weights`` and ``non_trainable_weights`` of layers and models of Keras 2.
    """
    settings = entry.get("config")
    frozen = isinstance(settings, dict) and settings.get("trainable") is False
    children = _children(entry, layer)
    if children is None:
        layer.trainable = True  # of the class's own; the file's order follows its own flag
        name = layer_name(entry)
        trained = [_Run(name, layer, list(layer.trainable_weights))]
        others = [_Run(name, layer, list(layer.non_trainable_weights))]
        return ([], trained + others) if frozen else (trained, others)
    parts = [_parts(*child) for child in children]
    trained = [run for part, _ in parts for run in part]
    others = [run for _, part in parts for run in part]
    if not frozen:
        return trained, others
    if is_model(entry):
        return [], trained + others
    return [], [run for child in children for run in _in_place(*child)]


def _in_place(entry: Entry, layer: Any) -> Iterator[_Run]:  # noqa: ANN401
    """The variables of a layer in a frozen wrapper: each layer's all together."""
    children = _children(entry, layer)
    if children is None:
        for part in _parts(entry, layer):
            yield from part
    for child in children or ():
        yield from _in_place(*child)


def _assign(
    runs: Sequence[_Run], row: Sequence[Stored], origin: Origin, layer: str, name: str
) -> None:
    """Give variables their values. Raises ModelError where the shapes differ."""
    variables = [(run, variable) for run in runs for variable in run.variables]
    arrays = [array for _, array in row]
    if origin.keras_1:
        left = list(arrays)
        arrays = [
            array
            for run in runs
            for array in of_keras_1(kind_of(run.layer), run.layer, run.variables, left)
        ] + left
    elif len(arrays) == len(variables):
        arrays = [arrays[i] for i in _order(variables, row)]
    if len(variables) != len(arrays):
        raise ModelError(
            f"the weights of {name} do not fit: its layer {layer!r} has {len(variables)}, the file "
            f"holds {len(row)}"
        )
    for (run, variable), array in zip(variables, arrays, strict=True):
        shape = tuple(variable.shape)
        if shape != array.shape:
            raise ModelError(
                f"the weights of {name} do not fit: {variable.name} of the layer {run.name!r} is "
                f"{shape}, in the file {array.shape}"
            )
        variable.assign(origin.correlated(kind_of(run.layer), array))


def _order(variables: Sequence[tuple[_Run, Any]], row: Sequence[Stored]) -> Sequence[int]:
    """The numbers of the weights in a row, one for each variable.

    They stand in the order of the variables, but versions of Keras differ in it. Where shapes or
    names (``layer/kernel:0``) contradict it, the names decide, if there is one for each.
    """
    as_they_stand = range(len(row))
    if all(_fits(v, *weight) for (_, v), weight in zip(variables, row, strict=True)):
        return as_they_stand
    left = dict(enumerate(row))
    order: list[int] = []
    for run, variable in variables:
        fitting = (
            i
            for i, (path, array) in left.items()
            if f"/{run.name}/" in f"/{path}" and _fits(variable, path, array)
        )
        number = next(fitting, None)
        if number is None:
            return as_they_stand
        del left[number]
        order.append(number)
    return order


def _fits(variable: Any, path: str, array: NDArray[Any]) -> bool:  # noqa: ANN401
    """Whether a weight has the shape and, whatever its layer is called, the name of a variable."""
    name = path.rpartition("/")[2].partition(":")[0]
    same = name == variable.name or name.endswith(f"_{variable.name}")
    return same and array.shape == tuple(variable.shape)


def _fill_object(entry: Entry, layer: Any, group: Any, name: str) -> None:  # noqa: ANN401
    """Fill a layer of an archive from its group, and the layers within. Raises ModelError."""
    children = _children(entry, layer)
    if children is None:
        _fill_layer(layer, group, name)
        return
    if is_model(entry):
        container = next((c for c in _CONTAINERS if c in group), None)
        inner_group = {} if container is None else _member(group, container, name)
        keys = _keys(entry, children, inner_group, name)
    else:
        inner_group = group
        attributes = ("forward_layer", "backward_layer") if len(children) == 2 else ("layer",)
        keys = [key if key in group else f"_{key}" for key in attributes]
    for (e, inner), key in zip(children, keys, strict=True):
        if key in inner_group:
            _fill_object(e, inner, _member(inner_group, key, name), name)
        elif inner.weights:
            raise ModelError(
                f"the weights of {name} do not fit: it holds none for the layer {layer_name(e)!r}"
            )


def _keys(
    entry: Entry,
    children: Sequence[tuple[Entry, Any]],
    group: Any,  # noqa: ANN401
    name: str,
) -> list[str]:
    """The names of the groups of a model's layers, which versions of Keras number in two ways.

    Keras 2.12 and 2.13 count a layer that has weights twice.
    """
    built = {layer_name(e): inner for e, inner in children}
    for counted_twice in (False, True):
        numbers: Counter[str] = Counter()
        keys = {}
        for e in entry["config"]["layers"]:
            kind, inner = str(e.get("class_name")), built.get(layer_name(e))
            key = keys[layer_name(e)] = _numbered(kind, numbers)
            if counted_twice and key in group:
                has_weights = inner is not None and bool(inner.weights)
                if has_weights or _count(_member(group, key, name), name):
                    _numbered(kind, numbers)
        if all(keys[n] in group for n, inner in built.items() if inner.weights):
            break
    return [keys[n] for n in built]


def _count(group: Any, name: str) -> int:  # noqa: ANN401
    """How many arrays there are in a group, however deep. Raises ModelError as ``_member`` does."""
    import h5py

    parts = [_member(group, key, name) for key in group]
    return sum(_count(part, name) if isinstance(part, h5py.Group) else 1 for part in parts)


def _numbered(kind: str, numbers: Counter[str]) -> str:
    """The name of an object in a container, by its class: ``conv2d``, ``conv2d_1`` ..."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    key = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
    number = numbers[key]
    numbers[key] += 1
    return f"{key}_{number}" if number else key


def _fill_layer(layer: Any, group: Any, name: str) -> None:  # noqa: ANN401
    """Fill a layer of no model's kind, and the objects that it is made of. Raises ModelError."""
    if layer.weights and _count(group, name) < len(layer.weights):
        raise ModelError(
            f"the weights of {name} do not fit: its layer {with_slashes(layer.name)!r} has "
            f"{len(layer.weights)}, the file holds {_count(group, name)}"
        )
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
    """A list of names among a group's attributes, which Keras cuts up where it is long.

    Raises ValueError where an attribute is no list.
    """
    keys: Iterable[str] = [attribute]
    if attribute not in group.attrs:
        keys = takewhile(group.attrs.__contains__, (f"{attribute}{i}" for i in count()))
    return [name for key in keys for name in attribute_texts(group.attrs[key])]


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
    if (
        not isinstance(dataset, h5py.Dataset)
        or dataset.shape is None  # HDF5's own kind of nothing
        or dataset.external
        or dataset.is_virtual
    ):
        raise ModelError(f"{name} is damaged: it names weights, {path}, that it does not hold")
    if dataset.nbytes > _EXPANSION * dataset.file.id.get_filesize() + _SPARE:
        raise ModelError(f"{name} is damaged: its weights {path} are larger than the file itself")
    return np.asarray(dataset)
