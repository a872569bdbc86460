"""Images as inputs: opened upright, fitted to the input size, preprocessed to a tensor."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 80_000_000
"""Larger images are refused by their header, before any pixel is decoded."""

_MOST_PIXELS = {"JPEG2000": 25_000_000}
"""Fewer of formats whose decoders take many bytes and much time for each pixel."""

_MOST_SCANS = 64
"""The most scans of a JPEG, each of which goes over all of its pixels; progressive ones have 10."""

# Pillow can open more, but some of that (EPS, WMF) runs other programs on the uploaded file.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "ICO")

Fit = Literal["crop", "stretch", "pad"]
"""Way in which a picture of another shape fills the input: cropped, distorted, or with borders."""

LUMINANCE = (0.299, 0.587, 0.114)
"""The shares of red, green and blue in brightness, as ITU-R BT.601 has them."""


class ImageError(ValueError):
    """Raised for an image that cannot be used, with one sentence for the person who chose it."""


@dataclass(frozen=True)
class Preprocessing:
    """Preprocessing that a network expects: ``(pixels * scale - mean) / std``, pixels in 0..255.

    Attributes:
        order: the order of the colour channels in the tensor.
        scale: a factor on the pixels, applied first.
        mean, std: one number for each channel, in that order.
    """

    order: Literal["RGB", "BGR"] = "RGB"
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)


PRESETS: dict[str, Preprocessing] = {
    "0..1": Preprocessing(scale=1 / 255),
    "-1..1": Preprocessing(scale=1 / 127.5, mean=(1, 1, 1)),
    "0..255": Preprocessing(),
    "ImageNet mean/std": Preprocessing(
        scale=1 / 255, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    ),
    "Caffe BGR": Preprocessing(order="BGR", mean=(103.939, 116.779, 123.68)),
    "RGB minus mean": Preprocessing(mean=(122.679, 116.669, 104.006)),
    "(x - 127) / 128": Preprocessing(mean=(127, 127, 127), std=(128, 128, 128)),
}
"""The usual preprocessings by name, those of the sample models among them."""

KERAS_MODES = {
    "caffe": "Caffe BGR",
    "tf": "-1..1",
    "torch": "ImageNet mean/std",
    "none": "0..255",
}
"""The preset for each ``mode`` of Keras' ``preprocess_input``; "none" is for its models that take
pixels as they are and preprocess them inside."""


def open_image(source: bytes | str | os.PathLike[str] | BinaryIO) -> Image.Image:
    """Open any image as people see it: upright, RGB, 8 bits a channel, on white.

    EXIF rotation is applied, transparency is laid on white, of an animation the first frame is
    taken, and greyscale with more than 8 bits is scaled from its own range to 0..255.

    Args:
        source: the file's bytes, its path, or a binary stream that can seek.

    Raises:
        ImageError: the file is missing, empty, damaged, no image, or larger than ``MAX_PIXELS``.
    """
    name = os.path.basename(source) if isinstance(source, str | os.PathLike) else "The file"
    with ExitStack() as stack:
        if isinstance(source, bytes):
            stream: BinaryIO = BytesIO(source)
        elif isinstance(source, str | os.PathLike):
            try:
                stream = stack.enter_context(open(source, "rb"))
            except OSError as error:
                raise ImageError(f"{name} cannot be opened: {error.strerror}") from error
        else:
            stream = source
        stream.seek(0)
        if not stream.read(1):
            raise ImageError(f"{name} is empty: choose an image with something in it")
        stream.seek(0)
        with _decoding(name):
            image = _opened(stream, name)
        most = _MOST_PIXELS.get(image.format or "", MAX_PIXELS)
        if image.width * image.height > most:
            raise ImageError(_too_large(name, most))
        if image.format in ("JPEG", "MPO"):
            _check_scans(stream, name)
        deep = None
        with _decoding(name):
            image.load()
            _turn_upright(image)
            if image.mode == "F" or image.mode.startswith("I"):
                deep = np.array(image, np.float32)
        if deep is not None:
            image = Image.fromarray(_to_8_bits(deep))
        with _decoding(name):
            return _to_rgb(image)


def _opened(stream: BinaryIO, name: str) -> Image.Image:
    """An image of which only the header has been read. Raises ImageError for any other file."""
    try:
        return Image.open(stream, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is not an image that can be read: use PNG, JPEG, WebP, GIF, TIFF or BMP"
        ) from error


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Let Pillow work on a file. Raises ImageError for whatever it complains about.

    A damaged file makes decoders raise almost anything, from struct.error to SyntaxError.
    """
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(_too_large(name)) from error
    except Exception as error:
        raise ImageError(
            f"{name} is a damaged or incomplete image: save it again as PNG or JPEG"
        ) from error


