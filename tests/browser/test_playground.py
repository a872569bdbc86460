"""The playground of the Learn page: its arithmetic, and what a person does there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import comb, floor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, helper
from playwright.sync_api import Browser, Locator, Page, expect

import rf_viz
from rf_viz.trace.network import Layer
from rf_viz.ui.browser.component import bundle
from rf_viz.ui.learn.playground.playground import OPERATIONS, pictures
from tests.browser.driver import call, open_page, settle
from tests.browser.visitors import visitor
from tests.oracles.onnx_oracle import build

SCRIPT = Path(rf_viz.__file__).parent / "ui" / "learn" / "playground" / "playground.js"
DASH, MINUS, TIMES = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
POOLS = ("max", "average")
CASES = 150

Array = NDArray[Any]

WORK_OUT = """({ settings, n, planes, kernels, cell, pixel }) => {
  const layer = layerOf(settings, n);
  const patches = planes.map((plane) => patchOf(layer, plane, cell));
  return {
    side: outputSide(layer),
    equation: sizeEquation(layer),
    outputs: outputsOf(layer, planes, kernels).map((plane) => [...plane]),
    values: patches.map((patch, channel) => combine(layer, patch, kernels[channel])),
    patches,
    products: patches.map((patch, channel) => productsOf(patch, kernels[channel])),
    seen: cell.map((at) => seenAlong(layer, at)),
    reached: pixel.map((at) => reachedAlong(layer, at)),
    of_cell: cellSentence(layer, cell),
    of_pixel: pixelSentence(layer, pixel),
  };
}"""


@dataclass
class Case:
    """An operation on random planes, and its oracles: ONNX Runtime, and RF-Viz's own trace.

    Attributes:
        planes: (channels, n, n), whole numbers from 0 to 255.
        kernels: (channels, k, k).
    """

    op: str
    k: int
    s: int
    d: int
    p: int
    planes: Array
    kernels: Array

    @classmethod
    def of(cls, random: np.random.Generator, op: str) -> Case:
        k, s, d = (int(random.integers(1, most + 1)) for most in (5, 3, 3))
        p = int(random.integers(0, min(3, k) if op in POOLS else 3))
        d = d if op == "dilated" else 1
        channels = 3 if op in ("channels", "depthwise") else 1
        least = 2 if op == "transposed" else max(d * (k - 1) + 1 - 2 * p, 2)
        least += 2 * p if op == "transposed" else 0
        n = least + int(random.integers(0, 8))
        planes = random.integers(0, 256, (channels, n, n))
        return cls(op, k, s, d, p, planes, np.round(random.normal(size=(channels, k, k)), 2))

    @property
    def n(self) -> int:
        return int(self.planes.shape[1])

    @cached_property
    def model(self) -> ModelProto:
        window: dict[str, Any] = {"strides": [self.s] * 2, "pads": [self.p] * 4}
        weights = {"w": self.kernels[:, None].astype(np.float32)}
        if self.op in POOLS:
            kind = "MaxPool" if self.op == "max" else "AveragePool"
            node = helper.make_node(kind, ["x"], ["y"], "y", kernel_shape=[self.k] * 2, **window)
            return build([node], {"x": [1, *self.planes.shape]}, {})
        if self.op == "channels":
            weights = {"w": self.kernels[None].astype(np.float32)}
        kind = "ConvTranspose" if self.op == "transposed" else "Conv"
        if self.op == "depthwise":
            window["group"] = 3
        window["dilations"] = [self.d] * 2
        node = helper.make_node(kind, ["x", "w"], ["y"], "y", **window)
        return build([node], {"x": [1, *self.planes.shape]}, weights)

    @cached_property
    def outputs(self) -> Array:
        """Outputs as ONNX Runtime has them, (channels, side, side)."""
        session = onnxruntime.InferenceSession(self.model.SerializeToString())
        (result,) = session.run(None, {"x": self.planes[None].astype(np.float32)})
        return np.asarray(result)[0]

    @cached_property
    def layer(self) -> Layer:
        return rf_viz.load(self.model.SerializeToString()).trace()["y"]

    def patches(self, cell: tuple[int, int]) -> list[list[float | None]]:
        """Numbers under the kernel: of padded planes, or of planes with s - 1 zeros between."""
        planes = self.planes.astype(float)
        if self.op == "transposed":
            spread = np.full((1, *[self.s * (self.n - 1) + 1] * 2), np.nan)
            spread[:, :: self.s, :: self.s] = planes
            around = self.k - 1
            padded = np.pad(spread, [(0, 0), *[(around, around)] * 2], constant_values=np.nan)
            top, left = (at + self.p for at in cell)
            windows = padded[:, top : top + self.k, left : left + self.k][:, ::-1, ::-1]
        else:
            edges = [(0, 0), *[(self.p, self.p)] * 2]
            padded = np.pad(planes, edges, constant_values=np.nan)
            ends = [
                slice(at * self.s, at * self.s + self.d * (self.k - 1) + 1, self.d) for at in cell
            ]
            windows = padded[:, ends[0], ends[1]]
        flat = windows.reshape(len(planes), -1).tolist()
        return [[None if np.isnan(value) else value for value in row] for row in flat]


def axes(mask: Array) -> list[list[int]]:
    """Rows and columns of a mask that is all pairs of these."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)).tolist() for axis in (1, 0))
    assert mask.sum() == len(rows) * len(columns)
    return [rows, columns]


