"""The certainty of a layer's regions, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ...trace.network import Layer, Region
from ..text import listed, ranges


def certainty(
    layer: Layer, *, cell: str = "this cell", kind: str = "image", region: Region | None = None
) -> Iterator[tuple[str, str]]:
    """Says how sure a layer's regions are, in sentences, each with a key for its subject.

    ``cell`` is the name for the cell in the sentences, ``kind`` the kind of input; ``region`` is
    the cell's: nothing is said of global context that adds nothing to it.
    """
    if layer.exact:
        yield "exact", "Exact: every operation up to this cell is known."
    else:
        yield "assumed", f"Assumed, not exact: {listed(layer.assumed)}."
    if layer.receptive_field is None:
        reasons = [reason for reason in layer.reasons if reason not in layer.assumed]
        yield "note", f"No r, S and P here: {listed(reasons)}."
    context = layer.context_region
    if context.empty or (region is not None and _within(context, region)):
        return
    what, reach = f"the whole {kind}", "reaches"
    if context.size != layer.net.input.size:
        what, reach = f"{' and '.join(ranges(context.start, context.stop))} of the {kind}", "reach"
    yield (
        "context",
        f"As global context, through {listed(layer.global_context)}, {what} also {reach} {cell}.",
    )


def _within(inner: Region, outer: Region) -> bool:
    return all(
        outer_start <= start and stop <= outer_stop
        for start, stop, outer_start, outer_stop in zip(
            inner.start, inner.stop, outer.start, outer.stop, strict=True
        )
    )
