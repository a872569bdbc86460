"""What the scripts have in common that make tables of networks: figures of a layer, and the run.

A table is a file of rows, one a line. A row is worked out in a process of its own, and verified in
another. What was verified before stays where the figures are still the same.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rf_viz.model import Model
from rf_viz.trace.network import Layer, Network
from rf_viz.verify import verify

Row = dict[str, Any]


def last_map(net: Network) -> Layer:
    """The last layer before everything is pooled."""
    return _with_cells(net)[-1]


def _with_cells(net: Network) -> list[Layer]:
    """The layers that have more than one cell."""
    return [layer for layer in net.layers if max(layer.grid, default=1) > 1]


def figures(layer: Layer) -> Row:
    """How far a layer sees: its closed form, and the largest region of any of its cells."""
    field = layer.receptive_field
    start, stop = layer.bounds()
    seen = (stop - start).reshape(-1, stop.shape[-1]).max(axis=0)
    return {
        "layer": layer.name,
        "size": None if field is None else list(field.size),
        "stride": None if field is None else list(field.stride),
        "padding": None if field is None else list(field.padding),
        "aligned": layer.aligned,
        "note": layer.note,
        "region": seen.tolist(),
    }


def gflops(net: Network) -> float | None:
    """What one image costs, twice its multiply-adds in 1e9; None where a layer's is unknown."""
    products = [layer.multiply_adds for layer in net.layers]
    return None if None in products else round(2 * sum(products) / 1e9, 4)  # type: ignore[arg-type]


def affordable(side: int, cost: float, most: float) -> int:
    """A side of the input, a multiple of 32, at which a network costs no more than ``most``."""
    return side if cost <= most else int(side * (most / cost) ** 0.5) // 32 * 32


def check(model: Model, net: Network, name: str, places: int, cells: int) -> Row:
    """Hold some layers against the running network. Raises ValueError where they disagree."""
    layers = _with_cells(net)
    at = np.linspace(0, len(layers) - 1, places + 1)[1:].round().astype(int)
    report = verify(model, net, [layers[i].name for i in at], cells=cells)
    if not report.ok:
        raise ValueError(f"{name} disagrees:\n{report.summary()}")
    return {
        "input": list(net.input.size),
        "checks": len(report.checks),
        "agree": len(report.agreed),
        "undecided": len(report.undecided),
    }


def make(
    script: str,
    description: str | None,
    names: Callable[[], Sequence[str]],
    row: Callable[[str], Row],
    verified: Callable[[Row], Row],
    later: Iterable[str],
) -> None:
    """Make the table beside a script, or the rows that its arguments name.

    ``later`` are the columns that may change without a network being verified anew.
    """
    path = Path(script).with_name("table.json")
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    parser.add_argument("--figures-only", action="store_true", help="verify nothing")
    for step in ("--row", "--verify"):
        parser.add_argument(step, metavar="NAME", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        print(json.dumps(row(options.row)))
        return
    rows = {r["name"]: r for r in json.loads(path.read_text("utf-8"))} if path.exists() else {}
    if options.verify:
        print(json.dumps(verified(rows[options.verify])))
        return
    failed = []
    chosen = options.names or names()
    for name in chosen:
        new, before = _in_a_process(script, "--row", name), rows.get(name, {})
        if all(new[key] == before.get(key) for key in new if key not in later):
            new["verified"] = before["verified"]
        rows[name] = new
        print(name, new["size"], new["gflops"], flush=True)
        _write(path, rows.values())
    for name in chosen if not options.figures_only else ():
        if rows[name]["verified"] is None:
            try:
                rows[name]["verified"] = _in_a_process(script, "--verify", name)
            except subprocess.CalledProcessError:
                failed.append(name)
            print(name, rows[name]["verified"], flush=True)
            _write(path, rows.values())
    if failed:
        sys.exit(f"not verified: {', '.join(failed)}")


def _in_a_process(script: str, step: str, name: str) -> Row:
    """A row, or what verifying one came to, worked out in a process of its own."""
    command = [sys.executable, script, step, name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: Row = json.loads(done.stdout.splitlines()[-1])
    return result


def _write(path: Path, rows: Iterable[Row]) -> None:
    """Write the table, a line for each network."""
    in_order = sorted(rows, key=lambda r: r["name"])
    lines = [json.dumps(r, ensure_ascii=False) for r in in_order]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")
