"""Any volume opens as it is, and becomes exactly the tensor that a network expects."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from rf_viz.catalogue.samples import phantom
from rf_viz.inputs.images import ImageError
from rf_viz.inputs.volumes import (
    MAX_VOXELS,
    fit_volume,
    open_volume,
    volume_tensor,
)


def saved(array: ArrayLike, *, allow_pickle: bool = False) -> bytes:
    stream = BytesIO()
    np.save(stream, np.asarray(array), allow_pickle=allow_pickle)
    return stream.getvalue()


def stacked(frames: list[Image.Image], format: str = "TIFF") -> bytes:
    stream = BytesIO()
    frames[0].save(stream, format, save_all=True, append_images=frames[1:])
    return stream.getvalue()


def counted(*shape: int) -> NDArray[np.float32]:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


# Opening


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float64, ">f4"])
def test_an_array_opens_with_its_own_values(dtype: str, tmp_path: Path) -> None:
    values = counted(3, 4, 5).astype(dtype)
    np.testing.assert_array_equal(open_volume(saved(values)), values)
    np.save(tmp_path / "scan.npy", values)
    opened = open_volume(tmp_path / "scan.npy")
    assert opened.dtype == np.float32
    np.testing.assert_array_equal(opened, values)


def test_an_array_in_columns_order_and_a_mask_open() -> None:
    values = np.asfortranarray(counted(3, 4, 5))
    np.testing.assert_array_equal(open_volume(saved(values)), values)
    np.testing.assert_array_equal(open_volume(saved(values > 7)), values > 7)


def test_channels_are_averaged_first_or_last_and_a_batch_of_one_is_dropped() -> None:
    values = counted(2, 5, 6, 7)
    mean = values.mean(axis=0)
    np.testing.assert_allclose(open_volume(saved(values)), mean)
    np.testing.assert_allclose(open_volume(saved(np.moveaxis(values, 0, -1))), mean)
    np.testing.assert_array_equal(open_volume(saved(mean[None, None])), mean)
    np.testing.assert_array_equal(open_volume(saved(mean[None, ..., None])), mean)


def test_what_is_not_finite_is_nothing() -> None:
    values = counted(2, 3, 4)
    values[0, 0, :3] = [np.nan, np.inf, -np.inf]
    assert open_volume(saved(values))[0, 0].tolist() == [0, 0, 0, 3]


@pytest.mark.parametrize("format", ["TIFF", "GIF"])
def test_frames_are_slices(format: str) -> None:
    values = np.random.default_rng(0).integers(0, 255, (4, 6, 5), np.uint8)
    opened = open_volume(stacked([Image.fromarray(frame) for frame in values], format))
    assert opened.shape == (4, 6, 5)
    np.testing.assert_allclose(opened, values, atol=1)


def test_frames_of_many_bits_keep_them_and_colours_become_grey() -> None:
    values = np.linspace(0, 65535, 24).reshape(2, 3, 4)
    deep = stacked([Image.fromarray(frame.astype(np.uint16)) for frame in values])
    np.testing.assert_allclose(open_volume(deep), values, atol=1)
    red = Image.new("RGB", (4, 3), (255, 0, 0))
    np.testing.assert_allclose(open_volume(stacked([red, red])), 0.299 * 255, rtol=1e-3)


BAD = {
    "empty": (b"", "scan.npy is empty: choose a volume with something in it"),
    "text": (b"no volume", "scan.npy is not a volume that can be read: use a NumPy file"),
    "cut off": (saved(counted(4, 5, 6))[:-7], "scan.npy is a damaged or incomplete NumPy file"),
    "no header": (b"\x93NUMPY\1\0", "scan.npy is a damaged or incomplete NumPy file"),
    "a picture": (saved(counted(4, 5)), "scan.npy has the shape (4, 5): a volume has three axes"),
    "a line": (saved(counted(1, 1, 9)), "scan.npy has the shape (1, 1, 9): a volume has three"),
    "no voxels": (saved(counted(0, 3, 4)), "scan.npy has the shape (0, 3, 4): a volume has"),
    "no voxels along one of five axes": (
        saved(np.zeros((5, 2**31 - 1, 0, 64, 2))),
        "scan.npy has the shape (5, 2147483647, 0, 64, 2): a volume has",
    ),
    "no voxels in channels": (
        saved(np.zeros((64, 2**31 - 1, 0, 2))),
        "scan.npy has the shape (64, 2147483647, 0, 2): a volume has",
    ),
    "channels": (saved(counted(5, 6, 7, 8)), "scan.npy has the shape (5, 6, 7, 8): a volume has"),
    "words": (saved(np.array([[["a"]]])), "scan.npy holds <U1 and no numbers"),
    "complex": (saved(np.ones((2, 3, 4), complex)), "scan.npy holds complex128 and no numbers"),
    "one frame": (stacked([Image.new("L", (5, 4))]), "scan.npy has the shape (1, 4, 5): a volume"),
    "code": (
        saved(np.array([[[print]]], object), allow_pickle=True),
        "scan.npy holds object and no numbers",
    ),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_what_is_no_volume_is_told_in_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(ImageError) as error:
        open_volume(content, "scan.npy")
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.npy cannot be opened: No such file"):
        open_volume(tmp_path / "none.npy")


def test_a_volume_that_merely_claims_to_be_huge_is_refused_by_its_header() -> None:
    stream = BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (MAX_VOXELS, 2, 1)}
    np.lib.format.write_array_header_1_0(stream, header)
    with pytest.raises(ImageError, match="more than 64 million voxels: make it smaller"):
        open_volume(stream.getvalue())


# Fitting


def test_a_volume_that_fits_only_has_its_values_scaled() -> None:
    values = counted(3, 4, 5) - 7
    np.testing.assert_allclose(fit_volume(values, (3, 4, 5)), (values + 7) / 59, rtol=1e-6)
    assert (fit_volume(np.full((2, 2, 2), 9, np.float32), (3, 3, 3)) == 0).all()


def test_shrinking_averages_and_growing_interpolates() -> None:
    blocks = np.kron(counted(2, 3, 4), np.ones((2, 2, 2)))
    noise = np.tile([[[1.0, -1.0]]], (4, 6, 4))
    small = fit_volume((blocks + noise).astype(np.float32), (2, 3, 4))
    np.testing.assert_allclose(small, counted(2, 3, 4) / 23, atol=1e-6)
    line = fit_volume(np.array([0, 4], np.float32).reshape(1, 1, 2), (1, 1, 8))
    np.testing.assert_allclose(line[0, 0], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])


def test_a_body_stays_where_it_is_whatever_the_size() -> None:
    volume = np.zeros((20, 30, 40), np.float32)
    volume[12:16, 6:12, 10:20] = 1
    for size in ((10, 15, 20), (40, 60, 80), (7, 50, 33)):
        fitted = fit_volume(volume, size)
        assert fitted.shape == size
        weights = fitted.astype(float) / fitted.sum()
        middle = [
            ((np.arange(n) + 0.5) / n * weights.sum(axis=tuple({0, 1, 2} - {axis}))).sum()
            for axis, n in enumerate(size)
        ]
        np.testing.assert_allclose(middle, [14 / 20, 9 / 30, 15 / 40], atol=0.01)


def test_a_size_of_nothing_is_refused() -> None:
    with pytest.raises(ImageError, match="give a positive size"):
        fit_volume(counted(2, 2, 2), (2, 0, 2))


# Filling the input


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((1, 1, 3, 4, 5), (2, 3, 4)), ((2, 3, 4, 5, 2), (1, 2, 3)), ((3, 4, 5), (0, 1, 2))],
)
def test_the_tensor_holds_the_volume_along_its_axes(
    shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    values = counted(3, 4, 5)
    tensor = volume_tensor(values, shape, axes)
    assert (tensor.shape, tensor.dtype) == (shape, np.float32)
    for index in np.ndindex(shape):
        assert tensor[index] == values[tuple(index[axis] for axis in axes)]


def test_axes_in_another_order_are_followed() -> None:
    values = counted(3, 4, 5)
    tensor = volume_tensor(values, (1, 5, 3, 4), (2, 3, 1))
    np.testing.assert_array_equal(tensor[0], values.transpose(2, 0, 1))


def test_a_volume_of_another_size_is_refused() -> None:
    with pytest.raises(ImageError, match=r"takes a volume of \(3, 4, 5\), this one is \(3, 4, 6\)"):
        volume_tensor(counted(3, 4, 6), (1, 1, 3, 4, 5), (2, 3, 4))


# The sample


def test_the_phantom_is_a_body_in_the_dark() -> None:
    volume = phantom((16, 24, 20))
    assert (volume.shape, volume.dtype) == ((16, 24, 20), np.float32)
    assert 0 <= volume.min() < volume.max() <= 1
    border = np.ones(volume.shape, bool)
    border[1:-1, 1:-1, 1:-1] = False
    assert (volume[border] == 0).mean() > 0.9
    assert len(np.unique(volume.round(3))) > 100


def test_more_frames_than_a_volume_has_are_refused_before_they_are_counted() -> None:
    """However many there are: each of them takes time."""
    two = stacked([Image.new("P", (2, 2)), Image.new("P", (2, 2), 1)], "GIF")
    last = two.rindex(b",\0\0\0\0\2\0\2\0")  # an image of 2 by 2 begins
    with pytest.raises(ImageError, match=r"more than 4,096 frames: leave some out"):
        open_volume(two[:last] + two[last:-1] * 100_000 + b";")
