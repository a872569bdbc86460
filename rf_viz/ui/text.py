"""Numbers, sizes and lists as they read on the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def by(extents: Sequence[int | str | None]) -> str:
    """Joins extents by multiplication signs."""
    return " \N{MULTIPLICATION SIGN} ".join(map(str, extents)) or "1"


def position(parts: Iterable[object]) -> str:
    """Writes coordinates in brackets; a single one stands alone."""
    texts = [str(part) for part in parts]
    return f"({', '.join(texts)})" if len(texts) > 1 else "".join(texts)


def ranges(start: Sequence[int], stop: Sequence[int]) -> list[str]:
    """Names the positions of a box along each axis, as in rows 3-8."""
    names = ("samples",) if len(start) == 1 else ("slices", "rows", "columns")[-len(start) :]
    return [
        f"{name} {first}\N{EN DASH}{after - 1}"
        for name, first, after in zip(names, start, stop, strict=True)
    ]


def number(value: float) -> str:
    """Writes four significant digits, and an exponent only of the very large and the very small."""
    size = abs(value)
    if size and not 1e-3 <= size < 1e6:
        return f"{value:.2e}"
    return f"{float(f'{value:.4g}'):.10g}"


def percent(share: float) -> str:
    """Writes a share of one in percent; nothing but the whole is 100 %."""
    if share == 1:
        return "100 %"
    return f"{100 * share:.1f} %" if share >= 0.1 else f"{100 * share:.2g} %"


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
