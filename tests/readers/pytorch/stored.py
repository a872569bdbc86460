"""Many small arrays in one file: their numbers in a row, and an index of names and shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def store(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by name. Truth values are kept as bits, all others as float32."""
    index, bits, numbers = [], [], []
    for name, array in arrays.items():
        index.append([name, *array.shape])
        if array.dtype == np.bool_:
            bits.append(array.reshape(-1))
        else:
            numbers.append(array.astype(np.float32).reshape(-1))
        index[-1].insert(1, "bits" if array.dtype == np.bool_ else "numbers")
    np.savez_compressed(
        path,
        index=np.frombuffer(json.dumps(index).encode(), np.uint8),
        bits=np.packbits(np.concatenate(bits)) if bits else np.zeros(0, np.uint8),
        numbers=np.concatenate(numbers),
    )


def stored(path: Path) -> dict[str, NDArray[Any]]:
    """Read arrays by name."""
    with np.load(path) as file:
        rows = {"bits": np.unpackbits(file["bits"]).astype(np.bool_), "numbers": file["numbers"]}
        index = json.loads(file["index"].tobytes())
    at = dict.fromkeys(rows, 0)
    arrays = {}
    for name, kind, *shape in index:
        count = prod(shape)
        arrays[name] = rows[kind][at[kind] : at[kind] + count].reshape(shape)
        at[kind] += count
    return arrays
