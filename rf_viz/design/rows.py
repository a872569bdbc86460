"""Designs: the rows of a network, before anything is built of them."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ModelError
from .kinds import LAYER_KINDS, SETTINGS, VARIANTS, Value

MOST_ROWS = 400
"""The most rows of a network."""
LARGEST = {"channels": 4096, "kernel": 255, "stride": 32, "dilation": 1024, "groups": 4096}
"""The largest value of each setting."""

_LARGEST_INPUT = {2: 1_000_000, 3: 2048}
"""The largest extent of an input, by how many axes it has, the channels included."""

_LONGEST_LINK = 200_000
_PADDINGS = ("same", "valid", "causal")


@dataclass(frozen=True)
class Row:
    """Row of a network, one layer; ``row`` makes it, with the settings of its kind.

    ``sources`` are the numbers of the rows that it takes, from 1, and 0 for the input; empty for
    the row before. A kind that joins takes the row before too if it has a single source.
    """

    kind: str
    sources: tuple[int, ...] = ()
    channels: int = 0
    kernel: int = 1
    stride: int = 1
    padding: Value = "same"
    dilation: int = 1
    groups: int = 1

    def settings(self) -> dict[str, Value]:
        """Return the settings that its kind has."""
        return {
            name: getattr(self, name)
            for name in SETTINGS
            if name in LAYER_KINDS[self.kind].settings
        }

    def with_kind(self, name: str) -> Row:
        """Replace the kind, and keep the settings that mean the same in both.

        Raises ModelError for an unknown kind.
        """
        changed = row(name, *self.sources)
        other = {*LAYER_KINDS[self.kind].called, *LAYER_KINDS[changed.kind].called}
        both = self.settings().keys() & changed.settings().keys() - other
        return replace(changed, **{key: getattr(self, key) for key in both})


def row(name: str, /, *sources: int, **settings: Value) -> Row:
    """Make a row of a kind or of one of the ``VARIANTS``, with its usual settings or these.

    Raises ModelError for an unknown kind or setting, or a value that the setting cannot have.
    """
    kind, own = VARIANTS.get(name, (name, {}))
    if kind not in LAYER_KINDS:
        raise ModelError(f"there is no kind of layer called {name!r}")
    usual = LAYER_KINDS[kind].settings
    for setting, value in settings.items():
        if setting not in usual:
            raise ModelError(f"{kind} has no {setting}")
        _check(setting, value)
    return Row(kind, tuple(sources), **{**usual, **own, **settings})  # type: ignore[arg-type]


def _check(setting: str, value: object) -> None:
    """Raise ModelError for a value that a setting cannot have."""
    if setting == "padding" and isinstance(value, str):
        if value not in _PADDINGS:
            raise ModelError(f"a padding is {', '.join(_PADDINGS)} or a number, not {value!r}")
        return
    least, most = (0, LARGEST["kernel"]) if setting == "padding" else (1, LARGEST[setting])
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ModelError(f"{setting} is a whole number from {least} to {most}, not {value!r}")


@dataclass(frozen=True)
class Design:
    """Design of a network: its input's shape and its rows, which are numbered from 1.

    The shape is (channels, height, width) or (channels, length). Changes return another design, in
    which the numbers of the sources are adjusted.
    """

    input: tuple[int, ...]
    rows: tuple[Row, ...] = ()

    def replaced(self, number: int, row: Row) -> Design:
        """Put another row in the place of the one of this number."""
        return replace(self, rows=(*self.rows[: number - 1], row, *self.rows[number:]))

    def inserted(self, after: int, row: Row) -> Design:
        """Add a row ``after`` the one of that number, or 0 for the beginning.

        Its own sources count the rows as they were.
        """
        rows = [*self.rows[:after], row, *self.rows[after:]]
        return replace(self, rows=_renumbered(rows, lambda n: n + (n > after)))

    def removed(self, number: int) -> Design:
        """Remove a row. Rows that took it take its first source instead."""
        gone = self.rows[number - 1]
        instead = gone.sources[0] if gone.sources else number - 1
        rows = [*self.rows[: number - 1], *self.rows[number:]]
        return replace(
            self, rows=_renumbered(rows, lambda n: instead if n == number else n - (n > number))
        )

    def moved(self, number: int, by: int) -> Design:
        """Move a row down, or up where ``by`` is negative, as far as that goes."""
        to = min(max(number + by, 1), len(self.rows))
        order = [n for n in range(1, len(self.rows) + 1) if n != number]
        order.insert(to - 1, number)
        renumbered = {old: new for new, old in enumerate(order, 1)}
        rows = [self.rows[n - 1] for n in order]
        return replace(self, rows=_renumbered(rows, lambda n: renumbered.get(n, n)))

    def to_json(self) -> str:
        """Write the design as JSON, the same text for the same design; ``from_json`` reads it."""
        rows = []
        for row in self.rows:
            entry: dict[str, Any] = {"kind": row.kind, **row.settings()}
            if row.sources:
                entry["from"] = row.sources
            rows.append(entry)
        whole = {"input": self.input, "rows": rows}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Design:
        """Read a design that ``to_json`` wrote. Raises ModelError for any other text."""
        try:
            whole = json.loads(text)
            extents, entries = tuple(whole["input"]), list(whole["rows"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ModelError("this is no network of RF-Viz: it is damaged or cut off") from None
        check_input(extents)
        if len(entries) > MOST_ROWS:
            raise ModelError(f"a network has at most {MOST_ROWS} rows here, not {len(entries)}")
        return Design(extents, tuple(map(_row_of, entries)))

    def compact(self) -> str:
        """Write the design as a short text that may stand in an address; ``expand`` reads it."""
        packed = zlib.compress(self.to_json().encode(), 9)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @staticmethod
    def expand(text: str) -> Design:
        """Read a design that ``compact`` wrote. Raises ModelError for any other text."""
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), "-_", validate=True)
            unpacked = zlib.decompressobj().decompress(packed, _LONGEST_LINK)
            whole = unpacked.decode()
        except (binascii.Error, zlib.error, ValueError):
            raise ModelError("the link holds no network: it is damaged or cut off") from None
        return Design.from_json(whole)


def check_input(extents: tuple[object, ...]) -> None:
    """Raise ModelError where these are not channels and extents of an input."""
    most = _LARGEST_INPUT.get(len(extents))
    if most is None:
        raise ModelError("an input is channels, height and width, or channels and length")
    for number, n in enumerate(extents):
        limit = most if number else LARGEST["channels"]
        if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= limit:
            raise ModelError(f"an input has 1 to {limit} along an axis, not {n!r}")


def _renumbered(rows: list[Row], number: Callable[[int], int]) -> tuple[Row, ...]:
    """Rows with other numbers for their sources; 0 stays the input."""
    return tuple(
        replace(row, sources=tuple(number(n) if n else 0 for n in row.sources)) for row in rows
    )


def _row_of(entry: object) -> Row:
    """A row as JSON has it. Raises ModelError."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("kind"), str):
        raise ModelError("a row of a network tells its kind and its settings")
    settings = {name: value for name, value in entry.items() if name not in ("kind", "from")}
    sources = entry.get("from", ())
    if not isinstance(sources, list | tuple) or not all(
        isinstance(n, int) and 0 <= n <= MOST_ROWS for n in sources
    ):
        raise ModelError("a row is from other rows, told by their numbers")
    return row(entry["kind"], *sources, **settings)
