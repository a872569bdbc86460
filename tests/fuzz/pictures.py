"""Seeds and mutations of images, signals and volumes."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from random import Random

import numpy as np
from PIL import Image

from tests.fuzz.documents import mutate_text
from tests.fuzz.raw import mutate_bytes
from tests.fuzz.values import INTEGERS, integer

Seed = tuple[str, bytes]


def images() -> list[Seed]:
    """Small images in every format and in many modes."""
    rng = np.random.default_rng(0)
    colours = Image.fromarray(rng.integers(0, 256, (24, 31, 3), np.uint8))
    deep = Image.fromarray(rng.integers(0, 2**16, (24, 31), np.uint16))
    seeds: list[Seed] = []

    def add(name: str, image: Image.Image, **options: object) -> None:
        stream = io.BytesIO()
        image.save(stream, **{"format": name.rpartition(".")[2].upper(), **options})
        seeds.append((name, stream.getvalue()))

    for ending in ("png", "jpeg", "gif", "bmp", "ppm", "webp", "tiff", "ico"):
        add(f"rgb.{ending}", colours)
    for mode in ("1", "L", "LA", "P", "RGBA"):
        add(f"{mode}.png", colours.convert(mode))
    add("cmyk.jpeg", colours.convert("CMYK"))
    add("progressive.jpeg", colours, progressive=True)
    add("deep.png", deep)
    add("deep.tiff", deep)
    add("real.tiff", Image.fromarray(rng.random((24, 31), np.float32)))
    for form in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg"):
        add(f"{form}.tiff", colours, compression=form)
    add("lossless.webp", colours, lossless=True)
    frames = [colours, colours.rotate(90), colours.rotate(180)]
    for ending in ("gif", "webp", "png", "tiff"):
        add(f"frames.{ending}", frames[0], save_all=True, append_images=frames[1:])
    turned = colours.getexif()
    turned[0x0112] = 6
    add("turned.jpeg", colours, exif=turned)
    add("jp2.jp2", colours, format="JPEG2000")
    return seeds


def signals() -> list[Seed]:
    """Small sounds, tables and arrays."""
    wave_form = np.sin(np.arange(200) / 9)
    sounds = [_sound(*form) for form in ((1, 1), (2, 1), (2, 2), (3, 1), (4, 2))]
    columns = "\n".join(f"{i / 10},{v:.4f},{v * v:.3e}" for i, v in enumerate(wave_form))
    return [
        *((f"sound{i}.wav", sound) for i, sound in enumerate(sounds)),
        ("plain.csv", "\n".join(f"{v:.4f}" for v in wave_form).encode()),
        ("table.csv", f"time,a,b\n{columns}\n".encode()),
        ("german.csv", columns.replace(",", ";").replace(".", ",").encode()),
        ("line.npy", _npy(wave_form)),
        ("channels.npy", _npy(wave_form.reshape(100, 2).astype(np.float32))),
        ("whole.npy", _npy(np.arange(99, dtype=np.int16))),
    ]


def volumes() -> list[Seed]:
    """Small volumes."""
    values = np.random.default_rng(0).random((5, 6, 7), np.float32)
    frames = [Image.fromarray((part * 255).astype(np.uint8)) for part in values]
    reals = [Image.fromarray(part) for part in values]
    seeds = [
        ("volume.npy", _npy(values)),
        ("fortran.npy", _npy(np.asfortranarray(values.astype(np.float64)))),
        ("channels.npy", _npy((values[..., None] * (1, 2, 3)).astype(np.uint8))),
    ]
    for name, first, *rest in (("a.tiff", *frames), ("real.tiff", *reals), ("a.gif", *frames)):
        stream = io.BytesIO()
        ending = name.rpartition(".")[2]
        first.save(stream, format=ending, save_all=True, append_images=rest)
        seeds.append((name, stream.getvalue()))
    return seeds


def mutate_picture(data: bytes, rng: Random) -> bytes:
    """An image, a signal or a volume with a few mutations, of what its format says if known."""
    if rng.random() < 0.3:
        return mutate_bytes(data, rng)
    if data.startswith(b"\x89PNG"):
        return _mutate_png(data, rng)
    if data.startswith(b"\x93NUMPY"):
        return _mutate_npy(data, rng)
    if data.startswith((b"II", b"MM")):
        return _mutate_tiff(data, rng)
    if data.startswith((b"RIFF", b"\xff\xd8", b"GIF", b"BM", b"P6", b"\0\0")):
        return _mutate_header(data, rng)
    return mutate_text(data, rng)


def _mutate_png(data: bytes, rng: Random) -> bytes:
    """Another content of a chunk, under a checksum that holds; or chunks in another order."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    at, other = rng.randrange(len(chunks)), rng.randrange(len(chunks))
    kind = rng.choice(("content", "content", "content", "drop", "repeat", "swap", "type"))
    tag, content = chunks[at]
    if kind == "content":
        chunks[at] = tag, mutate_bytes(content or b"\0", rng)
    elif kind == "drop":
        del chunks[at]
    elif kind == "repeat":
        chunks.insert(other, chunks[at])
    elif kind == "swap":
        chunks[at], chunks[other] = chunks[other], chunks[at]
    else:
        tags = (b"tRNS", b"eXIf", b"iCCP", b"acTL", b"fcTL", b"fdAT", b"zTXt", b"iTXt", b"PLTE")
        chunks.insert(other, (rng.choice(tags), mutate_bytes(content or b"\0", rng)))
    written = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    ]
    return data[:8] + b"".join(written)


