"""Signals from files: what is read, and what is refused in a sentence."""

from __future__ import annotations

import tracemalloc
import wave
from io import BytesIO

import numpy as np
import pytest

from rf_viz.inputs import signals
from rf_viz.inputs.images import ImageError
from rf_viz.inputs.signals import fit_signal, open_signal


def sound(samples: bytes, width: int, channels: int = 1, rate: int = 16000) -> bytes:
    stream = BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples)
    return stream.getvalue()


def array(values: object) -> bytes:
    stream = BytesIO()
    np.save(stream, np.asarray(values))
    return stream.getvalue()


TONE = np.sin(np.arange(400) / 7)


@pytest.mark.parametrize(("width", "steps"), [(1, 2**7), (2, 2**15), (3, 2**23), (4, 2**31)])
def test_a_sound_of_any_width_has_its_values(width: int, steps: int) -> None:
    numbers = (TONE * (steps - 1)).round().astype(np.int64) + (128 if width == 1 else 0)
    samples = b"".join(int(n).to_bytes(width, "little", signed=width > 1) for n in numbers)
    values, note = open_signal(sound(samples, width))
    assert np.abs(values - TONE).max() <= 2 / steps + 1e-6
    assert values.dtype == np.float32
    assert note == "16,000 samples a second"


def test_channels_are_averaged() -> None:
    left, right = np.array([1000, 3000, -5000]), np.array([3000, 1000, 5000])
    samples = np.stack([left, right], axis=1).astype("<i2").tobytes()
    values, note = open_signal(sound(samples, 2, channels=2, rate=44100))
    assert (values * 2**15).tolist() == [2000, 2000, 0]
    assert note == "44,100 samples a second, 2 channels averaged"
    values, note = open_signal(array(np.stack([np.arange(5.0), np.zeros(5)])))
    assert values.tolist() == [0, 0.5, 1, 1.5, 2]
    assert note == "2 channels averaged"


@pytest.mark.parametrize(
    ("text", "values", "note"),
    [
        ("1\n2.5\n-3", [1, 2.5, -3], ""),
        ("value\n1\n2\n", [1, 2], ""),
        ("t,a,b\n0,5,1\n1,7,1\n2,6,1\n", [5, 7, 6], "column 'a' of 3"),
        ("0;5,5\n1;7,25\n2;6\n", [5.5, 7.25, 6], "column 2 of 2"),
        ("\ufeff0.1\t4\n0.2\t3\n0.3\t9\n", [4, 3, 9], "column 2 of 2"),
        ("3, 4,\n5, 6,\n", [3, 5], "column 1 of 2"),
        ("1 2\n5 6\n2 1\n", [1, 5, 2], "column 1 of 2"),
        ("1\nnan\n3", [1, 0, 3], ""),
    ],
)
def test_a_table_gives_its_first_column_of_values(
    text: str, values: list[float], note: str
) -> None:
    signal = open_signal(text.encode())
    assert signal.values.tolist() == values
    assert signal.note == note


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x00\xff\x80 bytes", "not a signal"),
        (b"1\n2\nthree\n4", "line 3"),
        (b"x\n1\n2,3\n", "line 2"),
        (b"only words", "not a table of numbers"),
        (b"7", "two or more"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "16-bit PCM"),
        (sound(bytes(64), 2).replace(b"\x10\0data", b"\x80\0data"), "16-bit PCM"),
        (array(np.zeros((100, 100))), "one axis"),
        (array(np.zeros((3, 0))), "0 numbers"),
        (array(["a", "b"]), "no numbers"),
        (array([1.0, 2.0])[:-3], "damaged"),
        (array(np.array([{}, {}], dtype=object)), "no numbers"),
    ],
)
def test_what_is_no_signal_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        open_signal(content, "mine")


def test_a_long_signal_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "MAX_SAMPLES", 3)
    for content in (array(np.zeros(4)), sound(bytes(8), 2), b"1\n2\n3\n4\n"):
        with pytest.raises(ImageError, match="cut it"):
            open_signal(content)


def test_a_signal_is_cut_or_filled_up() -> None:
    values = np.arange(6, dtype=np.float32)
    assert fit_signal(values, 3, start=2).tolist() == [2, 3, 4]
    assert fit_signal(values, 4, start=4).tolist() == [4, 5, 0, 0]


@pytest.mark.parametrize(
    ("table", "said"),
    [(b"1\n" * 2**21 + b"1\n", "more than 2,097,152 lines"), (b"12,13\n" * 2**22, "16 MB")],
)
def test_tables_of_a_size_that_would_fill_the_memory_are_refused(table: bytes, said: str) -> None:
    tracemalloc.start()
    with pytest.raises(ImageError, match=said):
        open_signal(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**29


def test_the_channels_of_a_sound_are_averaged_a_part_at_a_time() -> None:
    """Across the borders of the parts, and in few times the bytes of the file."""
    frames = 2**20 + 3
    left, right = np.arange(frames) % 1000, np.arange(frames) % 77
    samples = np.stack([left, right], axis=1).astype("<i2")
    values = open_signal(sound(samples.tobytes(), 2, channels=2)).values
    assert values.shape == (frames,)
    assert np.allclose(values, (left + right) / 2 / 2**15)
