"""Volumes as inputs: opened, fitted to the input size, made a tensor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from .images import LUMINANCE, ImageError

MAX_VOXELS = 64_000_000
"""Larger volumes are refused by their header, before any voxel is read."""

MAX_FRAMES = 4096
"""Images of more frames are refused: each takes time, however small it is."""

_FORMATS = ("TIFF", "GIF")
"""Formats that hold one slice a frame, by Pillow's names."""


def open_volume(source: bytes | str | os.PathLike[str], name: str = "") -> NDArray[np.float32]:
    """Open a volume: an array of three axes, or of four of which one is short (channels).

    Args:
        source: the bytes or the path of a NumPy file (.npy), or of a TIFF or GIF with one slice a
            frame. Colours are made grey, other channels averaged.
        name: what to call it in an error; by default the file's name.

    Returns:
        An array (depth, height, width) of values as they are; what is not finite is 0.

    Raises:
        ImageError: the file is missing, empty, damaged, no volume, or of more than ``MAX_VOXELS``.
    """
    if isinstance(source, bytes):
        name = name or "The file"
        content = source
    else:
        name = name or os.path.basename(source)
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise ImageError(f"{name} cannot be opened: {error.strerror}") from error
    if not content:
        raise ImageError(f"{name} is empty: choose a volume with something in it")
    stream = BytesIO(content)
    array = _array(stream, name) if content.startswith(b"\x93NUMPY") else _frames(stream, name)
    volume = _three_axes(array, name).astype(np.float32)
    return np.nan_to_num(volume, copy=False, nan=0, posinf=0, neginf=0)


def _array(stream: BinaryIO, name: str) -> NDArray[np.generic]:
    """The array in a NumPy file. Raises ImageError."""
    damaged = f"{name} is a damaged or incomplete NumPy file: save it again with numpy.save"
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, kind = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, _, kind = np.lib.format.read_array_header_2_0(stream)
    except Exception as error:
        raise ImageError(damaged) from error
    if kind.kind not in "biuf":
        raise ImageError(f"{name} holds {kind} and no numbers: save an array of numbers")
    _check_size(shape, name)
    stream.seek(0)
    try:
        array: NDArray[np.generic] = np.load(stream, allow_pickle=False)
    except Exception as error:
        raise ImageError(damaged) from error
    return array


def _frames(stream: BinaryIO, name: str) -> NDArray[np.generic]:
    """The frames of an image, one behind the other, in grey. Raises ImageError."""
    try:
        image = Image.open(stream, formats=_FORMATS)
    except Exception as error:
        raise ImageError(
            f"{name} is not a volume that can be read: use a NumPy file (.npy), or a TIFF or GIF "
            "with one slice a frame"
        ) from error
    slices: list[NDArray[np.float32]] = []
    size = image.size
    # Frame by frame: how many there are is not known before all have been gone through.
    while _is_at(image, len(slices), name):
        _check_size((len(slices) + 1, *size), name)
        if len(slices) == MAX_FRAMES:
            raise ImageError(f"{name} has more than {MAX_FRAMES:,} frames: leave some out")
        if image.size != size:
            raise ImageError(_damaged(name))
        try:
            pixels = _pixels(image)
        except Exception as error:  # decoders raise almost anything
            raise ImageError(_damaged(name)) from error
        grey = pixels if pixels.ndim == 2 else pixels @ np.array(LUMINANCE, np.float32)
        if grey.shape[::-1] != size:
            raise ImageError(_damaged(name))
        slices.append(grey)
    return np.stack(slices)


def _is_at(image: Image.Image, frame: int, name: str) -> bool:
    """Go to a frame, and tell whether there is one. Raises ImageError."""
    try:
        image.seek(frame)
    except EOFError:
        return False
    except Exception as error:
        raise ImageError(_damaged(name)) from error
    return True


def _damaged(name: str) -> str:
    return f"{name} is damaged, or its frames are not all of one size: save it again"


def _pixels(image: Image.Image) -> NDArray[np.float32]:
    """The current frame of an image: (height, width), or (height, width, 3) of one in colour."""
    if image.mode == "F" or image.mode.startswith("I") or image.mode in ("1", "L"):
        return np.asarray(image, np.float32)
    return np.asarray(image.convert("RGB"), np.float32)


