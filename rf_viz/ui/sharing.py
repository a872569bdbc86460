"""What is worked out once and kept for all sessions, as long as it fits or its network lives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial, wraps
from inspect import signature
from threading import Condition
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from cachetools import LRUCache, cached
from cachetools.keys import hashkey

P = ParamSpec("P")
T = TypeVar("T")

_PLACE = "_kept_by_pages"
"""The attribute of a network or a layer by which pages keep what they have worked out of it."""

_MOST = 64
"""The most results that are kept of a function and one network or layer."""


def shared(
    most: int, size: Callable[[Any], int], spinner: str = ""
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keeps what a function returns; what was not asked for longest goes first.

    Arguments are passed by position. Those whose names begin with an underscore do not tell results
    apart. The function runs once for all threads that ask for the same.

    Args:
        most: the size of all that is kept together. What is larger by itself is kept alone.
        size: the size of a result, in any unit.
        spinner: what the page says meanwhile.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        cache = LRUCache[Any, Any](most, lambda result: min(size(result), most))
        return wraps(function)(_once(function, cache, spinner))

    return decorate


def kept_with_it(spinner: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keeps what a function returns for its first argument, a network or a layer, in that itself.

    So it goes with it, also where it refers back to it. The other arguments are as in ``shared``.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(of: Any, *others: Any) -> T:  # noqa: ANN401
            kept = vars(of).setdefault(_PLACE, _Kept())
            if function not in kept:
                kept.setdefault(function, _once(partial(function, of), LRUCache(_MOST), spinner))
            return kept[function](*others)  # type: ignore[no-any-return]

        return call  # type: ignore[return-value]

    return decorate


class _Kept(dict[Any, Callable[..., Any]]):
    """Results by function, which do not go along with a network that a worker gets."""

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return dict, ()


def _once(function: Callable[..., T], cache: LRUCache[Any, Any], spinner: str) -> Callable[..., T]:
    count = len([name for name in signature(function).parameters if not name.startswith("_")])

    def show(*arguments: object) -> T:
        with st.spinner(spinner, show_time=True) if spinner else nullcontext():
            return function(*arguments)

    def key(*arguments: object) -> object:
        return hashkey(*arguments[:count])

    once: Callable[..., T] = cached(cache, key, condition=Condition())(show)
    return once
