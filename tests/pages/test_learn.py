"""Figures of the Learn page: their controls, links, and what the page says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.samples import ASSETS
from rf_viz.ui.learn.diagram.living_figure import Choice, Slider
from rf_viz.ui.learn.figures import FIGURES
from tests.pages.driver import SCRIPT, components

LIVING = [name for name, figure in FIGURES.items() if figure.controls]


def visit(**address: str) -> AppTest:
    """Opens the page with these parameters of the address."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page("pages/learn.py")
    for name, value in address.items():
        app.query_params[name.replace("__", ".")] = value
    app.run()
    assert not app.exception
    return app


def address(app: AppTest) -> dict[str, str]:
    """Parameters of the address; AppTest holds those that a test set as lists."""
    parameters = dict(app.query_params)
    return {name: v[0] if isinstance(v, list) else v for name, v in parameters.items()}


def figure(app: AppTest) -> dict[str, Any]:
    """What the living figure gets."""
    (data,) = [d for c in components(app, "") if "figure" in (d := json.loads(c.json or "{}"))]
    return dict(data)


def text(app: AppTest) -> str:
    """Text of the page."""
    return " ".join(m.value for m in (*app.markdown, *app.info))


def last(control: Slider | Choice) -> Any:  # noqa: ANN401
    """The last value of a control."""
    return control.high if isinstance(control, Slider) else list(control.options)[-1]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_and_its_link_restores_every_control(name: str) -> None:
    app = visit(figure=name)
    assert FIGURES[name].lead in text(app)
    if name not in LIVING:
        return
    controls = [c for c in FIGURES[name].controls if isinstance(c, Slider | Choice)]
    values = {control.name: last(control) for control in controls}
    begun = figure(app)
    assert begun["values"] == begun["defaults"]
    assert address(app) == {"part": "figures", "figure": name}
    others = {key: value for key, value in values.items() if value != begun["defaults"][key]}
    link = {f"{name}.{key}": str(value) for key, value in others.items()}
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page("pages/learn.py")
    app.query_params.update({"figure": name, f"{name}.unit": "1,2", **link})
    app.run()
    assert not app.exception
    assert not app.toast
    restored = figure(app)["values"]
    assert restored.pop("unit") == [1, 2]
    assert {key: restored[key] for key in values} == values
    assert address(app) == {"part": "figures", "figure": name, f"{name}.unit": "1,2", **link}


def test_the_page_opens_on_the_lesson_and_a_link_with_what_it_says() -> None:
    assert address(visit()) == {"part": "lesson", "step": "0"}
    assert address(visit(part="figures")) == {"part": "figures", "figure": "network"}
    assert address(visit(figure="bell"))["figure"] == "bell"
    assert address(visit(figure="no such figure"))["figure"] == "network"


@pytest.mark.parametrize("unit", ["x", "1", "-1,2", "1,2,3"])
def test_a_unit_that_is_none_is_told_in_a_sentence(unit: str) -> None:
    app = visit(figure="layer", layer__unit=unit)
    assert f"layer.unit={unit}" in app.toast[0].value
    assert "unit" not in figure(app)["values"]


def test_random_networks_are_measured_for_the_bell_that_shows() -> None:
    app = visit(figure="bell", bell__depth="5", bell__k="3", bell__measured="yes")
    assert "that makes 11 units. Measured are 11, over 100 random networks" in text(app)


@pytest.mark.parametrize(
    ("network", "layer", "told"),
    [
        ("blazeface", 2, "26% narrower than the random one"),
        ("efficientnet-lite0", 6, "36% narrower than the random one"),
        ("efficientnet-lite0", 7, "both fields fill the whole region"),
    ],
)
def test_measured_fields_are_told_with_their_sizes(network: str, layer: int, told: str) -> None:
    """Against the table: pixels of all patches above the threshold, which are of one size here."""
    app = visit(**{"figure": "field", "field.network": network, "field.layer": str(layer)})
    rows = json.loads((ASSETS / "fields" / "table.json").read_text("utf-8"))
    row = [row for row in rows if row["network"] == network][layer - 1]
    sizes = []
    for kind in ("paths", "trained", "random"):
        shares = [share for line in row[kind] for share in line]
        count = sum(share > (1 - 0.9545) * max(shares) for share in shares)
        sizes.append(f"{row['patch'][0] * count**0.5:.3g} px")
    paths, trained, random = sizes
    assert row["layer"] in text(app).replace("\\", "")
    assert f"{paths} by the paths, {trained} with the trained weights, and {random}" in text(app)
    assert told in text(app)
    assert not app.toast
