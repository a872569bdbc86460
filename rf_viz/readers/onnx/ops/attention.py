"""Attention: queries are local, keys and values are mixed over the positions a query may see."""

from __future__ import annotations

import numpy as np

from ....errors import ModelError
from ....relation import Edge, MaskedMix, Only, Output, Relation, Shape
from ....relation.common.basic import (
    broadcast,
    everything,
    reduce,
    reshape,
    transpose,
)
from ....relation.common.products import (
    Heads,
    concatenated,
    crop,
    join_heads,
    scan,
    share_heads,
    split_heads,
    visible_keys,
    visible_table,
)
from ...reading.maskings import Bias, Mask
from ...reading.masks import seen_keys
from ...reading.picks import known
from ..node import Node, operator


class Projected:
    """A node's queries, keys and values by input number, as heads of (batch, heads, positions,
    size); past keys and values come before the others.
    """

    def __init__(
        self,
        node: Node,
        *,
        heads: int,
        kv_heads: int,
        past: tuple[int, int] | None = None,
    ) -> None:
        self.node = node
        self.split: list[Relation] = []
        shapes: list[Shape] = []
        for i, count in ((0, heads), (1, kv_heads), (2, kv_heads)):
            shape = node.shape(i)
            relation: Relation = ()
            if len(shape) == 3:
                if count < 1 or shape[2] % count:
                    raise ModelError(
                        f"{node.op} {node.name!r} cannot share {shape[2]} channels among "
                        f"{count} heads"
                    )
                relation = split_heads(shape, count)
                shape = (shape[0], count, shape[1], shape[2] // count)
            if len(shape) != 4:
                raise ModelError(f"{node.op} {node.name!r} takes 3 or 4 axes, not {list(shape)}")
            self.split.append(relation)
            shapes.append(shape)
        self.flat = len(node.shape()) == 3
        self.past = past if past is not None and node.has(past[0]) else None
        self.offset = node.shape(self.past[0], axes=4)[2] if self.past else 0
        self.query = shapes[0]
        self.new = shapes[1:]
        self.total = [(*s[:2], self.offset + s[2], s[3]) for s in self.new]

    def whole(self, which: int) -> list[Edge]:
        """All keys (0) or values (1): past ones, then new ones."""
        new = Edge(1 + which, self.split[1 + which])
        if self.past is None:
            return [new]
        number = self.past[which]
        first, second = concatenated([self.node.shape(number, axes=4), self.new[which]], 2)
        return [Edge(number, first), Edge(new.input, new.relation + second)]

    def attend(self, heads: Heads, biases: tuple[int, ...] = ()) -> Output:
        """The attended values, by heads or flat as the queries are."""
        join = join_heads(heads.after) if self.flat else ()
        edges = [Edge(0, self.split[0] + heads.from_query())]
        edges += [Edge(i, r + heads.from_key()) for i, r, _ in self.whole(0)]
        edges += [Edge(i, r + heads.from_value()) for i, r, _ in self.whole(1)]
        edges += [
            Edge(i, heads.from_bias(self.node.shape(i))) for i in biases if self.node.depends(i)
        ]
        batch, count, length, size = heads.after
        after = (batch, length, count * size) if self.flat else heads.after
        return Output(after, [Edge(e.input, e.relation + join) for e in edges])

    def present(self, which: int) -> Output:
        """The keys (0) or values (1) to remember."""
        return Output(self.total[which], self.whole(which))


@operator("Attention", category="attention, dense", multiplies=None, weights=(1, 2))
def attention(node: Node) -> list[Output]:
    """Queries see all keys and values that they may, past ones first.

    Inputs: Q, K, V, mask, past key, past value, number of valid keys. Outputs: the attended
    values, the keys and the values to remember, and the attention weights.
    """
    p = Projected(
        node,
        heads=node.attribute("q_num_heads", 0),
        kv_heads=node.attribute("kv_num_heads", 0),
        past=(4, 5),
    )
    queries, keys = p.query[2], p.total[0][2]
    left = node.attribute("left_window_size", -1)
    right = node.attribute("right_window_size", -1)
    bounds: list[int | None] = [None if n < 0 else n for n in (left, right)]
    if node.attribute("is_causal", 0):
        bounds[1] = 0
    offset: int | None = p.offset
    if node.has(6):  # where the queries stand depends on how many keys are valid
        valid = node.value(6)
        same = valid is not None and len({*valid.reshape(-1).tolist()}) == 1
        offset = int(valid.reshape(-1)[0]) - queries if valid is not None and same else None
    table = None
    if offset is not None and bounds != [None, None]:
        table = visible_table(queries, keys, offset, *bounds)
    mask = constant_mask(_constant_bias(node, 3, keys), table)
    visible = None if offset is None else visible_keys(queries, keys, offset, *bounds)
    heads = Heads(p.query, p.total[0], p.total[1], visible, mask)
    y = p.attend(heads, (3,))
    if node.depends(6):
        y.edges = [*y.edges, Edge(6, everything(node.shape(6), y.shape))]
    return [
        y,
        p.present(0),
        p.present(1),
        _weights(node, p, heads, table if mask is None else mask),
    ]


def _constant_bias(node: Node, i: int, keys: int) -> Bias | None:
    """A constant mask in input ``i``, as what is added to the scores; None where there is none.

    A mask shorter than the keys hides those beyond it.
    """
    values = known(node, i)
    if values is None or not values.ndim:
        return None
    bias = np.where(values, 0.0, -np.inf) if values.dtype == bool else values.astype(float)
    missing = keys - bias.shape[-1]
    if missing > 0 and bias.shape[-1] != 1:
        widths = [(0, 0)] * (bias.ndim - 1) + [(0, missing)]
        bias = np.pad(bias, widths, constant_values=-np.inf)
    return bias


def constant_mask(bias: Bias | None, visible: Mask | None) -> Mask | None:
    """The keys that each query sees, by a constant bias and by their positions, as 4 axes.

    None where the bias hides none, so that the positions alone tell.
    """
    if bias is None:
        return None
    if visible is not None:
        bias = bias + np.where(visible, 0.0, -np.inf)
    seen = seen_keys(bias)
    return None if seen is None else seen.reshape((1,) * (4 - seen.ndim) + seen.shape)


def masked_weights(heads: Heads, seen: Mask | None) -> Relation:
    """The relation from scores to attention weights: all of a query's that it sees."""
    shape = heads.scores
    if seen is None:
        return reduce(shape, (3,), True) + broadcast((*shape[:3], 1), shape)
    wide = seen.reshape((1,) * (4 - seen.ndim) + seen.shape)
    mixed = MaskedMix(shape, 3, wide)
    return (mixed, *broadcast(mixed.after, shape), Only(wide))


def _weights(node: Node, p: Projected, heads: Heads, seen: Mask | None) -> Output:
    """The attention weights: before the softmax one by one, after it all of a query's together."""
    mode = node.attribute("qk_matmul_output_mode", 0)
    edges = [Edge(0, p.split[0] + heads.scores_from_query())]
    edges += [Edge(i, r + heads.scores_from_key()) for i, r, _ in p.whole(0)]
    if mode >= 2 and node.depends(3):
        wide = (1,) * (4 - len(node.shape(3))) + node.shape(3)
        relation = reshape(node.shape(3), wide)
        if wide[3] not in (1, heads.scores[3]):  # a short mask hides the keys beyond it
            relation += crop(3, wide[3], 0, heads.scores[3])
            wide = (*wide[:3], heads.scores[3])
        edges.append(Edge(3, relation + broadcast(wide, heads.scores)))
    if mode == 3:
        mixed = masked_weights(heads, seen)
        edges = [Edge(e.input, e.relation + mixed) for e in edges]
    return Output(heads.scores, edges)


@operator("LinearAttention", category="attention, dense", multiplies=None)
def linear_attention(node: Node) -> list[Output]:
    """A state of (keys' size, values' size) a head, updated position by position and queried.

    Inputs: query, key, value, past state, decay, beta. An element of a value only ever meets
    its own column of the state.
    """
    heads, few = node.required("q_num_heads"), node.required("kv_num_heads")
    if min(heads, few) < 1:
        raise ModelError(f"{node.op} {node.name!r} has {min(heads, few)} heads")
    batch, length, _ = node.shape(0)
    size, width = node.shape(1, axes=3)[2] // few, node.shape(2, axes=3)[2] // few
    state = (batch, few, size, width)
    mixes_keys = node.attribute("update_rule", "gated_delta") in ("delta", "gated_delta")
    grouped = (batch, few, length, width)
    full = (batch, heads, length, width)
    out = share_heads(grouped, heads) + join_heads(full)
    past_keys = scan(2, length)

    def spread_keys(parts: int) -> Relation:
        one = (batch, few, length, 1)
        return reduce((batch, few, length, parts), (3,), True) + broadcast(one, grouped)

    def remember(parts: int, axis: int) -> Relation:
        """From (batch, few, length, parts), every position counting, to the state's axis."""
        shape = (batch, few, length, parts)
        relation = reduce(shape, (2,), True)
        if axis == 2:
            relation += transpose((0, 1, 3, 2))
            if mixes_keys or parts == 1:
                relation += reduce((batch, few, parts, 1), (2,), True)
                parts = 1
            return relation + broadcast((batch, few, parts, 1), state)
        return relation + broadcast((batch, few, 1, parts), state)

    query = (batch, heads, length, size)
    edges = [
        Edge(
            0,
            split_heads(node.shape(0), heads)
            + reduce(query, (3,), True)
            + broadcast((*query[:3], 1), full)
            + join_heads(full),
        )
    ]
    kept: list[Edge] = []
    for i in (1, 4, 5):
        if not node.has(i):
            continue
        shape = node.shape(i, axes=3)
        single = shape[2] == 1 and few > 1
        wide = (batch, length, few)
        split = (broadcast(shape, wide) if single else ()) + split_heads(
            wide if single else shape, few
        )
        parts = 1 if single else shape[2] // few
        edges.append(Edge(i, split + spread_keys(parts) + past_keys + out))
        kept.append(Edge(i, split + remember(parts, 2)))
    value = split_heads(node.shape(2), few)
    edges.append(Edge(2, value + past_keys + out))
    kept.append(Edge(2, value + remember(width, 3)))
    if node.has(3):
        column = reduce(state, (2,), True)
        edges.append(Edge(3, column + broadcast((batch, few, 1, width), grouped) + out))
        same = column + broadcast((batch, few, 1, width), state) if mixes_keys else ()
        kept.append(Edge(3, same))
    return [Output((batch, length, heads * width), edges), Output(state, kept)]
