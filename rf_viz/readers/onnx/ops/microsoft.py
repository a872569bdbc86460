"""The operators of ONNX Runtime's own domain: mostly several standard ones fused into one."""

from __future__ import annotations

from math import prod

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Output, Relation, Shape
from ....relation.common.basic import (
    broadcast,
    everything,
    mix,
    normalise,
    reduce,
    reshape,
    transpose,
)
from ....relation.common.products import (
    Heads,
    einsum,
    matmul,
    pairs,
    visible_keys,
    visible_table,
)
from ...reading.maskings import Mask
from ...reading.masks import GAP, masked_product
from ...reading.outputs import (
    SELF,
    joined,
    parameter,
    product,
)
from ...reading.picks import known
from ...reading.values import DataDependent
from ..node import MICROSOFT, Node, operator
from .attention import Projected, constant_mask, masked_weights
from .channels_last import channels_last
from .linear import general_product, rotated, turned_equation
from .reductions import grouped_statistics
from .windows import conv, pool


@operator("Gelu", "QuickGelu", domain=MICROSOFT, category="activation", elementwise=True)
def unary(node: Node) -> Output:
    """Every element by itself."""
    return Output(node.shape(), SELF)


@operator("FastGelu", "BiasGelu", domain=MICROSOFT, category="activation", weights=(1,))
@operator("BiasAdd", domain=MICROSOFT, category="join", weights=(1,))
@operator("GatedAdd", domain=MICROSOFT, category="join")
def with_bias(node: Node) -> Output:
    """Element by element from all inputs, broadcast to one shape."""
    return joined(node, [i for i, v in enumerate(node.inputs) if v is not None])


@operator("BiasSplitGelu", domain=MICROSOFT, category="activation")
def gated(node: Node) -> Output:
    """The left half of the channels, times a function of the right half; both biased first."""
    shape = node.shape(least=1)
    half = shape[-1] // 2
    table = np.stack([np.arange(half), np.arange(half) + half], axis=1)
    last = len(shape) - 1
    after = (*shape[:-1], half)
    edges = [Edge(0, pairs(last, shape[-1], table))]
    if node.depends(1):
        bias = reshape(node.shape(1), (1,) * last + node.shape(1))
        wide = (1,) * last + (half,)
        edges.append(Edge(1, bias + pairs(last, shape[-1], table) + broadcast(wide, after)))
    return Output(after, edges)


@operator("FusedConv", domain=MICROSOFT, category="convolution", multiplies=True, weights=(1, 2))
def fused_conv(node: Node) -> Output:
    """A convolution, to which another tensor may be added."""
    return _with_residual(node, conv(node))


@operator(
    "NhwcConv",
    "NhwcFusedConv",
    domain=MICROSOFT,
    category="convolution",
    multiplies=True,
    weights=(1, 2),
)
def nhwc_conv(node: Node) -> Output:
    """A convolution with its channels last, to which another tensor may be added."""
    return _with_residual(node, channels_last(node, conv))


def _with_residual(node: Node, output: Output) -> Output:
    """Input 3, of the output's shape, is added."""
    if node.depends(3):
        output.edges = [*output.edges, Edge(3, broadcast(node.shape(3), output.shape))]
    return output


@operator("NhwcMaxPool", domain=MICROSOFT, category="pooling")
def nhwc_pool(node: Node) -> Output:
    """A pooling with its channels last."""
    return channels_last(node, pool)


@operator(
    "FusedGemm", domain=MICROSOFT, category="attention, dense", multiplies=True, weights=(0, 1, 2)
)
def fused_gemm(node: Node) -> Output:
    """A product of two matrices plus a third."""
    return general_product(node, 0, 1, 2)


@operator(
    "GemmFastGelu",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
    weights=(0, 1, 2),
)
def biased_product(node: Node) -> Output:
    """A product of matrices plus one number for each column."""
    output = product(node, (0, 1), matmul(node.shape(0), node.shape(1)))
    bias = parameter(node, 2, output.shape, len(output.shape) - 1)
    output.edges = [*output.edges, *bias]
    return output


