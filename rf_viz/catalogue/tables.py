"""Tables of networks that come with the project: files of rows, read at the first look-up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Verified:
    """Verification of a network against itself, run with random weights at this input size.

    ``checks`` were made, of which so many ``agree``, so many are ``undecided``, and none disagrees.
    """

    input: tuple[int, int]
    checks: int
    agree: int
    undecided: int


class Table(Mapping[str, Row], Generic[Row]):
    """Rows by name, in the order of the file; ``row`` makes one of its values."""

    def __init__(self, path: Path, row: Callable[..., Row]) -> None:
        self._path, self._row = path, row

    @cached_property
    def _rows(self) -> dict[str, Row]:
        rows = json.loads(self._path.read_text("utf-8"))
        return {
            row["name"]: self._row(**{key: _fixed(key, value) for key, value in row.items()})
            for row in rows
        }

    def __getitem__(self, name: str) -> Row:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _fixed(key: str, value: Any) -> Any:  # noqa: ANN401
    """A value of a table as one that does not change."""
    if key == "verified" and value is not None:
        return Verified(**{inner: _fixed(inner, number) for inner, number in value.items()})
    return tuple(value) if isinstance(value, list) else value
