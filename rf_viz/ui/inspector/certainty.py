"""The certainty of a layer's regions, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ...trace.network import Layer
from ..text import listed


def certainty(
    layer: Layer, *, cell: str = "this cell", kind: str = "image", whole: bool = False
) -> Iterator[tuple[str, str]]:
    """Says how sure a layer's regions are, in sentences, each with a key for its subject.

    ``cell`` is the name for the cell in the sentences, ``kind`` the kind of input; ``whole`` says
    that the cell sees all of it anyhow.
    """
    if layer.exact:
        yield "exact", "Exact: every operation on the way is known."
    else:
        yield "assumed", f"Assumed, not exact: {listed(layer.assumed)}."
    if layer.receptive_field is None:
        reasons = [reason for reason in layer.reasons if reason not in layer.assumed]
        yield "note", f"No r, S and P here: {listed(reasons)}."
    if layer.global_context and not whole:
        yield (
            "context",
            f"Besides, the whole {kind} reaches {cell} as global context, "
            f"through {listed(layer.global_context)}.",
        )
