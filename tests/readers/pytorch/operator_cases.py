# ruff: noqa: B008 (a table of one-liners, each bound to what its loop counts)
"""Calls of PyTorch's operators, by the operators' names: needs PyTorch, which tests do without.

``make_programs.py`` beside this file exports and runs them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

A = torch.ops.aten
Call = Callable[..., Any]


@cache
def spread(*shape: int, seed: int = 0) -> Tensor:
    """Numbers from -2 to 2, all different; the same ones when asked for again."""
    count = math.prod(shape)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return (order.reshape(shape).float() + 0.5) / count * 4 - 2


def other(*shape: int) -> Tensor:
    """Other numbers from -2 to 2."""
    return spread(*shape, seed=1)


@cache
def positive(*shape: int) -> Tensor:
    """Numbers from 0 to 1, all different, none of them 0."""
    return spread(*shape, seed=2) / 4 + 0.5


ROW, IMAGE, SIGNAL, VOLUME = (3, 4), (1, 2, 6, 7), (1, 2, 9), (1, 2, 4, 5, 6)

CASES: dict[str, tuple[Call, tuple[Any, ...]]] = {}
"""The function to export and its inputs, by the name of the case."""


def case(name: str, function: Call, *inputs: Any) -> None:  # noqa: ANN401
    """Enter a case."""
    assert name not in CASES, name
    CASES[name] = function, inputs or (spread(*ROW),)


for _name in [
    "abs",
    "acos",
    "asin",
    "atan",
    "ceil",
    "cos",
    "cosh",
    "erf",
    "exp",
    "floor",
    "neg",
    "relu",
    "round",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "tan",
    "tanh",
    "trunc",
    "frac",
    "square",
    "expm1",
    "exp2",
    "erfc",
    "silu",
    "gelu",
    "hardswish",
    "mish",
    "selu",
    "softplus",
    "hardsigmoid",
    "hardtanh",
    "relu6",
    "elu",
    "celu",
    "leaky_relu",
    "log_sigmoid",
    "softshrink",
    "hardshrink",
    "isnan",
    "isinf",
    "isfinite",
    "logical_not",
    "asinh",
    "positive",
    "nan_to_num",
    "hardswish_",
    "relu_",
    "clone",
    "alias",
    "detach",
    "contiguous",
    "softsign",
]:
    _op: Any = getattr(A, _name, None) or torch.nn.functional.softsign
    _inputs = (positive(*ROW) * 0.9,) if _name in ("acos", "asin") else ()
    case(_name, (lambda x, op=_op: op(x * 1)), *_inputs)
for _name in [
    "acosh",
    "atanh",
    "log",
    "log1p",
    "log2",
    "log10",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "logit",
]:
    _op = getattr(A, _name)
    _shift = 1.0 if _name == "acosh" else 0.0
    case(_name, (lambda x, op=_op, s=_shift: op(x * 0.9 + s)), positive(*ROW))
case("bitwise_not", lambda x: A.bitwise_not(x.long()))
case("gelu.tanh", lambda x: A.gelu(x, approximate="tanh"))
case("elu.scaled", lambda x: A.elu(x, 1.5, 1.2, 0.7))
case("softplus.beta", lambda x: A.softplus(x, 2.0, 3.0))
case("threshold", lambda x: A.threshold(x, 0.3, -1.0))
case("prelu", lambda x: A.prelu(x, torch.tensor([0.2, 0.3])), spread(*IMAGE))
case("rrelu", lambda x: A.rrelu(x))
case("glu", lambda x: A.glu(x, 1), spread(*IMAGE))
case("round.decimals", lambda x: A.round(x, decimals=1))

for _name in ["add", "sub", "mul", "div", "maximum", "minimum", "atan2", "hypot", "pow"]:
    _op = getattr(A, _name)
    case(f"{_name}.Tensor", (lambda x, y, op=_op: op(x, y)), positive(3, 4), positive(4))
for _name in ["add", "sub", "mul", "div", "pow", "rsub", "fmod", "remainder"]:
    _op = getattr(A, _name)
    case(f"{_name}.Scalar", (lambda x, op=_op: op(x, 1.5)), positive(*ROW) * 7)
for _name in ["fmod", "remainder", "floor_divide"]:
    _op = getattr(A, _name)
    case(f"{_name}.Tensor", (lambda x, y, op=_op: op(x, y)), spread(*ROW) * 7, other(*ROW) + 0.1)
case("remainder.int", lambda x: A.remainder((x * 5).long(), 3))
case("add.alpha", lambda x, y: A.add(x, y, alpha=2), spread(*ROW), other(*ROW))
case("rsub.alpha", lambda x: A.rsub(x, 3, 2))
case("div.floor", lambda x: A.div(x, 0.37, rounding_mode="floor"))
case("div.trunc", lambda x: A.div(x, 0.37, rounding_mode="trunc"))
case("div.int", lambda x: A.div((x * 5).long(), 2))
case("pow.Scalar_base", lambda x: A.pow(2.0, x))
case("square_by_pow", lambda x: x**2)
for _name in ["eq", "ge", "gt", "le", "lt", "ne"]:
    _op = getattr(A, _name)
    case(f"{_name}.Scalar", (lambda x, op=_op: op(x, 0.5)))
    case(f"{_name}.Tensor", (lambda x, y, op=_op: op(x, y)), spread(*ROW), other(*ROW))
for _name in ["and", "or", "xor"]:
    _op, _bits = getattr(A, f"logical_{_name}"), getattr(A, f"bitwise_{_name}")
    case(f"logical_{_name}", (lambda x, op=_op: op(x > 0, x < 1)))
    case(f"bitwise_{_name}.Tensor", (lambda x, op=_bits: op((x * 9).long(), (x * 5).long())))
    case(f"bitwise_{_name}.Scalar", (lambda x, op=_bits: op((x * 9).long(), 5)))
case("shift", lambda x: ((x * 9).int() << 2) + ((x * 9).int() >> 1))
case("int_plus_float", lambda x: (x * 9).int() + 0.5)
case("int_plus_tensor", lambda x: (x * 9).int() + x)
case("bool_times_float", lambda x: (x > 0) * x)
case("double_scalar", lambda x: x.double() + x)
case("clamp", lambda x: A.clamp(x, -0.5, 0.7))
case("clamp.Tensor", lambda x, y: A.clamp(x, y), spread(*ROW), spread(4))
case("clamp_min", lambda x: A.clamp_min(x, 0.2))
case("clamp_max", lambda x: A.clamp_max(x, 0.2))
case("where.self", lambda x, y: A.where(x > 0, x, y), spread(*ROW), other(*ROW))
case("where.scalar", lambda x: torch.where(x > 0, x, 2.0))
case("masked_fill", lambda x: A.masked_fill(x, x > 0.5, -3.0))
case("lerp", lambda x, y: A.lerp(x, y, 0.3), spread(*ROW), other(*ROW))
case("addcmul", lambda x, y: A.addcmul(x, x, y, value=2), spread(*ROW), other(*ROW))
case("addcdiv", lambda x, y: A.addcdiv(x, x, y), spread(*ROW), positive(*ROW))
case("fill.Scalar", lambda x: x + A.fill(x, 3.0))
case("copy", lambda x: A.copy(x, x[:1] * 2))
case("_to_copy", lambda x: A._to_copy(x, dtype=torch.int32))
case("to.dtype", lambda x: x.to(torch.float64) * 2)
case("type_as", lambda x: (x > 0).type_as(x))
case("native_dropout", lambda x: A.native_dropout(x, 0.5, False)[0])
case("dropout", lambda x: A.dropout(x, 0.5, False))

for _n, _shape in ((1, SIGNAL), (2, IMAGE), (3, VOLUME)):
    _kernel = spread(4, 2, *[3] * _n)
    _conv, _back = getattr(A, f"conv{_n}d"), getattr(A, f"conv_transpose{_n}d")
    case(
        f"conv{_n}d",
        (lambda x, op=_conv, w=_kernel, n=_n: op(x, w, spread(4), [2] * n, [1] * n, [1] * n, 1)),
        spread(*_shape),
    )
    case(
        f"conv_transpose{_n}d",
        (
            lambda x, op=_back, w=_kernel.transpose(0, 1).contiguous(), n=_n: op(
                x, w, None, [2] * n, [1] * n, [1] * n
            )
        ),
        spread(*_shape),
    )
    case(
        f"max_pool{_n}d",
        (lambda x, n=_n, op=getattr(A, f"max_pool{_n}d"): op(x, [3] * n, [2] * n, [1] * n)),
        spread(*_shape),
    )
    case(
        f"avg_pool{_n}d",
        (
            lambda x, n=_n, op=getattr(A, f"avg_pool{_n}d"): op(
                x, [3] * n, [2] * n, [1] * n, True, False
            )
        ),
        spread(*_shape),
    )
    case(
        f"adaptive_avg_pool{_n}d",
        (lambda x, n=_n: getattr(A, f"adaptive_avg_pool{n}d")(x, [2] * n)),
        spread(*_shape),
    )
    case(
        f"adaptive_max_pool{_n}d",
        (lambda x, n=_n: getattr(A, f"adaptive_max_pool{n}d")(x, [3] * n)[0]),
        spread(*_shape),
    )
case(
    "conv2d.padding",
    lambda x: A.conv2d.padding(x, spread(4, 2, 4, 3), None, [1, 1], "same", [1, 1]),
    spread(*IMAGE),
)
case(
    "conv2d.groups",
    lambda x: A.conv2d(x, spread(4, 1, 3, 3), None, [1, 1], [2, 2], [2, 2], 2),
    spread(*IMAGE),
)
case("conv2d.no_batch", lambda x: A.conv2d(x, spread(4, 2, 3, 3)), spread(2, 5, 6))
case(
    "convolution",
    lambda x: A.convolution(x, spread(4, 2, 3, 3), None, [1, 2], [1, 0], [1, 1], False, [0, 0], 1),
    spread(*IMAGE),
)
case(
    "convolution.transposed",
    lambda x: A.convolution(x, spread(2, 4, 3, 3), None, [2, 2], [1, 0], [1, 1], True, [1, 0], 1),
    spread(*IMAGE),
)
case(
    "max_pool2d.ceil",
    lambda x: A.max_pool2d(x, [3, 3], [2, 2], [0, 0], [1, 1], True),
    spread(*IMAGE),
)
case("max_pool2d_with_indices", lambda x: A.max_pool2d_with_indices(x, [2, 2]), spread(*IMAGE))
case(
    "max_pool3d_with_indices", lambda x: A.max_pool3d_with_indices(x, [2, 2, 2])[0], spread(*VOLUME)
)
case(
    "avg_pool2d.divisor",
    lambda x: A.avg_pool2d(x, [2, 2], [2, 2], [0, 0], False, True, 3),
    spread(*IMAGE),
)
case("_adaptive_avg_pool2d", lambda x: A._adaptive_avg_pool2d(x, [3, 1]), spread(*IMAGE))
case("_adaptive_avg_pool3d", lambda x: A._adaptive_avg_pool3d(x, [1, 1, 1]), spread(*VOLUME))
case("im2col", lambda x: A.im2col(x, [3, 2], [2, 1], [1, 1], [1, 2]), spread(*IMAGE))
case("col2im", lambda x: A.col2im(x, [6, 7], [3, 2], [1, 1], [0, 0], [1, 1]), spread(1, 12, 24))

_C = (torch.tensor([0.5, 1.5]), torch.tensor([0.1, -0.2]))
_STATS = (torch.tensor([0.3, -0.1]), torch.tensor([1.2, 0.7]))
case("batch_norm", lambda x: A.batch_norm(x, *_C, *_STATS, False, 0.1, 1e-5, False), spread(*IMAGE))
case(
    "_native_batch_norm_legit_no_training",
    lambda x: A._native_batch_norm_legit_no_training(x, *_C, *_STATS, 0.1, 1e-5)[0],
    spread(*IMAGE),
)
case(
    "_native_batch_norm_legit.no_stats",
    lambda x: A._native_batch_norm_legit.no_stats(x, *_C, True, 0.1, 1e-5)[0],
    spread(*IMAGE),
)
case(
    "instance_norm",
    lambda x: A.instance_norm(x, *_C, None, None, True, 0.1, 1e-5, False),
    spread(*IMAGE),
)
case("layer_norm", lambda x: A.layer_norm(x, [6, 7]), spread(*IMAGE))
case(
    "native_layer_norm",
    lambda x: A.native_layer_norm(x, [7], spread(7), spread(7), 1e-5),
    spread(*IMAGE),
)
case("group_norm", lambda x: A.group_norm(x, 2, spread(4), spread(4)), spread(2, 4, 3, 3))
case(
    "native_group_norm",
    lambda x: A.native_group_norm(x, None, None, 2, 4, 9, 2, 1e-5)[0],
    spread(2, 4, 3, 3),
)
case("rms_norm", lambda x: nn.functional.rms_norm(x, [7], torch.ones(7) * 2, 1e-4), spread(*IMAGE))
case("linalg_vector_norm", lambda x: A.linalg_vector_norm(x, 2, [1], True))
case("linalg_vector_norm.3", lambda x: A.linalg_vector_norm(x, 3, [1]))
case("normalize", lambda x: nn.functional.normalize(x, dim=1))
case("local_response_norm", lambda x: nn.functional.local_response_norm(x, 2), spread(*IMAGE))

case("linear", lambda x: A.linear(x, spread(5, 4), spread(5)))
case("linear.3d", lambda x: A.linear(x, spread(5, 4), spread(5)), spread(2, 3, 4))
case("mm", lambda x: A.mm(x, spread(4, 5)))
case("bmm", lambda x: A.bmm(x, x.transpose(1, 2)), spread(2, 3, 4))
case("matmul", lambda x: A.matmul(x, spread(4)), spread(2, 3, 4))
case("addmm", lambda x: A.addmm(spread(5), x, spread(4, 5), beta=0.5, alpha=2))
case("baddbmm", lambda x: A.baddbmm(x, x, spread(2, 4, 4)), spread(2, 4, 4))
case("einsum", lambda x: A.einsum("b h i d, b h j d -> b h i j", [x, x]), spread(1, 2, 3, 4))
case("outer", lambda x: A.outer(x, x), spread(4))
case("bilinear", lambda x: nn.functional.bilinear(x, x, spread(2, 4, 4), spread(2)))
case("cosine_similarity", lambda x, y: A.cosine_similarity(x, y, 1), spread(*ROW), other(*ROW))
case("_cdist_forward", lambda x: A._cdist_forward(x, x[:2] + 1, 2.0, None))
_Q = spread(1, 2, 5, 4)
case("scaled_dot_product_attention", lambda q: A.scaled_dot_product_attention(q, q + 1, q * 2), _Q)
case(
    "attention.causal",
    lambda q: A.scaled_dot_product_attention(q, q + 1, q * 2, None, 0.0, True),
    _Q,
)
case(
    "attention.mask",
    lambda q: A.scaled_dot_product_attention(
        q, q + 1, q * 2, torch.ones(5, 5, dtype=torch.bool).tril(1)
    ),
    _Q,
)
case(
    "attention.grouped",
    lambda q, k: A.scaled_dot_product_attention(q, k, k * 2, enable_gqa=True),
    spread(1, 4, 5, 3),
    spread(1, 2, 6, 3),
)

case("view", lambda x: A.view(x, [2, -1]))
case("reshape", lambda x: A.reshape(x.t(), [6, 2]))
case("flatten", lambda x: A.flatten.using_ints(x, 1, 2), spread(*IMAGE))
case("unflatten", lambda x: A.unflatten.int(x, 1, [2, 2]))
case("squeeze.dim", lambda x: A.squeeze.dim(x, 0), spread(*IMAGE))
case("squeeze.dims", lambda x: A.squeeze.dims(x, [0, 2]), spread(1, 3, 1))
case("squeeze", lambda x: A.squeeze(x), spread(1, 3, 1))
case("unsqueeze", lambda x: A.unsqueeze(x, -1))
case("permute", lambda x: A.permute(x, [2, 0, 3, 1]), spread(*IMAGE))
case("transpose", lambda x: A.transpose.int(x, 1, -1), spread(*IMAGE))
case("t", lambda x: A.t(x))
case("movedim", lambda x: A.movedim.int(x, 1, -1), spread(*IMAGE))
case("swapaxes", lambda x: A.swapaxes(x, 0, 1))
case("mT", lambda x: x.mT, spread(*IMAGE))
case("expand", lambda x: A.expand(x, [2, -1, 4]), spread(3, 1))
case("expand_as", lambda x: A.expand_as(x, spread(2, 3, 4)), spread(3, 1))
case("repeat", lambda x: A.repeat(x, [2, 1, 3]))
case("tile", lambda x: A.tile(x, [2]))
case("repeat_interleave", lambda x: A.repeat_interleave.self_int(x, 2, 1))
case("flip", lambda x: A.flip(x, [0, 1]))
case("roll", lambda x: A.roll(x, [1, -2], [0, 1]))
case("roll.flat", lambda x: A.roll(x, [5]))
case("constant_pad_nd", lambda x: A.constant_pad_nd(x, [1, 2, -1, 0], 0.5))
for _n, _shape in ((1, SIGNAL), (2, IMAGE), (3, VOLUME)):
    _pads = [1, 2, 1, 0, 1, 1][: 2 * _n]
    case(
        f"reflection_pad{_n}d",
        (lambda x, n=_n, p=_pads: getattr(A, f"reflection_pad{n}d")(x, p)),
        spread(*_shape),
    )
    case(
        f"replication_pad{_n}d",
        (lambda x, n=_n, p=_pads: getattr(A, f"replication_pad{n}d")(x, p)),
        spread(*_shape),
    )
case("pad.circular", lambda x: A.pad(x, [1, 2], "circular"), spread(*SIGNAL))
case("diagonal", lambda x: A.diagonal(x, 1, 0, 1))
case("unfold", lambda x: A.unfold(x, 1, 3, 2), spread(2, 8))
case("as_strided", lambda x: A.as_strided(x, [2, 3], [2, 3], 1))
case("rot90", lambda x: A.rot90(x, 1, [0, 1]))
case("tril", lambda x: A.tril(x, 1))
case("triu", lambda x: A.triu(x))
case("pixel_shuffle", lambda x: A.pixel_shuffle(x, 2), spread(1, 8, 3, 4))
case("pixel_unshuffle", lambda x: A.pixel_unshuffle(x, 2), spread(1, 2, 4, 6))
case("channel_shuffle", lambda x: A.channel_shuffle(x, 2), spread(1, 4, 3, 3))
case("slice", lambda x: A.slice.Tensor(x, 1, -3, 10, 2))
case("narrow", lambda x: A.narrow(x, 1, 1, 2))
case("select", lambda x: A.select.int(x, 1, -2))
case("split.Tensor", lambda x: A.split.Tensor(x, 3, 1))
case("split_with_sizes", lambda x: A.split_with_sizes(x, [1, 3], 1))
case("chunk", lambda x: A.chunk(x, 3, 1))
case("unbind", lambda x: A.unbind.int(x, 0))
case("slice_scatter", lambda x: A.slice_scatter(x, spread(3, 2), 1, 1, 4, 2))
case("select_scatter", lambda x: A.select_scatter(x, spread(3), 1, 2))
case("cat", lambda x, y: A.cat([x, y, x], 1), spread(*ROW), spread(3, 2))
case("stack", lambda x, y: A.stack([x, y], 1), spread(*ROW), other(*ROW))
case("meshgrid", lambda x, y: torch.meshgrid(x, y, indexing="xy"), spread(3), spread(4))

case("index.one", lambda x: x[:, torch.tensor([[0, 2], [1, -1]])], spread(2, 4, 3))
case("index.two", lambda x: x[:, torch.tensor([0, 2]), torch.tensor([[1], [0]])], spread(2, 4, 3))
case("index.apart", lambda x: x[torch.tensor([0, 1]), :, torch.tensor([2, 0])], spread(2, 4, 3))
case("index_put", lambda x: A.index_put(x, [None, torch.tensor([0, 2])], spread(2)))
case(
    "index_put.add",
    lambda x: A.index_put(x, [torch.tensor([0, 0]), torch.tensor([1, 1])], torch.ones(2), True),
)
case("index_put.mask", lambda x: A.index_put(x, [x > 0], torch.tensor(9.0)))
case("gather", lambda x: A.gather(x, 1, torch.tensor([[0, 3], [1, 1], [2, 0]])))
case(
    "scatter.src",
    lambda x: A.scatter.src(x, 1, torch.tensor([[0, 3], [1, 2], [2, 0]]), spread(3, 3)),
)
case("scatter.value", lambda x: A.scatter.value(x, 1, torch.tensor([[0], [1], [2]]), 7.0))
case(
    "scatter_add",
    lambda x: A.scatter_add(x, 1, torch.tensor([[0, 0], [1, 2], [2, 0]]), spread(3, 2)),
)
case(
    "scatter_reduce",
    lambda x: A.scatter_reduce.two(
        x, 1, torch.tensor([[0, 0], [1, 2], [2, 0]]), spread(3, 2), "amax"
    ),
)
case("index_select", lambda x: A.index_select(x, 1, torch.tensor([2, 0])))
case("index_add", lambda x: A.index_add(x, 1, torch.tensor([2, 0]), spread(3, 2)))
case("index_copy", lambda x: A.index_copy(x, 1, torch.tensor([2, 0]), spread(3, 2)))
case("index_fill", lambda x: A.index_fill.int_Scalar(x, 1, torch.tensor([2, 0]), 5.0))
case("embedding", lambda x: A.embedding(spread(5, 3), (x > 0).long()))
case("one_hot", lambda x: nn.functional.one_hot((x > 0).long(), 3))
case("take_along_dim", lambda x: torch.take_along_dim(x, x.argsort(1), 1))

for _name in ["sum", "mean", "amax", "amin", "logsumexp"]:
    case(f"{_name}.dim", (lambda x, op=getattr(A, _name): op(x, [1, -1], True)), spread(2, 3, 4))
case("sum", lambda x: A.sum(x))
case("sum.bool", lambda x: A.sum(x > 0))
case("mean", lambda x: A.mean(x))
case("prod", lambda x: A.prod(x))
case("prod.dim_int", lambda x: A.prod.dim_int(x, 1))
for _name in ("max", "min"):
    case(_name, (lambda x, op=getattr(A, _name): op(x)))
    case(f"{_name}.dim", (lambda x, op=getattr(A, _name): op.dim(x, 1)))
    case(
        f"{_name}.other",
        (lambda x, y, op=getattr(A, _name): op.other(x, y)),
        spread(*ROW),
        other(*ROW),
    )
for _name in ("argmax", "argmin"):
    case(_name, (lambda x, op=getattr(A, _name): op(x, 1)))
    case(f"{_name}.all", (lambda x, op=getattr(A, _name): op(x)))
for _name in ("any", "all"):
    case(_name, (lambda x, op=getattr(A, _name): op(x > 0)))
    case(f"{_name}.dim", (lambda x, op=getattr(A, _name): op.dim(x > 0, 1)))
case("any.dims", lambda x: A.any.dims(x > 0, [0, 1]))
for _name in ("var", "std"):
    case(
        f"{_name}.correction", (lambda x, op=getattr(A, _name): op.correction(x, [1], correction=1))
    )
    case(f"{_name}.dim", (lambda x, op=getattr(A, _name): op.dim(x, [1], False, True)))
    case(f"{_name}_mean", (lambda x, op=getattr(A, f"{_name}_mean"): op.correction(x, [1])))
case("cumsum", lambda x: A.cumsum(x, 1))
case("softmax", lambda x: A.softmax.int(x, 1))
case("_softmax", lambda x: A._softmax(x, 0, False))
case("_log_softmax", lambda x: A._log_softmax(x, 1, False))
case("topk", lambda x: A.topk(x, 2, 1))
case("sort", lambda x: A.sort(x, 1))
case("argsort", lambda x: A.argsort(x, 1, True))

case("zeros", lambda x: x + torch.zeros(3, 1) + torch.ones(4) + torch.full((1,), 2.0))
case("empty", lambda x: A.empty.memory_format([3, 4]).fill_(2.0) + x)
case("full_like", lambda x: A.full_like(x, 4.0) + torch.zeros_like(x) + torch.ones_like(x))
case("new_zeros", lambda x: x.new_zeros(3, 4) + x.new_full((4,), 2.0) + x)
case("arange", lambda x: x + torch.arange(4))
case("arange.start_step", lambda x: x + A.arange.start_step(1, 9, 2))
case("linspace", lambda x: x + torch.linspace(0, 1, 4))
case("eye", lambda x: x + torch.eye(3, 4))
case("scalar_tensor", lambda x: x + A.scalar_tensor(2.5))

for _name, _shape, _args in (
    ("upsample_nearest1d", SIGNAL, ([14], None)),
    ("upsample_nearest2d", IMAGE, ([9, 14], None)),
    ("upsample_nearest3d", VOLUME, ([8, 5, 9], None)),
    ("_upsample_nearest_exact2d", IMAGE, ([9, 14], None)),
    ("upsample_linear1d", SIGNAL, ([14], False, None)),
    ("upsample_bilinear2d", IMAGE, ([9, 14], True, None)),
    ("upsample_bicubic2d", IMAGE, ([9, 14], False, None)),
    ("upsample_trilinear3d", VOLUME, ([8, 5, 9], False, None)),
):
    case(_name, (lambda x, op=getattr(A, _name).vec, a=_args: op(x, *a)), spread(*_shape))
case(
    "upsample_nearest2d.scale",
    lambda x: A.upsample_nearest2d.vec(x, None, [2.0, 1.5]),
    spread(*IMAGE),
)
case(
    "upsample_bilinear2d.scale",
    lambda x: A.upsample_bilinear2d.vec(x, None, False, [2.0, 1.6]),
    spread(*IMAGE),
)
case(
    "grid_sampler_2d",
    lambda x: A.grid_sampler_2d(x, positive(1, 3, 4, 2) * 1.8 - 0.9, 0, 0, False),
    spread(*IMAGE),
)
case(
    "affine_grid",
    lambda x: nn.functional.grid_sample(
        x,
        nn.functional.affine_grid(
            torch.tensor([[[0.7, 0.1, 0.0], [0.0, 0.8, 0.1]]]), [1, 2, 4, 5], align_corners=False
        ),
        align_corners=False,
    ),
    spread(*IMAGE),
)


class Layer(nn.Module):
    """A recurrent layer, of which all outputs are returned."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer.eval()

    def forward(self, x: Tensor) -> Any:  # noqa: ANN401
        """Run it over a sequence."""
        return self.layer(x)


