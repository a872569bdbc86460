"""Equations of the article in LaTeX, with the numbers of a network filled in.

Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019
(doi 10.23915/distill.00021). Layers are counted from the input, from 1 on; the number after the
last equals sign is the core's result.
"""

from __future__ import annotations

from collections.abc import Sequence

import rf_viz

from .example import Example
from .layers import Conv


def output_size(conv: Conv, below: int, size: int) -> str:
    """Write how many units a convolution makes of ``below`` units."""
    p, q = _padding(conv)
    kernel = _effective_kernel(conv)
    return (
        r"n_1 = \left\lfloor \frac{n_0 + p + q - k}{s} \right\rfloor + 1 = "
        rf"\left\lfloor \frac{{{below} + {p} + {q} - {kernel}}}{{{conv.stride}}} \right\rfloor + 1"
        f" = {size}"
    )


def size(example: Example) -> str:
    """Write the closed form of the receptive field size of a chain of convolutions.

    Raises ValueError for other layers.
    """
    convs = _convs(example)
    dilated = any(conv.dilation != 1 for conv in convs)
    d = r"\,d_l" if dilated else ""
    terms = [
        " ".join(
            [
                f"({conv.kernel} - 1)",
                *([rf"\cdot {conv.dilation}"] if dilated else []),
                rf"\cdot {jump}",
            ]
        )
        for conv, jump in zip(convs, _jumps(convs), strict=False)
    ]
    return _aligned(
        rf"r_0 &= \sum_{{l=1}}^{{{len(convs)}}} \Big( (k_l - 1){d} \prod_{{i=1}}^{{l-1}} s_i \Big)"
        " + 1",
        rf"&= {' + '.join(terms)} + 1 = \mathbf{{{_field(example.last).size[0]}}}",
    )


def alignment(paths: Sequence[tuple[str, rf_viz.ReceptiveField | None]]) -> str:
    """Write r_0, S_0, P_0 and the centre c_0 of unit 0 along each path: S_0 and c_0 must agree.

    Paths are told apart by a superscript. One without layers has no field: it passes the input on.
    """
    lines = [r"& c_0 = -P_0 + \tfrac{r_0 - 1}{2}"]
    for name, field in paths:
        r, s, p = (field.size[0], field.stride[0], field.padding[0]) if field else (1, 1, 0)
        assert p is not None
        of = f"_0^{{{name}}}"
        lines += [
            rf"& r{of} = {r}, \; S{of} = {s}, \; P{of} = {p},",
            rf"& c{of} = -{_bracketed(p)} + \tfrac{{{r} - 1}}{{2}} = {-p + (r - 1) / 2:g}",
        ]
    return _aligned(*lines)


def _convs(example: Example) -> list[Conv]:
    """The layers of a chain of convolutions. Raises ValueError for another example."""
    convs = [layer for layer in example.layers if isinstance(layer, Conv)]
    if len(convs) < len(example.layers):
        raise ValueError("the closed form is that of a chain of convolutions")
    return convs


def _field(layer: rf_viz.Layer) -> rf_viz.ReceptiveField:
    """The closed form of a layer of a chain, which always has one."""
    assert layer.receptive_field is not None
    return layer.receptive_field


def _padding(conv: Conv) -> tuple[int, int]:
    """The padding before and after. Raises ValueError where it depends on the input."""
    if conv.padding == "same":
        raise ValueError("how much padding SAME is depends on the input")
    return conv.padding


def _effective_kernel(conv: Conv) -> int:
    """Count the units that the kernel spans, gaps included."""
    return (conv.kernel - 1) * conv.dilation + 1


def _jumps(convs: Sequence[Conv]) -> list[int]:
    """Multiply the strides below each layer, and last all of them."""
    jumps = [1]
    for conv in convs:
        jumps.append(jumps[-1] * conv.stride)
    return jumps


def _bracketed(number: int) -> str:
    """A number, in brackets where it is negative."""
    return f"({number})" if number < 0 else str(number)


def _aligned(*lines: str) -> str:
    """Lines one below the other, aligned at their ampersands."""
    rows = r" \\ ".join(lines)
    return rf"\begin{{aligned}} {rows} \end{{aligned}}"
