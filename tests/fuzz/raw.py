"""Mutations of bytes, whatever they mean."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.values import CHUNKS, how_often, integer, text

_BYTES = (0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x22, 0x2C, 0x7B)

Mutation = Callable[[bytearray, Random], None]


def mutate_bytes(data: bytes, rng: Random) -> bytes:
    """The bytes with a few mutations."""
    changed = bytearray(data)
    for _ in range(how_often(rng)):
        if changed:
            rng.choice(_MUTATIONS)(changed, rng)
    return bytes(changed)


def _flip(data: bytearray, rng: Random) -> None:
    data[_at(data, rng)] ^= 1 << rng.randrange(8)


def _set(data: bytearray, rng: Random) -> None:
    data[_at(data, rng)] = rng.choice(_BYTES)


def _number(data: bytearray, rng: Random) -> None:
    """Writes a number over some bytes, lowest byte first or last."""
    width = rng.choice((2, 4, 4, 8))
    order = rng.choice(("little", "big"))
    at = _at(data, rng)
    at -= at % width if rng.random() < 0.7 else 0
    data[at : at + width] = integer(rng, 8 * width).to_bytes(width, order, signed=True)  # type: ignore[arg-type]


def _delete(data: bytearray, rng: Random) -> None:
    at = _at(data, rng)
    del data[at : at + _length(rng)]


def _repeat(data: bytearray, rng: Random) -> None:
    at = _at(data, rng)
    data[at:at] = data[at : at + _length(rng)]


def _move(data: bytearray, rng: Random) -> None:
    at, to, length = _at(data, rng), _at(data, rng), _length(rng)
    data[to : to + length] = data[at : at + length]


def _insert(data: bytearray, rng: Random) -> None:
    at = _at(data, rng)
    data[at:at] = rng.choice(CHUNKS) or text(rng).encode()[:64]


def _cut(data: bytearray, rng: Random) -> None:
    del data[_at(data, rng) :]


def _blank(data: bytearray, rng: Random) -> None:
    at, length = _at(data, rng), _length(rng)
    data[at : at + length] = bytes(min(length, len(data) - at))


_MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _flip, _set, _set, _number, _number, _number),
    *(_delete, _repeat, _move, _insert, _cut, _blank),
)


def _at(data: bytearray, rng: Random) -> int:
    """A position; the start of a file, where its headers are, comes up more often."""
    return rng.randrange(min(len(data), rng.choice((64, 512, len(data), len(data)))))


def _length(rng: Random) -> int:
    return rng.choice((1, 1, 2, 4, 8, 16, 100, 1000))
