"""How much a layer computes: its multiply-adds, told from what each of its elements depends on.

A convolution or a product of matrices multiplies once for each pair of an output element and an
input element that it depends on, taps that fall on padding included. So the relation tells how
often, whatever the framework. By the usual convention a multiply-add is two operations:
GFLOPs = 2 * multiply-adds / 1e9.
"""

from __future__ import annotations

from math import prod

from ..relation import (
    Mix,
    Opaque,
    Part,
    Relation,
    Scatter,
    Step,
    Taps,
    TransposedWindow,
    Window,
)
from ..relation.regrids import Regrid, Spread
from .tensors import Tensor

_QUANTISED_CONVOLUTIONS = [
    f"{prefix}{kind}{rest}"
    for prefix in ("Quantized", "_MklQuantized")
    for kind, forms in (
        (
            "Conv2D",
            (
                "", "AndRelu", "AndReluAndRequantize", "AndRequantize", "PerChannel", "WithBias",
                "WithBiasAndRelu", "WithBiasAndReluAndRequantize", "WithBiasAndRequantize",
                "WithBiasSignedSumAndReluAndRequantize", "WithBiasSumAndRelu",
                "WithBiasSumAndReluAndRequantize",
            ),
        ),
        (
            "DepthwiseConv2D",
            ("", "WithBias", "WithBiasAndRelu", "WithBiasAndReluAndRequantize"),
        ),
    )
    for rest in forms
]  # fmt: skip

MULTIPLYING = frozenset(
    (
        # ONNX, its domain ai.onnx.ml, and that of ONNX Runtime
        "Conv", "ConvInteger", "ConvTranspose", "Einsum", "Gemm", "MatMul", "MatMulInteger",
        "QLinearConv", "QLinearMatMul", "LinearClassifier", "LinearRegressor",
        "CDist", "DynamicQuantizeMatMul", "FusedConv", "FusedGemm", "FusedMatMul", "GemmFastGelu",
        "MatMulBnb4", "MatMulInteger16", "MatMulIntegerToFloat", "MatMulNBits", "NhwcConv",
        "NhwcFusedConv", "QGemm", "TransposeMatMul",
        # TensorFlow
        "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Conv2D", "Conv2DBackpropInput",
        "Conv2DBackpropInputV2", "Conv3D", "Conv3DBackpropInput", "Conv3DBackpropInputV2",
        "DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput", "FusedPadConv2D", "RiscDot",
        "SparseMatMul", "SparseTensorDenseMatMul", "TridiagonalMatMul", "XlaEinsum",
        "_FusedConv2D", "_FusedConv3D", "_FusedDepthwiseConv2dNative", "_FusedMatMul",
        "_MklEinsum", "_MklMatMul", "_MklNativeFusedConv2D", "_MklNativeFusedConv3D",
        "_MklNativeFusedDepthwiseConv2dNative",
        # TensorFlow, quantised
        *_QUANTISED_CONVOLUTIONS, "QuantizedMatMul", "QuantizedMatMulWithBias",
        "QuantizedMatMulWithBiasAndDequantize", "QuantizedMatMulWithBiasAndRelu",
        "QuantizedMatMulWithBiasAndReluAndRequantize", "QuantizedMatMulWithBiasAndRequantize",
        "UniformQuantizedDot", "UniformQuantizedDotHybrid",
        # TFLite
        "BATCH_MATMUL", "CONV_2D", "CONV_3D", "CONV_3D_TRANSPOSE", "Convolution2DTransposeBias",
        "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV",
    )
)  # fmt: skip
"""Operators whose every pair of an output and an input element is one multiply-add."""

