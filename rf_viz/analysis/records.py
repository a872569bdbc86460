"""Records of networks, layers and cells as plain data, and their text as JSON and CSV."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..trace.network import Layer, Network
from ..trace.settings import in_words

Record = dict[str, Any]


def network_record(model: str, net: Network) -> Record:
    """The record of a whole network, traced from a model of this name.

    It tells what was stopped and what is left out, where there is any.
    """
    parts = {"stop": sorted(net.stop), "left_out": list(net.left_out)}
    return {
        "model": model,
        "input": input_record(net),
        **{key: names for key, names in parts.items() if names},
        "layers": layer_records(net),
    }


def input_record(net: Network) -> Record:
    """The record of the traced input; its shape is None along axes of any size."""
    traced = net.input
    return {
        "name": traced.name,
        "shape": [
            None if net.any_size and i in traced.spatial_axes else n
            for i, n in enumerate(traced.shape)
        ],
        "layout": traced.layout,
        "spatial_axes": list(traced.spatial_axes),
    }


def layer_records(net: Network) -> list[Record]:
    """The records of all layers, shape and closed form, in execution order.

    "module" is the innermost of the framework's layers that a layer is part of, None where there is
    none; "ends" are those whose output it is.
    """
    ends: dict[Layer, list[str]] = {}
    for group, layer in net.groups:
        ends.setdefault(layer, []).append(group.name)
    return [_layer_record(layer, ends.get(layer, [])) for layer in net.layers]


def _layer_record(layer: Layer, ends: list[str]) -> Record:
    field = layer.receptive_field
    return {
        "name": layer.name,
        "op": layer.op,
        "shape": list(layer.shape),
        "grid": [layer.shape[axis] for axis in layer.grid_axes],
        "size": None if field is None else list(field.size),
        "stride": None if field is None else list(field.stride),
        "padding": None if field is None else list(field.padding),
        "aligned": layer.aligned,
        "exact": layer.exact,
        "note": layer.note,
        "settings": layer.settings,
        "module": layer.group.name if layer.group else None,
        "ends": ends,
    }


def region_record(layer: Layer, cells: Sequence[Record]) -> Record:
    """A record of what some cells of a layer see, each as by ``cell_record``."""
    return {"layer": layer.name, "exact": layer.exact, "cells": cells}


def cell_record(layer: Layer, cell: Sequence[int], channel: int | None, pixels: bool) -> Record:
    """The record of a cell: its region (half-open) and, with ``pixels``, its mask's size.

    Raises IndexError for a cell or channel that is not there.
    """
    region = layer.region(cell, channel)
    return {
        "cell": list(cell),
        "channel": channel,
        "start": list(region.start),
        "stop": list(region.stop),
        "pixels": int(layer.mask(cell, channel).sum()) if pixels else None,
    }


def cell_row(layer: Layer, cell: Record) -> Record:
    """A record by ``cell_record``, with its layer, for one line of a table; coordinates as y,x."""
    coordinates = {
        key: ",".join(map(str, value)) if isinstance(value, list) else value
        for key, value in cell.items()
    }
    return {"layer": layer.name, "exact": layer.exact, **coordinates}


def by(numbers: Iterable[float | None]) -> str:
    """Numbers as in 3x224x224, unknown ones as ?."""
    return "x".join("?" if n is None else str(n) for n in numbers)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that spreadsheets take for a formula; the last ones are full-width."""

_NUMERIC = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?|(-?\d+|\?)(x(-?\d+|\?))*")
"""A number, or extents as ``by`` writes them."""


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a terminal obeys, and halves of letters, in a name from a file; lines may break."""


def csv_text(records: Sequence[Mapping[str, Any]]) -> str:
    """CSV of records: a line with the names of the fields, then one for each record.

    A text that a spreadsheet would take for a formula has an apostrophe in front. Control
    characters become question marks.
    """
    names: list[object] = list(records[0] if records else ())
    rows = ([_plain(value) for value in record.values()] for record in records)
    return "".join(_csv_line(cells) for cells in (names, *rows))


def _csv_line(cells: Sequence[object]) -> str:
    import csv
    from io import StringIO

    stream = StringIO(newline="")
    # Only what is in its own line end makes the writer quote a cell that breaks lines.
    csv.writer(stream, lineterminator="\r\n").writerow(cells)
    return _CONTROL.sub("?", stream.getvalue().removesuffix("\r\n")) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        value = in_words(value)
    if isinstance(value, list | tuple):
        value = by(value)
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMERIC.fullmatch(value):
        return f"'{value}"
    return value


def json_text(record: Mapping[str, Any]) -> str:
    """JSON of a record: a line for each key, and for each entry of a list of objects."""

    def dump(part: object) -> str:
        if isinstance(part, list) and part and isinstance(part[0], dict):
            return "[\n  " + ",\n  ".join(map(dump, part)) + "\n]"
        text = json.dumps(part, ensure_ascii=False)
        return _CONTROL.sub(lambda letter: f"\\u{ord(letter[0]):04x}", text)

    return "{" + ",\n".join(f"{dump(key)}: {dump(part)}" for key, part in record.items()) + "}\n"
