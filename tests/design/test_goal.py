"""Goal seek: what is proposed reaches the goal when it is traced."""

from __future__ import annotations

import pytest

from rf_viz.design import PRESETS, Design, Goal, check, reached_by, row, seek, study


def costs(design: Design) -> tuple[int, int]:
    studied = study(design)
    return studied.parameters, studied.multiply_adds


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "goal"),
    [
        ("small", Goal(127, 8)),
        ("vgg-16", Goal(127, 8)),
        ("u-net", Goal(110, 8)),
        ("wavenet", Goal(512, 1)),
        ("context", Goal(127, 8)),
        ("aligned", Goal(15, 4)),
    ],
)
def test_every_proposal_reaches_the_goal_and_tells_its_cost(key: str, goal: Goal) -> None:
    design = PRESETS[key].build()
    proposals = seek(design, goal)
    assert proposals
    before = costs(design)
    for proposal in proposals:
        assert check(proposal.design) == []
        reached = reached_by(study(proposal.design))
        assert reached == proposal.reached
        assert reached is not None
        assert reached.size >= goal.size
        assert reached.stride <= goal.stride
        now = costs(proposal.design)
        assert now == (proposal.parameters, proposal.multiply_adds)
        more = (proposal.more_parameters, proposal.more_multiply_adds)
        assert more == tuple(b - a for a, b in zip(before, now, strict=True))
        assert 0 < proposal.share <= 1
        assert len(proposal.changes) == len(proposal.ways) > 0


def test_the_ways_differ_and_the_cheapest_comes_first() -> None:
    design = PRESETS["small"].build()
    proposals = seek(design, Goal(60, 8))
    assert {way for proposal in proposals for way in proposal.ways} == {
        "kernel",
        "dilation",
        "more",
        "stride",
    }
    weights, products = costs(design)
    shares = [
        proposal.parameters / weights + proposal.multiply_adds / products for proposal in proposals
    ]
    assert shares == sorted(shares)


def test_a_single_change_is_no_larger_than_it_need_be() -> None:
    """One 3x3 convolution at stride 1: only a kernel of 9 or a dilation of 4 gets to 9."""
    design = Design((3, 32, 32), (row("convolution"), row("ReLU")))
    by_change = {
        proposal.changes[0]: proposal
        for proposal in seek(design, Goal(9, 1))
        if len(proposal.changes) == 1
    }
    assert by_change["conv1 with kernel 9 instead of 3"].reached.size == 9
    assert by_change["conv1 with dilation 4 instead of 1"].reached.size == 9
    assert by_change["3 more layers like conv1"].reached.size == 9
    assert len(by_change["3 more layers like conv1"].design.rows) == 8  # each with its activation


def test_gaps_between_dilated_taps_are_told() -> None:
    design = Design((3, 32, 32), (row("convolution"),))
    dilated = next(
        proposal for proposal in seek(design, Goal(9, 1)) if proposal.ways == ("dilation",)
    )
    assert dilated.share == pytest.approx(9 / 81)


def test_a_goal_that_is_reached_or_cannot_be_has_no_proposals() -> None:
    design = PRESETS["small"].build()
    assert seek(design, Goal(24, 4)) == []
    assert seek(design, Goal(90_000, 1)) == []
    assert seek(Design((3, 8, 8), (row("dense"),)), Goal(9, 1)) == []


def test_residual_branches_stay_whole() -> None:
    """More layers behind a bridge's start do not change what the bridge takes from before it."""
    rows = (row("convolution"), row("convolution"), row("add", 1))
    for proposal in seek(Design((3, 32, 32), rows), Goal(9, 1)):
        assert check(proposal.design) == []