@pytest.fixture(scope="module")
def learn(browser: Browser, url: str) -> Iterator[Page]:
    """The page with the playground."""
    with visitor(browser) as page:
        open_page(page, f"{url}/learn?part=playground&playground.seed=7")
        page.locator(".playground .sentence").get_by_text("looks at").wait_for()
        yield page


def calculated(page: Page, function: str, argument: object) -> Any:  # noqa: ANN401
    """The result of a function that has the playground's modules in scope."""
    script = re.sub(r"^export default ", "void ", bundle(SCRIPT), flags=re.MULTILINE)
    return call(page, script, function, argument)


def test_every_number_is_that_of_onnx_runtime_and_every_region_that_of_the_trace(
    learn: Page,
) -> None:
    random = np.random.default_rng(8)
    cases = [Case.of(random, [*OPERATIONS][i % len(OPERATIONS)]) for i in range(CASES)]
    cells = [tuple(random.integers(0, case.outputs.shape[1], 2).tolist()) for case in cases]
    pixels = [tuple(random.integers(0, case.n, 2).tolist()) for case in cases]
    arguments = [
        {
            "settings": {name: getattr(case, name) for name in ("op", "k", "s", "d", "p")},
            "n": case.n,
            "planes": case.planes.reshape(len(case.planes), -1).tolist(),
            "kernels": case.kernels.reshape(len(case.kernels), -1).tolist(),
            "cell": cell,
            "pixel": pixel,
        }
        for case, cell, pixel in zip(cases, cells, pixels, strict=True)
    ]
    results = calculated(learn, f"(cases) => cases.map({WORK_OUT})", arguments)
    for case, cell, pixel, result in zip(cases, cells, pixels, results, strict=True):
        side = case.outputs.shape[1]
        assert result["side"] == side
        check_equation(case, result["equation"])
        shape = (-1, side, side)
        np.testing.assert_allclose(
            np.reshape(result["outputs"], shape), case.outputs, rtol=1e-4, atol=1e-2
        )
        patches = case.patches(cell)
        assert result["patches"] == patches
        for channel, patch in enumerate(patches):
            kernel = case.kernels[channel].reshape(-1)
            products = [None if v is None else v * w for v, w in zip(patch, kernel, strict=True)]
            assert result["products"][channel] == pytest.approx(products)
        combined = sum(result["values"]) if case.op == "channels" else result["values"]
        assert combined == pytest.approx(case.outputs[:, *cell], rel=1e-4, abs=1e-2)
        seen = axes(case.layer.mask(cell))
        if seen[0]:
            assert result["seen"] == seen
        else:
            assert [] in result["seen"]
        reached = axes(case.layer.seeing(pixel))
        if reached[0]:
            assert result["reached"] == reached
        else:
            assert [] in result["reached"]
        assert result["of_cell"] == cell_sentence(case, cell, seen)
        assert result["of_pixel"] == pixel_sentence(pixel, reached)


def check_equation(case: Case, equation: dict[str, Any]) -> None:
    """The equation comes to the output's size, in numbers and in letters."""

    def value(text: str, **letters: int) -> float:
        text = text.replace("\N{LEFT FLOOR}", "floor(").replace("\N{RIGHT FLOOR}", ")")
        text = text.replace(MINUS, "-").replace("\N{MIDDLE DOT}", "*")
        text = re.sub(r"\b(\d|[sd])(?=[p(])", r"\1*", text)
        return float(eval(text, {"floor": floor}, letters))

    side = case.outputs.shape[1]
    assert equation["side"] == side
    assert value(equation["numbers"]) == side
    letters = {name: getattr(case, name) for name in "nksdp"}
    assert value(equation["letters"], **letters) == side


