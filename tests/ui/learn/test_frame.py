"""Messages of the living figures where a network cannot be drawn."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def misfit() -> None:
    """Page on which layers do not fit."""
    from rf_viz import ModelError
    from rf_viz.ui.learn.figures.frame import fitting

    with fitting():
        raise ModelError("the kernel is longer than its input")


def defect() -> None:
    """Page on which RF-Viz itself fails."""
    from rf_viz.errors import DefectError
    from rf_viz.ui.learn.figures.frame import fitting

    with fitting():
        raise DefectError("RF-Viz could not describe the operator")


def test_layers_that_do_not_fit_are_the_persons_to_change() -> None:
    app = AppTest.from_function(misfit).run()
    assert [info.value for info in app.info] == [
        "This does not fit. the kernel is longer than its input."
    ]
    assert not app.error


def test_a_defect_of_ours_is_not_blamed_on_the_layers() -> None:
    app = AppTest.from_function(defect).run()
    assert [error.value for error in app.error] == ["RF-Viz could not describe the operator."]
    assert not app.info
