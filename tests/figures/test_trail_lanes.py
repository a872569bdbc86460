"""How the strip of stops is laid out."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rf_viz.figures.trail_lanes import Lanes, Link, trail_lanes


def test_a_chain_is_one_row() -> None:
    drawn = trail_lanes([(), (0,), (1,), (2,)])
    assert drawn.columns == (0, 1, 2, 3)
    assert drawn.rows == (0, 0, 0, 0)
    assert drawn.links == (Link(0, 1, 0), Link(1, 2, 0), Link(2, 3, 0))


def test_branches_lie_below_each_other_and_the_longest_goes_straight_on() -> None:
    # 0 forks into 1, into 2 and 3, and into 4, 5 and 6; all are joined by 7.
    drawn = trail_lanes([(), (0,), (0,), (2,), (0,), (4,), (5,), (1, 3, 6), (7,)])
    assert drawn.columns == (0, 1, 1, 2, 1, 2, 3, 4, 5)
    assert [drawn.rows[node] for node in (0, 4, 5, 6, 7, 8)] == [0] * 6
    assert (drawn.rows[2], drawn.rows[3], drawn.rows[1]) == (1, 1, 2)
    assert Link(1, 7, 2) in drawn.links


def test_the_next_block_uses_the_rows_of_the_last() -> None:
    block = [(), (0,), (1,), (0,), (2, 3)]
    both = [*block, (4,), (5,), (4,), (6, 7)]
    assert trail_lanes(both).rows == (0, 0, 0, 1, 0, 0, 0, 1, 0)


def test_a_shortcut_passes_above_what_it_leaves_out() -> None:
    drawn = trail_lanes([(), (0,), (1,), (2, 0)])
    assert drawn.rows == (0, 0, 0, 0)
    assert Link(0, 3, -1) in drawn.links


def test_shortcuts_within_one_another_pass_in_lanes_of_their_own_the_shortest_below() -> None:
    links = trail_lanes([(), (0,), (1,), (2,), (3, 1), (4, 0)]).links
    assert {link.lane for link in links if link.lane < 0} == {-1, -2}
    assert Link(1, 4, -1) in links
    assert Link(0, 5, -2) in links


def test_a_branch_that_is_long_awaited_leaves_its_row_to_others() -> None:
    """As the decoder of a U-Net awaits what the encoder made."""
    chain = [(), *((n,) for n in range(12))]
    drawn = trail_lanes([*chain, (0,), (3,), (12, 13, 14)])
    assert drawn.rows[13] == drawn.rows[14] == 1
    assert Link(14, 15, -1) in drawn.links
    assert Link(13, 15, -2) in drawn.links


def test_what_nothing_leads_to_stands_beside_the_first() -> None:
    """As a cell that sees only padding stands beside the image."""
    drawn = trail_lanes([(), (), (1,)])
    assert drawn.columns == (0, 1, 2)
    assert drawn.rows == (0, 0, 0)
    assert drawn.links == (Link(1, 2, 0),)


@given(rng=st.randoms(use_true_random=False))
def test_nothing_lies_on_anything_else(rng: Random) -> None:
    count = rng.randint(2, 25)
    sources = [
        tuple(sorted({rng.randrange(max(0, n - 6), n) for _ in range(rng.randint(1, 3))}))
        for n in range(1, count)
    ]
    drawn = trail_lanes([(), *sources])
    places = list(zip(drawn.rows, drawn.columns, strict=True))
    assert len(set(places)) == count
    assert {(link.source, link.target) for link in drawn.links} == {
        (source, target) for target, before in enumerate(sources, 1) for source in before
    }
    check_links(drawn)


def check_links(drawn: Lanes) -> None:
    """Links run to the right, past no node, and along a lane only with others of their source."""
    places = set(zip(drawn.rows, drawn.columns, strict=True))
    sources: dict[tuple[int, int], int] = {}
    for link in drawn.links:
        start, stop = drawn.columns[link.source], drawn.columns[link.target]
        assert start < stop
        for column in range(start + 1, stop):
            assert (link.lane, column) not in places
            assert sources.setdefault((link.lane, column), link.source) == link.source
