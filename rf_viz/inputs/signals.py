"""Signals as inputs: opened, and fitted to the length that a network takes."""

from __future__ import annotations

import csv
import os
import wave
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .images import ImageError

MAX_SAMPLES = 50_000_000
"""Longer signals are refused, of sound files and arrays by their header."""

_FORMATS = "use a sound as WAV, numbers as CSV, or a NumPy array (.npy)"
_CHANNELS = 64
"""The most channels of an array; one with two longer axes is a picture."""

_LARGEST_TABLE, _MOST_LINES = 2**24, 2**21
"""The most bytes and lines of a table: as texts, its numbers take many times as many bytes."""

_AT_ONCE = 2**20
"""So many frames of a sound are averaged at a time."""

_WIDEST = 4
"""The most bytes of a sound's sample."""


class Signal(NamedTuple):
    """A signal (length,), float32, and what is worth knowing of how it was read."""

    values: NDArray[np.float32]
    note: str = ""


def open_signal(source: bytes | str | os.PathLike[str], name: str = "") -> Signal:
    """Open a signal: a sound (WAV), a table of numbers (CSV) or an array (.npy).

    Args:
        source: the file's bytes or its path. A sound's samples are scaled to -1..1, and channels
            are averaged. Of a table the first column counts that is no evenly spaced axis, such as
            time.
        name: what to call it in an error; by default the file's name.

    Returns:
        The values, what is not finite as 0, and a note on the rate or the column.

    Raises:
        ImageError: the file is missing, empty, damaged, no signal, or longer than ``MAX_SAMPLES``.
    """
    if isinstance(source, bytes):
        name, content = name or "The file", source
    else:
        name = name or os.path.basename(source)
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise ImageError(f"{name} cannot be opened: {error.strerror}") from error
    if not content:
        raise ImageError(f"{name} is empty: choose a signal with something in it")
    if content.startswith((b"RIFF", b"RIFX")):
        values, note = _sound(content, name)
    elif content.startswith(b"\x93NUMPY"):
        values, note = _array(content, name)
    else:
        values, note = _table(content, name)
    if values.size < 2:
        raise ImageError(f"{name} has {values.size} numbers: a signal has two or more")
    clean = np.nan_to_num(values.astype(np.float32), nan=0, posinf=0, neginf=0)
    return Signal(np.ascontiguousarray(clean), note)


def fit_signal(values: NDArray[np.float32], length: int, start: int = 0) -> NDArray[np.float32]:
    """Cut a signal to a length from ``start`` on; zeros follow where it ends before."""
    part = values[start : start + length]
    return np.pad(part, (0, length - len(part)))


def _sound(content: bytes, name: str) -> tuple[NDArray[np.floating], str]:
    """The samples of a WAV file. Raises ImageError."""
    try:
        with wave.open(BytesIO(content)) as sound:
            channels, width = sound.getnchannels(), sound.getsampwidth()
            rate, length = sound.getframerate(), sound.getnframes()
            _check_length(length, name)
            if width > _WIDEST:
                raise wave.Error(f"samples of {width} bytes")
            frames = sound.readframes(length)
    except ImageError:
        raise
    except Exception as error:  # wave.Error, EOFError and what damaged headers lead to
        raise ImageError(
            f"{name} is damaged, or no WAV file of whole numbers: save it again as 16-bit PCM"
        ) from error
    each = channels * width
    count = len(frames) // each
    values = np.empty(count, np.float32)
    for first in range(0, count, _AT_ONCE):
        part = frames[first * each : min(first + _AT_ONCE, count) * each]
        samples = _samples(np.frombuffer(part, np.uint8).reshape(-1, width))
        values[first : first + _AT_ONCE] = samples.reshape(-1, channels).mean(axis=1)
    note = f"{rate:,} samples a second" + (f", {channels} channels averaged" * (channels > 1))
    return values, note


