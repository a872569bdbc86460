"""What layers and cells see, as JSON and CSV: what scripts read of the app's downloads."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

import rf_viz
from rf_viz import Network
from rf_viz.analysis.records import (
    cell_record,
    cell_row,
    csv_text,
    json_text,
    layer_records,
    network_record,
    region_record,
)
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.errors import printable


@pytest.fixture(scope="module")
def net() -> Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)


def test_a_cell_is_one_line_with_its_layer(net: Network) -> None:
    layer = net["fire5/concat"]
    region = layer.region((3, 4), 7)
    (line,) = csv.DictReader(
        StringIO(csv_text([cell_row(layer, cell_record(layer, (3, 4), 7, True))]))
    )
    assert line == {
        "layer": "fire5/concat",
        "exact": "true",
        "cell": "3,4",
        "channel": "7",
        "start": ",".join(map(str, region.start)),
        "stop": ",".join(map(str, region.stop)),
        "pixels": str(layer.mask((3, 4), 7).sum()),
    }


def test_a_cell_as_json_is_what_the_layer_says(net: Network) -> None:
    layer = net["fire5/concat"]
    record = json.loads(json_text(region_record(layer, [cell_record(layer, (3, 4), None, False)])))
    (cell,) = record["cells"]
    assert (record["layer"], record["exact"], cell["pixels"]) == ("fire5/concat", True, None)
    assert layer.region((3, 4)) == rf_viz.Region(tuple(cell["start"]), tuple(cell["stop"]))


def test_all_layers_are_told_in_both_formats(net: Network) -> None:
    record = json.loads(json_text(network_record("net", net)))
    lines = list(csv.DictReader(StringIO(csv_text(layer_records(net)))))
    names = [layer.name for layer in net.layers]
    assert [layer["name"] for layer in record["layers"]] == names
    assert [line["name"] for line in lines] == names
    assert record["input"]["shape"] == [1, 3, 224, 224]
    assert lines[names.index("fire5/concat")]["size"] == "63x63"


def test_no_records_are_no_lines() -> None:
    assert csv_text([]).strip() == ""


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-2+3", '=A("x","y")', "\uff1d1"],
)
def test_no_cell_is_a_formula_to_a_spreadsheet(name: str) -> None:
    """Layers are called whatever their makers like."""
    text = csv_text([{"name": name, "size": [3, 3]}])
    (line,) = csv.DictReader(StringIO(text, newline=""))
    assert line["name"] == f"'{name}"
    assert line["size"] == "3x3"


def test_numbers_and_extents_stay_as_they_are() -> None:
    values = [-0.5, -3, 1e-7, "-0.5", "-1e-05", [-1, None, 3], "fire5/concat", "a=b", True, None]
    text = csv_text([{str(place): value for place, value in enumerate(values)}])
    assert text.splitlines()[1] == "-0.5,-3,1e-07,-0.5,-1e-05,-1x?x3,fire5/concat,a=b,true,"


@pytest.mark.parametrize("letter", ["\x1b", "\x9b", "\x7f", "\ud83d"])
def test_a_terminal_gets_nothing_to_obey(letter: str) -> None:
    """Names of layers are whatever a file says."""
    name = f"{letter}[2Jé"
    assert csv_text([{"name": name}]) == "name\n?[2Jé\n"
    text = json_text({"name": name})
    assert json.loads(text) == {"name": name}
    text.encode()
    assert letter not in text
    assert printable(name) == "?[2Jé"
