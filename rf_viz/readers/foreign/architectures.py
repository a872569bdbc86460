"""Networks of well-known packages, recognised by the names and shapes of their weights.

``architectures.json`` is made by assets/pytorch_weights/make.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_name("architectures.json")

_COUNTERS = ("num_batches_tracked", "relative_position_index", "attn_mask")
"""Ends of the names of buffers that files of some versions have and others do not."""

Shape = tuple[int, ...]


class Architecture(NamedTuple):
    """A network of a package: its name, the call that builds it, and an input that it takes."""

    package: str
    name: str
    call: str
    input: Shape


def digest(weights: Mapping[str, Shape], shapes: bool = True) -> str:
    """Digest the names of weights, with their ``shapes`` or without."""
    names = sorted(name for name in weights if not name.endswith(_COUNTERS))
    lines = [f"{name} {list(weights[name])}" if shapes else name for name in names]
    return sha256("\n".join(lines).encode(errors="replace")).hexdigest()[:12]


@cache
def _table() -> dict[str, list[Any]]:
    return dict(json.loads(TABLE.read_text(encoding="utf-8")))


def recognise(weights: Mapping[str, Shape]) -> Architecture | None:
    """Find the network that has these weights, whatever the number of its classes."""
    for body, name, call, arguments, shape, head in _table().get(digest(weights, shapes=False), ()):
        if digest({n: s for n, s in weights.items() if n not in head}) != body:
            continue
        classes = [weights[n][0] for n in head if n.endswith("bias") and weights[n]]
        count = f", num_classes={classes[-1]}" if classes else ""
        package = call.partition(".")[0]
        return Architecture(package, name, f"{call}{arguments}{count})", tuple(shape))
    return None
