"""Which pixels resizing reads, against the running model."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rf_viz.trace.closed_form import ReceptiveField
from tests.oracles.onnx_oracle import (
    assert_agrees,
    generic,
    runner,
    single,
    traced,
)

NOISE = 5e-3
"""Rounding errors of a weight that is zero, times the oracle's large changes."""


def resize(
    shape: tuple[int, ...],
    *,
    sizes: list[int] | None = None,
    scales: list[float] | None = None,
    roi: list[float] | None = None,
    opset: int = 19,
    **attributes: object,
) -> onnx.ModelProto:
    rest = [
        None if roi is None else np.array(roi, np.float32),
        None if scales is None else np.array(scales, np.float32),
        *([] if sizes is None else [np.array(sizes, np.int64)]),
    ]
    return single("Resize", shape, *rest, opset=opset, **attributes)


COORDINATES = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]
SIZES = [(4, 8), (3, 5), (6, 3), (7, 4), (5, 1), (1, 3)]


@pytest.mark.parametrize("rounding", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_nearest(n: int, m: int, coordinates: str, rounding: str) -> None:
    attributes = {"coordinate_transformation_mode": coordinates, "nearest_mode": rounding}
    assert_agrees(resize((1, 1, n, 2), sizes=[1, 1, m, 2], **attributes))


@pytest.mark.parametrize("coordinates", [*COORDINATES, "half_pixel_symmetric"])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_linear(n: int, m: int, coordinates: str) -> None:
    model = resize(
        (1, 1, n, 2), sizes=[1, 1, m, 3], mode="linear", coordinate_transformation_mode=coordinates
    )
    assert_agrees(model, tolerance=NOISE)


@pytest.mark.parametrize("exclude_outside", [0, 1])
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_cubic(n: int, m: int, coordinates: str, exclude_outside: int) -> None:
    model = resize(
        (1, 1, n, 1),
        sizes=[1, 1, m, 1],
        mode="cubic",
        coordinate_transformation_mode=coordinates,
        exclude_outside=exclude_outside,
        cubic_coeff_a=-0.5,
    )
    assert_agrees(model, tolerance=NOISE)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize(("n", "m"), [(8, 4), (9, 3), (10, 4), (7, 3), (4, 6)])
def test_antialiasing_reads_more(mode: str, n: int, m: int) -> None:
    model = resize((1, 1, n, 2), sizes=[1, 1, m, 2], mode=mode, antialias=1)
    assert_agrees(model, tolerance=NOISE)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("scale", [2.0, 0.5, 1.5, 0.6, 1.7, 1 / 3, 1.25])
def test_scales(mode: str, scale: float) -> None:
    assert_agrees(resize((1, 1, 5, 6), scales=[1, 1, scale, 1], mode=mode), tolerance=NOISE)


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
@pytest.mark.parametrize("axes", [[2, 3], [3, 2]])
def test_the_aspect_ratio_can_be_kept(policy: str, axes: list[int]) -> None:
    model = resize(
        (1, 1, 4, 6), sizes=[7, 8], axes=axes, mode="linear", keep_aspect_ratio_policy=policy
    )
    assert_agrees(model, tolerance=NOISE)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize(
    ("start", "end", "m"), [(0.1, 0.8, 4), (-0.3, 1.1, 9), (0.25, 0.75, 1), (0.6, 0.2, 5)]
)
def test_crop_and_resize(mode: str, start: float, end: float, m: int) -> None:
    """What lies outside the image is filled, and sees nothing."""
    model = resize(
        (1, 1, 6, 2),
        sizes=[1, 1, m, 2],
        roi=[0, 0, start, 0, 1, 1, end, 1],
        mode=mode,
        coordinate_transformation_mode="tf_crop_and_resize",
    )
    assert_agrees(model, tolerance=NOISE)


def test_crop_and_resize_by_scales() -> None:
    model = resize(
        (1, 1, 8, 2),
        scales=[1, 1, 1.5, 1],
        roi=[0, 0, 0.25, 0, 1, 1, 0.75, 1],
        mode="linear",
        coordinate_transformation_mode="tf_crop_and_resize",
    )
    assert_agrees(model, tolerance=NOISE)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scale", [1.0, 2.0, 3.0, 1.5])
def test_upsample(mode: str, scale: float) -> None:
    scales = np.array([1, 1, scale, 1], np.float32)
    shape = (1, 1, 4, 3)
    assert_agrees(single("Upsample", shape, scales, opset=9, mode=mode), tolerance=NOISE)
    assert_agrees(
        single("Upsample", shape, opset=7, mode=mode, scales=scales.tolist()), tolerance=NOISE
    )


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scale", [0.5, 0.6, 2.0, 1.5])
def test_the_first_resize(mode: str, scale: float) -> None:
    scales = np.array([1, 1, scale, 1], np.float32)
    assert_agrees(single("Resize", (1, 1, 7, 2), scales, opset=10, mode=mode), tolerance=NOISE)


def test_a_volume() -> None:
    model = resize((1, 1, 2, 3, 4), sizes=[1, 1, 4, 3, 2], mode="linear")
    assert_agrees(model, tolerance=NOISE)


def test_closed_forms_survive_where_all_cells_read_alike() -> None:
    def form(n: int, m: int, **attributes: object) -> tuple[ReceptiveField | None, str]:
        layer = traced(resize((1, 1, n, n), sizes=[1, 1, m, m], **attributes))["y"]
        return layer.receptive_field, layer.note

    field, _ = form(8, 4, mode="linear")
    assert (field.size, field.stride, field.padding) == ((2, 2), (2, 2), (0, 0))
    field, _ = form(12, 4, mode="linear")
    assert (field.size, field.stride, field.padding) == ((1, 1), (3, 3), (-1, -1))
    field, _ = form(8, 4, mode="linear", antialias=1)
    assert (field.size, field.stride, field.padding) == ((4, 4), (2, 2), (1, 1))
    field, _ = form(8, 4, coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    assert (field.size, field.stride, field.padding) == ((1, 1), (2, 2), (0, 0))
    assert form(8, 8, mode="cubic")[0].size == (1, 1)
    assert form(4, 8) == (None, "no affine form: upsampled by 2")
    assert form(4, 6, mode="linear") == (None, "no affine form: resized by 1.5")


@st.composite
def resizings(draw: st.DrawFn) -> onnx.ModelProto:
    mode = draw(st.sampled_from(["nearest", "linear", "cubic"]))
    attributes: dict[str, Any] = {
        "mode": mode,
        "coordinate_transformation_mode": draw(st.sampled_from(COORDINATES)),
    }
    if mode == "nearest":
        attributes["nearest_mode"] = draw(
            st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
        )
    else:
        attributes["antialias"] = draw(st.integers(0, 1))
    n = draw(st.integers(1, 24))
    if draw(st.booleans()):
        return resize((1, 1, 1, n), sizes=[1, 1, 1, draw(st.integers(1, 32))], **attributes)
    scale = draw(st.sampled_from([0.25, 0.3, 0.5, 0.6, 0.75, 1.2, 4 / 3, 1.5, 2.0, 2.5, 3.0]))
    assume(int(n * scale))
    return resize((1, 1, 1, n), scales=[1, 1, 1, scale], **attributes)


@given(resizings())
@settings(max_examples=150)
def test_any_resizing(model: onnx.ModelProto) -> None:
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    try:
        runner(model)({"x": generic(shape)})
    except Exception:  # ONNX Runtime refuses it
        assume(False)
    assert_agrees(model, tolerance=NOISE)
