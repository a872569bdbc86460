"""Figures of the Learn page: every slider to its ends, links, and what the page says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.ui.learn.figures import FIGURES
from tests.pages.driver import SCRIPT, components


def visit(**address: str) -> AppTest:
    """Opens the page with these parameters of the address."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).switch_page("pages/learn.py")
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def address(app: AppTest) -> dict[str, str]:
    """Parameters of the address; AppTest holds those that a test set as lists."""
    parameters = dict(app.query_params)
    return {name: v[0] if isinstance(v, list) else v for name, v in parameters.items()}


def slider(app: AppTest, label: str) -> Any:  # noqa: ANN401
    """Slider of that label."""
    return next(s for s in app.slider if s.label == label)


def set_slider(app: AppTest, label: str, value: int) -> None:
    """Moves a slider, without an exception."""
    slider(app, label).set_value(value).run()
    assert not app.exception


def diagram(app: AppTest) -> dict[str, Any]:
    """Data of the unit diagram."""
    (proto,) = [c for c in components(app, "") if json.loads(c.json or "{}").get("rows")]
    return dict(json.loads(proto.json))


def sizes(app: AppTest) -> list[int]:
    """Numbers of units in the rows of the diagram."""
    return [row["size"] for row in diagram(app)["rows"]]


def pin(app: AppTest, key: str, unit: int) -> None:
    """Pins a unit of the output."""
    app.session_state[key] = {"pinned": {"above": 0, "unit": unit}}
    app.run()
    assert not app.exception


def text(app: AppTest) -> str:
    """Text of the page."""
    return " ".join(m.value for m in (*app.markdown, *app.info))


def equations(app: AppTest) -> str:
    """LaTeX of all equations."""
    return " ".join(latex.value for latex in app.latex)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_with_every_slider_at_its_ends(name: str) -> None:
    app = visit(figure=name)
    assert FIGURES[name].lead in text(app)
    assert sizes(app)
    for label in [s.label for s in app.slider]:
        before = slider(app, label).value
        for end in (slider(app, label).min, slider(app, label).max):
            set_slider(app, label, int(end))
            assert "This does not fit" in text(app) or sizes(app)
        set_slider(app, label, before)


def test_the_page_opens_with_one_layer_and_a_link_with_what_it_says() -> None:
    app = visit()
    assert address(app) == {"part": "figures", "figure": "layer"}
    app = visit(figure="bell")
    assert address(app)["figure"] == "bell"
    assert slider(app, "Layers n").value == 20
    app = visit(figure="no such figure")
    assert address(app)["figure"] == "layer"


def test_another_figure_is_told_by_the_address_and_sliders_keep_their_values() -> None:
    app = visit()
    set_slider(app, "Stride s", 3)
    app.pills[0].set_value("dilation").run()
    assert address(app)["figure"] == "dilation"
    app.pills[0].set_value("layer").run()
    assert slider(app, "Stride s").value == 3


def test_a_slider_changes_drawing_equation_and_sentence() -> None:
    app = visit(figure="layer")
    assert sizes(app) == [12, 6]
    set_slider(app, "Stride s", 4)
    assert sizes(app) == [12, 3]
    assert r"\right\rfloor + 1 = 3" in equations(app)
    assert "12 units become 3" in text(app)
    set_slider(app, "Padding after q", 0)
    set_slider(app, "Padding before p", 0)
    assert "No unit takes input units 3, 7 and 11" in text(app)


def test_the_pinned_unit_is_filled_in() -> None:
    app = visit(figure="region")
    pin(app, "region diagram", 0)
    assert r"0 \cdot 2 - (1 \cdot 1 + 1 \cdot 2) = \mathbf{-3}" in equations(app)
    assert "Of the r = 7 units that the equation counts, 4 are input units,** 0 to 3" in text(app)


def test_branches_are_aligned_by_their_padding() -> None:
    app = visit(figure="branches")
    assert "together r = 3, S = 4, P = 1" in text(app)
    (presets,) = [g for g in app.segmented_control if "Misaligned" in g.options]
    presets.set_value("Misaligned").run()
    assert "centres 1 px apart" in text(app)


def test_with_same_padding_five_units_are_aligned_and_six_are_not() -> None:
    app = visit(figure="branches")
    (presets,) = [g for g in app.segmented_control if "Misaligned" in g.options]
    presets.set_value("SAME padding").run()
    assert slider(app, "Input units n").value == 6
    assert "No closed form" in text(app)
    set_slider(app, "Input units n", 5)
    assert "together r = 3, S = 4, P = 1" in text(app)


def test_doubled_dilation_leaves_no_holes() -> None:
    app = visit(figure="dilation")
    assert "only 7 of the 13 units" in text(app)
    set_slider(app, "Dilation d of layer 1", 1)
    (how,) = [g for g in app.segmented_control if g.label == "Dilation is"]
    how.set_value("doubled from layer to layer").run()
    assert "all 15 units" in text(app)


def test_a_kernel_that_the_stride_divides_is_even() -> None:
    app = visit(figure="upsampling")
    assert "Uneven:** outputs take 1 or 2 input units" in text(app)
    set_slider(app, "Kernel k", 4)
    assert "Even:** away from the border every output takes 2 input units" in text(app)


def test_the_bell_is_as_wide_as_measured() -> None:
    app = visit(figure="bell")
    assert "The field has r = 41 units, the bell 19 of them" in text(app)
    set_slider(app, "Layers n", 160)
    assert "The field has r = 321 units, the bell 51 of them" in text(app)


def test_at_the_border_clipping_is_not_what_the_unit_sees() -> None:
    app = visit(figure="border")
    assert "Clipping says 6 to 11, and unit 4 really sees 6 to 10" in text(app)
    pin(app, "border diagram", 1)
    assert "Both agree for unit 1" in text(app)
    set_slider(app, "Input units n", 13)
    assert "Here both agree for every output" in text(app)


def test_what_does_not_fit_is_told_and_the_sliders_stay() -> None:
    app = visit(figure="region")
    for label, value in (
        ("Input units n", 6),
        ("Layer 1: padding p", 0),
        ("Layer 1: stride s", 3),
        ("Layer 2: kernel k", 5),
    ):
        set_slider(app, label, value)
    assert "This does not fit. " in text(app)
    set_slider(app, "Layer 2: kernel k", 2)
    assert sizes(app)[0] == 6