def cell_sentence(case: Case, cell: tuple[int, int], seen: list[list[int]]) -> str:
    """The sentence on a cell, by the rows and columns of its mask."""
    count, taps = len(seen[0]) * len(seen[1]), case.k**2
    pixels = "1 pixel" if count == 1 else f"{count} pixels"
    where = " and ".join(map(span, ("row", "column"), seen)) if count else ""
    if case.op == "transposed":
        if not count:
            return f"No input pixel reaches output {cell}."
        return f"Output {cell} is reached by {where} of the input: {pixels}."
    if not count:
        return f"Output {cell} looks at padding only: no pixel."
    extents = [axis[-1] - axis[0] + 1 for axis in seen]
    if case.d > 1 and max(extents) > 1:
        nth = {2: "second", 3: "third"}[case.d]
        pixels += f", every {nth} one, over {extents[0]} {TIMES} {extents[1]}"
    if case.op == "channels":
        pixels += ", each with 3 numbers"
    each = " of each channel" if case.op == "depthwise" else ""
    sentence = f"Output {cell}{each} looks at {where} of the input: {pixels}."
    if count < taps:
        sentence += (
            f" The other {taps - count} of its {taps} positions lie in the padding, which holds "
            "no pixels."
        )
    return sentence


def pixel_sentence(pixel: tuple[int, int], reached: list[list[int]]) -> str:
    """The sentence on a pixel, by the rows and columns of the cells that see it."""
    count = len(reached[0]) * len(reached[1])
    if not count:
        return f"Input pixel {pixel} reaches no output."
    where = " and ".join(
        span(name, axis)
        if axis[-1] - axis[0] + 1 == len(axis)
        else f"{name}s {', '.join(map(str, axis[:-1]))} and {axis[-1]}"
        for name, axis in zip(("row", "column"), reached, strict=True)
    )
    return f"Input pixel {pixel} reaches {where} of the output: {count} cell{'s' * (count > 1)}."


def span(name: str, axis: list[int]) -> str:
    return f"{name} {axis[0]}" if len(axis) == 1 else f"{name}s {axis[0]}{DASH}{axis[-1]}"


