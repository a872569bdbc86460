"""Pickles, read without unpickling: nothing that they name is imported, nothing is called.

A pickle is a program for a machine with a stack. ``pickletools`` lists its instructions; here they
are followed with inert objects in place of classes and functions, which shows what the pickle
would build.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple, Protocol, cast

_MOST = 2_000_000
"""So many instructions are followed: those of a network with a million tensors."""


_LARGEST = 10**4000
"""The largest number; Python does not write down greater ones."""


class PickleError(Exception):
    """Raised for what is no pickle, or a damaged one, or has too many instructions."""


class Name(NamedTuple):
    """A class or function by its name; never imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Built:
    """What a pickle would build by calling something: ``call`` on ``arguments``.

    ``state`` is what it would set the object's state to; ``items`` are what it would put into it.
    """

    call: Any
    arguments: Any
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Stored:
    """What the pickle leaves to the file around it, by its identity there."""

    identity: Any


class Inert(NamedTuple):
    """What a pickle builds, and the names that it refers to."""

    value: Any
    names: frozenset[Name]


_MARK = object()


class Stream(Protocol):
    """What a pickle is read from."""

    def read(self, size: int = ..., /) -> bytes:
        """Read some bytes."""
        ...

    def readline(self, size: int | None = ..., /) -> bytes:
        """Read a line."""
        ...


def read_pickle(stream: Stream) -> Inert:
    """Follow one pickle from where the stream stands. Raises PickleError."""
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(cast(IO[bytes], stream))):
            if count > _MOST:
                raise PickleError("too many instructions")
            if type(argument) is int and abs(argument) > _LARGEST:
                raise PickleError("a number that nobody counts to")
            machine.follow(opcode.name, argument)
    except PickleError:
        raise
    except Exception as error:  # whatever a damaged one does to the stack
        raise PickleError(str(error)) from error
    if not machine.stack:
        raise PickleError("it builds nothing")
    return Inert(machine.stack[-1], frozenset(machine.names))


class _Machine:
    """The stack and the memo of a pickle while it is followed."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.names: set[Name] = set()

    def follow(self, name: str, argument: Any) -> None:  # noqa: ANN401
        """Follow one instruction."""
        step = _STEPS.get(name)
        if step is not None:
            step(self, argument)
        elif name not in _NOTHING:
            self.stack.append(_CONSTANTS.get(name, argument))

    def since_mark(self) -> list[Any]:
        """Take what lies on the stack above the last mark."""
        taken_off = []
        while (top := self.stack.pop()) is not _MARK:
            taken_off.append(top)
        return taken_off[::-1]

    def name(self, module: Any, name: Any) -> None:  # noqa: ANN401
        """Put a name on the stack."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise PickleError("a name that is no text")
        named = Name(module, name)
        self.names.add(named)
        self.stack.append(named)

    def build(self, state: Any) -> None:  # noqa: ANN401
        """Set the state of what lies on top."""
        top = self.stack[-1]
        if isinstance(top, Built):
            top.state = state

    def put(self, pairs: list[Any]) -> None:
        """Put keys and values, in turn, into what lies on top."""
        top = self.stack[-1]
        items = top.items if isinstance(top, Built) else top
        if not isinstance(items, dict):
            return
        for key, value in zip(pairs[::2], pairs[1::2], strict=False):
            items[key if _hashable(key) else id(key)] = value

    def append(self, values: list[Any]) -> None:
        """Append values to what lies on top."""
        top = self.stack[-1]
        if isinstance(top, Built):
            top.items.update((len(top.items) + i, value) for i, value in enumerate(values))
        elif isinstance(top, list):
            top.extend(values)


def _hashable(key: Any) -> bool:  # noqa: ANN401
    if isinstance(key, tuple):
        return len(key) < 100 and all(isinstance(k, str | int | None) for k in key)
    return isinstance(key, Hashable)


