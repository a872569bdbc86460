"""The cells that answer most strongly, in the page's image and in many."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import rf_viz
from rf_viz.catalogue.samples import ASSETS, SAMPLE_MODELS
from tests.pages.driver import components, visit

IMAGES = sorted((ASSETS / "images").glob("c*.jpg"))


@pytest.fixture
def app() -> AppTest:
    return ask(visit())


def ask(app: AppTest) -> AppTest:
    app.segmented_control(key="question").set_value("Strongest cells").run()
    assert not app.exception
    return app


def tiles(app: AppTest) -> list[dict[str, Any]]:
    (proto,) = components(app, "strongest cells")
    assert len(proto.bytes) < 300_000
    length = int.from_bytes(proto.bytes[:4], "little")
    return list(json.loads(proto.bytes[4 : 4 + length])["tiles"])


def cells(app: AppTest) -> list[tuple[int, ...]]:
    return [tuple(json.loads(f"[{tile['note'].strip('()')}]")) for tile in tiles(app)]


def test_nine_cells_that_do_not_show_the_same(app: AppTest) -> None:
    shown = cells(app)
    assert len(shown) == 9
    layer = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)["fire5/concat"]
    for i, cell in enumerate(shown):
        mine = layer.mask(cell)
        assert all((mine & layer.mask(other)).sum() <= mine.sum() / 2 for other in shown[:i])


def test_overlaps_can_be_shown_too(app: AppTest) -> None:
    apart = cells(app)
    app.toggle(key="skip overlaps").set_value(False).run()
    together = cells(app)
    assert together[0] == apart[0]
    assert together != apart


def test_many_images(app: AppTest) -> None:
    app.segmented_control(key="strongest in").set_value("My images").run()
    files = [(path.name, path.read_bytes(), "image/jpeg") for path in IMAGES]
    uploader = next(u for u in app.file_uploader if u.key == "survey Files")
    uploader.set_value([*files, ("notes.txt", b"no image", "text/plain")]).run()
    for _ in range(10):
        if not any(button.label == "Cancel" for button in app.button):
            break
        app.run()
    assert not app.exception
    assert any(f"{len(IMAGES)} images" in caption.value for caption in app.caption)
    assert any("notes.txt" in warning.value for warning in app.warning)
    shown = tiles(app)
    figures = [float(tile["figure"].replace(",", "")) for tile in shown]
    assert figures == sorted(figures, reverse=True)
    assert {tile["note"].split("\n")[1] for tile in shown} <= {path.name for path in IMAGES}

    app.toggle(key="skip overlaps").set_value(False).run()
    assert components(app, "strongest cells") == []  # those found were of another search
    next(button for button in app.button if button.label.startswith("Look through")).click().run()
    assert not app.exception


@pytest.mark.parametrize("key", ["crepe", "blazeface"])
def test_signals_and_other_models(key: str) -> None:
    app = visit()
    app.selectbox(key="model").select(key).run()
    shown = tiles(ask(app))
    assert 1 <= len(shown) <= 9
    assert bool(shown[0]["line"]) == (key == "crepe")
