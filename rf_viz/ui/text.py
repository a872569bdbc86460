"""Texts on the pages: names and lists; numbers are those of ``analysis.numbers``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..analysis.numbers import (
    MISSING,
    VALUE_FORMAT,
    by,
    count,
    difference,
    extent,
    file_size,
    fixed,
    minus,
    number,
    percent,
    position,
    ranges,
    scaled,
    side,
    unit_of,
    whole,
)

__all__ = [
    "MISSING",
    "VALUE_FORMAT",
    "by",
    "count",
    "difference",
    "extent",
    "file_size",
    "fixed",
    "listed",
    "minus",
    "number",
    "percent",
    "plain",
    "position",
    "ranges",
    "scaled",
    "sentence",
    "side",
    "unit_of",
    "whole",
]


def listed(parts: Sequence[str], most: int = 3) -> str:
    """Lists the first few, and says how many more there are."""
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more


def sentence(error: BaseException) -> str:
    """The text of an error, with a full stop; of a line to copy nothing."""
    text = getattr(error, "sentence", "") or str(error)
    return text if text.endswith((".", "!", "?")) else f"{text}."


def plain(text: str) -> str:
    """Escapes a text for Markdown, so that it means nothing but itself."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$:])", r"\\\1", text)
