"""The article's five figures with sliders: one layer, stacks, size, region, branches."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import streamlit as st

from ....lessons import (
    Conv,
    Example,
    Fork,
    equations,
    stack,
)
from ....lessons.example import Spans
from ....lessons.layers import length_for
from ....lessons.reach import reach
from ....lessons.worked import runs
from ...address_choice import kept, one_of
from ...text import whole
from ..diagram.unit_diagram import Brackets, unit_diagram
from .frame import beside, controls, few, fitting, joined, layer_sliders, slider, unit_of


def layer() -> None:
    """Draws one layer, with sliders for k, s, p and q."""
    with controls():
        n = slider("Input units n", 6, 24, 12, key="layer n")
        k = slider("Kernel k", 1, 7, 3, key="layer k")
        s = slider("Stride s", 1, 4, 2, key="layer s")
        p = slider("Padding before p", 0, 4, 1, key="layer p")
        q = slider("Padding after q", 0, 4, 1, key="layer q")
    with fitting():
        conv = Conv(k, s, (p, q))
        example = stack([conv], n)
        unit = unit_of(example, unit_diagram(example, key="layer diagram"))
        size = example.rows[-1].size
        beside(equations.output_size(conv, n, size), equations.layer_region(conv, unit))
        unused = [i for i in range(n) if not example.last.seeing((i,)).any()]
        rest = f" No unit takes input {few(unused)}." if unused else ""
        st.markdown(f"**{n} units become {size}.**{rest}")


def stacked() -> None:
    """Draws several layers of one kind."""
    with controls():
        depth = slider("Layers", 1, 4, 3, key="stack depth")
        k = slider("Kernel k", 1, 5, 3, key="stack k")
        s = slider("Stride s", 1, 2, 1, key="stack s")
    convs = [Conv(k, s)] * depth
    example = stack(convs, length_for(convs, 5 if s == 1 else 3))
    unit_diagram(example, key="stack diagram")
    st.latex(equations.size(example))
    sizes = [form[0][1] - form[0][0] for form in map(example.forms, range(depth + 1)) if form]
    grown = " \N{RIGHTWARDS ARROW} ".join(map(str, sizes))
    how = (
        "every layer adds the same, k \N{MINUS SIGN} 1"
        if s == 1
        else "every layer adds twice what the one below it adds"
    )
    st.markdown(f"**The field grows {grown}:** {how}.")


def size() -> None:
    """Draws the recurrence of the size and its closed form, each layer with its own k and s."""
    defaults = [Conv(3, 2), Conv(3), Conv(2, 2)]
    with controls():
        convs = layer_sliders("size", defaults, kernel=5, stride=3)
    example = stack(convs, length_for(convs, 2))
    unit_diagram(example, key="size diagram")
    beside(equations.recurrence(example), equations.size(example))
    field = example.last.receptive_field
    if field:
        st.markdown(
            f"**r\N{SUBSCRIPT ZERO} = {field.size[0]}, and neighbours lie S\N{SUBSCRIPT ZERO} = "
            f"{field.stride[0]} apart.** {_of_one_more_tap(convs)}"
        )


def _of_one_more_tap(convs: Sequence[Conv]) -> str:
    """Tell by how much a kernel with one more tap widens the field, layer by layer."""
    widths = [prod(conv.stride for conv in convs[:at]) for at in range(len(convs))]
    if len(set(widths)) == 1:
        return (
            "One more tap in a kernel adds 1 input unit, whichever layer it is in: no layer above "
            "stands on a stride."
        )
    adds = [f"{width} in layer {number}" for number, width in enumerate(widths, 1)]
    return (
        "One more tap in a kernel adds as many input units as the strides below it multiply to: "
        f"{joined(adds)}. A stride widens the steps of the layers above it, "
        "not those of its own layer."
    )


def region() -> None:
    """Draws where the region of a unit lies, padding counted."""
    defaults = [Conv(3, 2, (1, 1)), Conv(3, 1, (1, 1))]
    with controls():
        n = slider("Input units n", 6, 30, 14, key="region n")
        convs = layer_sliders("region", defaults, kernel=5, stride=3, padding=3)
    with fitting():
        example = stack(convs, n)
        unit = unit_of(example, unit_diagram(example, key="region diagram"))
        beside(*equations.region(example, unit))
        st.markdown(_of_padding(example, unit))


def _of_padding(example: Example, unit: int) -> str:
    """Tell what becomes of the units that the closed form counts for a unit of the output."""
    counted = reach(example, unit)
    inside = len(counted.seen) + len(counted.gaps) + len(counted.padded)
    units = f"unit {whole(counted.first)}"
    if counted.size > 1:
        units = f"units {whole(counted.first)} to {whole(counted.last)}"
    where = {0: "none of them is", counted.size: "all are"}.get(inside, f"{inside} of them are")
    seen = "none" if not counted.seen else f"{len(counted.seen)}: {runs(counted.seen)}"
    parts = [
        f"**The equation counts r\N{SUBSCRIPT ZERO} = {counted.size}, the {units}; {where} in the "
        f"input. Unit {unit} sees {seen}.**"
    ]
    if counted.gaps:
        parts.append(f"The kernels leave out {few(counted.gaps)}, between their taps or windows.")
    if counted.padded:
        parts.append(
            f"Only padding between the layers stands on {few(counted.padded)}, and padding holds "
            "no input."
        )
    return " ".join(parts)


ALIGNED, SHIFTED, SAME, OWN = "Aligned", "Misaligned", "SAME padding", "Your own"

_PRESETS = {
    ALIGNED: "Path B pads one unit before: both paths look at the same centre.",
    SHIFTED: "The same two paths without that padding.",
    SAME: "Path B pads as TensorFlow's SAME does: how much goes before depends on the input's "
    "length. Change the length, and see alignment come and go.",
    OWN: "Path B as you like it. Its padding after is what makes the paths equally long.",
}


def branches() -> None:
    """Draws two paths that are added, and says whether they are aligned."""
    preset = st.segmented_control(
        "Network",
        list(_PRESETS),
        required=True,
        label_visibility="collapsed",
        **kept(
            "branches.network",
            "learn branches",
            one_of({"aligned": ALIGNED, "misaligned": SHIFTED, "same": SAME, "own": OWN}),
        ),
    )
    st.caption(_PRESETS[preset or ALIGNED])
    with controls():
        n = slider("Input units n", 5, 25, 6 if preset == SAME else 17, key=f"branches n {preset}")
        k, p = 3, 1 if preset == ALIGNED else 0
        if preset == OWN:
            k = slider("Path B: kernel k", 1, 7, 5, key="branches k")
            p = slider("Path B: padding p", 0, 4, 1, key="branches p")
    with fitting():
        example = two_paths(n, k, "same" if preset == SAME else p)
        unit_diagram(example, key=f"branches diagram {preset}", brackets=_of_paths(example))
        ends = [example.rows[links.source] for links in example.rows[-1].links]
        paths = [(end.name[0], end.layer.receptive_field if end.layer else None) for end in ends]
        st.latex(equations.alignment(paths))
        field = example.last.receptive_field
        if field:
            st.markdown(
                "**Aligned:** both agree on S\N{SUBSCRIPT ZERO} and c\N{SUBSCRIPT ZERO}; together "
                f"r\N{SUBSCRIPT ZERO} = {field.size[0]}, S\N{SUBSCRIPT ZERO} = {field.stride[0]}, "
                f"P\N{SUBSCRIPT ZERO} = {field.padding[0]}."
            )
        else:
            st.markdown(
                f"**Not aligned, so no closed form:** {example.last.note}. The exact region still "
                "holds."
            )


def two_paths(length: int, kernel: int, padding: int | str) -> Example:
    """Two paths that are added: one of stride 4, one of two layers with stride 2.

    Path A skips three of four units. Path B is padded after so that both are equally long, as far
    as padding can do that; ``padding`` is what it pads before, or "same".
    """
    path_a = (Conv(1, 4),)
    if padding == "same":
        return stack([Fork((path_a, (Conv(kernel, 2, "same"), Conv(1, 2))))], length)
    assert isinstance(padding, int)
    units = stack(path_a, length).rows[-1].size
    path_b = (Conv(kernel, 2, (padding, 0)), Conv(1, 2))
    after = max(0, length_for(path_b, units) - length - padding)
    return stack([Fork((path_a, (Conv(kernel, 2, (padding, after)), Conv(1, 2))))], length)


def _of_paths(example: Example) -> Brackets:
    """Brackets of what each path sees from the units of the sum, padding counted."""
    output = len(example.rows) - 1
    brackets = {}
    for links in example.rows[output].links:
        spans: list[Spans | None] = [example.forms(row) for row in range(output)]
        name = f"path {example.rows[links.source].name[0]}"
        brackets[name] = [*[None] * output, spans[links.source]]
    return brackets
