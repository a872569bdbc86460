"""The guided lesson: every task can be done, and none is done before."""

from __future__ import annotations

from itertools import product

import pytest

from rf_viz.lessons.steps import STEPS, LessonStep, Unit, share_at_the_end

IDS = [step.title for step in STEPS]
ANSWERS = {
    "A pixel and a kernel": {(5,)},
    "One layer on another": {(3,)},
    "Stride": {(3, 1), (3, 2)},
    "The closed form": {(2, 2)},
    "Padding": {(2,)},
    "Dilation": {(4,)},
    "Branches": {(1,)},
    "The effective receptive field": {(6,), (7,), (8,)},
}


def settings(step: LessonStep) -> list[tuple[int, ...]]:
    """Everything that the sliders can be set to."""
    return list(product(*(range(s.low, s.high + 1) for s in step.sliders)))


@pytest.mark.parametrize("step", STEPS, ids=IDS)
def test_every_setting_makes_a_network_and_an_equation(step: LessonStep) -> None:
    for values in settings(step):
        example = step.build(*values)
        assert example.rows[-1].size >= 1
        assert example.net.layers[-1].exact
        if step.equation:
            assert "=" in step.equation(example)


@pytest.mark.parametrize("step", [s for s in STEPS if s.sliders], ids=lambda s: s.title)
def test_the_task_is_done_by_these_settings_only(step: LessonStep) -> None:
    nowhere = Unit(0, 0)
    done = {values for values in settings(step) if step.done(step.build(*values), nowhere)}
    assert done == ANSWERS[step.title]
    assert tuple(slider.start for slider in step.sliders) not in done


def test_at_the_border_one_unit_is_misjudged() -> None:
    (step,) = (s for s in STEPS if s.title == "At the border")
    example = step.build()
    units = [Unit(row, unit) for row, r in enumerate(example.rows) for unit in range(r.size)]
    assert [u for u in units if step.done(example, u)] == [Unit(2, 3)]
    region, field = example.last.region((3,)), example.last.receptive_field
    assert (region.start[0], region.stop[0] - 1) == (4, 8)
    assert (field.start((3,))[0], field.stop((3,))[0] - 1) == (4, 10)
    assert not example.net["layer 1"].mask_of((0, 0, slice(None)))[9]


def test_what_the_steps_tell_is_true() -> None:
    by_title = {step.title: step for step in STEPS}
    padded = by_title["Padding"].build(2).last
    assert padded.region((0,)).size == (3,)
    neighbours = by_title["A pixel and a kernel"].build(5).last
    shared = neighbours.mask((2,)) & neighbours.mask((3,))
    assert (shared.sum(), neighbours.mask((2,)).sum()) == (4, 5)
    one, other = (by_title["Stride"].build(3, s).last.receptive_field.size for s in (1, 2))
    assert one == other, "a layer's own stride does not change what one of its units sees"
    paths = by_title["Branches"].build(1)
    assert paths.last.receptive_field == paths.net["A1"].receptive_field, "the wider one's"
    for front in (0, 2):
        assert by_title["Branches"].build(front).last.receptive_field is None
    dilated = by_title["Dilation"].build(4).last
    assert (dilated.region((2,)).size, dilated.mask((2,)).sum()) == ((9,), 3)
    assert 1 / share_at_the_end(
        by_title["The effective receptive field"].build(6)
    ) == pytest.approx(141)