UNTOLD = frozenset(
    (
        # Recurrences: each step multiplies what the one before it made.
        "BlockLSTM", "BlockLSTMV2", "CausalConvWithState", "CudnnRNN", "CudnnRNNV2", "CudnnRNNV3",
        "GRU", "GRUBlockCell", "LSTM", "LSTMBlockCell", "LinearAttention", "RNN",
        "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN",
        # Several products in one, or what is read between pixels.
        "Attention", "DeformConv", "FusedResizeAndPadConv2D", "MultiHeadAttention", "QAttention",
        "SVMClassifier", "SVMRegressor",
        # It depends on the algorithm: Fourier transforms ...
        "AudioSpectrogram", "BatchFFT", "BatchFFT2D", "BatchFFT3D", "BatchIFFT", "BatchIFFT2D",
        "BatchIFFT3D", "DFT", "FFT", "FFT2D", "FFT3D", "FFTND", "IFFT", "IFFT2D", "IFFT3D",
        "IFFTND", "IRFFT", "IRFFT2D", "IRFFT3D", "IRFFTND", "RFFT", "RFFT2D", "RFFT3D", "RFFTND",
        "RiscFft", "STFT",
        # ... and what is solved or factorised.
        "BandedTriangularSolve", "BatchCholesky", "BatchMatrixDeterminant", "BatchMatrixInverse",
        "BatchMatrixSolve", "BatchMatrixSolveLs", "BatchMatrixTriangularSolve",
        "BatchSelfAdjointEig", "BatchSelfAdjointEigV2", "BatchSvd", "Cholesky", "Det", "Eig",
        "Inverse", "LogMatrixDeterminant", "Lu", "MatrixDeterminant", "MatrixExponential",
        "MatrixInverse", "MatrixLogarithm", "MatrixSolve", "MatrixSolveLs", "MatrixSquareRoot",
        "MatrixTriangularSolve", "Qr", "RiscCholesky", "RiscTriangularSolve", "SelfAdjointEig",
        "SelfAdjointEigV2", "Svd", "TridiagonalSolve",
    )
)  # fmt: skip
"""Operators that multiply, but not once for each such pair."""


def multiply_adds(tensor: Tensor) -> int | None:
    """How many multiply-adds make a tensor; None where the relation does not tell.

    Only products that are summed count: all operators not named here (arithmetic element by
    element, pooling, normalisation, resizing ...) count 0. An unknown one is not told.
    """
    op = tensor.op.removeprefix("Flex")  # TensorFlow's own in a TFLite file
    if op in UNTOLD:
        return None
    if op not in MULTIPLYING:
        return None if tensor.assumed else 0
    relations = [source.relation for source in tensor.sources]
    known = [r for r in relations if not any(isinstance(step, Opaque) for step in r)]
    if not known:
        return None
    # Biases, scales and ranges may depend on the input too: they meet each output once.
    return max(_pairs(r, prod(tensor.shape)) for r in known)


def _pairs(relation: Relation, outputs: int) -> int:
    """The pairs of an output and an input element, of a relation that combines some; else 0."""
    count, share = outputs, 1
    combines = False
    for step in relation:
        combines = combines or isinstance(step, Mix | Taps | TransposedWindow | Window)
        times, out_of = _seen(step)
        count, share = count * times, share * out_of
    return count // share if combines else 0


def _seen(step: Step) -> tuple[int, int]:
    """By how many inputs an output of a step is made on average, as a fraction.

    Positions in the padding of a window count, since they are multiplied too.
    """
    match step:
        case Window():
            return prod(w.kernel for w in step.windows), 1
        case TransposedWindow():  # each input, a window's output, is laid on all taps
            slid = step.window.windows
            return prod(w.out * w.kernel for w in slid), prod(w.size for w in slid)
        case Mix():
            return prod(step.before), 1
        case Taps() if step.table.shape[1] > 1:
            return int((step.table < step.size).sum()), len(step.table)
        case Part():
            return step.size, step.out
        case Scatter():
            return prod(step.before), prod(step.after)
        case Regrid() | Spread():
            parts = [_seen(inner) for inner in step.steps]
            return prod(times for times, _ in parts), prod(out_of for _, out_of in parts)
    return 1, 1