def _mutate_npy(data: bytes, rng: Random) -> bytes:
    """Another header, of the length that it says."""
    (length,) = struct.unpack_from("<H", data, 8)
    header, body = data[10 : 10 + length], data[10 + length :]
    kinds = ("<f8", ">f4", "|O", "|S5", "<U3", "<c16", "|b1", "<i8", "<M8[s]", "|V4", "<f2", "u9")
    if rng.random() < 0.4:
        start = header.index(b"descr': '") + 9
        stop = header.index(b"'", start)
        header = header[:start] + rng.choice(kinds).encode() + header[stop:]
    elif rng.random() < 0.7:
        shape = [rng.choice([0, 1, 2, 3, 5, 64, *INTEGERS]) for _ in range(rng.randrange(6))]
        start = header.index(b"(")
        header = header[:start] + str(tuple(shape)).encode() + b", }"
    else:
        header = mutate_text(header, rng)[: 2**16 - 1]
    return data[:8] + struct.pack("<H", len(header)) + header + body


def _mutate_tiff(data: bytes, rng: Random) -> bytes:
    """Other numbers in the directory of the first frame."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    if start + 2 > len(data):
        return mutate_bytes(data, rng)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = start + 2 + 12 * rng.randrange(count)
        field = rng.choice((0, 2, 4, 8, 8, 8, 8))
        width, form = (2, "H") if field < 4 else (4, "I")
        if at + field + width <= len(changed):
            number = integer(rng, 8 * width, signed=False)
            struct.pack_into(f"{order}{form}", changed, at + field, number)
    return bytes(changed)


def _mutate_header(data: bytes, rng: Random) -> bytes:
    """Other numbers in the first bytes."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        width = rng.choice((1, 2, 4))
        at = rng.randrange(2, min(len(data) - 4, rng.choice((48, 300))))
        order = "little" if data[:2] in (b"RI", b"GI", b"BM") else "big"
        changed[at : at + width] = integer(rng, 8 * width).to_bytes(width, order, signed=True)
    return bytes(changed)


def _sound(width: int, channels: int) -> bytes:
    stream = io.BytesIO()
    samples = np.random.default_rng(0).integers(0, 256, 120 * width * channels, np.uint8)
    with wave.open(stream, "wb") as sound:
        sound.setsampwidth(width)
        sound.setnchannels(channels)
        sound.setframerate(8000)
        sound.writeframes(samples.tobytes())
    return stream.getvalue()


def _npy(values: np.ndarray) -> bytes:  # type: ignore[type-arg]
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()
