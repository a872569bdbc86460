"""Mutations of TFLite files: of their tables, by the schema, or of the numbers that bind them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from tests.fuzz.raw import mutate_bytes
from tests.fuzz.values import CHUNKS, FLOATS, how_often, integer, near, text

Place = tuple[Any, Any]


def mutate_tflite(data: bytes, rng: Random) -> bytes:
    """A file with a few mutations."""
    if rng.random() < 0.25:
        return mutate_bytes(data, rng)
    if rng.random() < 0.3:
        return _with_other_offsets(data, rng)
    import ai_edge_litert.schema_py_generated as schema
    import flatbuffers

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    for _ in range(how_often(rng)):
        places = list(_places(model))
        _mutate(*rng.choice(places), rng, schema)
    builder = flatbuffers.Builder(1024)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except (struct.error, TypeError, ValueError, AttributeError, OverflowError, AssertionError):
        return _with_other_offsets(data, rng)  # what the format cannot hold
    return bytes(builder.Output())


def _with_other_offsets(data: bytes, rng: Random) -> bytes:
    """Other numbers where some stand: most of them are offsets, lengths and indices."""
    changed = bytearray(data)
    for _ in range(how_often(rng)):
        at = 4 * rng.randrange(len(changed) // 4)
        (number,) = struct.unpack_from("<i", changed, at)
        new = rng.choice([integer(rng, 32), near(rng, number), 4 * rng.randrange(len(data) // 4)])
        struct.pack_into("<i", changed, at, max(-(2**31), min(new, 2**31 - 1)))
    return bytes(changed)


def _places(holder: Any) -> Iterator[Place]:  # noqa: ANN401
    keys = range(len(holder)) if isinstance(holder, list | np.ndarray) else sorted(vars(holder))
    for key in list(keys)[:200]:
        value = _get(holder, key)
        if isinstance(value, np.ndarray):  # the ones of the file cannot be written to
            value = value.copy()
            _set(holder, key, value)
        yield holder, key
        if isinstance(value, list | np.ndarray) or hasattr(value, "Pack"):
            yield from _places(value)


def _get(holder: Any, key: Any) -> Any:  # noqa: ANN401
    return holder[key] if isinstance(holder, list | np.ndarray) else getattr(holder, key)


def _set(holder: Any, key: Any, value: Any) -> None:  # noqa: ANN401
    if isinstance(holder, list | np.ndarray):
        holder[key] = value
    else:
        setattr(holder, key, value)


def _mutate(holder: Any, key: Any, rng: Random, schema: Any) -> None:  # noqa: ANN401
    value = _get(holder, key)
    if isinstance(value, bool | np.bool_):
        _set(holder, key, not value)
    elif isinstance(value, int | np.integer):
        _set_number(holder, key, int(value), rng, schema)
    elif isinstance(value, float | np.floating):
        _set(holder, key, rng.choice(FLOATS))
    elif isinstance(value, bytes | str):
        _set(holder, key, rng.choice((rng.choice(CHUNKS), text(rng).encode())))
    elif isinstance(value, np.ndarray):
        _set(holder, key, _changed_array(value, rng))
    elif isinstance(value, list):
        _mutate_list(value, rng)
    elif not isinstance(holder, np.ndarray):
        _set(holder, key, None)


def _set_number(holder: Any, key: Any, value: int, rng: Random, schema: Any) -> None:  # noqa: ANN401
    if key == "builtinCode":
        codes = [v for name, v in vars(schema.BuiltinOperator).items() if name[:1] != "_"]
        holder.builtinCode = rng.choice(codes)
        holder.deprecatedBuiltinCode = min(holder.builtinCode, 127)
        return
    number = rng.choice((near(rng, value), integer(rng, 32), rng.randrange(8)))
    if isinstance(holder, np.ndarray):
        number = int(np.clip(number, np.iinfo(holder.dtype).min, np.iinfo(holder.dtype).max))
    _set(holder, key, number)


def _changed_array(value: np.ndarray, rng: Random) -> np.ndarray:  # type: ignore[type-arg]
    return rng.choice([value[:0], value[:-1], value[::-1], np.tile(value, 3), value[:1]])


def _mutate_list(values: list[Any], rng: Random) -> None:
    if not values:
        return
    at, other = rng.randrange(len(values)), rng.randrange(len(values))
    kind = rng.choice(("drop", "repeat", "swap", "clear"))
    if kind == "drop":
        del values[at]
    elif kind == "repeat":
        values.insert(other, values[at])
    elif kind == "swap":
        values[at], values[other] = values[other], values[at]
    else:
        values.clear()