def _samples(raw: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Samples from -1 to 1, from the bytes of each (in rows), the lowest first."""
    count, width = raw.shape
    if width == 1:
        return raw[:, 0].astype(np.float64) / 128 - 1
    padded = np.zeros((count, 4), np.uint8)  # as the highest bytes of 32 bits
    padded[:, 4 - width :] = raw
    return padded.view("<i4")[:, 0] / 2.0**31


def _array(content: bytes, name: str) -> tuple[NDArray[np.floating], str]:
    """The array of a NumPy file, its short axes averaged. Raises ImageError."""
    stream = BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, _, kind = read(stream)
    except Exception as error:
        raise ImageError(f"{name} is a damaged NumPy file: save it again") from error
    if kind.kind not in "biuf":
        raise ImageError(f"{name} holds {kind} and no numbers: save an array of numbers")
    long = [n for n in shape if n > 1]
    if len(long) > 2 or (len(long) == 2 and min(long) > _CHANNELS):
        raise ImageError(
            f"{name} has the shape {shape}: a signal has one axis, and at most {_CHANNELS} channels"
        )
    _check_length(max(shape, default=1), name)
    stream.seek(0)
    try:
        array: NDArray[Any] = np.load(stream, allow_pickle=False)
    except Exception as error:
        raise ImageError(f"{name} is a damaged NumPy file: save it again") from error
    array = array.reshape(long if array.size else -1)
    if array.ndim < 2:
        return array.reshape(-1), ""
    short = int(np.argmin(array.shape))
    return array.mean(axis=short, dtype=np.float64), f"{array.shape[short]} channels averaged"


def _table(content: bytes, name: str) -> tuple[NDArray[np.floating], str]:
    """The column of a table that holds the signal. Raises ImageError."""
    if len(content) > _LARGEST_TABLE:
        raise ImageError(
            f"{name} is no sound and no NumPy array, and too large for a table, which may have "
            f"{_LARGEST_TABLE // 10**6} MB: {_FORMATS}"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImageError(f"{name} is not a signal that can be read: {_FORMATS}") from error
    lines = [line for line in text.splitlines() if line.strip()]
    _check_length(len(lines), name)
    if len(lines) > _MOST_LINES:
        raise ImageError(
            f"{name} is a table of more than {_MOST_LINES:,} lines: save it as a NumPy array (.npy)"
        )
    head = "\n".join(islice(lines, 20))
    separator = next((mark for mark in ("\t", ";", ",") if mark in head), " ")
    decimal = "," if separator in "\t;" and "." not in head else "."
    rows = list(csv.reader(StringIO("\n".join(lines)), delimiter=separator, skipinitialspace=True))
    header = [] if _numbers(rows[:1], decimal) is not None else rows.pop(0) if rows else []
    table = _numbers(rows, decimal)
    if table is None or not table.size:
        number = next((i for i, row in enumerate(rows) if _numbers([row], decimal) is None), 0)
        line = number + 1 + bool(header)
        raise ImageError(
            f"{name} is not a table of numbers (see line {line}): every line needs the same number "
            "of columns, all of them numbers"
        )
    if table.shape[1] == 1:
        return table[:, 0], ""
    column = next((i for i, values in enumerate(table.T) if not _is_axis(values)), 0)
    called = repr(header[column].strip()) if column < len(header) else str(column + 1)
    return table[:, column], f"column {called} of {table.shape[1]}"


def _numbers(rows: list[list[str]], decimal: str) -> NDArray[np.float64] | None:
    """Rows of texts as numbers; None where one is no number, or rows differ in length."""
    cells = [[cell.strip().replace(decimal, ".") for cell in row] for row in rows]
    if cells and all(row and not row[-1] for row in cells):  # each line ends with a separator
        cells = [row[:-1] for row in cells]
    if len({len(row) for row in cells}) != 1:
        return None
    try:
        return np.array(cells, dtype=object).astype(np.float64)
    except ValueError:
        return None


def _is_axis(values: NDArray[np.float64]) -> bool:
    """Whether numbers rise by even steps, as times and counts do."""
    steps = np.diff(values)
    return bool(len(steps) > 1 and steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-3))


def _check_length(length: int, name: str) -> None:
    """Raise ImageError for a signal that is too long to be opened."""
    if length > MAX_SAMPLES:
        limit = MAX_SAMPLES // 1_000_000
        raise ImageError(f"{name} has more than {limit} million samples: cut it")
