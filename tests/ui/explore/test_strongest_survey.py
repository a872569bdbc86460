"""A survey of many images: the strongest cells of all of them, whatever the files are."""

from __future__ import annotations

import numpy as np

from rf_viz import ModelError, Region
from rf_viz.inputs.images import open_image
from rf_viz.ui.explore.strongest_cells import Find
from rf_viz.ui.explore.strongest_survey import Survey


def look(number: int, content: bytes) -> list[Find]:
    """Nine finds an image; one of the files is no image, and one the model refuses."""
    if content == b"refused":
        raise ModelError("the model takes no such image")
    if content == b"broken":
        open_image(content)
    base = float(content)
    region = Region((0, 0), (1, 1))
    return [Find((0, x), base - x, region, np.zeros(1), number) for x in range(9)]


def survey() -> Survey:
    names = ["a.png", "b.png", "c.png", "d.txt", "e.png"]
    contents = [b"10", b"12.5", b"refused", b"broken", b"100"]
    started = Survey(list(zip(names, contents, strict=True)))
    started.begin("something")
    return started


def test_the_best_of_all_images_and_why_others_were_skipped() -> None:
    started = survey()
    while started.running:
        started.work(look, 0)
    assert started.done == 5
    assert [(one.file, one.value) for one in started.best] == [(4, 100.0 - x) for x in range(9)]
    first, second = started.skipped
    assert first == "c.png: the model takes no such image."
    assert second.startswith("d.txt is not an image")


def test_a_cancelled_survey_stops_keeps_what_it_found_and_goes_on() -> None:
    started = survey()
    started.work(look, 0)
    started.work(look, 0)
    started.cancel()
    started.work(look, 10)
    assert started.done == 2
    assert [one.value for one in started.best] == [12.5, 11.5, 10.5, 10, 9.5, 9, 8.5, 8, 7.5]
    started.go_on()
    started.work(look, 10)
    assert started.done == 5
    assert not started.running
