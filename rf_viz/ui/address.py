"""The page's address: it names everything on the page, so that a link shows the same.

Each part of a page reads its parameters when it is drawn, and says what they are from then on. What
nothing has read yet stays in the address, so that it holds at any time all that it stands for. A
parameter with a dot in its name belongs to a part of the page that can be closed, and outlasts it.

A click begins a run of the page at once, while the run that it replaces may still be ending in a
thread of its own. Each function here that changes what the session knows therefore does so alone,
and ends a run that has been replaced.

What is written here takes a moment to reach the browser, and may be lost with a run that is
replaced. Until then the browser sends an earlier address of ours, whatever it begins a run for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import get_session_state

from .text import listed, plain

_OF_STREAMLIT = {"embed", "embed_options"}
"""The parameters by which a page is embedded in another; Streamlit keeps them."""

FEED = "feed."
"""The parameters of a model's other inputs begin so; they do not outlast their model."""

_LATEST = 32
"""Number of addresses among which is any that the browser may still have."""


@dataclass
class Memory:
    """What a session knows of its address.

    Attributes:
        page: the page that was drawn last.
        written: the address that is no news.
        latest: the addresses that the page had last, which the browser may still have.
        opened: whether the person arrived by an address, and the page is drawn for that reason.
        unread: the part of that address that nothing on the page has read so far.
        settled: the choices that this address has settled.
        parameters: what gives the values of the parameters, empty ones being left out.
        drawn: the parameters of what was drawn since the page began.
        values: the latest values of choices by their keys; widgets forget theirs on another page.
        ignored: parameters with values that are not possible.
        entered: the addresses by which the person arrived at this page.
        returned: whether the person went back to one of these. It stays then as long as nothing
            else is chosen: written out in full, it would be a new step forward, and no way back.
        shown: the address in full of what shows then.
    """

    page: str = ""
    written: Mapping[str, str] = field(default_factory=dict)
    latest: deque[Mapping[str, str]] = field(default_factory=lambda: deque(maxlen=_LATEST))
    opened: bool = False
    unread: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    parameters: dict[str, Callable[[], str]] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    values: dict[str, object] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    entered: list[Mapping[str, str]] = field(default_factory=list)
    returned: bool = False
    shown: Mapping[str, str] | None = None


def memory() -> Memory:
    """The memory of this session."""
    mine: Memory = st.session_state.setdefault("address", Memory())
    return mine


@contextmanager
def _alone() -> Iterator[Memory]:
    """The memory of this session, for this run alone.

    The lock is Streamlit's own, which a callback holds from the start. With another one beside it
    each of two runs could wait for what the other one holds.
    """
    with get_session_state().query_params():
        yield memory()  # Streamlit ends a replaced run where it reads the session's state.


def _in_browser() -> dict[str, str]:
    """The address that the browser has, as this run knows it.

    The parameters that Streamlit offers belong to the session: a run that is ending changes them.
    """
    context = get_script_run_ctx()
    pairs = parse_qsl(context.query_string, keep_blank_values=True) if context else []
    return {name: value for name, value in pairs if name.lower() not in _OF_STREAMLIT}


def _goes_through_history() -> bool:
    """Whether this run was begun by the browser's buttons Back and Forward."""
    context = get_script_run_ctx()
    return bool(context and context.is_history_navigation)


def begin(page: str) -> None:
    """Looks at the address. Call it first on every page, by the page's title.

    An earlier address of ours is news only if the person went back or forward to it.
    """
    with _alone() as mine:
        address, arrived = _in_browser(), page != mine.page
        moved = _goes_through_history() or address not in mine.latest
        news = arrived or (moved and address != mine.written)
        mine.opened = bool(address) and news
        if news:
            mine.returned = not arrived and address in mine.entered
            mine.entered = [address] if arrived else [*mine.entered, address]
            mine.shown = None
        if arrived or mine.opened:
            mine.page, mine.unread = page, dict(address)
            mine.parameters.clear()
            mine.settled.clear()
        _know(mine, address)
        mine.drawn.clear()
        mine.ignored.clear()


def _know(mine: Memory, address: Mapping[str, str]) -> None:
    """Notes that an address is no news."""
    mine.written = address
    with suppress(ValueError):
        mine.latest.remove(address)
    mine.latest.append(address)


