"""How many multiply-adds a layer takes, against what running it shows and what is published.

An operator that is linear in its input multiplies once for each pair of an output and an input
element that depends on it, where no padding is met: so pairs are counted by running it.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import rf_viz
from rf_viz.readers.onnx.node import OPERATORS as ONNX
from rf_viz.readers.onnx.ops.opaque import OPAQUE as ONNX_OPAQUE
from rf_viz.readers.reading.operators import Operator
from rf_viz.readers.tensorflow.node import OPERATORS as TENSORFLOW
from rf_viz.readers.tensorflow.ops.opaque import OPAQUE as TENSORFLOW_OPAQUE
from rf_viz.relation import Reshape
from rf_viz.trace.cost import multiply_adds
from rf_viz.trace.tensors import Source, Tensor
from tests.models.tensorflow_graphs import Graph
from tests.oracles import onnx_oracle, tensorflow_oracle, tflite_oracle
from tests.oracles.tensorflow_oracle import tf
from tests.oracles.truth import changes, generic

DATA = Path(__file__).resolve().parents[1] / "data"


def total(net: rf_viz.Network) -> int:
    return sum(layer.multiply_adds or 0 for layer in net.layers)


def counted(model: onnx.ModelProto) -> int | None:
    return onnx_oracle.traced(model)["y"].multiply_adds


ONNX_PRODUCTS: dict[str, onnx.ModelProto] = {
    "convolution": onnx_oracle.single("Conv", (1, 2, 6, 5), generic((3, 2, 3, 2))),
    "with steps": onnx_oracle.single(
        "Conv", (2, 1, 7, 7), generic((2, 1, 2, 3)), strides=[2, 1], dilations=[3, 2]
    ),
    "in groups": onnx_oracle.single("Conv", (1, 4, 3, 4), generic((6, 2, 2, 2)), group=2),
    "depthwise": onnx_oracle.single("Conv", (1, 3, 4, 4), generic((3, 1, 3, 3)), group=3),
    "of one pixel": onnx_oracle.single("Conv", (1, 3, 2, 3), generic((4, 3, 1, 1))),
    "along one axis": onnx_oracle.single("Conv", (1, 2, 9), generic((2, 2, 3)), generic((2,))),
    "along three axes": onnx_oracle.single("Conv", (1, 1, 3, 4, 3), generic((2, 1, 2, 3, 2))),
    "transposed": onnx_oracle.single("ConvTranspose", (1, 2, 3, 4), generic((2, 3, 3, 2))),
    "transposed with steps": onnx_oracle.single(
        "ConvTranspose", (1, 4, 3, 2), generic((4, 2, 2, 3)), strides=[3, 2], group=2
    ),
    "matrices": onnx_oracle.single("MatMul", (2, 3, 4), generic((4, 5))),
    "a matrix for each": onnx_oracle.single("MatMul", (2, 3, 4), generic((2, 4, 2))),
    "a matrix for many": onnx_oracle.single("MatMul", (3, 4), generic((5, 4, 2))),
    "a vector": onnx_oracle.single("MatMul", (3, 4), generic((4,))),
    "Gemm": onnx_oracle.single("Gemm", (4, 3), generic((5, 4)), generic((5,)), transA=1, transB=1),
    "summation": onnx_oracle.single(
        "Einsum", (2, 3, 4), generic((4, 3, 5)), equation="bhc,chd->bd"
    ),
}


@pytest.mark.parametrize("name", ONNX_PRODUCTS)
def test_a_product_for_every_pair_that_the_runtime_shows(name: str) -> None:
    model = ONNX_PRODUCTS[name]
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    pairs = onnx_oracle.dependence(model, {"x": generic(shape)}, "x")["y"]
    assert counted(model) == np.count_nonzero(pairs) > 0


Compute = Callable[[Any], Any]

TENSORFLOW_PRODUCTS: dict[str, tuple[Compute, Sequence[int]]] = {
    "convolution": (
        lambda x: tf.nn.conv2d(x, generic((3, 2, 2, 3)), (2, 1), "VALID"),
        (1, 6, 5, 2),
    ),
    "in groups": (lambda x: tf.nn.conv2d(x, generic((2, 2, 2, 4)), 1, "VALID"), (1, 3, 4, 4)),
    "depthwise": (
        lambda x: tf.nn.depthwise_conv2d(x, generic((2, 3, 2, 2)), [1, 1, 1, 1], "VALID"),
        (1, 4, 5, 2),
    ),
    "spread over the batch": (
        lambda x: tf.nn.convolution(x, generic((2, 2, 1, 2)), padding="VALID", dilations=2),
        (1, 6, 6, 1),
    ),
    "transposed": (
        lambda x: tf.nn.conv2d_transpose(x, generic((3, 2, 2, 3)), (1, 7, 6, 2), 2, "VALID"),
        (1, 3, 3, 3),
    ),
    "along three axes": (
        lambda x: tf.nn.conv3d(x, generic((2, 1, 2, 2, 2)), (1, 1, 2, 1, 1), "VALID"),
        (1, 3, 3, 3, 2),
    ),
    "matrices": (lambda x: tf.matmul(x, generic((5, 3)), transpose_b=True), (4, 3)),
    "matrices in a batch": (lambda x: tf.matmul(generic((2, 4, 3)), x), (2, 3, 5)),
    "summation": (lambda x: tf.einsum("bij,bkj->bik", x, generic((2, 3, 4))), (2, 3, 4)),
    "a sparse matrix": (
        lambda x: tf.sparse.sparse_dense_matmul(
            tf.sparse.from_dense([[1.0, 0, 2], [0, 0, 3]]), x
        ),
        (3, 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TENSORFLOW_PRODUCTS)
def test_the_same_for_tensorflow(name: str) -> None:
    compute, shape = TENSORFLOW_PRODUCTS[name]
    pairs = tensorflow_oracle.dependence(compute, x=shape)["y"]
    assert total(tensorflow_oracle.traced(compute, x=shape)) == np.count_nonzero(pairs) > 0


X = generic((1, 6, 5, 2))

TFLITE_PRODUCTS: dict[str, bytes] = {
    "CONV_2D": tflite_oracle.single(
        "CONV_2D",
        X,
        generic((3, 3, 2, 2)),
        generic((3,)),
        options=tflite_oracle.options(
            "Conv2D", padding=1, strideH=1, strideW=2, fusedActivationFunction=1
        ),
    ),
    "DEPTHWISE_CONV_2D": tflite_oracle.single(
        "DEPTHWISE_CONV_2D",
        X,
        generic((1, 3, 2, 4)),
        generic((4,)),
        options=tflite_oracle.options(
            "DepthwiseConv2D", padding=1, strideH=2, strideW=2, depthMultiplier=2
        ),
    ),
    "FULLY_CONNECTED": tflite_oracle.single(
        "FULLY_CONNECTED",
        X,
        generic((3, 60)),
        generic((3,)),
        options=tflite_oracle.options("FullyConnected"),
    ),
    "TRANSPOSE_CONV": tflite_oracle.single(
        "TRANSPOSE_CONV",
        X,
        np.array([1, 13, 10, 3], np.int32),
        generic((3, 3, 2, 2)),
        before=2,
        options=tflite_oracle.options("TransposeConv", padding=1, strideH=2, strideW=2),
    ),
}


@pytest.mark.parametrize("name", TFLITE_PRODUCTS)
def test_the_same_for_tflite(name: str) -> None:
    data = TFLITE_PRODUCTS[name]
    pairs = changes(tflite_oracle.runner(data), {"x": X}, "x")["y"]
    layer = rf_viz.load(data).trace()["y"]
    assert (layer.op, layer.multiply_adds) == (name, np.count_nonzero(pairs))


def test_taps_on_padding_count() -> None:
    """As if the padding were image."""
    weights = generic((3, 2, 3, 3))
    padded = onnx_oracle.single("Conv", (1, 2, 4, 5), weights, pads=[1, 2, 0, 1], strides=[2, 1])
    whole = onnx_oracle.single("Conv", (1, 2, 5, 8), weights, strides=[2, 1])
    assert counted(padded) == counted(whole) == 2 * 6 * 3 * 2 * 9
    cropped = onnx_oracle.single("ConvTranspose", (1, 3, 4, 5), weights, pads=[1, 1, 1, 1])
    assert counted(cropped) == 4 * 5 * 3 * 2 * 9


def test_the_padding_of_a_separate_operation_counts_in_the_convolution() -> None:
    pads = [[0, 0], [1, 2], [1, 0], [0, 0]]
    net = tensorflow_oracle.traced(
        lambda x: tf.nn.conv2d(tf.pad(x, pads), generic((3, 3, 1, 2)), 1, "VALID"), x=(1, 4, 4, 1)
    )
    assert [layer.multiply_adds for layer in net.layers if layer.multiply_adds] == [5 * 3 * 2 * 9]


@pytest.mark.parametrize("op", ["Conv", "ConvInteger"])
def test_quantised_weights_multiply_as_often(op: str) -> None:
    kind = np.float32 if op == "Conv" else np.uint8
    weights = np.ones((4, 2, 3, 3), kind)
    node = helper.make_node(op, ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    dtype = TensorProto.FLOAT if op == "Conv" else TensorProto.UINT8
    model = onnx_oracle.build([node], {"x": (1, 2, 5, 5)}, {"w": weights}, dtype=dtype)
    assert counted(model) == 5 * 5 * 4 * 2 * 9


def test_a_product_of_two_tensors_of_the_image_counts_once() -> None:
    node = helper.make_node("MatMul", ["x", "turned"], ["y"])
    turn = helper.make_node("Transpose", ["x"], ["turned"], perm=[0, 2, 1])
    net = onnx_oracle.traced(onnx_oracle.build([turn, node], {"x": (2, 3, 4)}))
    assert [layer.multiply_adds for layer in net.layers] == [0, 2 * 3 * 3 * 4]


def test_a_bias_from_the_image_is_no_product() -> None:
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Reshape", ["mean", "shape"], ["bias"]),
        helper.make_node("Conv", ["x", "w", "bias"], ["y"]),
    ]
    constants = {"shape": np.array([2]), "w": generic((2, 2, 3, 3))}
    model = onnx_oracle.build(nodes, {"x": (1, 2, 5, 5)}, constants, opset=17)
    assert counted(model) == 3 * 3 * 2 * 2 * 9


def test_the_range_of_a_quantised_convolution_is_no_product() -> None:
    range_of = Source(1, (Reshape((1,), ()),))
    tensor = Tensor("y:1", "y", "QuantizedConv2D", (), (range_of,), multiplies=True)
    assert multiply_adds(tensor) == 0


NOTHING = [
    onnx_oracle.single("Relu", (1, 2, 4, 4)),
    onnx_oracle.single("Mul", (1, 2, 4, 4), generic((2, 1, 1))),
    onnx_oracle.single("MaxPool", (1, 2, 4, 4), kernel_shape=[2, 2]),
    onnx_oracle.single("AveragePool", (1, 2, 4, 4), kernel_shape=[2, 2]),
    onnx_oracle.single("Softmax", (1, 5)),
    onnx_oracle.single("ReduceMean", (1, 5)),
    onnx_oracle.single("Einsum", (2, 3), generic((2, 3)), equation="ij,ij->ij"),
]


@pytest.mark.parametrize("model", NOTHING, ids=lambda m: m.graph.node[0].op_type)
def test_what_sums_no_products_counts_nothing(model: onnx.ModelProto) -> None:
    assert counted(model) == 0


def test_what_cannot_be_told_is_none() -> None:
    recurrent = onnx_oracle.single("GRU", (3, 1, 2), generic((1, 6, 2)), generic((1, 6, 2)))
    recurrent.graph.node[0].attribute.append(helper.make_attribute("hidden_size", 2))
    assert counted(recurrent) is None
    node = helper.make_node("Mystery", ["x"], ["y"], domain="elsewhere")
    own = onnx_oracle.build([node], {"x": (1, 2, 4, 4)}, domains={"elsewhere": 1})
    assert counted(own) is None


def test_what_a_size_that_is_not_known_costs_is_none() -> None:
    g = Graph()
    g.conv("y", g.image("x", None), 3, 1)
    model = g.model()
    assert model.trace("unknown")["y"].multiply_adds is None
    assert model.trace((10, 12))["y"].multiply_adds == 8 * 10 * 9


def test_weights_that_are_zero_are_multiplied_too() -> None:
    weights = generic((1, 1, 3, 3))
    weights[..., 0] = 0
    model = onnx_oracle.single("Conv", (1, 1, 5, 5), weights)
    assert onnx_oracle.traced(model, weight_aware=True)["y"].multiply_adds == counted(model) == 81


PUBLISHED = [
    ("vgg_16_224.pb.gz", 224, 15.47),
    ("vgg_a_224.pb.gz", 224, 7.61),
    ("inception_v3_None.pb.gz", 299, 5.71),
]
"""Multiply-adds in 1e9 as torchvision's documentation gives them for its VGG-16, VGG-11 and
Inception v3 (docs.pytorch.org/vision/stable/models.html)."""


@pytest.mark.parametrize(("file", "size", "billions"), PUBLISHED)
def test_published_counts(file: str, size: int, billions: float) -> None:
    data = gzip.decompress((DATA / "slim" / file).read_bytes())
    net = rf_viz.load(data, file).trace((size, size))
    assert total(net) / 1e9 == pytest.approx(billions, rel=0.01)
    assert None not in [layer.multiply_adds for layer in net.layers]


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

EACH_PAIR = frozenset(
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
    )
)  # fmt: skip
"""Operators whose every pair of an output and an input element is one multiply-add."""

UNTOLD = frozenset(
    (
        # Recurrences: each step multiplies what the one before it made.
        "BlockLSTM", "BlockLSTMV2", "CausalConvWithState", "CudnnRNN", "CudnnRNNV2", "CudnnRNNV3",
        "GRU", "GRUBlockCell", "LSTM", "LSTMBlockCell", "LinearAttention", "RNN",
        # Several products in one, or what is read between pixels.
        "Attention", "DeformConv", "FusedResizeAndPadConv2D", "GroupQueryAttention",
        "MultiHeadAttention", "QAttention", "SVMClassifier", "SVMRegressor",
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


PRODUCT = re.compile(r"Conv(?!ert)|MatMul|Gemm|Einsum|Dot|LSTM|GRU|RNN|Attention|FFT|Fft")
"""What the names of operators that multiply look like."""


def entries() -> list[tuple[str, Operator]]:
    """Every operator with its entry, but for those that no relation describes.

    Those are assumed, and so not told anyhow.
    """
    opaque = {name for reasons in ONNX_OPAQUE.values() for name in reasons} | {*TENSORFLOW_OPAQUE}
    everything = [*((name, entry) for (_, name), entry in ONNX.items()), *TENSORFLOW.items()]
    return [(name, entry) for name, entry in everything if name not in opaque]


def test_every_operator_says_how_often_it_multiplies() -> None:
    expected = {
        name: True if name in EACH_PAIR else None if name in UNTOLD else False
        for name, _ in entries()
    }
    wrong = {name for name, entry in entries() if entry.multiplies is not expected[name]}
    assert wrong == set()


def test_no_operator_that_looks_like_a_product_is_forgotten() -> None:
    forgotten = {
        name for name, entry in entries() if entry.multiplies is False and PRODUCT.search(name)
    }
    assert forgotten == set()
