"""The cells that answer most strongly, in the page's image and in many."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import rf_viz
from rf_viz.catalogue.samples import ASSETS, SAMPLE_MODELS
from tests.pages.driver import chosen_from, components, texts, visit

IMAGES = sorted((ASSETS / "images").glob("c*.jpg"))


@pytest.fixture
def app() -> AppTest:
    return ask(visit())


def ask(app: AppTest) -> AppTest:
    app.segmented_control(key="question").set_value("Strongest cells").run()
    assert not app.exception
    return app


def tiles(app: AppTest) -> dict[str, Any]:
    (proto,) = components(app, "strongest cells")
    assert len(proto.json) < 400_000
    return chosen_from(app, "strongest cells")


def cells(app: AppTest) -> list[tuple[int, ...]]:
    notes = texts(tiles(app), "notes")
    return [tuple(json.loads(f"[{note.strip('()')}]")) for note in notes]


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
    figures = [float(figure.replace(",", "")) for figure in texts(shown, "figures")]
    assert figures == sorted(figures, reverse=True)
    images = {path.name for path in IMAGES}
    assert {note.split("<br>")[1] for note in texts(shown, "notes")} <= images

    app.toggle(key="skip overlaps").set_value(False).run()
    assert components(app, "strongest cells") == []  # those found were of another search
    next(button for button in app.button if button.label.startswith("Look through")).click().run()
    assert not app.exception


@pytest.mark.parametrize("key", ["crepe", "blazeface"])
def test_signals_and_other_models(key: str) -> None:
    app = visit()
    app.selectbox(key="model").select(key).run()
    shown = tiles(ask(app))
    assert 1 <= len(shown["parts"]) <= 9
    images = shown["figure"]["layout"].get("images", [])
    assert len(images) == (0 if key == "crepe" else len(shown["parts"]))
