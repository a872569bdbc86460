"""What a pickle of PyTorch's holds: a network, its weights, or neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

from ..pickles import Built, Name, PickleError, Stored
from .architectures import Shape

_HOLDERS = (
    "state_dict", "model_state_dict", "model_state", "ema_state_dict", "state_dict_ema", "model",
    "ema", "model_ema", "params_ema", "params", "net", "network", "weights", "module", "generator",
    "teacher", "student",
)  # fmt: skip
"""Keys under which checkpoints keep a network or its weights, the likeliest first."""

_LONGEST_KEY = 200
_MOST_LETTERS = 2**24
"""The most letters of the paths of modules within a module."""

_MOST_ITEMS = 500_000
"""The most items of dictionaries in a module; those that modules share count each time."""

_DICTIONARIES = {"OrderedDict", "dict", "defaultdict", "EasyDict", "AttrDict"}


class Held(NamedTuple):
    """What of a pickle is a network or its weights, and the keys that lead to it.

    ``module`` is the network's class; None where there are weights only.
    """

    weights: Mapping[str, Shape]
    keys: tuple[str, ...] = ()
    module: Name | None = None
    modules: int = 0


def shape_of(value: Any) -> Shape | None:  # noqa: ANN401
    """The shape of a tensor that a pickle would build; None for anything else."""
    for _ in range(4):  # a parameter is made of a tensor, and that perhaps of another
        if not isinstance(value, Built) or not isinstance(value.call, Name):
            return None
        module, name = value.call
        arguments = value.arguments if isinstance(value.arguments, tuple) else ()
        if not module.startswith("torch"):
            return None
        if name in ("Parameter", "Buffer") or name.startswith("_rebuild_parameter"):
            value = arguments[0] if arguments else value.state
        elif name == "_rebuild_from_type_v2" and len(arguments) > 2:
            value = Built(arguments[0], arguments[2])
        elif name.startswith("_rebuild_") and "tensor" in name:
            sizes = [a for a in arguments if _is_size(a)]
            return sizes[0] if sizes else ()
        else:
            return None
    return None


def _is_size(value: Any) -> bool:  # noqa: ANN401
    sizes = isinstance(value, tuple) and all(type(n) is int and n >= 0 for n in value)
    return sizes and prod(value) < 2**63


def mapping(value: Any) -> Mapping[Any, Any]:  # noqa: ANN401
    """The items of a dictionary of whatever kind; none of anything else."""
    if isinstance(value, dict):
        return value
    name = value.call.name if isinstance(value, Built) and isinstance(value.call, Name) else ""
    return value.items if name in _DICTIONARIES else {}


def _tensors(value: Any) -> dict[str, Shape]:  # noqa: ANN401
    """The tensors of a dictionary that consists of them, by name; none of any other."""
    items = mapping(value)
    tensors = {
        k: s for k, v in items.items() if isinstance(k, str) and (s := shape_of(v)) is not None
    }
    return tensors if 2 * len(tensors) > len(items) else {}


def _state(value: Any) -> Mapping[Any, Any]:  # noqa: ANN401
    return mapping(value.state) if isinstance(value, Built) else {}


def _is_module(value: Any) -> bool:  # noqa: ANN401
    return "_modules" in _state(value) and "_parameters" in _state(value)


def class_of(value: Built) -> Name | None:
    """The class of an object that a pickle would build; None where it names none."""
    call = value.call
    arguments = value.arguments if isinstance(value.arguments, tuple) else ()
    if isinstance(call, Name) and call.name == "_reconstructor" and arguments:
        call = arguments[0]
    if isinstance(call, Stored) and isinstance(call.identity, tuple) and len(call.identity) > 1:
        call = call.identity[1]  # torch.save's old format keeps the source of classes beside them
    return call if isinstance(call, Name) else None


def _inside(module: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """A module and those within it, each once, by their paths.

    Of a scripted module the attributes are its state itself. Raises PickleError where they are
    nested, or share dictionaries, without end.
    """
    pending, seen = [("", module)], set[int]()
    items = letters = 0
    while pending:
        path, value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield path, value
        state = _state(value)
        children = mapping(state["_modules"]) if "_modules" in state else state
        items += len(children)
        letters += len(path) * (1 + len(children))
        if items > _MOST_ITEMS or letters > _MOST_LETTERS:
            raise PickleError("modules without end")
        pending += [
            (f"{path}{key}.", child)
            for key, child in reversed(list(children.items()))
            if isinstance(key, str)
            and isinstance(child, Built)
            and shape_of(child) is None
            and _state(child)
        ]


def module_held(value: Built, keys: tuple[str, ...] = ()) -> Held:
    """A module that a pickle would build, with all within it; ``keys`` lead to it.

    Raises PickleError where it is too large to be followed.
    """
    weights: dict[str, Shape] = {}
    count = looked_at = letters = 0
    for path, module in _inside(value):
        count += 1
        state = _state(module)
        own = [state, *(mapping(state.get(k)) for k in ("_parameters", "_buffers"))]
        looked_at += sum(map(len, own))
        if looked_at > _MOST_ITEMS or letters > _MOST_LETTERS:
            raise PickleError("weights without end")
        for key, tensor in (pair for items in own for pair in items.items()):
            shape = shape_of(tensor) if isinstance(key, str) else None
            if shape is not None:
                weights[f"{path}{key}"] = shape
                letters += len(path)
    return Held(weights, keys, class_of(value), count)


def held_in(top: Any) -> Held | None:  # noqa: ANN401
    """What of a pickle is a network or its weights; None where nothing is.

    Raises PickleError where it is too large to be followed.
    """
    if isinstance(top, Built) and _is_module(top):
        return module_held(top)
    tensors = _tensors(top)
    if tensors:
        return Held(tensors)
    items = mapping(top)
    keys = [k for k in _HOLDERS if k in items]
    keys += [
        k
        for k in items
        if isinstance(k, str) and k not in keys and "optim" not in k and len(k) <= _LONGEST_KEY
    ]
    looked_at: set[int] = set()  # dictionaries of which many keys may be names
    for key in keys:
        value = items[key]
        if isinstance(value, Built) and _is_module(value):
            return module_held(value, (key,))
        for inner, part in ((), value), *(((i,), mapping(value).get(i)) for i in _HOLDERS):
            if part is None or id(part) in looked_at:
                continue
            looked_at.add(id(part))
            tensors = _tensors(part)
            if tensors:
                return Held(tensors, (key, *inner))
    return None
