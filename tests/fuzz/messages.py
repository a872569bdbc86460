"""Mutations of protobuf messages, field by field, whatever they are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor as Field

from tests.fuzz.values import CHUNKS, FLOATS, how_often, integer, near, text

_SIGNED = {Field.TYPE_INT32: 32, Field.TYPE_INT64: 64, Field.TYPE_SINT32: 32, Field.TYPE_SINT64: 64}
_UNSIGNED = {Field.TYPE_UINT32: 32, Field.TYPE_UINT64: 64}
_REALS = (Field.TYPE_FLOAT, Field.TYPE_DOUBLE)
_MESSAGE = Field.TYPE_MESSAGE

Site = tuple[Any, Any]
"""A message and the descriptor of one of its fields that is set."""


def mutate_message(message: Any, rng: Random, operators: Sequence[str] = ()) -> None:  # noqa: ANN401
    """Make a few mutations of a message, in place.

    ``operators`` come up as the names of nodes' operators.
    """
    for _ in range(how_often(rng)):
        sites = list(_sites(message))
        if not sites:
            return
        # Lists of numbers and of nodes weigh as much as what stands once.
        owner, field = rng.choice(sites)
        try:
            _mutate(owner, field, sites, rng, operators)
        except (ValueError, TypeError):  # no UTF-8, or beyond the type: it stays as it was
            continue


def _sites(message: Any) -> Iterator[Site]:  # noqa: ANN401
    for field, value in message.ListFields():
        if field.is_extension:
            continue
        yield message, field
        if field.type != _MESSAGE:
            continue
        if _is_map(field):
            entry = field.message_type.fields_by_name["value"]
            values = [value[key] for key in sorted(value)] if entry.type == _MESSAGE else []
        else:
            values = list(value) if field.is_repeated else [value]
        for part in values:
            yield from _sites(part)


def _mutate(
    owner: Any,  # noqa: ANN401
    field: Any,  # noqa: ANN401
    sites: Sequence[Site],
    rng: Random,
    operators: Sequence[str],
) -> None:
    chance = rng.random()
    if chance < 0.1:
        owner.ClearField(field.name)
    elif chance < 0.2:
        _set_another(owner, rng)
    elif _is_map(field):
        _mutate_map(getattr(owner, field.name), field, rng)
    elif field.is_repeated:
        _mutate_list(getattr(owner, field.name), field, sites, rng)
    elif field.type == _MESSAGE:
        _copy_from(getattr(owner, field.name), sites, rng)
    else:
        value = _scalar(field, getattr(owner, field.name), sites, rng, operators)
        setattr(owner, field.name, value)


def _set_another(owner: Any, rng: Random) -> None:  # noqa: ANN401
    """Sets some field of the message, whether or not it was set."""
    field = rng.choice(owner.DESCRIPTOR.fields)
    if _is_map(field):
        return
    if field.is_repeated:
        values = getattr(owner, field.name)
        if field.type == _MESSAGE:
            values.add()
        else:
            values.append(_new(field, rng))
    elif field.type == _MESSAGE:
        getattr(owner, field.name).SetInParent()
    else:
        setattr(owner, field.name, _new(field, rng))


def _mutate_list(values: Any, field: Any, sites: Sequence[Site], rng: Random) -> None:  # noqa: ANN401
    at = rng.randrange(len(values))
    kind = rng.choice(("drop", "drop", "repeat", "swap", "change", "change", "reverse"))
    if kind == "drop":
        del values[at]
        return
    if kind == "change" and field.type == _MESSAGE:
        _copy_from(values[at], sites, rng)
        return
    if kind == "change":
        values[at] = _scalar(field, values[at], sites, rng)
        return
    listed = list(values)
    if field.type == _MESSAGE:
        listed = [type(part).FromString(part.SerializeToString()) for part in listed]
    other = rng.randrange(len(listed))
    if kind == "repeat":
        listed[other:other] = [listed[at]] * rng.choice((1, 1, 1, 30))
    elif kind == "swap":
        listed[at], listed[other] = listed[other], listed[at]
    else:
        listed.reverse()
    del values[:]
    values.extend(listed)


def _mutate_map(values: Any, field: Any, rng: Random) -> None:  # noqa: ANN401
    keys = sorted(values)
    key, other = rng.choice(keys), rng.choice(keys)
    is_message = field.message_type.fields_by_name["value"].type == _MESSAGE
    kind = rng.choice(("drop", "drop", "copy", "copy", "rename"))
    if kind == "drop":
        del values[key]
        return
    target = other if kind == "copy" else text(rng)
    if is_message:
        copy = type(values[key]).FromString(values[key].SerializeToString())
        values[target].CopyFrom(copy)
    else:
        values[target] = values[key]
    if kind == "rename" and target != key:
        del values[key]


def _copy_from(part: Any, sites: Sequence[Site], rng: Random) -> None:  # noqa: ANN401
    """Puts another message of the type in its place, or adds it to it."""
    others = []
    for owner, field in sites:
        if field.message_type is part.DESCRIPTOR and not _is_map(field):
            value = getattr(owner, field.name)
            others += list(value) if field.is_repeated else [value]
    source = rng.choice(others) if others else None
    if source is None or source is part:
        part.Clear()
        return
    copy = type(part).FromString(source.SerializeToString())
    if rng.random() < 0.5:
        part.Clear()
    part.MergeFrom(copy)


def _scalar(
    field: Any,  # noqa: ANN401
    value: Any,  # noqa: ANN401
    sites: Sequence[Site],
    rng: Random,
    operators: Sequence[str] = (),
) -> Any:  # noqa: ANN401
    """Another value of the field: one from elsewhere in the message, one close by, or an edge."""
    if field.name in ("op", "op_type") and operators and rng.random() < 0.7:
        return rng.choice(operators)
    chance = rng.random()
    if chance < 0.4:
        elsewhere = [
            part
            for owner, other in sites
            if other.type == field.type and not _is_map(other)
            for part in _listed(getattr(owner, other.name))[:50]
        ]
        return rng.choice(elsewhere)
    if chance < 0.6 and (field.type in _SIGNED or field.type in _UNSIGNED):
        return near(rng, value)
    return _new(field, rng)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401
    return [value] if isinstance(value, str | bytes | int | float) else list(value)


def _new(field: Any, rng: Random) -> Any:  # noqa: ANN401
    if field.type in _SIGNED:
        return integer(rng, _SIGNED[field.type])
    if field.type in _UNSIGNED:
        return integer(rng, _UNSIGNED[field.type], signed=False)
    if field.type in _REALS:
        return rng.choice(FLOATS)
    if field.type == Field.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type == Field.TYPE_ENUM:
        return rng.choice([*(v.number for v in field.enum_type.values), 0, 99])
    if field.type == Field.TYPE_BYTES:
        return rng.choice(CHUNKS)
    return text(rng)


def _is_map(field: Any) -> bool:  # noqa: ANN401
    kind = field.message_type
    return kind is not None and kind.GetOptions().map_entry
