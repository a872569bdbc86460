"""Figures of the Learn page: every slider to its ends, links, and what the page says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.ui.learn.figures import FIGURES
from tests.pages.driver import SCRIPT, components

ZERO = "\N{SUBSCRIPT ZERO}"


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
    counted = f"The equation counts r{ZERO} = 7, the units \N{MINUS SIGN}3 to 3"
    assert f"{counted}; 4 of them are in the input. Unit 0 sees 4: 0 to 3." in text(app)
    assert "leave out" not in text(app)


def test_units_of_the_input_that_are_not_reached_are_told_apart_from_padding() -> None:
    """With k < s the closed form counts input units that no kernel takes."""
    app = visit(figure="region")
    for label, value in (
        ("Layer 1: kernel k", 1),
        ("Layer 1: stride s", 3),
        ("Layer 1: padding p", 0),
        ("Layer 2: padding p", 0),
    ):
        set_slider(app, label, value)
    pin(app, "region diagram", 1)
    assert f"counts r{ZERO} = 7, the units 3 to 9; all are in the input" in text(app)
    assert "Unit 1 sees 3: 3, 6 and 9." in text(app)
    assert "The kernels leave out units 4, 5, 7 and 8" in text(app)
    app = visit(figure="region")
    for label, value in (("Input units n", 10), ("Layer 1: padding p", 0)):
        set_slider(app, label, value)
    pin(app, "region diagram", 3)
    assert "6 of them are in the input. Unit 3 sees 5: 4 to 8." in text(app)
    assert "Only padding between the layers stands on unit 9" in text(app)


def test_what_one_more_tap_adds_is_told_for_these_strides() -> None:
    app = visit(figure="size")
    assert "multiply to: 1 in layer 1, 2 in layer 2 and 2 in layer 3" in text(app)
    for number in (1, 2):
        set_slider(app, f"Layer {number}: stride s", 1)
    assert "adds 1 input unit, whichever layer it is in" in text(app)
    set_slider(app, "Layer 2: stride s", 3)
    assert "multiply to: 1 in layer 1, 1 in layer 2 and 3 in layer 3" in text(app)


def test_branches_are_aligned_by_their_padding() -> None:
    app = visit(figure="branches")
    assert f"together r{ZERO} = 3, S{ZERO} = 4, P{ZERO} = 1" in text(app)
    (presets,) = [g for g in app.segmented_control if "Misaligned" in g.options]
    presets.set_value("Misaligned").run()
    assert "centres 1 px apart" in text(app)


def test_with_same_padding_five_units_are_aligned_and_six_are_not() -> None:
    app = visit(figure="branches")
    (presets,) = [g for g in app.segmented_control if "Misaligned" in g.options]
    presets.set_value("SAME padding").run()
    assert slider(app, "Input units n").value == 6
    assert "no closed form" in text(app)
    set_slider(app, "Input units n", 5)
    assert f"together r{ZERO} = 3, S{ZERO} = 4, P{ZERO} = 1" in text(app)


def test_doubled_dilation_leaves_no_holes() -> None:
    app = visit(figure="dilation")
    assert "only 7 of the 13 units" in text(app)
    set_slider(app, "Dilation d of layer 1", 1)
    (how,) = [g for g in app.segmented_control if g.label == "Dilation is"]
    how.set_value("doubled from layer to layer").run()
    assert "all 15 units" in text(app)


def test_a_kernel_that_the_stride_divides_is_even() -> None:
    app = visit(figure="upsampling")
    assert "outputs take 1 or 2 input units" in text(app)
    assert "Uneven:** their summed weights alternate between 1 and 2" in text(app)
    assert "multiply to 1, 2 and 4: a constant image comes out as a checkerboard" in text(app)
    set_slider(app, "Kernel k", 4)
    assert "every output takes 2 input units. **Even:** all their summed weights are 2" in text(app)


@pytest.mark.parametrize("how", ["nearest", "linear"])
def test_a_resize_and_a_convolution_make_no_checkerboard(how: str) -> None:
    """Odena and others recommend them for that: though outputs take unlike numbers of inputs."""
    app = visit(figure="upsampling")
    (kinds,) = [g for g in app.segmented_control if "nearest" in g.options]
    kinds.set_value(how).run()
    set_slider(app, "Factor", 3)
    assert " or " in text(app)
    assert "Even:** all their summed weights are 3, so there is no checkerboard" in text(app)
    assert "comes out as a checkerboard" not in text(app)


def test_the_bell_is_as_wide_as_measured() -> None:
    app = visit(figure="bell")
    assert f"In one dimension, as drawn, the field has r{ZERO} = 41 units, the bell 19" in text(app)
    assert "the square root of the bell's area, which the paper measures, is 16.2" in text(app)
    set_slider(app, "Layers n", 160)
    assert f"the field has r{ZERO} = 321 units, the bell 51 of them" in text(app)
    assert "which the paper measures, is 45.6" in text(app)


def test_at_the_border_clipping_is_not_what_the_unit_sees() -> None:
    app = visit(figure="border")
    assert "Clipping gives 6 to 11, but the region of unit 4 is 6 to 10" in text(app)
    assert "unit 11: no further window of layer 1 fits at the end" in text(app)
    assert "The closed form reaches into this rest" in text(app)
    pin(app, "border diagram", 1)
    assert "Both agree for unit 1" in text(app)
    set_slider(app, "Input units n", 13)
    assert "Here both agree for every output" in text(app)


def test_gaps_between_windows_are_not_taken_for_what_is_left_over_at_the_end() -> None:
    app = visit(figure="border")
    set_slider(app, "Layer 1: kernel k", 1)
    set_slider(app, "Layer 1: stride s", 3)
    gaps = "input units 1, 2, 4, 5, 7 and 8: the stride of layer 1 is larger than its kernel"
    assert gaps in text(app)
    assert "input units 10 and 11: no further window of layer 1 fits at the end" in text(app)


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