@operator(
    "FusedMatMul",
    "TransposeMatMul",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
    weights=(0, 1),
)
def turned_product(node: Node) -> Output:
    """A product of matrices, whose axes may be turned before."""
    turns, shapes = [], []
    for i, name in enumerate("AB"):
        shape = node.shape(i)
        order = list(range(len(shape)))
        if node.attribute(f"transBatch{name}", 0) and len(order) > 2:
            order = [*order[1:-1], order[0], order[-1]]
        if node.attribute(f"trans{name}", 0) and len(order) > 1:
            order[-2:] = order[:-3:-1]
        turns.append(transpose(tuple(order)))
        shapes.append(tuple(shape[a] for a in order))
    result = matmul(*shapes)
    relations: list[Relation] = [t + r for t, r in zip(turns, result.relations, strict=True)]
    output = Output(result.shape, [Edge(i, r) for i, r in enumerate(relations) if node.depends(i)])
    batches = any(node.attribute(f"transBatch{name}", 0) for name in "AB")
    if batches or any(len(shape) < 2 for shape in shapes):
        return output
    return masked_product(node, (0, 1), turned_equation(node), output)


@operator("CDist", domain=MICROSOFT, category="other", multiplies=True)
def distances(node: Node) -> Output:
    """The distance of each row of A to each row of B."""
    return product(node, (0, 1), einsum("mk,nk->mn", (node.shape(0), node.shape(1))))


@operator("Inverse", domain=MICROSOFT, category="other", multiplies=None)
def inverse(node: Node) -> Output:
    """Inverted matrices; each element sees all of its matrix."""
    shape = node.shape(least=2)
    rank = len(shape)
    return Output(shape, [Edge(0, mix(shape, (rank - 2, rank - 1)))])


@operator("SkipLayerNormalization", domain=MICROSOFT, category="normalisation", weights=(2, 3, 4))
@operator(
    "SkipSimplifiedLayerNormalization", domain=MICROSOFT, category="normalisation", weights=(2, 3)
)
def skip_normalisation(node: Node) -> list[Output]:
    """A sum of the input, a skip connection and a bias, by statistics over the last axis."""
    shape = node.shape(least=1)
    last = len(shape) - 1
    simplified = node.op == "SkipSimplifiedLayerNormalization"
    bias = 3 if simplified else 4
    sums = [Edge(0), Edge(1, broadcast(node.shape(1), shape)), *parameter(node, bias, shape, last)]
    normal = [
        Edge(e.input, e.relation + s.relation, s.local_beside_mix)
        for e in sums
        for s in normalise(0, shape, (last,))
    ]
    for i in range(2, bias):
        normal += parameter(node, i, shape, last)
    ones = (*shape[:-1], 1)
    means = [Edge(e.input, e.relation + reduce(shape, (last,), True)) for e in sums]
    statistics = Output(ones, means)
    return [Output(shape, normal), statistics, statistics, Output(shape, sums)]


@operator("GroupNorm", domain=MICROSOFT, category="normalisation", weights=(1, 2))
def group_norm(node: Node) -> Output:
    """Every element by statistics over its group of channels and all of space."""

    def second(node: Node) -> Output:
        shape = node.shape()
        edges = grouped_statistics(node, shape, node.attribute("groups", 1))
        edges += parameter(node, 1, shape, 1) + parameter(node, 2, shape, 1)
        return Output(shape, edges)

    last = node.attribute("channels_last", 1)
    return channels_last(node, second) if last else second(node)


@operator("RotaryEmbedding", domain=MICROSOFT, category="attention, dense")
def rotary(node: Node) -> Output:
    """Each element of a head is turned together with one other."""
    if any(node.depends(i) for i in (1, 2, 3)):
        raise DataDependent(f"the angles of {node.op} {node.name} depend on the input")
    if len(node.shape()) == 3 and not node.attribute("num_heads", 0):
        # Without the number of heads their size is told by the angles.
        return _rotated_heads(node, 2 * node.shape(2, axes=2)[1])
    return rotated(node)