def _check_size(shape: Sequence[int], name: str) -> None:
    """Raise ImageError for a volume that is too large to be opened."""
    if prod(shape) > MAX_VOXELS:
        limit = MAX_VOXELS // 1_000_000
        raise ImageError(f"{name} has more than {limit} million voxels: make it smaller")


def _three_axes(array: NDArray[np.generic], name: str) -> NDArray[np.generic]:
    """An array's three axes, channels averaged. Raises ImageError where it is no volume."""
    shape = array.shape
    if array.ndim > 3 and array.size:
        array = array.reshape([n for n in shape if n > 1])
    if array.ndim == 4 and array.size and min(array.shape[0], array.shape[-1]) <= 4:
        array = array.mean(axis=0 if array.shape[0] <= array.shape[-1] else -1)
    if array.ndim != 3 or min(array.shape) < 2:
        raise ImageError(
            f"{name} has the shape {shape}: a volume has three axes of 2 or more, and besides them "
            "at most 4 channels"
        )
    return array


def fit_volume(volume: NDArray[np.float32], size: Sequence[int]) -> NDArray[np.float32]:
    """Fit a volume to the input of a network: stretched to a size, its values to 0..1.

    Along each axis it is interpolated, or averaged over what becomes one voxel. Raises ImageError
    for a size that is not positive.
    """
    if min(size) < 1:
        raise ImageError(f"A volume cannot be {tuple(size)}: give a positive size")
    for axis, length in enumerate(size):
        volume = _stretched(volume, axis, length)
    low, high = float(volume.min()), float(volume.max())
    scaled = (volume - low) / ((high - low) or 1)
    return np.asarray(scaled, np.float32)


def _stretched(volume: NDArray[np.float32], axis: int, length: int) -> NDArray[np.float32]:
    """A volume with another length along an axis."""
    extent = volume.shape[axis]
    if length == extent:
        return volume
    lines = np.moveaxis(volume, axis, 0)
    if length < extent:
        edges = np.linspace(0, extent, length + 1)
        sums = np.concatenate([np.zeros_like(lines[:1], float), lines.cumsum(axis=0, dtype=float)])
        result = np.diff(_between(sums, edges), axis=0) * (length / extent)
    else:
        result = _between(lines, (np.arange(length) + 0.5) * (extent / length) - 0.5)
    return np.moveaxis(result.astype(np.float32), 0, axis)


def _between(lines: NDArray[np.floating], at: NDArray[np.float64]) -> NDArray[np.floating]:
    """Values at positions between those along the first axis, which go on at the ends."""
    at = at.clip(0, len(lines) - 1)
    first = np.minimum(at.astype(int), max(0, len(lines) - 2))
    share = (at - first).reshape(-1, *[1] * (lines.ndim - 1))
    after = np.minimum(first + 1, len(lines) - 1)
    between: NDArray[np.floating] = lines[first] * (1 - share) + lines[after] * share
    return between


def volume_tensor(
    values: ArrayLike, shape: Sequence[int], spatial_axes: Sequence[int]
) -> NDArray[np.float32]:
    """Make a model's input of a volume, repeated along all other axes.

    Args:
        values: an array (depth, height, width), as from ``fit_volume``.
        shape: the shape of the model's input, such as (1, 1, depth, height, width).
        spatial_axes: the axes of ``shape`` that run along the three.

    Returns:
        A float32 array of that shape.

    Raises:
        ImageError: the shape has another size than the volume.
    """
    volume = np.asarray(values, np.float32)
    size = tuple(shape[axis] for axis in spatial_axes)
    if volume.shape != size:
        raise ImageError(
            f"The input {tuple(shape)} takes a volume of {size}, this one is {volume.shape}: fit "
            "it to the input first"
        )
    volume = volume.transpose(np.argsort(spatial_axes))
    along = [n if axis in spatial_axes else 1 for axis, n in enumerate(shape)]
    return np.array(np.broadcast_to(volume.reshape(along), tuple(shape)), np.float32)
