"""The JavaScript that components share, by itself in a browser, held against Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import plotly
import pytest
from playwright.sync_api import Browser, Page

from rf_viz.analysis.numbers import number
from rf_viz.figures.overlays import runs
from rf_viz.ui.browser.component import bundle, pack
from tests.browser import driver
from tests.browser.visitors import visitor
from tests.models.small_nets import Net

UI = Path(__file__).parents[2] / "rf_viz" / "ui"
CELLS = UI / "browser" / "cells.js"
PACKET, WORDS = UI / "browser" / "packet.js", UI / "browser" / "words.js"
MOUNT, PLOT = UI / "browser" / "mount.js", UI / "browser" / "plot.js"

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as page:
        yield page


@pytest.fixture(scope="module")
def call(blank: Page) -> Call:
    """Calls a function of a script with arguments; bytes travel as lists of numbers."""

    def call(script: Path, expression: str, *arguments: object) -> object:
        return driver.call(blank, bundle(script), expression, *arguments)

    return call


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
def test_a_packet_is_unpacked_as_it_was_packed(call: Call, dtype: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    other = np.array([7], np.uint8)
    data = list(pack({"view": "ö", "size": [3, 4]}, {"other": other, "array": array}))
    read = """(bytes) => {
      const { view, size, arrays } = unpack(Uint8Array.from(bytes));
      const { data, shape } = arrays.array;
      return { view, size, shape, data: [...data], type: data.constructor.name };
    }"""
    unpacked = call(PACKET, read, data)
    assert (unpacked["view"], unpacked["size"]) == ("ö", [3, 4])
    assert unpacked["shape"] == [2, 3, 4]
    assert unpacked["data"] == array.reshape(-1).tolist()
    assert unpacked["type"].lower() == f"{dtype}array"


def test_an_element_of_a_broadcast_array_is_that_of_numpy(call: Call) -> None:
    for shape in ((1, 4), (3, 1), (3, 4), (1, 1)):
        array = np.random.default_rng(0).integers(0, 99, shape)
        whole = np.broadcast_to(array, (3, 4))
        read = "(data, shape, cell) => at({ data, shape }, cell)"
        for cell in np.ndindex(3, 4):
            assert call(PACKET, read, array.reshape(-1).tolist(), shape, cell) == whole[cell]


@pytest.mark.parametrize("seed", range(6))
def test_runs_are_those_of_python(call: Call, seed: int) -> None:
    random = np.random.default_rng(seed)
    marked = random.random(random.integers(1, 8, 2)) < 0.5
    marked = np.repeat(marked, random.integers(1, 3), axis=0)
    boxes = call(
        CELLS,
        "(cells, columns) => runs(Uint8Array.from(cells), columns)",
        marked.astype(int).reshape(-1).tolist(),
        marked.shape[1],
    )
    assert boxes == [[list(side) for side in box] for box in runs(marked)]


def test_cells_around_a_pixel_are_those_whose_region_holds_it(call: Call) -> None:
    net = Net()
    net.conv(net.conv("x", 3, 2), 5, name="last", pad=0)
    layer = net.trace(24)["last"]
    arrays = {
        f"{end}{axis}": {"data": np.asarray(array).reshape(-1).tolist(), "shape": array.shape}
        for axis, span in enumerate(layer.spans())
        for end, array in zip(("start", "stop"), span, strict=True)
    }
    start, stop = layer.bounds()
    for pixel in ((0, 0), (11, 5), (23, 23), (3, 20)):
        cells = call(
            CELLS,
            "(pixel, grid, arrays) => [...boxesAround(pixel, { grid, arrays })]",
            pixel,
            layer.extents,
            arrays,
        )
        holds = ((start <= pixel) & (stop > pixel)).all(axis=-1)
        assert cells == holds.astype(int).reshape(-1).tolist()


def test_numbers_and_regions_read_well(call: Call) -> None:
    for value in (794.61234, 0, -0.5, 1.5e-7, -2e20, 1013.2, 0.00123456, 99999.7, 1e6, 31000):
        assert call(WORDS, "short", value) == number(value)
    assert call(WORDS, "() => short(NaN)") == "not finite"
    assert call(WORDS, "size", [[3, 9], [0, 4]]) == "6 \N{MULTIPLICATION SIGN} 4 px"
    assert call(WORDS, "size", [[3, 9]]) == "6 samples"
    dash = "\N{EN DASH}"
    assert call(WORDS, "ranges", [[3, 9], [0, 4]]) == f"rows 3{dash}8, columns 0{dash}3"
    assert call(WORDS, "position", [3, 4]) == "(3, 4)"


def test_a_component_lives_as_long_as_its_place_on_the_page(call: Call) -> None:
    told = call(
        MOUNT,
        """() => {
          const log = [];
          class View {
            constructor() { log.push("new"); }
            remove() { log.push("removed"); }
          }
          const entry = mount(View, (view, { data }) => log.push(data));
          const parentElement = document.createElement("div");
          document.body.append(parentElement);
          const overtaken = entry({ parentElement, data: 1 });
          const remove = entry({ parentElement, data: 2 });
          overtaken();
          entry({ parentElement, data: 3 });
          parentElement.remove();
          remove();
          entry({ parentElement, data: 4 });
          return log;
        }""",
    )
    assert told == ["new", 1, 2, 3, "removed", "new", 4]


def test_a_figure_that_goes_while_it_is_drawn_leaves_nothing_behind(
    blank: Page, call: Call
) -> None:
    failures: list[str] = []
    blank.on("pageerror", lambda error: failures.append(str(error)))
    blank.add_script_tag(path=Path(plotly.__file__).parent / "package_data" / "plotly.min.js")
    counts = call(
        PLOT,
        """async () => {
          const host = document.createElement("div");
          const focus = document.createElement("div");
          document.body.append(host);
          const nothing = () => {};
          const on = { arrange: nothing, drawn: nothing, leave: nothing };
          const figure = (range) => ({
            data: [{ type: "heatmap", z: [[1, 2], [3, 4]] }],
            layout: { height: 300, width: 400, shapes: [], xaxis: { range }, yaxis: { range } },
          });
          const about = { url: "", titles: [], name: "figure" };
          const [counts, plots] = [[], []];
          for (let end = 2; end < 12; end += 1) {
            const plot = new Plot(host, { map: { axes: "", focus } }, on);
            await plot.show(figure([0, end]), about);
            counts.push(host.querySelectorAll(".main-svg").length > 0);
            plot.show(figure([0, end + 1]), about);
            await null;
            plot.zoom("map", 0.9);
            plot.restyle([0], [{ z: [[4, 3], [2, 1]] }]);
            plot.remove();
            plot.reset();
            plots.push(plot);
          }
          await new Promise((resolve) => setTimeout(resolve, 300));
          for (const plot of plots) plot.reset();
          const left = plots.filter((plot) => plot.drawable || plot.locate({})).length;
          return [...counts, left, host.querySelectorAll(".main-svg").length];
        }""",
    )
    assert counts == [True] * 10 + [0, 0]
    assert failures == []
