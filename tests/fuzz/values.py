"""Values at the edges of types, and beyond what anybody expects, to put in place of others."""

from __future__ import annotations

from random import Random

INTEGERS = (
    *(0, 1, -1, 2, 3, 7, -2, -7, 127, 128, 255, 256, 1000, 65_535, 65_536),
    *(2**31 - 1, -(2**31), 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, -(2**63), 2**64 - 1, 10**30),
)

FLOATS = (
    *(0.0, -0.0, 0.5, 1.0, -1.0, 1e-320, 1e-9, 1e30, 1.7e308),
    *(float("nan"), float("inf"), float("-inf")),
)

TEXTS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\x1b[31mred",
        "\n",
        "a\nb",
        "\t",
        "\u202eabc",
        "\ufeff",
        "é名",
        "\x85",
    ),
    *("/", "a/b", "a/", "../../etc/passwd", ".", "..", ":0", "a:1", "^a", "-1", "1e999", "NaN"),
    *("<b>x</b>", "%s{0}$x", "`[x](y)`", "=1+1", "\\", "None", "__class__", "x" * 70_000),
)

SURROGATES = ("\ud800", "a\udfffb")
"""Halves of characters, which JSON can spell and UTF-8 cannot."""

CHUNKS = (b"", b"\0", b"\xff", b"\x80", b"\xff\xfe\xfd", b"\xed\xa0\x80", b"\x1b[2J", b"\0" * 4096)


def integer(rng: Random, bits: int = 64, *, signed: bool = True) -> int:
    """An integer at some edge that fits a type."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return rng.choice([n for n in INTEGERS if low <= n <= high])


def near(rng: Random, number: int) -> int:
    """A number close to another, or a multiple of it."""
    return rng.choice([number - 1, number + 1, -number, 2 * number, number // 2, number * 1000])


def text(rng: Random, *, surrogates: bool = False) -> str:
    """A text that few programs expect."""
    return rng.choice(TEXTS + (SURROGATES if surrogates else ()))


def how_often(rng: Random) -> int:
    """How many mutations a case gets: mostly one, so that it gets far into what reads it."""
    return rng.choice((1, 1, 1, 1, 2, 2, 3, 6))