def test_kernels_are_what_their_names_say(learn: Page) -> None:
    settings = [
        {"kernel": kernel, "k": k, "seed": seed, "w": [1, 2, 3, 4]}
        for kernel, k, seed in (
            *(("across", k, 0) for k in (1, 2, 3, 5)),
            ("down", 5, 0),
            ("soft", 4, 0),
            *((name, 3, 0) for name in ("identity", "blur", "outline", "sharpen", "emboss")),
            *(("random", 5, seed) for seed in (1, 1, 2)),
            *(("own", k, 0) for k in (2, 3, 1)),
        )
    ]
    kernels = calculated(learn, "(all) => all.map((one) => kernelsOf(one, 2))", settings)
    assert all(first == second for first, second in kernels[:11])
    one, two, three, five, down, soft, identity, blur, outline, sharpen, emboss = (
        np.reshape(first, [round(len(first) ** 0.5)] * 2) for first, _ in kernels[:11]
    )
    assert one == 0
    assert two.tolist() == [[-1, 1], [-1, 1]]
    assert three.tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert five.tolist() == np.outer([1, 4, 6, 4, 1], [-1, -2, 0, 2, 1]).tolist()
    assert (down == five.T).all()
    assert soft == pytest.approx(np.outer(*[[comb(3, i) / 8 for i in range(4)]] * 2))
    assert identity.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert blur == pytest.approx(np.full((3, 3), 1 / 9))
    assert outline.tolist() == [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
    assert sharpen.tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    assert emboss.tolist() == [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]
    first, again, other = kernels[11:14]
    assert first == again != other
    assert first[0] != first[1]
    assert np.abs(first).max() <= 1
    same, larger, smaller = (first for first, _ in kernels[14:])
    assert same == [1, 2, 3, 4]
    assert larger == [0, 0, 0, 0, 1, 2, 0, 3, 4]
    assert smaller == [1]


# ---- what a person does


def part(page: Page, name: str) -> Locator:
    return page.locator(f".playground {name}")


def stage(page: Page, side: str) -> Locator:
    return part(page, f"[data-side={side}] .stage")


def centre(page: Page, side: str, cell: tuple[int, int], ring: int) -> dict[str, float]:
    """Where a cell of a pane is, from the pane's corner."""
    label = stage(page, side).get_attribute("aria-label") or ""
    cells = int(re.search(r"\d+", label)[0]) + 2 * ring
    size = stage(page, side).bounding_box()["width"] / cells
    return {"x": (cell[1] + ring + 0.5) * size, "y": (cell[0] + ring + 0.5) * size}


def hover(page: Page, side: str, cell: tuple[int, int], ring: int = 0) -> None:
    stage(page, side).hover(position=centre(page, side, cell, ring))


def says(page: Page) -> str:
    return part(page, ".sentence").inner_text()


def numbers(square: Locator) -> list[str]:
    """The numbers of a square, row by row."""
    label = square.get_attribute("aria-label") or ""
    return label.partition(": ")[2].split(", ")


def grey() -> Array:
    """The pixels of the cat's eye."""
    return pictures()["grey"][0].astype(int)


def choose(page: Page, name: str, value: str) -> None:
    part(page, f"select[name={name}]").select_option(value)


def slide(page: Page, name: str, *keys: str) -> None:
    for key in keys:
        part(page, f"input[name={name}]").press(key)


def test_pointing_at_an_output_shows_its_patch_and_its_products(learn: Page) -> None:
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    hover(learn, "output", (4, 6))
    patch = grey()[3:6, 5:8]
    expect(part(learn, ".sentence")).to_have_text(
        f"Output (4, 6) looks at rows 3{DASH}5 and columns 5{DASH}7 of the input: 9 pixels."
    )
    tables = [
        [int(text.replace(MINUS, "-")) for text in numbers(square)]
        for square in part(learn, ".tables canvas").all()
    ]
    assert tables == [array.reshape(-1).tolist() for array in (patch, sobel, patch * sobel)]
    value = str((patch * sobel).sum()).replace("-", MINUS)
    assert part(learn, ".terms").inner_text().endswith(f"= {value}")
    expect(part(learn, "[data-side=output] .about")).to_have_text(f"(4, 6): {value}")
    hover(learn, "output", (0, 0))
    assert "4 pixels. The other 5 of its 9 positions lie in the padding" in says(learn)


def test_pointing_at_a_pixel_lights_the_outputs_that_it_reaches(learn: Page) -> None:
    hover(learn, "input", (2, 3), ring=1)
    expect(part(learn, ".sentence")).to_have_text(
        f"Input pixel (2, 3) reaches rows 1{DASH}3 and columns 2{DASH}4 of the output: 9 cells."
    )
    mark = part(learn, "[data-side=output] .mark.above .line")
    size = stage(learn, "output").bounding_box()["width"] / 16
    box = mark.evaluate("(path) => { const { width, height } = path.getBBox(); return width; }")
    assert box == pytest.approx(3 * size, abs=1)
    learn.mouse.move(2, 2)
    expect(part(learn, ".sentence")).to_contain_text("Output (8, 8)")


def test_the_window_slides_step_by_step_and_the_keyboard_moves_it(learn: Page) -> None:
    stage(learn, "output").press("Home")
    part(learn, ".step").click()
    expect(part(learn, ".sentence")).to_contain_text("Output (0, 1)")
    part(learn, ".play").click()
    expect(part(learn, ".sentence")).to_contain_text("Output (0, 3)")
    part(learn, ".play").click()
    expect(part(learn, ".play")).to_have_text("Play")
    stage(learn, "output").press("End")
    stage(learn, "output").press("ArrowUp")
    expect(part(learn, ".sentence")).to_contain_text("Output (14, 15)")
    expect(part(learn, ".spoken")).to_contain_text("Value:")
    stage(learn, "input").press("ArrowLeft")
    expect(part(learn, ".sentence")).to_contain_text("Input pixel (8, 7) reaches")
    stage(learn, "input").press("Escape")
    expect(part(learn, ".sentence")).to_contain_text("Output (14, 15)")


def test_sliders_that_an_operation_lacks_are_hidden_and_the_largest_pixel_wins(learn: Page) -> None:
    choose(learn, "op", "max")
    for name, shown in {"k": True, "s": True, "d": False, "p": True}.items():
        expect(part(learn, f"input[name={name}]")).to_be_visible(visible=shown)
    expect(part(learn, "[data-side=kernel]")).to_be_hidden()
    hover(learn, "output", (3, 2))
    patch = grey()[6:8, 4:6]
    assert numbers(part(learn, ".tables canvas").first) == [str(n) for n in patch.reshape(-1)]
    assert part(learn, ".terms").inner_text().endswith(f"is {patch.max()}.")
    choose(learn, "op", "average")
    hover(learn, "output", (3, 2))
    shown = float(part(learn, ".terms").inner_text().split()[-1])
    assert shown == pytest.approx(patch.mean(), abs=0.51)
    choose(learn, "op", "dilated")
    expect(part(learn, "input[name=d]")).to_be_visible()


def test_channels_are_shown_one_by_one_and_added(learn: Page) -> None:
    choose(learn, "op", "channels")
    choose(learn, "kernel", "ones")
    hover(learn, "output", (5, 5))
    sums = pictures()["colours"][0, :, 4:7, 4:7].sum(axis=(1, 2)).tolist()
    texts = part(learn, ".row:not([hidden]) .terms").all_inner_texts()
    assert [int(text.split(" = ")[1]) for text in texts] == sums
    assert part(learn, ".total").inner_text().endswith(f" = {sum(sums)}")
    choose(learn, "op", "depthwise")
    hover(learn, "output", (1, 1))
    expect(part(learn, "[data-side=output] .mark")).to_have_count(3)
    expect(part(learn, ".total")).to_be_hidden()


def test_a_reload_keeps_everything(learn: Page) -> None:
    choose(learn, "crop", "cup")
    choose(learn, "op", "transposed")
    choose(learn, "kernel", "ones")
    slide(learn, "k", "ArrowLeft")
    slide(learn, "s", "ArrowRight")
    weight = part(learn, ".weights span:visible").nth(1)
    weight.fill("-2.25")
    weight.press("ArrowUp")
    stage(learn, "output").press("Home")
    stage(learn, "output").press("ArrowRight")
    expected = pictures()["grey"][2, 4, 4] * -1.75
    about = part(learn, "[data-side=output] .about")
    place, value = about.inner_text().split(": ")
    assert place == "(0, 1)"
    assert float(value.replace(MINUS, "-")) == pytest.approx(expected, abs=0.51)
    expect(learn).to_have_url(re.compile(r"playground\.w=1(~|%7E)-1\.75(~|%7E)1(~|%7E)1"))
    before = everything(learn)
    settle(learn)
    learn.reload()
    settle(learn)
    expect(part(learn, ".sentence")).to_contain_text("(0, 1)")
    assert everything(learn) == before


def test_a_seed_in_the_address_draws_the_same_kernel(learn: Page) -> None:
    choose(learn, "kernel", "random")
    expect(part(learn, "input[name=seed]")).to_have_value("7")  # of the link
    first = weights(learn)
    part(learn, "input[name=seed]").fill("8")
    part(learn, "input[name=seed]").press("Enter")
    assert weights(learn) != first
    part(learn, ".draw").click()
    drawn = part(learn, "input[name=seed]").input_value()
    expect(learn).to_have_url(re.compile(rf"playground\.seed={drawn}"))


def weights(page: Page) -> list[str]:
    """The weights as they stand in the fields."""
    return part(page, ".weights span:visible").all_inner_texts()


def test_on_a_phone_nothing_reaches_beyond_the_screen(learn: Page) -> None:
    before = learn.viewport_size
    assert before is not None
    learn.set_viewport_size({"width": 390, "height": 844})
    for operation in OPERATIONS:
        choose(learn, "op", operation)
        slide(learn, "k", "End")
        slide(learn, "p", "End")
        beyond = part(learn, "*").evaluate_all(
            "(nodes) => nodes.filter((node) => node.checkVisibility() && !node.closest('.spoken')"
            " && node.getBoundingClientRect().right > 390).map((node) => node.outerHTML)"
        )
        assert beyond == [], operation
    learn.set_viewport_size(before)


def everything(page: Page) -> dict[str, Any]:
    """All that the playground shows and all that is chosen."""
    return {
        "chosen": part(page, "select, .playground input").evaluate_all(
            "(nodes) => nodes.map((node) => node.value)"
        ),
        "weights": weights(page),
        "text": part(page, ".calculation").inner_text(),
        "sizes": part(page, ".size").inner_text(),
        "about": part(page, ".about").all_inner_texts(),
        "sentence": says(page),
    }
