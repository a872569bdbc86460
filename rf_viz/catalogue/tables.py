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


@dataclass(frozen=True)
class ListedNetwork:
    """Network that a library has by name, with how far it sees.

    Attributes:
        name: the function that builds it ("resnet50").
        year: when it was first made public.
        paper: who made it, and where to read of it.
        input: the height and width of its input; the figures hold at this size.
        layer: the last layer before everything is pooled, whose figures these are. They leave
            out global context.
        size: its receptive field size, None where it has no closed form.
        stride: its effective stride, likewise.
        padding: its effective padding, likewise.
        aligned: whether all paths to it agree; None where that cannot be said.
        note: why there is no closed form; empty where there is one.
        region: the extents of the largest region that any of its cells sees.
        parameters: how many weights it has.
        gflops: what one image costs, twice its multiply-adds in 1e9; None where not known.
        depth: how many convolutions and matrix products are on the longest path to that layer,
            those of squeeze-and-excite gates counted.
        remark: what else to know, such as where other frameworks differ; may be empty.
        verified: how the regions were checked; None where they were not.
    """

    name: str
    year: int
    paper: str
    input: tuple[int, int]
    layer: str
    size: tuple[int, int] | None
    stride: tuple[int, int] | None
    padding: tuple[int, int] | None
    aligned: bool | None
    note: str
    region: tuple[int, int]
    parameters: int
    gflops: float | None
    depth: int
    remark: str
    verified: Verified | None


def alphanumeric(name: str) -> str:
    """Reduce a name to its letters and digits, in lower case, to compare it with others."""
    return "".join(c for c in name.lower() if c.isalnum())


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
