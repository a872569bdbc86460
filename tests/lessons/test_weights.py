"""Summed weights: what the figures' models make of ones, held against sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rf_viz.lessons import Conv, Layer, Transposed, Upsample, stack
from rf_viz.lessons.weights import alternate, away_from_border, summed_weights

N = 7


def by_hand(layers: list[Layer]) -> NDArray[np.float64]:
    """Sums of the weights, tap by tap. A resize gives each of its units the weight one."""
    values = np.ones(N)
    for layer in layers:
        if isinstance(layer, Upsample):
            values = np.repeat(values, layer.factor)
        elif isinstance(layer, Transposed):
            out = np.zeros((len(values) - 1) * layer.stride + layer.kernel)
            for i, value in enumerate(values):
                out[i * layer.stride : i * layer.stride + layer.kernel] += value
            before, after = layer.padding
            values = out[before : len(out) - after]
        else:
            assert layer.padding != "same"
            wide = np.pad(values, layer.padding)
            values = np.convolve(wide, np.ones(layer.kernel), "valid")
    return values


NEAREST = [Upsample(3), Conv(3, padding=(1, 1))]
LINEAR = [Upsample(3, "linear"), Conv(1)]
TRANSPOSED = [Transposed(3, 2)]


@pytest.mark.parametrize(
    "layers",
    [NEAREST, LINEAR, [Upsample(2, "linear"), Conv(4, padding=(1, 2))], TRANSPOSED]
    + [[Transposed(k, s, (p, p))] for k, s, p in [(4, 2, 0), (5, 2, 1), (1, 2, 0), (8, 3, 3)]],
    ids=str,
)
def test_the_model_sums_what_a_hand_sums(layers: list[Layer]) -> None:
    assert summed_weights(stack(layers, N)).tolist() == by_hand(layers).tolist()


def test_only_the_transposed_convolution_alternates() -> None:
    """Odena, Dumoulin and Olah 2016: a resize and a convolution give no checkerboard."""
    sums = {}
    for name, layers in (("nearest", NEAREST), ("linear", LINEAR), ("transposed", TRANSPOSED)):
        example = stack(layers, N)
        line = summed_weights(example)
        sums[name] = line.tolist(), alternate(line[away_from_border(example)])
    assert sums["nearest"] == ([2, *[3] * 19, 2], False)
    assert sums["linear"] == ([1] * 21, False)
    assert sums["transposed"] == ([1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1], True)


@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_it_alternates_where_the_stride_does_not_divide_the_kernel(stride: int, cut: int) -> None:
    for kernel in range(1, 9):
        if (N - 1) * stride + kernel <= 2 * cut:
            continue
        example = stack([Transposed(kernel, stride, (cut, cut))], N)
        inner = away_from_border(example)
        assert inner.sum() >= stride, "a whole period"
        assert alternate(summed_weights(example)[inner]) == (kernel % stride != 0)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_a_resize_and_a_convolution_never_alternate(mode: str, factor: int) -> None:
    for kernel in range(1, 6):
        conv = Conv(kernel, padding=((kernel - 1) // 2, kernel // 2))
        example = stack([Upsample(factor, mode), conv], N)
        inner = away_from_border(example)
        assert set(summed_weights(example)[inner]) == {kernel}
