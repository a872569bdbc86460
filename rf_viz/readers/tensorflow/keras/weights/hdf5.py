"""Weights of HDF5 files: a group for each of the model's layers, with its weights in a list.

A model within the model is one of these layers, its weights in one list. Which of them belongs to
which layer is told by their order and their names (``layer/kernel:0``), neither of which is reliable
alone: layers in different models may have the same name, layers can be renamed, and versions of
Keras differ in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .keras_1 import Origin, modern_arrays
from .parts import Part, Run, in_file_order


class Stored(NamedTuple):
    """A weight in a file."""

    name: str
    shape: tuple[int, ...]
    read: Callable[[], Any]


class MisfitError(Exception):
    """A file's weights do not fit the layers; the argument says which, after "the weights of"."""


def fill(model: Part, file: Any) -> None:  # noqa: ANN401
    """Give a model's variables the values in an open HDF5 file. Raises MisfitError."""
    root = file["model_weights"] if "model_weights" in file else file
    origin = Origin.of(file, root)
    groups = {
        name: stored
        for name in _names(root, "layer_names")
        if (stored := _stored(root, name))
    }  # fmt: skip
    parts = {
        part.name: part
        for part in _with_groups(model, groups)
        if part.kind == "Merge" or _has_weights(part)
    }
    if not parts.keys() <= groups.keys():
        if len(parts) != len(groups):
            missing = next(iter(parts.keys() - groups.keys()))
            raise MisfitError(f"the layer {missing!r} are not in the file")
        groups = dict(zip(parts, groups.values(), strict=True))
    for name, part in parts.items():
        _fill_part(part, groups[name], origin)


def _with_groups(model: Part, groups: Any) -> Iterator[Part]:  # noqa: ANN401
    """The layers to which a file has groups: those of the model, or of models that Keras 1 merged."""
    for part in model.parts or [model]:
        flat = part.parts and part.name not in groups
        if flat and any(leaf.name in groups for leaf in part.leaves()):
            yield from _with_groups(part, groups)
        else:
            yield part


def _has_weights(part: Part) -> bool:
    """Whether a part has weights."""
    return bool(part.layer.weights)


def _names(group: Any, attribute: str) -> list[str]:  # noqa: ANN401
    """The names in an attribute, which is in several pieces where there are many."""
    if attribute in group.attrs:
        pieces = [group.attrs[attribute]]
    else:
        pieces = []
        while f"{attribute}{len(pieces)}" in group.attrs:
            pieces.append(group.attrs[f"{attribute}{len(pieces)}"])
    names = [name for piece in pieces for name in piece]
    return [n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n) for n in names]


def _stored(root: Any, name: str) -> list[Stored]:  # noqa: ANN401
    """The weights in the group of a layer."""
    group = root[name]
    return [
        Stored(weight, tuple(group[weight].shape), lambda weight=weight: group[weight][()])
        for weight in _names(group, "weight_names")
    ]


def _fill_part(part: Part, stored: Sequence[Stored], origin: Origin) -> None:
    """Give a part's variables their values. Raises MisfitError."""
    runs = in_file_order(part)
    values = None
    if origin.keras_1:
        values = modern_arrays(runs, [weight.read() for weight in stored], origin)
    else:
        order = _matched(runs, stored)
        if order is not None:
            values = [stored[i].read() for i in order]
    variables = [variable for run in runs for variable in run.variables]
    if values is None or len(values) != len(variables):
        raise MisfitError(
            f"the layer {part.name!r} are {len(stored)} in the file, of the shapes "
            f"{_shapes(weight.shape for weight in stored)}, where its settings make "
            f"{len(variables)}, of {_shapes(variable.shape for variable in variables)}"
        )
    owners = [run.part for run in runs for _ in run.variables]
    for owner, variable, value in zip(owners, variables, values, strict=True):
        value = origin.correlated(owner, value)
        if np.shape(value) != tuple(variable.shape):
            raise MisfitError(
                f"the layer {owner.name!r} have the shape {list(np.shape(value))} in the file, "
                f"where its settings make {list(variable.shape)}"
            )
        variable.assign(value)


def _shapes(shapes: Iterator[Any]) -> str:
    """Some of the shapes, for a message."""
    texts = [str(list(shape)) for shape in shapes]
    return " ".join([*texts[:4], "..."] if len(texts) > 4 else texts) or "none"


def _matched(runs: Sequence[Run], stored: Sequence[Stored]) -> list[int] | None:
    """For each variable the number of its weight in the file; None where they do not fit.

    By the order, where names of variables agree with it; else by the names; else by the order.
    """
    owners = [run.part.name for run in runs for _ in run.variables]
    variables = [variable for run in runs for variable in run.variables]
    fits = [tuple(v.shape) for v in variables] == [weight.shape for weight in stored]
    same = fits and all(
        _same_name(v, weight) for v, weight in zip(variables, stored, strict=True)
    )
    if same:
        return list(range(len(stored)))
    by_name = _by_name(owners, variables, stored)
    if by_name is not None:
        return by_name
    return list(range(len(stored))) if fits else None


def _by_name(
    owners: Sequence[str], variables: Sequence[Any], stored: Sequence[Stored]
) -> list[int] | None:
    """As ``_matched``, by the names alone; weights of the same name in their order."""
    left = dict(enumerate(stored))
    order = []
    for owner, variable in zip(owners, variables, strict=True):
        number = next(
            (
                i
                for i, weight in left.items()
                if weight.shape == tuple(variable.shape)
                and f"/{owner}/" in f"/{weight.name}"
                and _same_name(variable, weight)
            ),
            None,
        )
        if number is None:
            return None
        del left[number]
        order.append(number)
    return order


def _same_name(variable: Any, weight: Stored) -> bool:  # noqa: ANN401
    """Whether a variable and a weight are called alike, whatever their layers are called."""
    name = weight.name.rpartition("/")[2].partition(":")[0]
    return bool(name == variable.name or name.endswith(f"_{variable.name}"))