def _global(machine: _Machine, argument: Any) -> None:  # noqa: ANN401
    module, _, name = str(argument).partition(" ")
    machine.name(module, name)


def _stack_global(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.name(module, name)


def _reduce(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    arguments, call = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(Built(call, arguments))


def _new_with_names(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    machine.stack.pop()
    _reduce(machine, _)


def _instance(machine: _Machine, argument: Any) -> None:  # noqa: ANN401
    arguments = machine.since_mark()
    _global(machine, argument)
    machine.stack.append(Built(machine.stack.pop(), tuple(arguments)))


def _object(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    call, *arguments = machine.since_mark()
    machine.stack.append(Built(call, tuple(arguments)))


def _tuple(count: int) -> Callable[[_Machine, Any], None]:
    def step(machine: _Machine, _: Any) -> None:  # noqa: ANN401
        top = [machine.stack.pop() for _ in range(count)]
        machine.stack.append(tuple(top[::-1]))

    return step


def _dict(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    pairs = machine.since_mark()
    machine.stack.append({})
    machine.put(pairs)


def _set_item(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.put([key, value])


def _pop(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    machine.stack.pop()


def _pop_mark(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    machine.since_mark()


def _memoize(machine: _Machine, _: Any) -> None:  # noqa: ANN401
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _put_memo(machine: _Machine, argument: Any) -> None:  # noqa: ANN401
    machine.memo[argument] = machine.stack[-1]


def _push(make: Callable[[_Machine, Any], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(make(machine, argument))


_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _push(lambda m, a: _MARK),
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": _push(lambda m, a: m.stack[-1]),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "EXT1": lambda m, a: m.name("copyreg extension", str(a)),
    "EXT2": lambda m, a: m.name("copyreg extension", str(a)),
    "EXT4": lambda m, a: m.name("copyreg extension", str(a)),
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _new_with_names,
    "INST": _instance,
    "OBJ": _object,
    "BUILD": lambda m, a: m.build(m.stack.pop()),
    "PERSID": _push(lambda m, a: Stored(a)),
    "BINPERSID": _push(lambda m, a: Stored(m.stack.pop())),
    "EMPTY_DICT": _push(lambda m, a: {}),
    "EMPTY_LIST": _push(lambda m, a: []),
    "EMPTY_SET": _push(lambda m, a: []),
    "EMPTY_TUPLE": _push(lambda m, a: ()),
    "TUPLE": _push(lambda m, a: tuple(m.since_mark())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "LIST": _push(lambda m, a: m.since_mark()),
    "FROZENSET": _push(lambda m, a: m.since_mark()),
    "DICT": _dict,
    "APPEND": lambda m, a: m.append([m.stack.pop()]),
    "APPENDS": lambda m, a: m.append(m.since_mark()),
    "ADDITEMS": lambda m, a: m.append(m.since_mark()),
    "SETITEM": _set_item,
    "SETITEMS": lambda m, a: m.put(m.since_mark()),
    "PUT": _put_memo,
    "BINPUT": _put_memo,
    "LONG_BINPUT": _put_memo,
    "MEMOIZE": _memoize,
    "GET": _push(lambda m, a: m.memo[a]),
    "BINGET": _push(lambda m, a: m.memo[a]),
    "LONG_BINGET": _push(lambda m, a: m.memo[a]),
}
"""The instructions that do more than push their argument."""

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_NOTHING = {"PROTO", "FRAME", "STOP", "READONLY_BUFFER"}


def parts(value: Any) -> Iterator[Any]:  # noqa: ANN401
    """Walk over a value and all that it is made of, each once."""
    pending, seen = [value], set[int]()
    while pending:
        part = pending.pop()
        if isinstance(part, str | int | float | bytes | None) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, dict):
            pending.extend(part.values())
        elif isinstance(part, list | tuple) and not isinstance(part, Name):
            pending.extend(part)
        elif isinstance(part, Built):
            pending += [part.call, part.arguments, part.state, part.items]