def _rotated_heads(node: Node, size: int) -> Output:
    shape = node.shape()
    place = np.arange(shape[-1])
    if node.attribute("interleaved", 0):
        partner = place ^ 1
    else:
        within = place % size
        partner = np.where(within < size // 2, place + size // 2, place - size // 2)
    table = np.stack([place, partner], axis=1)
    return Output(shape, [Edge(0, pairs(len(shape) - 1, shape[-1], table))])


@operator(
    "EmbedLayerNormalization", domain=MICROSOFT, category="normalisation", weights=(2, 3, 4, 5, 6)
)
def embedding(node: Node) -> list[Output]:
    """Vectors of words, positions and segments, looked up, added and normalised."""
    if any(node.depends(i) for i in (2, 3, 4, 7)):
        raise DataDependent(f"the tables of {node.op} {node.name} depend on the input")
    ids = node.shape(axes=2)
    hidden = node.shape(2, axes=2)[1]
    after = (*ids, hidden)
    edges = [
        Edge(i, reshape(node.shape(i), (*node.shape(i), 1)) + broadcast((*node.shape(i), 1), after))
        for i in (0, 1, 8)
        if node.depends(i)
    ]
    summed = Output(after, edges)
    scaled = [*edges, *parameter(node, 5, after, 2), *parameter(node, 6, after, 2)]
    return [Output(after, scaled), Output(ids[:1]), summed]


@operator(
    "Attention",
    "QAttention",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=None,
    weights=(1, 2),
)
def merged_attention(node: Node) -> list[Output]:
    """Attention whose queries, keys and values are all made of (batch, positions, channels)."""
    past = {"Attention": 4, "QAttention": 8}[node.op]
    others = [i for i in range(1, len(node.inputs)) if node.depends(i)]
    if node.has(past) or others:
        raise DataDependent(f"{node.op} {node.name} has a past or a mask that depends on the input")
    batch, length, _ = node.shape()
    heads = node.attribute("num_heads", 1)
    if heads < 1:
        raise ModelError(f"{node.op} {node.name!r} has {heads} heads")
    merged = node.shape(1, axes=2)[1]
    sizes = node.attribute("qkv_hidden_sizes", ()) or (merged // 3,) * 3
    query: Shape = (batch, heads, length, sizes[0] // heads)
    value: Shape = (batch, heads, length, sizes[2] // heads)
    causal = 0 if node.attribute("unidirectional", 0) else None
    visible = visible_keys(length, length, 0, None, causal)
    lengths, bias = {"Attention": (3, 5), "QAttention": (5, None)}[node.op]
    mask = _constant_mask(node, lengths, bias, (length, length), 0, causal)
    attention = Heads(query, query, value, visible, mask)
    mixed = reduce(node.shape(), (2,), True) + reshape((batch, length, 1), (batch, 1, length, 1))
    one: Shape = (batch, 1, length, 1)
    out = transpose((0, 2, 1, 3)) + reshape(
        (batch, length, heads, value[3]), (batch, length, sizes[2])
    )
    edges = [
        Edge(0, mixed + broadcast(one, query) + attention.from_query() + out),
        Edge(0, mixed + broadcast(one, value) + attention.from_value() + out),
    ]
    state: Shape = (2, batch, heads, length, query[3])
    kept = (
        mixed + broadcast(one, query) + reshape(query, (1, *query)) + broadcast((1, *query), state)
    )
    return [Output((batch, length, sizes[2]), edges), Output(state, [Edge(0, kept)])]


def _constant_mask(
    node: Node,
    padding: int | None,
    bias: int | None,
    extents: tuple[int, int],
    offset: int,
    causal: int | None,
) -> Mask | None:
    """What constant masks let queries see of the keys; None where only their order does.

    Input ``padding`` holds 0 for keys that do not count, for each batch and perhaps each query, or
    how many keys count in each batch. Input ``bias`` is added to the scores.
    """
    queries, keys = extents
    total = np.zeros((1, 1, 1, keys))
    values = None if padding is None else known(node, padding)
    if values is not None:
        if values.ndim == 1 and len(values) in (1, node.shape()[0]):
            values = np.arange(keys) < values[:, None]
        if values.ndim == 2 and values.shape[-1] == keys:
            values = values[:, None]
        if values.ndim != 3 or values.shape[-1] != keys:
            raise DataDependent(f"the padding of {node.op} {node.name} is packed")
        hidden = min(float(node.attribute("mask_filter_value", -10000.0)), -GAP)
        total = total + np.where(values > 0, 0.0, hidden)[:, None]
    values = None if bias is None else known(node, bias)
    if values is not None and values.ndim == 4 and values.shape[-1] in (1, keys):
        total = total + values
    visible = None if causal is None else visible_table(queries, keys, offset, None, causal)
    return constant_mask(total, visible) if total.any() else None


@operator(
    "MultiHeadAttention",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=None,
    weights=(3,),
)
def many_heads(node: Node) -> list[Output]:
    """Queries see all keys and values that they may, past ones first.

    Inputs: query, key, value, bias, padding mask, attention bias, past key, past value. Outputs:
    the attended values, the keys and the values to remember, and the attention weights.
    """
    if not node.has(1) or not node.has(2) or any(node.depends(i) for i in (3, 4, 8, 9)):
        raise DataDependent(f"{node.op} {node.name} packs its inputs or masks by the input")
    heads = node.attribute("num_heads", 1)
    p = Projected(node, heads=heads, kv_heads=heads, past=(6, 7))
    causal = 0 if node.attribute("unidirectional", 0) else None
    visible = visible_keys(p.query[2], p.total[0][2], p.offset, None, causal)
    extents = (p.query[2], p.total[0][2])
    mask = _constant_mask(node, 4, 5, extents, p.offset, causal)
    attention = Heads(p.query, p.total[0], p.total[1], visible, mask)
    scores = attention.scores
    table = None if causal is None else visible_table(*extents, p.offset, None, causal)
    over = masked_weights(attention, table if mask is None else mask)
    weights = [Edge(0, p.split[0] + attention.scores_from_query())]
    weights += [Edge(i, r + attention.scores_from_key() + over) for i, r, _ in p.whole(0)]
    if node.depends(5):
        weights.append(Edge(5, everything(node.shape(5), scores)))
    return [p.attend(attention, (5,)), p.present(0), p.present(1), Output(scores, weights)]


@operator("GroupQueryAttention", domain=MICROSOFT, category="attention, dense", multiplies=None)
def grouped_queries(node: Node) -> list[Output]:
    """Causal attention in which several heads of queries share one of keys and values.

    Inputs: query, key, value, past key, past value, the number of valid keys of each batch less
    one, and of all; then the angles. Queries see at most the last ``local_window_size`` keys up to
    their own. A cache that is not empty is filled as far as the data says.
    """
    shape = node.shape(axes=3)
    valid = None if node.depends(5) or not node.has(5) else node.value(5)
    cached = any(node.has(i) and prod(node.shape(i)) for i in (3, 4))
    if cached or valid is None or not (valid == shape[1] - 1).all():
        raise DataDependent(f"which keys of {node.op} {node.name} count depends on the data")
    if (
        not node.has(1)
        or not node.has(2)
        or any(node.depends(i) for i in range(7, len(node.inputs)))
    ):
        raise DataDependent(f"{node.op} {node.name} packs its inputs or turns them by the data")
    p = Projected(
        node, heads=node.attribute("num_heads", 0), kv_heads=node.attribute("kv_num_heads", 0)
    )
    window = node.attribute("local_window_size", -1)
    left = window - 1 if window > 0 else None
    length = shape[1]
    bias = _constant_mask(node, None, 10, (length, length), 0, 0)
    if bias is not None and left is not None:
        bias = bias & visible_table(length, length, 0, left, 0)
    heads = Heads(p.query, p.total[0], p.total[1], visible_keys(length, length, 0, left, 0), bias)
    keys = p.present(0)
    if node.attribute("do_rotary", 0):
        whole = mix(keys.shape, (3,))
        turned = [Edge(e.input, e.relation + whole) for e in keys.edges]
        why = f"{node.op} {node.name} turns its keys: assumed to mix each head's elements"
        keys = Output(keys.shape, turned, why)
    return [p.attend(heads), keys, p.present(1)]