case("lstm", Layer(nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True)), spread(2, 5, 3))
case("gru", Layer(nn.GRU(3, 4)), spread(5, 2, 3))
case("rnn_tanh", Layer(nn.RNN(3, 4, bias=False)), spread(5, 2, 3))
case("cond", lambda x: torch.cond(x.sum() > 0, lambda y: y * 2, lambda y: y - 1, (x,)))
case(
    "while_loop",
    lambda x: torch._higher_order_ops.while_loop(
        lambda i, y: i < 3, lambda i, y: (i + 1, y * 1.5), (torch.tensor(0), x)
    ),
)


def _no_grad(x: Tensor) -> Tensor:
    with torch.no_grad():
        y = x * 2
    return y + 1


case("no_grad", _no_grad)
case(
    "_native_attention",
    Layer(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)),
    spread(1, 3, 4),
)


class WithBuffer(nn.Module):
    """A module that writes to a buffer of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.ones(3, 4))

    def forward(self, x: Tensor) -> Tensor:
        """Add to the buffer, then read it."""
        self.total[:, 1:].add_(x[:, :3])
        return self.total * x


WRITES: dict[str, Call] = {}
"""Functions that write in place, by the name of the case; each gets a matrix of 3 x 4."""


def writes(function: Call) -> Call:
    """Enter a function that writes to a copy of its input, to see what that changes."""
    WRITES[function.__name__] = function
    return function


@writes
def add_to_column(y: Tensor) -> Tensor:
    y[:, 0].add_(1)
    return y


@writes
def scale_steps(y: Tensor) -> Tensor:
    y[1:, ::2] *= 2
    return y


@writes
def one_number_of_a_flat_view(y: Tensor) -> Tensor:
    flat = y.view(-1)
    flat[3] = 7
    return y + flat.view(3, 4)


@writes
def row_of_the_transpose(y: Tensor) -> Tensor:
    y.t()[0] = 5
    return y


@writes
def both_chunks(y: Tensor) -> Tensor:
    a, b = y.chunk(2, 1)
    a.relu_()
    b.mul_(2)
    return torch.cat([a, b], 1) + y


@writes
def parts_after_each_other(y: Tensor) -> Tensor:
    first, second = y.split([1, 3], 1)
    first += second[:, :1]
    second += first
    return y


@writes
def diagonal(y: Tensor) -> Tensor:
    y.diagonal().fill_(0)
    return y


@writes
def at_indices_of_a_part(y: Tensor) -> Tensor:
    y[:, 1:][:, torch.tensor([0, 2])] = torch.tensor([8.0, 9.0])
    return y


@writes
def through_added_axes(y: Tensor) -> Tensor:
    y.unsqueeze(0)[0, 1] += 3
    return y


@writes
def where_masked(y: Tensor) -> Tensor:
    part = y[1:]
    part.masked_fill_(part > 0, 4)
    return y


@writes
def copy_of_another_part(y: Tensor) -> Tensor:
    y[:, :2].copy_(y[:, 2:] * 3)
    return y


@writes
def shifted(y: Tensor) -> Tensor:
    out = torch.zeros_like(y)
    out[:, :-1] = y[:, 1:]
    out[:, -1] = y[:, 0]
    return out


@writes
def a_copy_is_no_view(y: Tensor) -> Tensor:
    y.t().reshape(-1).add_(1)
    return y


@writes
def a_reshape_is_a_view(y: Tensor) -> Tensor:
    y.reshape(4, 3)[0].add_(1)
    return y


@writes
def windows_apart(y: Tensor) -> Tensor:
    y.unfold(1, 2, 2)[:, 0].add_(1)
    return y


@writes
def strided(y: Tensor) -> Tensor:
    y.as_strided([2, 2], [4, 1], 1).mul_(2)
    return y


@writes
def axes_changed_in_place(y: Tensor) -> Tensor:
    z = y * 2
    z.unsqueeze_(0)
    z.transpose_(1, 2)
    z[0, 0].add_(1)
    return z.squeeze_(0) + y.t()


@writes
def through_an_idle_dropout(y: Tensor) -> Tensor:
    nn.functional.dropout(y, 0.5, False).add_(1)
    return y


@writes
def a_view_read_before_and_after(y: Tensor) -> Tensor:
    row = y[0]
    before = row * 1
    y.add_(1)
    return row + before * 10


@writes
def through_contiguous(y: Tensor) -> Tensor:
    y.contiguous()[1].zero_()
    y.t().contiguous()[1].zero_()
    return y


@writes
def same_type_is_no_copy(y: Tensor) -> Tensor:
    y.to(torch.float32)[1].zero_()
    y.to(torch.float64)[0].zero_()
    return y


@writes
def with_positions_each(y: Tensor) -> Tensor:
    rows = y.unbind(0)
    rows[1].add_(rows[0])
    rows[2].sub_(rows[1])
    return y


@writes
def half_by_its_size(y: Tensor) -> Tensor:
    y[:, : y.shape[1] // 2] += 1
    return y


@writes
def tensors_made_alike(y: Tensor) -> Tensor:
    wide, narrow = torch.broadcast_tensors(y, y[:, :1])
    wide[0] += 1
    y.mul_(2)
    return wide + narrow


@writes
def axes_named_by_letters(y: Tensor) -> Tensor:
    turned = torch.einsum("ij->ji", y)
    y[0] = 5
    return turned * 1


@writes
def parts_of_what_was_turned_since(y: Tensor) -> Tensor:
    left, right = y.chunk(2, 1)
    y.t_()
    y[3] = 1
    return torch.cat([left, right * 2], 1)


@writes
def a_row_of_all_is_a_copy_unless_it_lies_in_order(y: Tensor) -> Tensor:
    y[:, ::2].ravel().zero_()
    y.ravel()[2:4].zero_()
    return y


@writes
def strides_of_a_part_count_in_all_of_its_memory(y: Tensor) -> Tensor:
    y[1:].as_strided([2, 2], [5, 1], 1).mul_(2)
    return y + y[1:].as_strided([4], [2])


@writes
def real_parts_of_real_numbers(y: Tensor) -> Tensor:
    torch.real(y)[1].zero_()
    torch.atleast_3d(y)[0].zero_()
    return y


@writes
def parts_that_only_seem_to_be_copies(y: Tensor) -> Tensor:
    y.unsafe_chunk(2, 0)[0].zero_()
    return y


@writes
def turned_number(y: Tensor) -> Tensor:
    first = y.select(1, 0).select(0, 0)
    first.movedim(0, 0).add_(first.flip(0))
    return y


@writes
def of_another_size_into_what_was_empty(y: Tensor) -> Tensor:
    out = torch.empty(0)
    torch.mul(y, 2, out=out)
    return out + y


for _name, _function in WRITES.items():
    case(f"write {_name}", (lambda x, f=_function: f(x * 1)))
case("write buffer", WithBuffer())
case("logaddexp", lambda x, y: A.logaddexp(x, y), spread(*ROW), other(*ROW))
case("_weight_norm", lambda x: A._weight_norm(x, positive(3, 1), 0))

for _name, _join in (
    ("hstack", torch.hstack),
    ("vstack", torch.vstack),
    ("dstack", torch.dstack),
    ("column_stack", torch.column_stack),
):
    case(f"{_name}.rows", (lambda x, y, f=_join: f([x, y])), spread(3), other(3))
    case(f"{_name}.planes", (lambda x, y, f=_join: f([x, y])), spread(2, 3), other(2, 3))
case("atleast_2d", lambda x: torch.atleast_2d(x), spread(3))
case("pad.reflect_less", lambda x: A.pad(x, [2, -2, -1, 3], "reflect"), spread(1, 1, 5, 6))
case("pad.circular_less", lambda x: A.pad(x, [-2, 3, 1, -1], "circular"), spread(1, 1, 5, 6))
case("pad.replicate_less", lambda x: A.pad(x, [2, -3, -1, 1], "replicate"), spread(1, 1, 5, 6))
case("as_strided.part", lambda x: x[1:].as_strided([2, 3], [3, 1], 1))
case("as_strided.turned", lambda x: x.t().as_strided([2, 3], [4, 1]))
for _corners in (False, True):
    for _mode in ("bilinear", "bicubic"):
        for _size in ((4, 8), (6, 2)):
            case(
                f"antialias.{_mode}.{_corners}.{_size[0]}",
                lambda x, m=_mode, s=_size, c=_corners: nn.functional.interpolate(
                    x, s, mode=m, align_corners=c, antialias=True
                ),
                spread(1, 1, 5, 7),
            )
case(
    "avg_pool2d.divisor_ceil",
    lambda x: A.avg_pool2d(x, [3, 2], [2, 3], [1, 0], True, True, 5),
    spread(1, 1, 6, 7),
)
_MASK = torch.tensor([True, False, True, True])
case("index.mask", lambda x: x[:, _MASK])
case("index.mask_of_planes", lambda x: x[torch.ones(2, 3).tril() > 0], spread(2, 3, 2))
case("index.places", lambda x: x[torch.nonzero(torch.eye(3, 4), as_tuple=True)])
case("index_put.mask_of_values", lambda x: A.index_put(x, [None, _MASK], x[:, 1:] * 2))
case("masked_select", lambda x: A.masked_select(x, torch.eye(3, 4) > 0))
case(
    "masked_select.wide",
    lambda x: A.masked_select(x, torch.tensor([[True], [False], [True]])),
    spread(2, 3, 2),
)
case("take", lambda x: A.take(x, torch.tensor([[1, 11], [7, -2]])))
case("take_along_dim.wide", lambda x: torch.take_along_dim(x, torch.tensor([[3, 0, 1]]), 1))
case("take_along_dim.flat", lambda x: torch.take_along_dim(x, torch.tensor([7, 3])))
case("index_add.scaled", lambda x: A.index_add(x, 1, torch.tensor([2, 0]), x[:, 1:3], alpha=2))
case("repeat_interleave.each", lambda x: x.repeat_interleave(torch.tensor([1, 0, 3, 2]), 1))
case("tril_indices", lambda x: x[tuple(torch.tril_indices(3, 4))])
case("pixel_shuffle.no_batch", lambda x: A.pixel_shuffle(x, 2), spread(4, 2, 3))
case("pixel_unshuffle.no_batch", lambda x: A.pixel_unshuffle(x, 2), spread(1, 4, 2))
case("rot90.thrice", lambda x: A.rot90(x, -1, [1, 0]))
case("narrow.from_behind", lambda x: A.narrow(x, 1, -3, 2))
case("msort", lambda x: A.msort(x))
case("unfold.overlapping", lambda x: A.unfold(x, -1, 3, 1))
