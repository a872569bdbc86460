"""Figures that the article published, and the curve through accuracy over receptive field size.

A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill
2019 (doi 10.23915/distill.00021); the files and where they come from are in assets/article/.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from .samples import ASSETS

_FOLDER = ASSETS / "article"


class Figures(NamedTuple):
    """Receptive field size, effective stride and effective padding in pixels, on both axes alike.

    The padding is None where it depends on the image's size; all are None where there is no
    closed form.
    """

    size: int | None
    stride: int | None
    padding: int | None


@dataclass(frozen=True)
class EndPoint:
    """Row of the published table; ``resolution`` is the image's side, None for any."""

    net: str
    resolution: int | None
    name: str
    published: Figures
    computed: Figures

    @property
    def agrees(self) -> bool:
        """Agreement of what RF-Viz computes with what was published."""
        return self.published == self.computed


@dataclass(frozen=True)
class Summary:
    """Network of the article's summary, its last layer at 224 x 224.

    Attributes:
        net, title: its name as TF-Slim and as people write it.
        family: the family that it belongs to, as the article's plot has it.
        year: the year of the model, by the article.
        figures: r, S and P of its last layer.
        gflops: the cost of an image of 224 x 224.
        top1: its accuracy on ImageNet as the article plots it, None where it plots none.
        input: the side of the images that TF-Slim feeds it by default.
        depth: convolutions on the longest path to its last layer, as RF-Viz counts them.
        keras: the name of the same architecture in ``keras.applications``; empty where it has none.
    """

    net: str
    title: str
    family: str
    year: int
    figures: Figures
    gflops: float
    top1: float | None
    input: int
    depth: int
    keras: str


@cache
def end_points() -> tuple[EndPoint, ...]:
    """Read all rows of the published table, with what RF-Viz computes of each."""
    return tuple(
        EndPoint(
            row["net"],
            _number(row["resolution"]),
            row["end_point"],
            _figures(row),
            _figures(row, "computed_"),
        )
        for row in _rows("table.csv")
    )


@cache
def summary() -> tuple[Summary, ...]:
    """Read the twelve networks of the article's summary."""
    return tuple(
        Summary(
            row["net"],
            row["title"],
            row["family"],
            int(row["year"]),
            _figures(row),
            float(row["gflops"]),
            float(row["top1"]) if row["top1"] else None,
            int(row["input"]),
            int(row["depth"]),
            row["keras"],
        )
        for row in _rows("summary.csv")
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table."""
    with (_FOLDER / name).open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _figures(row: dict[str, str], prefix: str = "") -> Figures:
    """The figures in a row's columns, whose names have the prefix."""
    return Figures(*(_number(row[prefix + name]) for name in Figures._fields))


def _number(text: str) -> int | None:
    """The number in a field; None where it is empty."""
    return int(text) if text else None


@dataclass(frozen=True)
class Fit:
    """Curve ``accuracy = slope * ln(size) + intercept``, by least squares over ``count`` networks.

    It is RF-Viz's own: the article tells of a logarithmic relationship, and gives no curve.
    ``correlation`` is Pearson's, of the accuracy with ln(size). Any other positive quantity may
    take the size's place.
    """

    slope: float
    intercept: float
    correlation: float
    count: int

    def at(self, size: float) -> float:
        """Compute the accuracy on the curve for a receptive field size in pixels."""
        return self.slope * float(np.log(size)) + self.intercept


def fit(sizes: Sequence[float], accuracies: Sequence[float]) -> Fit | None:
    """Fit the logarithmic curve through accuracies; None for fewer than two sizes.

    By ordinary least squares of the accuracies on ln(size).
    """
    if len(set(sizes)) < 2:
        return None
    x, y = np.log(sizes), np.asarray(accuracies)
    across, up = x - x.mean(), y - y.mean()
    slope = float((across * up).sum() / (across**2).sum())
    spread = float(np.sqrt((across**2).sum() * (up**2).sum()))
    correlation = float((across * up).sum()) / spread if spread else 0.0
    return Fit(slope, float(y.mean() - slope * x.mean()), correlation, len(sizes))


def without_each(sizes: Sequence[float], accuracies: Sequence[float]) -> list[Fit | None]:
    """Fit the curve again and again, each time without one of the networks, in their order."""
    pairs = list(zip(sizes, accuracies, strict=True))
    rests = [pairs[:at] + pairs[at + 1 :] for at in range(len(pairs))]
    return [fit([size for size, _ in rest], [top1 for _, top1 in rest]) for rest in rests]
