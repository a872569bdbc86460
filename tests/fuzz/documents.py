"""Mutations of texts: JSON documents by their values, any other text by its words and lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from tests.fuzz.values import FLOATS, INTEGERS, how_often, near, text

_DEEP = "deep within"
"""Stands for lists in lists, which Python's encoder cannot write."""

Place = tuple[Any, Any]
"""A list or an object, and the position or the key of what it holds there."""


def mutate_json(data: bytes, rng: Random, words: Sequence[str] = ()) -> bytes:
    """A document with a few mutations; ``words`` come up in place of its texts."""
    root = [json.loads(data)]
    for _ in range(how_often(rng)):
        _mutate(root, rng, words)
    written = json.dumps(root[0]).replace(f'"{_DEEP}"', "[" * 50_000 + "]" * 50_000)
    return written.encode()


def _mutate(root: list[Any], rng: Random, words: Sequence[str]) -> None:
    places = list(_places(root))
    holder, key = rng.choice(places)
    value = holder[key]
    kind = rng.choice(("change", "change", "change", "other", "other", "drop", "copy", "swap"))
    if kind == "change":
        holder[key] = _changed(value, rng, words)
    elif kind == "other":
        holder[key] = _other(rng)
    elif kind == "drop" and holder is not root:
        del holder[key]
    elif kind == "copy":
        _copy_to(holder, key, rng.choice(places), rng)
    elif kind == "swap":
        there, at = rng.choice(places)
        a, b = json.dumps(value), json.dumps(there[at])
        holder[key], there[at] = json.loads(b), json.loads(a)


def _copy_to(holder: Any, key: Any, source: Place, rng: Random) -> None:  # noqa: ANN401
    value = json.loads(json.dumps(source[0][source[1]]))
    if isinstance(holder, list) and rng.random() < 0.5:
        holder.insert(key, value)
    elif isinstance(holder, dict) and rng.random() < 0.3:
        holder[text(rng, surrogates=True)] = value
    else:
        holder[key] = value


def _places(holder: Any) -> Iterator[Place]:  # noqa: ANN401
    for key in list(range(len(holder)) if isinstance(holder, list) else holder):
        yield holder, key
        if isinstance(holder[key], list | dict):
            yield from _places(holder[key])


def _changed(value: Any, rng: Random, words: Sequence[str]) -> Any:  # noqa: ANN401
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice([*INTEGERS, near(rng, value)])
    if isinstance(value, float):
        return rng.choice(FLOATS)
    if isinstance(value, str):
        return rng.choice(words) if words and rng.random() < 0.6 else text(rng, surrogates=True)
    if isinstance(value, list):
        return rng.choice([[], value * 2, value[:1], value[::-1], [value], value * 40])
    if isinstance(value, dict):
        return rng.choice([{}, [value], dict.fromkeys(value), {**value, "surplus": 1}])
    return _other(rng)


def _other(rng: Random) -> Any:  # noqa: ANN401
    """A value of any type."""
    return rng.choice(
        [
            *(None, True, False, [], {}, [[]], {"": None}, [None], _DEEP),
            *(rng.choice(INTEGERS), rng.choice(FLOATS), text(rng, surrogates=True)),
            [rng.choice(INTEGERS)] * rng.choice((1, 2, 3, 5)),
        ]
    )


_WORD = re.compile(rb"[A-Za-z_][\w/:.]*")
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")


def mutate_text(data: bytes, rng: Random) -> bytes:
    """A text with a few mutations of its numbers, words and lines."""
    for _ in range(how_often(rng)):
        kind = rng.choice(("number", "number", "word", "word", "drop", "repeat", "swap"))
        if kind in ("number", "word"):
            data = _replaced(data, _NUMBER if kind == "number" else _WORD, rng)
            continue
        lines = data.splitlines(keepends=True)
        if not lines:
            continue
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        if kind == "drop":
            del lines[at]
        elif kind == "repeat":
            lines.insert(other, lines[at])
        else:
            lines[at], lines[other] = lines[other], lines[at]
        data = b"".join(lines)
    return data


def _replaced(data: bytes, pattern: re.Pattern[bytes], rng: Random) -> bytes:
    """The text with one match replaced: by another match, or by what nobody expects there."""
    spots = [match.span() for match in pattern.finditer(data)]
    if not spots:
        return data
    start, stop = rng.choice(spots)
    new = data[slice(*rng.choice(spots))]
    if rng.random() < 0.6:
        values: list[object] = [*INTEGERS, *FLOATS] if pattern is _NUMBER else [text(rng)]
        new = str(rng.choice(values)).encode()
    return data[:start] + new + data[stop:]
