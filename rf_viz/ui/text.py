"""Numbers in words: how sizes, values and lists read on the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def by(extents: Sequence[int | None]) -> str:
    """Extents, with multiplication signs between them."""
    return " \N{MULTIPLICATION SIGN} ".join(map(str, extents)) or "1"


def position(parts: Iterable[object]) -> str:
    """Coordinates in brackets; a single one stands alone."""
    texts = [str(part) for part in parts]
    return f"({', '.join(texts)})" if len(texts) > 1 else "".join(texts)


def number(value: float) -> str:
    """Four significant digits, and an exponent only for the very large and the very small."""
    size = abs(value)
    if size and not 1e-3 <= size < 1e6:
        return f"{value:.2e}"
    return f"{float(f'{value:.4g}'):.10g}"


def percent(share: float) -> str:
    """A share of one; nothing but the whole is 100 %."""
    if share == 1:
        return "100 %"
    return f"{100 * share:.1f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def listed(parts: Sequence[str], most: int = 3) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more


def sentence(error: Exception) -> str:
    """What an error says, with a full stop."""
    text = str(error)
    return text if text.endswith((".", "!", "?")) else f"{text}."


def plain(text: str) -> str:
    """Text in Markdown that means nothing but itself."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$:])", r"\\\1", text)
