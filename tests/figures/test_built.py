"""The figure of how far the rows of a network see."""

from __future__ import annotations

from rf_viz.analysis.categories import CATEGORIES
from rf_viz.design import PRESETS, study
from rf_viz.figures.built import built
from rf_viz.ui.build.trial import growth_rows

ROWS = growth_rows(study(PRESETS["u-net"].build()).rows)


def test_every_row_is_a_dot_at_its_size_in_its_colour() -> None:
    figure = built(ROWS, 128, chosen=19)
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    assert sorted(n for trace in dots for n in trace.customdata) == list(range(1, 39))
    for trace in dots:
        assert trace.marker.color == CATEGORIES[trace.name]
    by_row = {
        number: (size, symbol, text)
        for trace in dots
        for number, size, symbol, text in zip(
            trace.customdata, trace.y, trace.marker.symbol, trace.text, strict=True
        )
    }
    assert by_row[19][:2] == (68, "circle")
    assert "r = 68 px" in by_row[19][2]
    assert by_row[38][:2] == (100, "circle-open")  # upsampled: no closed form
    assert "no closed form, sees up to 100 px" in by_row[38][2]


def test_the_goal_is_drawn_once_it_is_asked_for() -> None:
    def texts(goal: int | None) -> list[str]:
        return [note.text for note in built(ROWS, 128, 1, goal).layout.annotations]

    assert texts(None) == ["the input's 128 px"]
    assert texts(127) == ["the input's 128 px", "goal 127 px"]
