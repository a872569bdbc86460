"""Operators that no relation describes, each with the reason; they are taken to see everything."""

from __future__ import annotations

from ...reading.operators import Describe
from ...reading.values import DataDependent, Outputs
from ..node import Node, operator

OPAQUE: dict[str, dict[str, str]] = {
    "": {
        "ImageDecoder": "it decodes a compressed stream",
        "NonMaxSuppression": "which boxes it keeps depends on the data",
        "RegexFullMatch": "it matches text",
        "StringConcat": "it joins text",
        "StringNormalizer": "it normalises text",
        "StringSplit": "it splits text",
        "TfIdfVectorizer": "it counts patterns wherever they occur",
    },
    "ai.onnx.preview": {
        "FlexAttention": "its scores are programmed by subgraphs",
    },
    "ai.onnx.preview.training": {
        "Adagrad": "it is a step of training",
        "Adam": "it is a step of training",
        "Gradient": "it is a step of training",
        "Momentum": "it is a step of training",
    },
    "ai.onnx.ml": {
        "CastMap": "it reads a map rather than a tensor",
        "DictVectorizer": "it reads a map rather than a tensor",
        "ZipMap": "it makes maps rather than a tensor",
    },
    "com.microsoft": {
        "AttnLSTM": "it attends and recurs at once",
        "BeamSearch": "it generates by searching",
        "BiasSoftmax": "its rows are told by a form that was never standardised",
        "BifurcationDetector": "it compares sequences",
        "BranchwiseRMSNorm": "its branches were never standardised",
        "CausalConvWithState": "its state's form was never standardised",
        "ConvTransposeWithDynamicPads": "its padding depends on the data",
        "CropAndResize": "where it crops depends on the data",
        "DecoderAttention": "which of its caches count depends on the data",
        "DecoderMaskedMultiHeadAttention": "which of its cache counts depends on the data",
        "DecoderMaskedSelfAttention": "which of its cache counts depends on the data",
        "DynamicQuantizeLSTM": "it quantises all of its input by its extremes",
        "DynamicSparseAttention": "which positions it attends to depends on the data",
        "DynamicTimeWarping": "its path depends on the data",
        "EPContext": "it holds a compiled graph",
        "GatedDeltaNet": "its state's form was never standardised",
        "GatedRelativePositionBias": "it gates what its queries make",
        "GreedySearch": "it generates by searching",
        "GroupQueryAttention": "which of its cache counts depends on the data",
        "LinearAttention": "its state's form was never standardised",
        "LongformerAttention": "which positions are global depends on the data",
        "MoE": "which expert takes a position depends on the data",
        "NGramRepeatBlock": "it compares sequences",
        "PackedAttention": "where its sequences start depends on the data",
        "PackedMultiHeadAttention": "where its sequences start depends on the data",
        "PagedAttention": "where its pages lie depends on the data",
        "QMoE": "which expert takes a position depends on the data",
        "QOrderedAttention": "its matrices lie in an order of its own",
        "QOrderedMatMul": "its matrices lie in an order of its own",
        "RemovePadding": "what it removes depends on the data",
        "RestorePadding": "where it restores depends on the data",
        "Sampling": "it generates by sampling",
        "SkipGroupNorm": "its skip takes several forms",
        "SparseAttention": "its layout of blocks depends on the data",
        "Tokenizer": "it splits text",
        "Unique": "how many values are different depends on the data",
        "WhisperBeamSearch": "it generates by searching",
        "WordConvEmbedding": "it looks up and convolves text",
    },
}


def _opaque(why: str) -> Describe:
    def describe(node: Node) -> Outputs:
        raise DataDependent(f"{node.op} {node.name} is taken to see everything: {why}")

    return describe


for _domain, _reasons in OPAQUE.items():
    for _name, _why in _reasons.items():
        operator(_name, domain=_domain)(_opaque(_why))
