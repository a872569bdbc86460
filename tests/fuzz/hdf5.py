"""Mutations of HDF5 files: attributes, data sets and links."""

from __future__ import annotations

import io
from collections.abc import Sequence
from random import Random
from typing import Any

import h5py
import numpy as np

from tests.fuzz.documents import mutate_json
from tests.fuzz.values import CHUNKS, INTEGERS, how_often, text


def mutate_hdf5(data: bytes, rng: Random, words: Sequence[str] = ()) -> bytes:
    """A file with a few mutations; ``words`` come up as texts in its JSON attributes."""
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        for _ in range(how_often(rng)):
            try:
                rng.choice((_attribute, _attribute, _attribute, _data, _link))(file, rng, words)
            except (ValueError, TypeError, KeyError, RuntimeError, OSError):
                continue  # HDF5 itself does not write it
    return buffer.getvalue()


def _objects(file: h5py.File) -> list[Any]:
    names: list[str] = []
    file.visit(names.append)
    return [file, *(file[name] for name in sorted(names))]


def _attribute(file: h5py.File, rng: Random, words: Sequence[str]) -> None:
    places = [(thing, name) for thing in _objects(file) for name in sorted(thing.attrs)]
    if not places:
        return
    documents = [p for p in places if p[1] in ("model_config", "training_config")]
    thing, name = rng.choice(documents if documents and rng.random() < 0.6 else places)
    value = thing.attrs[name]
    raw = value.encode() if isinstance(value, str) else value
    if isinstance(raw, bytes) and raw[:1] == b"{" and rng.random() < 0.85:
        thing.attrs[name] = mutate_json(raw, rng, words)
        return
    del thing.attrs[name]
    if rng.random() < 0.2:
        return
    if isinstance(value, np.ndarray) and value.size and rng.random() < 0.5:
        listed = list(value)
        rng.shuffle(listed)
        thing.attrs[name] = np.array(listed[: rng.randrange(1, len(listed) + 1)])
        return
    thing.attrs[name] = _value(rng)


def _data(file: h5py.File, rng: Random, words: Sequence[str]) -> None:
    sets = [t for t in _objects(file) if isinstance(t, h5py.Dataset) and t.nbytes < 2**24]
    if not sets:
        return
    chosen = rng.choice(sets)
    name, values = chosen.name, chosen[()]
    del file[name]
    kind = rng.choice(("drop", "other", "shape", "type", "huge"))
    if kind == "other":
        file[name] = _value(rng)
    elif kind == "shape":
        file[name] = np.resize(
            values, [rng.choice((0, 1, 2, 3, 5)) for _ in range(rng.randrange(6))]
        )
    elif kind == "type":
        file[name] = np.zeros(np.shape(values), rng.choice(("S3", "?", "i1", "u8", "f2", "c8")))
    elif kind == "huge":  # claimed, and not there
        file.create_dataset(name, (2**20, 2**20), "f4", chunks=(1, 1024))


def _link(file: h5py.File, rng: Random, words: Sequence[str]) -> None:
    things = [thing.name for thing in _objects(file)[1:]]
    if not things:
        return
    name, other = rng.choice(things), rng.choice(things)
    kind = rng.choice(("drop", "rename", "soft", "circle", "outside", "group"))
    if kind == "rename":
        file.move(name, f"{name}{text(rng)[:20]}".replace("\0", "0"))
        return
    del file[name]
    if kind == "soft":
        file[name] = h5py.SoftLink(other)
    elif kind == "circle":
        file[name] = h5py.SoftLink(name)
    elif kind == "outside":
        file[name] = h5py.ExternalLink("/etc/hostname", "/")
    elif kind == "group":
        file.create_group(name)


def _value(rng: Random) -> object:
    """What an attribute or a data set may hold, of any type."""
    return rng.choice(
        [
            *(b"", b"{}", b"[]", b"null", b"{", rng.choice(CHUNKS)[:100]),
            *(text(rng)[:1000].replace("\0", "0"), rng.choice([n for n in INTEGERS if n < 2**63])),
            *(float("nan"), True, np.zeros(0), np.zeros((2, 0)), np.array([b"a", b"\xff"])),
            h5py.Empty("f4"),
        ]
    )
