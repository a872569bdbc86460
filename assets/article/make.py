"""Makes table.csv: every published row of the article, and what RF-Viz computes of it.

    .venv/bin/python assets/article/make.py

The published rows, the graphs and the networks built from their papers are those of the tests.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rf_viz.model import Model
from rf_viz.trace.network import Layer
from tests.readers.tensorflow import test_published, test_published_others

TABLE = Path(__file__).with_name("table.csv")

FIGURES = ("size", "stride", "padding")
COLUMNS = ("net", "resolution", "end_point", *FIGURES, *(f"computed_{name}" for name in FIGURES))

Row = dict[str, str]


def computed(layer: Layer) -> Row:
    """The figures of a layer; empty where it has none, or where rows and columns differ."""
    field = layer.receptive_field
    figures = {}
    for name in FIGURES:
        values = set(getattr(field, name)) if field else {None}
        value = values.pop() if len(values) == 1 else None
        figures[f"computed_{name}"] = "" if value is None else str(value)
    return figures


def rows_of(model: Model, resolution: str, rows: list[Row]) -> list[Row]:
    """Published rows of one network at one resolution, completed."""
    net = model.trace((int(resolution),) * 2 if resolution else "unknown")
    return [row | computed(net[row.get("output_node", row["end_point"])]) for row in rows]


def main() -> None:
    """Work the table out anew."""
    rows = []
    for (file, resolution), published in test_published.PUBLISHED.items():
        rows += rows_of(test_published.slim(file), resolution, published)
    for (name, resolution), published in test_published_others.PUBLISHED.items():
        rows += rows_of(test_published_others.built(name), resolution, published)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda r: r["net"]))


if __name__ == "__main__":
    main()
