"""HDF5 files as Keras 1 and 2 wrote them, made without these."""

from __future__ import annotations

import io
import json
from typing import Any

import h5py
import numpy as np


def hdf5(
    config: dict[str, Any], weights: dict[str, dict[str, Any]], version: str = "2.15.0"
) -> bytes:
    """Write a model's configuration and, by layer and name, its weights."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        for place in (file, group):
            place.attrs["keras_version"], place.attrs["backend"] = version, "tensorflow"
        group.attrs["layer_names"] = np.array(list(weights), "S")
        for name, values in weights.items():
            part = group.create_group(name)
            part.attrs["weight_names"] = np.array(list(values), "S")
            for weight, value in values.items():
                part[weight] = value
    return buffer.getvalue()


def sequential(
    shape: tuple[int, ...], layers: list[tuple[str, dict[str, Any], list[Any]]]
) -> bytes:
    """Write a ``Sequential`` of layers, each with its class, its settings and its weights."""
    entries = [
        {"class_name": kind, "config": {**settings, "name": f"layer{i}"}}
        for i, (kind, settings, _) in enumerate(layers)
    ]
    entries[0]["config"]["batch_input_shape"] = [None, *shape]  # type: ignore[index]
    weights = {
        f"layer{i}": {f"weight{j}": value for j, value in enumerate(values)}
        for i, (_, _, values) in enumerate(layers)
    }
    return hdf5({"class_name": "Sequential", "config": entries}, weights)
