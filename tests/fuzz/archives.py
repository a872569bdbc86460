"""Mutations of zip archives: of one entry by what it is, or of the list of entries."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.documents import mutate_json
from tests.fuzz.hdf5 import mutate_hdf5
from tests.fuzz.raw import mutate_bytes
from tests.fuzz.values import text

Mutate = Callable[[bytes, Random], bytes]


def mutate_zip(
    data: bytes, rng: Random, words: Sequence[str] = (), graph: Mutate = mutate_bytes
) -> bytes:
    """An archive with one mutation; ``graph`` mutates entries that hold a graph (.pb)."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    if rng.random() < 0.8:
        _mutate_entry(entries, rng, words, graph)
    else:
        _mutate_list(entries, rng)
    return zipped(entries, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def zipped(entries: Sequence[tuple[str, bytes]], form: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these entries, the same at any time of day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = form
            archive.writestr(info, content)
    return buffer.getvalue()


def _mutate_entry(
    entries: list[tuple[str, bytes]], rng: Random, words: Sequence[str], graph: Mutate
) -> None:
    documents = [i for i, (name, _) in enumerate(entries) if name.endswith((".json", ".pb"))]
    at = rng.choice(documents if documents and rng.random() < 0.7 else range(len(entries)))
    name, content = entries[at]
    if rng.random() < 0.15:
        content = mutate_bytes(content, rng)
    elif name.endswith(".json"):
        content = mutate_json(content, rng, words)
    elif content.startswith(b"\x89HDF"):
        content = mutate_hdf5(content, rng, words)
    elif name.endswith(".pb"):
        content = graph(content, rng)
    else:
        content = mutate_bytes(content, rng)
    entries[at] = name, content


def _mutate_list(entries: list[tuple[str, bytes]], rng: Random) -> None:
    at, other = rng.randrange(len(entries)), rng.randrange(len(entries))
    (name, content), (_, contents) = entries[at], entries[other]
    kind = rng.choice(("drop", "drop", "empty", "rename", "swap", "folder"))
    if kind == "drop":
        del entries[at]
    elif kind == "empty":
        entries[at] = name, b""
    elif kind == "rename":
        entries[at] = f"{text(rng)[:60]}{name}", content
    elif kind == "swap":
        entries[at] = name, contents
    else:
        entries[:] = [(f"a/{inner}", data) for inner, data in entries]
