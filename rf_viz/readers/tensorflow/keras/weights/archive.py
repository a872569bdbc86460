"""Weights of ``.keras`` archives of Keras 2: groups as deep as the layers, named by their classes.

The layers of a model are in the group ``layers``, each called by its class, numbered where several
are of the same (``conv2d``, ``conv2d_1``). A layer's own weights are in its group ``vars``, by
number, and those of layers in it in groups named by its attributes. A layer that stands in several
places is in the first only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from .hdf5 import MisfitError
from .parts import Part

_CONTAINERS = ("layers", "_layer_checkpoint_dependencies", "_self_tracked_trackables")
"""Under which attribute the layers of a model are, in one version or another."""


def fill(model: Part, file: Any) -> None:  # noqa: ANN401
    """Give a model's variables the values in an archive's HDF5 file. Raises MisfitError."""
    _Filling().model(model, file)


class _Filling:
    """One pass over a model; ``_shared`` are the groups of layers by their number."""

    def __init__(self) -> None:
        self._shared: dict[int, Any] = {}

    def model(self, model: Part, group: Any) -> None:  # noqa: ANN401
        """Fill a model from its group."""
        if model.wraps:
            return self._part(model.parts[0], _within(group, "layer"))
        container = next((group[name] for name in _CONTAINERS if name in group), {})
        for part, name in zip(model.parts, _numbered([p.kind for p in model.parts]), strict=True):
            self._part(part, container.get(name))
        return None

    def _part(self, part: Part, group: Any) -> None:  # noqa: ANN401
        """Fill a layer or model from its group, or from that of the same in another place."""
        if part.shared is not None:
            if _is_empty(group):
                group = self._shared.get(part.shared, group)
            self._shared.setdefault(part.shared, group)
        if part.parts:
            self.model(part, {} if group is None else group)
        elif part.layer.weights:
            if group is None:
                raise MisfitError(f"the layer {part.name!r} are not in the file")
            try:
                _fill_layer(part.layer, group)
            except (ValueError, KeyError, AttributeError) as error:
                raise MisfitError(f"the layer {part.name!r} have other shapes in the file") from (
                    error
                )


def _is_empty(group: Any) -> bool:  # noqa: ANN401
    """Whether a group holds no weights."""
    import h5py

    if group is None:
        return True
    weights: list[str] = []
    group.visititems(lambda name, x: weights.append(name) if isinstance(x, h5py.Dataset) else None)
    return not weights


def _within(group: Any, name: str) -> Any:  # noqa: ANN401
    """A group in another; None where there is none."""
    return group.get(name) if group is not None else None


def _fill_layer(layer: Any, group: Any) -> None:  # noqa: ANN401
    """Fill a layer, and the layers in it, from its group."""
    own = group.get("vars", {})
    if len(own) or not [key for key in group if key != "vars"]:
        layer.load_own_variables(own)
    for key in group:
        if key == "vars":
            continue
        inner = getattr(layer, key, getattr(layer, f"_{key}", None))
        if isinstance(inner, list | tuple):
            names = _numbered([getattr(x, "kind", type(x).__name__) for x in inner])
            for child, name in zip(inner, names, strict=True):
                _fill_layer(child, group[key][name])
        elif inner is not None:
            _fill_layer(inner, group[key])
        elif not _is_empty(group[key]):
            raise KeyError(key)


def _numbered(kinds: Sequence[str]) -> Iterator[str]:
    """The names of groups for objects of these classes."""
    counts: dict[str, int] = {}
    for kind in kinds:
        words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind)
        name = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
        count = counts[name] = counts.get(name, -1) + 1
        yield f"{name}_{count}" if count else name
