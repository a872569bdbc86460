"""Operators that no relation describes, each with the reason; they are taken to see everything."""

from __future__ import annotations

from collections.abc import Mapping

from ....trace.tensors import Category
from ...reading.operators import Describe, Weights
from ...reading.values import DataDependent, Outputs
from ..node import ATEN, MICROSOFT, Node, operator

OPAQUE: dict[str, dict[str, str]] = {}
"""Why each operator is opaque, by domain and name: half a sentence."""


def _describe(why: str) -> Describe:
    def describe(node: Node) -> Outputs:
        raise DataDependent(f"{node.op} {node.name} is taken to see everything: {why}")

    return describe


def _enter(
    domain: str,
    category: Category,
    reasons: Mapping[str, str],
    *,
    multiplies: bool | None = False,
    weights: Weights = (),
) -> None:
    """Enter opaque operators of one domain and category into the table."""
    OPAQUE.setdefault(domain, {}).update(reasons)
    for name, why in reasons.items():
        operator(name, domain=domain, category=category, multiplies=multiplies, weights=weights)(
            _describe(why)
        )


_enter(
    "",
    "other",
    {
        "ImageDecoder": "it decodes a compressed stream",
        "NonMaxSuppression": "which boxes it keeps depends on the data",
        "RegexFullMatch": "it matches text",
        "StringConcat": "it joins text",
        "StringNormalizer": "it normalises text",
        "StringSplit": "it splits text",
        "TfIdfVectorizer": "it counts patterns wherever they occur",
    },
)
_enter(
    "ai.onnx.preview",
    "attention, dense",
    {"FlexAttention": "its scores are programmed by subgraphs"},
)
_enter(
    "ai.onnx.preview.training",
    "other",
    dict.fromkeys(("Adagrad", "Adam", "Gradient", "Momentum"), "it is a step of training"),
)
_enter("ai.onnx.ml", "layout", {"CastMap": "it reads a map rather than a tensor"})
_enter(
    "ai.onnx.ml",
    "other",
    {
        "DictVectorizer": "it reads a map rather than a tensor",
        "ZipMap": "it makes maps rather than a tensor",
    },
)
_enter(
    MICROSOFT,
    "attention, dense",
    {
        "AttnLSTM": "it attends and recurs at once",
        "BiasSoftmax": "its rows are told by a form that was never standardised",
        "DecoderAttention": "which of its caches count depends on the data",
        "DecoderMaskedMultiHeadAttention": "which of its cache counts depends on the data",
        "DecoderMaskedSelfAttention": "which of its cache counts depends on the data",
        "DynamicQuantizeLSTM": "it quantises all of its input by its extremes",
        "DynamicSparseAttention": "which positions it attends to depends on the data",
        "LongformerAttention": "which positions are global depends on the data",
        "PackedAttention": "where its sequences start depends on the data",
        "PackedMultiHeadAttention": "where its sequences start depends on the data",
        "PagedAttention": "where its pages lie depends on the data",
        "QOrderedAttention": "its matrices lie in an order of its own",
        "QOrderedMatMul": "its matrices lie in an order of its own",
        "SparseAttention": "its layout of blocks depends on the data",
    },
)
_enter(
    MICROSOFT,
    "attention, dense",
    {"LinearAttention": "its state's form was never standardised"},
    multiplies=None,
)
_enter(
    MICROSOFT,
    "convolution",
    {"CausalConvWithState": "its state's form was never standardised"},
    multiplies=None,
    weights=(1, 2),
)
_enter(
    MICROSOFT,
    "convolution",
    {
        "ConvTransposeWithDynamicPads": "its padding depends on the data",
        "WordConvEmbedding": "it looks up and convolves text",
    },
)
_enter(
    MICROSOFT,
    "layout",
    {
        "RemovePadding": "what it removes depends on the data",
        "RestorePadding": "where it restores depends on the data",
    },
)
_enter(
    MICROSOFT,
    "normalisation",
    {
        "BranchwiseRMSNorm": "its branches were never standardised",
        "SkipGroupNorm": "its skip takes several forms",
    },
)
_enter(MICROSOFT, "resize", {"CropAndResize": "where it crops depends on the data"})
_enter(
    MICROSOFT,
    "other",
    {
        "BeamSearch": "it generates by searching",
        "BifurcationDetector": "it compares sequences",
        "DynamicTimeWarping": "its path depends on the data",
        "EPContext": "it holds a compiled graph",
        "GatedDeltaNet": "its state's form was never standardised",
        "GatedRelativePositionBias": "it gates what its queries make",
        "GreedySearch": "it generates by searching",
        "MoE": "which expert takes a position depends on the data",
        "NGramRepeatBlock": "it compares sequences",
        "QMoE": "which expert takes a position depends on the data",
        "Sampling": "it generates by sampling",
        "Tokenizer": "it splits text",
        "Unique": "how many values are different depends on the data",
        "WhisperBeamSearch": "it generates by searching",
    },
)
_enter(
    ATEN,
    "other",
    {
        **dict.fromkeys(
            (
                "_adaptive_avg_pool2d_backward",
                "avg_pool2d_backward",
                "convolution_backward",
                "embedding_dense_backward",
                "max_pool2d_with_indices_backward",
                "native_group_norm_backward",
                "native_layer_norm_backward",
            ),
            "it is a step of training",
        ),
        **dict.fromkeys(
            (
                "_fft_c2c",
                "_fft_c2r",
                "_fft_r2c",
                "istft",
                "polar",
                "stft",
                "view_as_complex",
                "view_as_real",
            ),
            "it computes with complex numbers",
        ),
        "resize": "what else lies in its memory is not followed",
        "running_statistics": "it is what training leaves behind",
        "weights_in_one_memory": "a weight was written to that lies in the same memory",
        **dict.fromkeys(
            ("cummax", "cummin", "cumprod", "logcumsumexp"), "it has no counterpart in ONNX"
        ),
        **dict.fromkeys(
            (
                "masked_scatter",
                "repeat_interleave.Tensor",
                "unique_consecutive",
                "_unique2",
                "unique_dim",
                "argwhere",
            ),
            "what it picks depends on the data",
        ),
        **dict.fromkeys(
            (
                "bincount",
                "bucketize.Tensor",
                "histc",
                "kthvalue",
                "median",
                "median.dim",
                "mode",
                "nanmedian",
                "searchsorted.Tensor",
            ),
            "it compares and counts",
        ),
        **dict.fromkeys(
            (
                "linalg_cholesky_ex",
                "linalg_det",
                "linalg_eigh",
                "linalg_inv_ex",
                "linalg_lu",
                "linalg_qr",
                "linalg_solve_ex",
                "linalg_svd",
                "_linalg_svd",
                "_linalg_det",
                "_linalg_eigh",
                "_linalg_solve_ex",
                "linalg_pinv",
                "linalg_matrix_exp",
            ),
            "it takes matrices apart",
        ),
        "_embedding_bag": "where its bags start depends on the data",
        "_pdist_forward": "it compares all pairs",
        "randperm": "it is random",
        "as_strided_scatter": "it writes through strides that could not be followed",
    },
)
_enter("torchvision", "other", {"nms": "which boxes it keeps depends on the data"})
