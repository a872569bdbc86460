"""What lives long is set aside from the search for garbage, and freed in the end."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from rf_viz.ui.garbage import LongLived


class Ring:
    """Refers to itself: only a search finds that nobody else does."""

    def __init__(self) -> None:
        self.ring = self


@pytest.fixture
def every_search_is_slow() -> Iterator[LongLived]:
    # Pages that were run in this process before have one of their own at work.
    others, aside = list(gc.callbacks), LongLived(slow=0)
    gc.callbacks[:] = [aside]
    yield aside
    gc.callbacks[:] = others
    gc.unfreeze()


def test_what_a_slow_search_has_seen_is_set_aside(every_search_is_slow: LongLived) -> None:
    before = len(gc.get_objects())
    gc.collect()
    assert gc.get_freeze_count() > before / 2
    assert len(gc.get_objects()) < before / 10


def test_a_quick_search_sets_nothing_aside(every_search_is_slow: LongLived) -> None:
    every_search_is_slow.slow = 60
    before = gc.get_freeze_count()
    gc.collect()
    assert gc.get_freeze_count() == before


def test_what_was_set_aside_is_freed_after_a_rest(every_search_is_slow: LongLived) -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    gc.collect()
    del ring
    gc.collect()
    assert gone() is not None
    every_search_is_slow.rest = 0
    gc.collect()
    assert gone() is None


def test_new_garbage_is_freed_at_once(every_search_is_slow: LongLived) -> None:
    gc.collect()
    gone = weakref.ref(Ring())
    gc.collect()
    assert gone() is None
    assert every_search_is_slow.rest > 0
