"""Networks that a person adds to the accuracies come back from an address."""

from __future__ import annotations

import pytest

from rf_viz.figures.accuracy import Point
from rf_viz.ui.compare.own_points import own_points


def test_networks_come_back_whatever_their_names() -> None:
    points = [
        Point("mine ~ 2*3 & more", 207, 0.715, None, input=224, depth=18),
        Point("Größe", 99, 0.5, 1.25, input=96, depth=7),
    ]
    form = own_points()
    assert form.read(form.write(points)) == points


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mine",
        "mine*1*2*3*4",
        "mine*x*0.5**224*18",
        "mine*9*1.5**224*18",
        "%3Ca href*9*0.5**224*18",
        "m*9*nan**224*18",
        "mine*9*0.5*inf*224*18",
        "mine*-9*0.5**224*18",
    ],
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        own_points().read(text)
