"""Numbers as people read them: separators, units, and a minus that is not a hyphen.

Figures, pages and texts write their numbers with these functions; files for machines do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite, log10

MISSING = "\N{EN DASH}"
"""What stands in a table where there is no number."""

VALUE_FORMAT = ",.4~r"
"""Plotly's format of the values that ``number`` would write."""

_TIMES = "\N{MULTIPLICATION SIGN}"

_RAISED = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")

_UNITS = {1: "samples", 3: "voxels"}
"""What the input consists of by the number of its axes; pixels unless it is here."""

_PREFIXES = ("", "k", "M", "G", "T", "P")


def minus(text: str) -> str:
    """Writes a true minus for each hyphen of a number's text."""
    return text.replace("-", "\N{MINUS SIGN}")


def whole(value: float) -> str:
    """Writes a whole number, with commas between thousands."""
    return minus(f"{value:,.0f}")


def number(value: float, digits: int = 4) -> str:
    """Writes so many significant digits, and a power of ten of the very large and very small."""
    size = abs(value)
    if not isfinite(value) or not size:
        return minus(f"{value:g}") if size else "0"
    if 1e-3 <= size < 1e6:
        return minus(f"{float(f'{value:.{digits}g}'):,.10g}")
    mantissa, _, power = f"{value:.2e}".partition("e")
    return f"{minus(mantissa)} {_TIMES} 10{str(int(power)).translate(_RAISED)}"


def fixed(value: float, decimals: int) -> str:
    """Writes so many decimals, for numbers that stand below each other."""
    return minus(f"{value:,.{decimals}f}")


def percent(share: float) -> str:
    """Writes a share of one in percent; nothing but the whole is 100%."""
    if share == 1:
        return "100%"
    return f"{100 * share:.1f}%" if share >= 0.1 else f"{100 * share:.2g}%"


def count(value: int, one: str, several: str = "") -> str:
    """Writes how many there are: 1 layer, 1,234 layers."""
    return f"{whole(value)} {one if value == 1 else several or f'{one}s'}"


def scaled(value: float, unit: str) -> str:
    """Writes three digits, a prefix and a unit: 61.1 M weights, 180 MFLOPs, 512 weights.

    A unit that begins with a capital letter is an abbreviation, and is joined to its prefix.
    """
    power = min(max(int(log10(abs(value)) // 3), 0), len(_PREFIXES) - 1) if value else 0
    digits = f"{value / 1000**power:.3g}"
    if float(digits) >= 1000 and power + 1 < len(_PREFIXES):
        power, digits = power + 1, f"{value / 1000 ** (power + 1):.3g}"
    gap = " " if _PREFIXES[power] and not unit[:1].isupper() else ""
    return f"{minus(digits)} {_PREFIXES[power]}{gap}{unit}".rstrip()


def difference(value: float, unit: str) -> str:
    """Writes what is added or saved as ``scaled`` does, with its sign: +2.4 M weights."""
    return f"{'+' if value > 0 else ''}{scaled(value, unit)}"


def file_size(size: float) -> str:
    """Writes the number of a file's bytes in megabytes of a million."""
    return f"{size / 1e6:,.2g} MB" if size < 1e6 else f"{size / 1e6:,.1f} MB"


def by(extents: Iterable[float | str | None]) -> str:
    """Joins extents by multiplication signs."""
    return f" {_TIMES} ".join(map(_extent, extents)) or "1"


def _extent(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or MISSING
    return number(value) if isinstance(value, float) else whole(value)


def extent(sizes: Sequence[int]) -> str:
    """Writes the size of a part of the input with its unit, which follows from its axes."""
    return f"{by(sizes)} {unit_of(sizes)}"


def side(sizes: Sequence[int]) -> str:
    """Writes a size as ``extent`` does, as one number where all sides are the same."""
    return f"{whole(sizes[0])} {unit_of(sizes)}" if len(set(sizes)) == 1 else extent(sizes)


def unit_of(sizes: Sequence[int]) -> str:
    """What an input of these extents consists of: samples, pixels or voxels."""
    return _UNITS.get(len(sizes), "px")


def position(parts: Iterable[object]) -> str:
    """Writes coordinates in brackets, without commas inside; a single one stands alone."""
    texts = [minus(f"{part:g}" if isinstance(part, float) else str(part)) for part in parts]
    return f"({', '.join(texts)})" if len(texts) > 1 else "".join(texts)


def ranges(start: Sequence[int], stop: Sequence[int]) -> list[str]:
    """Names the positions of a box along each axis, as in rows 3-8."""
    names = ("samples",) if len(start) == 1 else ("slices", "rows", "columns")[-len(start) :]
    return [
        f"{name} {whole(first)}\N{EN DASH}{whole(after - 1)}"
        for name, first, after in zip(names, start, stop, strict=True)
    ]
