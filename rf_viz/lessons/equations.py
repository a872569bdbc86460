"""Equations of the article in LaTeX, with the numbers of a network filled in.

Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019
(doi 10.23915/distill.00021). Layers are counted from the input, from 1 on; the number after the
last equals sign is the core's result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import rf_viz

from .bell import LEAST_SHARE, gaussian_area_width, gaussian_width
from .example import Example
from .layers import Conv, Transposed


def output_size(conv: Conv, below: int, size: int) -> str:
    """Write how many units a convolution makes of ``below`` units."""
    p, q = _padding(conv)
    kernel = _effective_kernel(conv)
    return (
        r"n_1 = \left\lfloor \frac{n_0 + p + q - k}{s} \right\rfloor + 1 = "
        rf"\left\lfloor \frac{{{below} + {p} + {q} - {kernel}}}{{{conv.stride}}} \right\rfloor + 1"
        f" = {size}"
    )


def layer_region(conv: Conv, unit: int) -> str:
    """Write which units of its input one unit of a convolution takes: u0 to v0, both included."""
    p, _ = _padding(conv)
    s, kernel = conv.stride, _effective_kernel(conv)
    first = s * unit - p
    return _aligned(
        rf"u_0 &= s\,u_1 - p = {s} \cdot {unit} - {p} = {first}",
        rf"v_0 &= u_0 + k - 1 = {_bracketed(first)} + {kernel} - 1 = {first + kernel - 1}",
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


def recurrence(example: Example) -> str:
    """Write the receptive field size from the output down, a line for each layer.

    Raises ValueError for layers other than convolutions.
    """
    convs = _convs(example)
    lines = [
        r"r_{l-1} &= s_l \cdot r_l + (k_l - s_l)",
        f"r_{{{len(convs)}}} &= 1",
    ]
    size = 1
    for number, conv in reversed(list(enumerate(convs, 1))):
        kernel = _effective_kernel(conv)
        after = conv.stride * size + kernel - conv.stride
        result = str(after) if number > 1 else rf"\mathbf{{{_field(example.last).size[0]}}}"
        s = conv.stride
        lines.append(rf"r_{{{number - 1}}} &= {s} \cdot {size} + ({kernel} - {s}) = {result}")
        size = after
    return _aligned(*lines)


def region(example: Example, unit: int) -> tuple[str, str]:
    """Write the region of a unit of the output, padding counted: its first and its last unit.

    Raises ValueError for layers other than convolutions.
    """
    convs = _convs(example)
    jumps = _jumps(convs)
    count, stride = len(convs), jumps[-1]
    field = _field(example.last)
    paddings = [_padding(conv)[0] for conv in convs]
    first = _sum(rf"{p} \cdot {j}" for p, j in zip(paddings, jumps, strict=False))
    last = _sum(
        rf"(1 + {p} - {_effective_kernel(conv)}) \cdot {j}"
        for conv, p, j in zip(convs, paddings, jumps, strict=False)
    )
    start, stop = field.start((unit,))[0], field.stop((unit,))[0]
    product = r"\prod_{i=1}^{l-1} s_i"
    scaled = rf"{{}}_{{{count}}} \prod_{{i=1}}^{{{count}}} s_i - \sum_{{l=1}}^{{{count}}}"
    return (
        _aligned(
            rf"u_0 &= u{scaled} p_l {product}",
            rf"&= {unit} \cdot {stride} - ({first}) = \mathbf{{{start}}}",
        ),
        _aligned(
            rf"v_0 &= v{scaled} (1 + p_l - k_l) {product}",
            rf"&= {unit} \cdot {stride} - ({last}) = \mathbf{{{stop - 1}}}",
        ),
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


def transposed_size(layer: Transposed, below: int, size: int) -> str:
    """Write how many units a transposed convolution makes of ``below`` units."""
    p, q = layer.padding
    return (
        r"n_1 = s\,(n_0 - 1) + k - p - q = "
        rf"{layer.stride} \cdot ({below} - 1) + {layer.kernel} - {p} - {q} = {size}"
    )


def bell_width(depth: int, kernel: int) -> str:
    """Write the width of the effective receptive field by the central limit theorem.

    First in one dimension, then the square root of its area in two.
    """
    share = rf"\ln \tfrac{{1}}{{{LEAST_SHARE:.4f}}}"
    variance = (
        rf"n \cdot \tfrac{{k^2 - 1}}{{12}} = {depth} \cdot \tfrac{{{kernel}^2 - 1}}{{12}} = "
        f"{depth * (kernel**2 - 1) / 12:.4g}"
    )
    return _aligned(
        rf"\sigma^2 &= {variance}",
        rf"w &\approx 2 \sigma \sqrt{{2 {share}}} = {gaussian_width(depth, kernel):.1f}",
        r"\sqrt{A} &\approx \tfrac{\sqrt{\pi}}{2} \, w = "
        f"{gaussian_area_width(depth, kernel):.1f}",
    )


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


def _sum(terms: Iterable[str]) -> str:
    """Terms with plus signs between them."""
    return " + ".join(terms)


def _bracketed(number: int) -> str:
    """A number, in brackets where it is negative."""
    return f"({number})" if number < 0 else str(number)


def _aligned(*lines: str) -> str:
    """Lines one below the other, aligned at their ampersands."""
    rows = r" \\ ".join(lines)
    return rf"\begin{{aligned}} {rows} \end{{aligned}}"