def _check_scans(stream: BinaryIO, name: str) -> None:
    """Raise ImageError for a JPEG that has its decoder go over the pixels again and again."""
    at = stream.tell()
    stream.seek(0)
    scans = stream.read().count(b"\xff\xda")
    stream.seek(at)
    if scans > _MOST_SCANS:
        raise ImageError(f"{name} is a JPEG of {scans:,} scans: save it again as PNG or JPEG")


def _too_large(name: str, most: int = MAX_PIXELS) -> str:
    """Say in words that an image has too many pixels."""
    limit = most // 1_000_000
    return f"{name} has more than {limit} megapixels: make it smaller and try again"


def _turn_upright(image: Image.Image) -> None:
    """Turn and mirror an image as its EXIF data says."""
    with suppress(Exception):  # Unreadable EXIF data says nothing about the pixels.
        ImageOps.exif_transpose(image, in_place=True)


def _to_rgb(image: Image.Image) -> Image.Image:
    """An image of 8 bits a channel as RGB, transparency laid on white."""
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        opaque = Image.new("RGB", image.size, "white")
        opaque.paste(image, mask=image)
        return opaque
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_8_bits(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Greyscale with many bits, from its range (0..1, or so many bits, or min..max) to 0..255."""
    values = np.nan_to_num(values, copy=False, nan=0, posinf=0, neginf=0)
    low, high = min(0.0, float(values.min())), float(values.max())
    if low == 0:
        high = next((top for top in (1, 255, 1023, 4095, 16383, 65535) if high <= top), high)
    values -= low
    values *= 255 / ((high - low) or 1)
    return np.rint(values, out=values).astype(np.uint8)


def fit(image: Image.Image, size: tuple[int, int], how: Fit = "crop") -> NDArray[np.uint8]:
    """Fit a picture to the input of a network, scaled with antialiasing.

    Args:
        image: an RGB image, as from ``open_image``.
        size: height and width of the result.
        how: "crop" scales the largest centred part of the right proportions; "stretch" scales the
            whole image and distorts it; "pad" scales the whole image and leaves black borders.

    Returns:
        An array (height, width, 3).

    Raises:
        ImageError: the size is not positive, or ``how`` is none of the three.
    """
    if min(size) < 1:
        raise ImageError(f"An image cannot be {size[0]} x {size[1]}: give a positive size")
    if how not in get_args(Fit):
        raise ImageError(f"There is no fit {how!r}: use crop, stretch or pad")
    height, width = size
    box = (0.0, 0.0, float(image.width), float(image.height))
    inner = (width, height)
    if how == "crop":
        scale = min(image.width / width, image.height / height)
        # Rounded, the difference of equal numbers may lie a little below zero.
        left = max((image.width - width * scale) / 2, 0)
        top = max((image.height - height * scale) / 2, 0)
        box = (left, top, image.width - left, image.height - top)
    elif how == "pad":
        scale = max(image.width / width, image.height / height)
        inner = (max(1, round(image.width / scale)), max(1, round(image.height / scale)))
    scaled = np.asarray(image.resize(inner, Image.Resampling.BILINEAR, box=box))
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = scaled
    return canvas


def to_tensor(
    pixels: NDArray[np.uint8],
    shape: Sequence[int],
    spatial_axes: tuple[int, int],
    preprocessing: Preprocessing,
) -> NDArray[np.float32]:
    """Make a model's input of a picture.

    The last axis that is not spatial holds the channels: 1 takes the luminance, 3 the colours, 4
    the colours and an opaque alpha; a luminance and an alpha are preprocessed with the average
    of ``mean`` and of ``std``. Along any other axis (batch, frames) the picture is repeated.

    Args:
        pixels: array (height, width, 3), RGB, as from ``fit``.
        shape: the shape of the model's input, such as (1, 3, height, width) or (1, height, width,
            1) or (height, width).
        spatial_axes: the axes of ``shape`` that run along the height and the width.
        preprocessing: what the network expects of its pixels.

    Returns:
        A float32 array of that shape.

    Raises:
        ImageError: the shape has another size than the picture, or a number of channels that an
            image cannot fill.
    """
    shape = tuple(shape)
    rank = len(shape)
    y_axis, x_axis = (axis % rank for axis in spatial_axes)
    if (shape[y_axis], shape[x_axis]) != pixels.shape[:2]:
        raise ImageError(
            f"The input {shape} is {shape[y_axis]} x {shape[x_axis]}, the picture is "
            f"{pixels.shape[0]} x {pixels.shape[1]}: fit the picture to the input first"
        )
    others = [axis for axis in range(rank) if axis not in (y_axis, x_axis)]
    channels = shape[others[-1]] if others else 1
    if channels not in (1, 3, 4):
        raise ImageError(
            f"The input {shape} has {channels} channels, and an image can fill 1, 3 or 4: "
            "choose another input or another model"
        )

    levels = np.arange(256, dtype=np.float32)
    mean = np.array(preprocessing.mean, np.float32)
    std = np.array(preprocessing.std, np.float32)
    if channels == 1:
        values = pixels.astype(np.float32) @ np.array(LUMINANCE, np.float32)[:, None]
        values = (values * np.float32(preprocessing.scale) - mean.mean()) / std.mean()
    else:
        # There are 256 levels and many pixels: what becomes of each level is worked out once.
        tables = ((levels[:, None] * np.float32(preprocessing.scale) - mean) / std).T.copy()
        colours = pixels[..., ::-1] if preprocessing.order == "BGR" else pixels
        planes = np.empty((channels, *pixels.shape[:2]), np.float32)
        for plane, table, colour in zip(planes, tables, np.moveaxis(colours, -1, 0), strict=False):
            np.take(table, colour, out=plane, mode="clip")
        planes[3:] = (levels[-1] * np.float32(preprocessing.scale) - mean.mean()) / std.mean()
        values = np.moveaxis(planes, 0, -1)

    filled = [y_axis, x_axis, *others[-1:]]
    values = values.reshape(values.shape[: len(filled)]).transpose(np.argsort(filled))
    values = values.reshape([shape[axis] if axis in filled else 1 for axis in range(rank)])
    return np.array(np.broadcast_to(values, shape), np.float32, order="C")


def signal_tensor(values: ArrayLike, shape: Sequence[int], axis: int) -> NDArray[np.float32]:
    """Make a model's input of a one-dimensional signal, repeated along all other axes.

    Args:
        values: one number for each position along ``axis``.
        shape: the shape of the model's input, such as (1, 1024) or (1, 1, 1024).
        axis: the axis of ``shape`` that the signal runs along.

    Returns:
        A float32 array of that shape.

    Raises:
        ImageError: the signal is not one-dimensional or has another length than the input.
    """
    signal = np.asarray(values, np.float32)
    if signal.shape != (shape[axis],):
        raise ImageError(
            f"The input {tuple(shape)} takes a signal of length {shape[axis]}, "
            f"this one has the shape {signal.shape}: cut it or pad it first"
        )
    along = [1] * len(shape)
    along[axis] = shape[axis]
    return np.array(np.broadcast_to(signal.reshape(along), tuple(shape)), np.float32)