def opened() -> bool:
    """Whether the person arrived by an address, and the page is drawn for that reason."""
    return memory().opened


def unread() -> Mapping[str, str]:
    """The part of the address by which the person arrived that nothing has read so far."""
    return memory().unread


def read(parameter: str) -> str | None:
    """The value of a parameter of the address by which the person arrived, the first time only."""
    with _alone() as mine:
        return mine.unread.pop(parameter, None)


def hand_over(parameter: str, value: str) -> None:
    """Lets the next run read a parameter as if the person had arrived by an address with it."""
    with _alone() as mine:
        mine.unread[parameter] = value


def give_up() -> None:
    """Reads nothing more of the address by which the person arrived."""
    with _alone() as mine:
        mine.unread.clear()


def ignore(parameter: str, value: object) -> None:
    """Notes that a parameter has a value that is not possible here; ``finish`` says so."""
    with _alone() as mine:
        mine.ignored.append(f"{parameter}={value}")


def ignore_echo() -> None:
    """Treats the browser's address as known. Call it when the person chooses something.

    Where a choice and a step back arrive together, the choice holds.
    """
    with _alone() as mine:
        mine.written = _in_browser()


def put(parameter: str, value: Callable[[], str] | str) -> None:
    """Says what a parameter is, or what gives its value; an empty one is left out."""
    with _alone() as mine:
        mine.drawn.add(parameter)
        mine.parameters[parameter] = value if callable(value) else lambda: value


def write(parameters: Mapping[str, str]) -> None:
    """Puts all these parameters, and brings the address up to date."""
    for name, value in parameters.items():
        put(name, value)
    refresh()


def leave_out(parameter: str) -> None:
    """Takes a parameter out of the address."""
    with _alone() as mine:
        mine.parameters.pop(parameter, None)
        mine.unread.pop(parameter, None)


def address_in_full() -> dict[str, str]:
    """The address of what shows."""
    mine = memory()
    address = {name: text for name, value in mine.parameters.items() if (text := value())}
    return {**address, **mine.unread}


def refresh() -> None:
    """Brings the address up to date. Call it at the end of each fragment that has parameters."""
    with _alone() as mine:
        address = address_in_full()
        if mine.returned and mine.shown in (None, address):
            return
        mine.returned = False
        if address != _in_browser():
            st.query_params.from_dict(address)
        _know(mine, address)


def finish() -> None:
    """Brings the address up to date, and says what in it is not possible. It ends every page."""
    with _alone() as mine:
        for name in [name for name in mine.parameters if name not in mine.drawn | _lasting(mine)]:
            del mine.parameters[name]
        for name in [name for name in mine.unread if name not in _lasting(mine)]:
            ignore(name, mine.unread.pop(name))
        refresh()
        if mine.returned:
            mine.shown = address_in_full()
        ignored = list(mine.ignored)
    if ignored:
        values = plain(listed(ignored))
        st.toast(
            f"The address has values that are not possible here, and they were ignored: {values}",
            icon=":material/link_off:",
            duration="long",
        )


def _lasting(mine: Memory) -> set[str]:
    """The parameters that outlast what they belong to."""
    names = mine.parameters.keys() | mine.unread.keys()
    return {name for name in names if "." in name and not name.startswith(FEED)}


def show() -> str:
    """Draws the page's address, to copy, and returns it."""
    refresh()
    page = str(st.context.url or "").partition("?")[0]
    whole = f"{page}?{urlencode(_in_browser())}"
    st.code(whole, language=None, wrap_lines=True)
    return whole


def read_numbers(parameter: str, separator: str = ",") -> tuple[int, ...] | None:
    """Reads a parameter of whole numbers; None where there is none, or another text."""
    text = read(parameter)
    values = None if text is None else numbers(text.replace(separator, ","))
    if text is not None and values is None:
        ignore(parameter, text)
    return values


def numbers(text: str) -> tuple[int, ...] | None:
    """Reads whole numbers with commas between them; None for any other text, the empty one too."""
    with suppress(ValueError):
        return tuple(int(part) for part in text.split(",")) if text else None
    return None
