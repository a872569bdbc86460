"""The tensors that a file of torch.save lists, told from its pickle without unpickling it.

Pickle is a list of instructions for a small machine, which can call any function. Here they are
read as data: nothing is imported and nothing is called. A few calls are recognised by name, those
that PyTorch writes for tensors (torch/_utils.py); whatever else is called is unknown.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import dtypes

_MOST_STEPS = 2_000_000
"""The most instructions; a tensor takes about fifty."""

_STORAGES = {
    "ByteStorage": dtypes.UINT8,
    "CharStorage": dtypes.INT8,
    "ShortStorage": dtypes.INT16,
    "IntStorage": dtypes.INT32,
    "LongStorage": dtypes.INT64,
    "HalfStorage": dtypes.HALF,
    "FloatStorage": dtypes.FLOAT,
    "DoubleStorage": dtypes.DOUBLE,
    "BoolStorage": dtypes.BOOL,
    "BFloat16Storage": dtypes.BFLOAT16,
}
"""The types of numbers, by the names of their storages' classes."""


@dataclass(frozen=True, slots=True)
class PickledTensor:
    """A tensor: the name of its storage, its type, and how it lies in the storage."""

    storage: str
    dtype: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Mark:
    """Where a list of arguments begins on the stack."""


@dataclass(frozen=True, slots=True)
class _Global:
    """A function or a class, by its name."""

    name: str


_UNKNOWN = object()

_IDLE = {"PROTO", "FRAME", "BINPERSID"}
"""Instructions that change nothing here. BINPERSID makes a storage of what tells its place: its
class, its key and its length."""


def pickled_tensors(pickle: bytes) -> dict[str, PickledTensor]:
    """The tensors of a pickled dictionary, by its keys; empty where it is anything else."""
    try:
        result = _result(pickle)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError):
        return {}
    if not isinstance(result, dict):
        return {}
    return {k: v for k, v in result.items() if isinstance(v, PickledTensor)}


def _result(pickle: bytes) -> Any:  # noqa: ANN401
    """What the instructions leave on the stack."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for step, (code, value, _) in enumerate(pickletools.genops(pickle)):
        if step > _MOST_STEPS:
            raise ValueError("too many instructions")
        name = code.name
        if name == "STOP":
            return stack[-1]
        if name in _CONSTANTS:
            stack.append(_CONSTANTS[name]())
        elif name in _LITERALS:
            stack.append(value)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[value if isinstance(value, int) else len(memo)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[value if isinstance(value, int) else -1])
        elif name not in _IDLE:
            _ACTIONS[name](stack, value)
    raise ValueError("no end")


def _popped(stack: list[Any]) -> list[Any]:
    """Take off all above the topmost mark, and the mark."""
    start = len(stack) - 1
    while not isinstance(stack[start], _Mark):
        start -= 1
        if start < 0:
            raise IndexError("no mark")
    items = stack[start + 1 :]
    del stack[start:]
    return items


def _tuple(count: int) -> Callable[[list[Any], Any], None]:
    def act(stack: list[Any], _: Any) -> None:  # noqa: ANN401
        items = tuple(stack[len(stack) - count :])
        del stack[len(stack) - count :]
        stack.append(items)

    return act


def _marked_tuple(stack: list[Any], _: Any) -> None:  # noqa: ANN401
    stack.append(tuple(_popped(stack)))


def _set(target: Any, pairs: list[Any]) -> None:  # noqa: ANN401
    if isinstance(target, dict):
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(key, str):
                target[key] = value


def _set_items(stack: list[Any], _: Any) -> None:  # noqa: ANN401
    pairs = _popped(stack)
    _set(stack[-1], pairs)


def _set_item(stack: list[Any], _: Any) -> None:  # noqa: ANN401
    value, key = stack.pop(), stack.pop()
    _set(stack[-1], [key, value])


def _drop_marked(stack: list[Any], _: Any) -> None:  # noqa: ANN401
    _popped(stack)


def _drop(stack: list[Any], _: Any) -> None:  # noqa: ANN401
    stack.pop()


def _global(stack: list[Any], value: Any) -> None:  # noqa: ANN401
    stack.append(_Global(value))


def _stack_global(stack: list[Any], _: Any) -> None:  # noqa: ANN401
    name, module = stack.pop(), stack.pop()
    stack.append(_Global(f"{module} {name}"))


def _reduce(stack: list[Any], _: Any) -> None:  # noqa: ANN401
    arguments, function = stack.pop(), stack.pop()
    name = function.name if isinstance(function, _Global) else ""
    if name == "collections OrderedDict" and not arguments:
        stack.append({})
    elif name == "torch._utils _rebuild_tensor_v2":
        stack.append(_tensor(*arguments[:4]))
    elif name == "torch._utils _rebuild_parameter":
        stack.append(arguments[0])
    else:
        stack.append(_UNKNOWN)


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any) -> object:  # noqa: ANN401
    numbers = (offset, *shape, *strides)
    if not all(isinstance(n, int) and abs(n) < 2**62 for n in numbers):
        return _UNKNOWN
    _, kind, key, *_ = storage
    dtype = _STORAGES.get(kind.name.rpartition(" ")[2]) if isinstance(kind, _Global) else None
    if dtype is None or not isinstance(key, str):
        return _UNKNOWN
    return PickledTensor(key, dtype, offset, tuple(shape), tuple(strides))


def _new(stack: list[Any], _: Any) -> None:  # noqa: ANN401
    del stack[-2:]
    stack.append(_UNKNOWN)


_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "MARK": _Mark,
}

_LITERALS = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING",
    "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES",
}  # fmt: skip

_ACTIONS: dict[str, Callable[[list[Any], Any], None]] = {
    "TUPLE": _marked_tuple,
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "APPEND": _drop,
    "APPENDS": _drop_marked,
    "BUILD": _drop,
    "POP": _drop,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "NEWOBJ": _new,
}
"""What the other instructions do to the stack. Those that are not here make the whole unknown."""
