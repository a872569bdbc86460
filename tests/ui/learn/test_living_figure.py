"""Living figures: what Python takes over of that which a browser reports."""

from __future__ import annotations

from rf_viz.ui.learn.diagram.living_figure import Choice, Slider, accepted

FORMS = {
    "k": Slider("k", "Kernel k", 1, 5, 3).form,
    "how": Choice("how", "How", {"same": "the same", "doubled": "doubled"}).form,
}


def test_values_that_the_controls_have_are_taken_over() -> None:
    assert accepted(FORMS, {"k": 5, "how": "doubled"}) == {"k": 5, "how": "doubled"}


def test_nothing_else_is_taken_over() -> None:
    assert accepted(FORMS, {"k": 10**9, "how": "x", "other": 1}) == {}
    assert accepted(FORMS, {"k": None, "how": ["same"]}) == {}
    assert accepted(FORMS, {"k": "3; 4"}) == {}
