"""Every function of ``keras.ops`` that a model can hold, called on an image of 1 x 9 x 8 x 4."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.models.keras_models import keras

ops = keras.ops
image_ops = keras.ops.image

Call = Callable[[Any], Any]

_OF_ONE = re.split(
    r"\s+",
    """abs absolute angle arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh deg2rad
    exp exp2 expm1 floor isfinite isinf isnan isneginf isposinf log log10 log1p log2 logical_not
    nan_to_num negative rad2deg reciprocal round sign signbit sin sinc sinh sqrt square tan tanh
    trunc erf erfc erfinv rsqrt celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_swish
    hard_tanh leaky_relu log_sigmoid log_softmax relu relu6 selu sigmoid silu soft_shrink
    softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh_shrink
    i0 fabs fliplr flipud ravel normalize""",
)
_ALONG_ONE = re.split(
    r"\s+",
    """all any amax amin argmax argmin average count_nonzero cumprod cumsum diff max mean min
    nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmin nanprod nanstd nansum
    nanvar prod ptp sort argsort std sum trapezoid var logsumexp norm flip""",
)
_OF_TWO = re.split(
    r"\s+",
    """add arctan2 divide divide_no_nan equal floor_divide fmax fmin fmod greater
    greater_equal heaviside hypot isclose less less_equal logaddexp logaddexp2 logical_and
    logical_or logical_xor maximum minimum mod multiply not_equal nextafter power subtract
    true_divide""",
)
_OF_WHOLE_NUMBERS = re.split(
    r"\s+",
    """bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift left_shift
    right_shift""",
)


def whole(x: Any) -> Any:  # noqa: ANN401
    """The image as whole numbers."""
    return ops.cast(x * 9, "int32")


def line(x: Any) -> Any:  # noqa: ANN401
    """The image in a row."""
    return ops.reshape(x, (1, 288))


def square_of(x: Any, channel: int = 0) -> Any:  # noqa: ANN401
    """A matrix of 4 x 4 that can be inverted."""
    return x[:, :4, :4, channel] + 4 * np.eye(4, dtype="float32")


def _along(name: str) -> Call:
    """A call of a function along axis 1."""
    function = getattr(ops, name)
    return lambda x: function(x, axis=1)


def _of_two(name: str, kind: Call = lambda x: x) -> Call:
    """A call of a function on the image and its reflection."""
    function = getattr(ops, name)
    return lambda x: function(kind(x), ops.flip(kind(x), 1))


ones = np.ones
EXACT: dict[str, Call] = {
    **{name: getattr(ops, name) for name in _OF_ONE},
    **{name: _along(name) for name in _ALONG_ONE},
    **{name: _of_two(name) for name in _OF_TWO},
    **{name: _of_two(name, whole) for name in _OF_WHOLE_NUMBERS},
    "bitwise_invert": lambda x: ops.bitwise_invert(whole(x)),
    "bitwise_not": lambda x: ops.bitwise_not(whole(x)),
    "append": lambda x: ops.append(x, x, 1),
    "array_split": lambda x: ops.array_split(x, 2, 1)[0],
    "broadcast_to": lambda x: ops.broadcast_to(x[:, :1], (1, 9, 8, 4)),
    "cast": lambda x: ops.cast(x, "float16"),
    "saturate_cast": lambda x: ops.saturate_cast(x * 100, "uint8"),
    "clip": lambda x: ops.clip(x, 0.2, 0.8),
    "concatenate": lambda x: ops.concatenate([x, x], 1),
    "cross": lambda x: ops.cross(x[..., :3], x[..., 1:]),
    "digitize": lambda x: ops.digitize(x, np.array([0.2, 0.5])),
    "dot": lambda x: ops.dot(x, ones((4, 2), "float32")),
    "matmul": lambda x: ops.matmul(x, ops.transpose(x, (0, 1, 3, 2))),
    "tensordot": lambda x: ops.tensordot(x, ones((4, 3), "float32"), 1),
    "einsum": lambda x: ops.einsum("bhwc,bhkc->bhwk", x, x),
    "inner": lambda x: ops.inner(x[0, 0], x[0, 1]),
    "outer": lambda x: ops.outer(x[0, 0, :, 0], x[0, 1, :, 0]),
    "expand_dims": lambda x: ops.expand_dims(x, 1),
    "squeeze": lambda x: ops.squeeze(x, 0),
    "getitem": lambda x: x[:, 1:-1, ::2],
    "moveaxis": lambda x: ops.moveaxis(x, 1, 2),
    "swapaxes": lambda x: ops.swapaxes(x, 1, 2),
    "transpose": lambda x: ops.transpose(x, (0, 3, 1, 2)),
    "rearrange": lambda x: ops.rearrange(x, "b h w c -> b (h w) c"),
    "pad": lambda x: ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "reflect"),
    "repeat": lambda x: ops.repeat(x, 2, 1),
    "reshape": lambda x: ops.reshape(x, (1, 72, 4)),
    "roll": lambda x: ops.roll(x, 2, 1),
    "rot90": lambda x: ops.rot90(x, 1, (1, 2)),
    "searchsorted": lambda x: ops.searchsorted(np.array([0.1, 0.5], "float32"), x[0, 0, :, 0]),
    "select": lambda x: ops.select([x > 0.5, x < 0.2], [x, x * 2], 0.0),
    "split": lambda x: ops.split(x, 2, -1)[1],
    "hsplit": lambda x: ops.hsplit(x, 3)[1],
    "vsplit": lambda x: ops.vsplit(x[0], 3)[1],
    "dsplit": lambda x: ops.dsplit(x[0], 2)[1],
    "stack": lambda x: ops.stack([x, x], 1),
    "hstack": lambda x: ops.hstack([x, x]),
    "vstack": lambda x: ops.vstack([x, x]),
    "dstack": lambda x: ops.dstack([x, x]),
    "unstack": lambda x: ops.unstack(x, axis=1)[2],
    "meshgrid": lambda x: ops.meshgrid(x[0, :, 0, 0], x[0, 0, :, 0])[0],
    "take": lambda x: ops.take(x, [1, 0, 3], 1),
    "take_along_axis": lambda x: ops.take_along_axis(x, np.array([1, 0, 3]).reshape(1, 3, 1, 1), 1),
    "tile": lambda x: ops.tile(x, (1, 2, 1, 1)),
    "tril": ops.tril,
    "triu": ops.triu,
    "diag": lambda x: ops.diag(x[0, 0, :, 0]),
    "diagflat": lambda x: ops.diagflat(x[0, 0, :, 0]),
    "diagonal": lambda x: ops.diagonal(x, axis1=1, axis2=2),
    "trace": lambda x: ops.trace(x, axis1=1, axis2=2),
    "vander": lambda x: ops.vander(x[0, 0, :, 0]),
    "where": lambda x: ops.where(x > 0.5, x, 0.0),
    "one_hot": lambda x: ops.one_hot(whole(x)[..., 0], 3),
    "multi_hot": lambda x: ops.multi_hot(whole(x)[..., 0], 3),
    "average_pool": lambda x: ops.average_pool(x, 2),
    "max_pool": lambda x: ops.max_pool(x, 2),
    "batch_normalization": lambda x: ops.batch_normalization(
        x, np.zeros(4, "float32"), ones(4, "float32"), -1
    ),
    "layer_normalization": lambda x: ops.layer_normalization(x, ones(4, "float32")),
    "rms_normalization": lambda x: ops.rms_normalization(x, ones(4, "float32")),
    "moments": lambda x: ops.moments(x, [1, 2])[0],
    "binary_crossentropy": lambda x: ops.binary_crossentropy(x * 0, x),
    "categorical_crossentropy": lambda x: ops.categorical_crossentropy(x * 0 + 0.25, x),
    "sparse_categorical_crossentropy": lambda x: ops.sparse_categorical_crossentropy(
        ops.cast(x[..., 0], "int32"), x
    ),
    "conv": lambda x: ops.conv(x, ones((3, 3, 4, 2), "float32")),
    "depthwise_conv": lambda x: ops.depthwise_conv(x, ones((3, 3, 4, 1), "float32")),
    "separable_conv": lambda x: ops.separable_conv(
        x, ones((3, 3, 4, 1), "float32"), ones((1, 1, 4, 2), "float32")
    ),
    "dot_product_attention": lambda x: ops.dot_product_attention(x, x, x),
    "unfold": lambda x: ops.unfold(ops.transpose(x, (0, 3, 1, 2)), 3),
    "depth_to_space": lambda x: ops.depth_to_space(x, 2),
    "space_to_depth": lambda x: ops.space_to_depth(x[:, :8], 2),
    "affine_transform": lambda x: image_ops.affine_transform(
        x, np.array([[1, 0, 2, 0, 1, 1, 0, 0]], "float32")
    ),
    "crop_images": lambda x: image_ops.crop_images(x, 1, 1, target_height=5, target_width=5),
    "pad_images": lambda x: image_ops.pad_images(x, 1, 1, target_height=12, target_width=12),
    "extract_patches": lambda x: image_ops.extract_patches(x, 3),
    "gaussian_blur": lambda x: image_ops.gaussian_blur(x),
    "resize": lambda x: image_ops.resize(x, (4, 4)),
    "rgb_to_grayscale": lambda x: image_ops.rgb_to_grayscale(x[..., :3]),
    "rgb_to_hsv": lambda x: image_ops.rgb_to_hsv(x[..., :3]),
    "hsv_to_rgb": lambda x: image_ops.hsv_to_rgb(x[..., :3]),
    "extract_sequences": lambda x: ops.extract_sequences(line(x), 20, 5),
    "fft": lambda x: ops.fft((x, x * 0))[0],
    "fft2": lambda x: ops.fft2((x, x * 0))[0],
    "ifft2": lambda x: ops.ifft2((x, x * 0))[0],
    "rfft": lambda x: ops.rfft(x)[0],
    "irfft": lambda x: ops.irfft((x, x * 0)),
    "stft": lambda x: ops.stft(line(x), 20, 5, 20)[0],
    "top_k": lambda x: ops.top_k(x, 2)[0],
    "segment_sum": lambda x: ops.segment_sum(x[0], np.arange(9) // 3, 3),
    "segment_max": lambda x: ops.segment_max(x[0], np.arange(9) // 3, 3),
    "slice": lambda x: ops.slice(x, (0, 1, 1, 0), (1, 3, 3, 4)),
    "slice_update": lambda x: ops.slice_update(x, (0, 1, 1, 0), np.zeros((1, 2, 2, 4), "float32")),
    "scatter": lambda x: ops.scatter(np.array([[1], [3]]), x[0, :2], (5, 8, 4)),
    "scatter_update": lambda x: ops.scatter_update(
        x[0], np.array([[1], [3]]), np.zeros((2, 8, 4), "float32")
    ),
    "linspace": lambda x: ops.linspace(x, x + 1, 3, axis=1),
    "logspace": lambda x: ops.logspace(x, x + 1, 3, axis=1),
    "ldexp": lambda x: ops.ldexp(x, ops.cast(x * 3, "int32")),
    "unravel_index": lambda x: ops.unravel_index(whole(x) * 0, (3, 4))[0],
    "threshold": lambda x: ops.threshold(x, 0.1, 0.0),
    "solve": lambda x: ops.solve(square_of(x), square_of(x, 1)),
    "inv": lambda x: ops.inv(square_of(x)),
    "det": lambda x: ops.det(square_of(x)),
    "cdist": lambda x: ops.cdist(x[0, :, :, 0], x[0, :, :, 1]),
    "correlate": lambda x: ops.correlate(x[0, :, 0, 0], x[0, 0, :, 0]),
    "extract_patches_3d": lambda x: image_ops.extract_patches_3d(x[:, None], (1, 3, 3)),
    "fold": lambda x: ops.fold(ops.unfold(ops.transpose(x, (0, 3, 1, 2)), 3), (9, 8), 3),
    "geomspace": lambda x: ops.geomspace(x, x + 1, 3, axis=1),
    "full_like": lambda x: x + ops.full_like(x, 2),
    "ones_like": lambda x: x + ops.ones_like(x),
    "zeros_like": lambda x: x + ops.zeros_like(x),
    "stop_gradient": lambda x: ops.stop_gradient(x) * 2,
    "istft": lambda x: ops.istft(ops.stft(line(x), 20, 5, 20), 20, 5, 20),
    "real": lambda x: ops.real(x) * 2,
    "imag": lambda x: ops.imag(ops.polar(x, x)),
    "conj": lambda x: ops.real(ops.conj(ops.polar(x, x))),
    "polar": lambda x: ops.real(ops.polar(x, x)),
    "psnr": lambda x: ops.reshape(ops.psnr(x, x * 2, 1.0), (1,)),
    "segment_min": lambda x: ops.segment_min(x[0], np.arange(9) // 3, 3),
    "segment_prod": lambda x: ops.segment_prod(x[0], np.arange(9) // 3, 3),
    "sobel_edges": lambda x: image_ops.sobel_edges(x),
    "scale_and_translate": lambda x: image_ops.scale_and_translate(
        x, (1, 4, 4, 4), np.array([0.5, 0.5], "float32"), np.zeros(2, "float32"), (1, 2), "linear"
    ),
    "median": lambda x: ops.median(x, 1),
    "quantile": lambda x: ops.quantile(x, 0.5, 1),
    "percentile": lambda x: ops.percentile(x, 50, 1),
}
"""Functions whose regions are exact, and whose values RF-Viz shows."""

ASSUMED: dict[str, Call] = {
    "bincount": lambda x: ops.bincount(whole(x)[0, 0, :, 0], minlength=4),
    "nonzero": lambda x: ops.nonzero(x)[0],
    "unique": ops.unique,
    "nanmedian": lambda x: ops.nanmedian(x, 1),
    "cholesky": lambda x: ops.cholesky(ops.matmul(x, ops.transpose(x, (0, 1, 3, 2)))),
    "svd": lambda x: ops.svd(x[:, :, :4, 0])[1],
    "pinv": lambda x: ops.pinv(square_of(x)),
    "lstsq": lambda x: ops.lstsq(x[0, :, :4, 0], x[0, :, 4:, 0]),
    "logdet": lambda x: ops.logdet(square_of(x)),
    "matrix_rank": lambda x: ops.matrix_rank(square_of(x)),
    "solve_triangular": lambda x: ops.solve_triangular(square_of(x), square_of(x, 1)),
    "gcd": lambda x: ops.gcd(whole(x), whole(ops.flip(x, 1))),
    "corrcoef": lambda x: ops.corrcoef(x[0, 0]),
    "qr": lambda x: ops.qr(x[:, :, :4, 0])[0],
    "eigh": lambda x: ops.eigh(square_of(x))[0],
    "isin": lambda x: ops.isin(x, np.array([0.0, 1.0], "float32")),
    "kron": lambda x: ops.kron(x[0, :, :, 0], x[0, :2, :2, 1]),
    "lcm": lambda x: ops.lcm(whole(x), whole(ops.flip(x, 1))),
}
"""Functions that are assumed: with a size that depends on the data, on a whole matrix at once, of
values only."""

NOT_IN_A_MODEL = frozenset(re.split(
    r"\s+",
    # Of no tensor of a model, or of Python functions that a file cannot hold.
    """allclose arange array associative_scan bartlett blackman cond convert_to_numpy
    convert_to_tensor copy custom_gradient dtype empty empty_like eye fori_loop full get_item
    hamming hanning identity is_tensor jvp kaiser map ndim ones scan shape size switch tri
    vectorize vectorized_map while_loop zeros """
    # Fail in Keras itself, or when it loads what it saved.
    """adaptive_average_pool adaptive_max_pool argpartition conv_transpose lu_factor
    view view_as_complex view_as_real """
    # Of text alignments, several inputs of their own kind, or under another name above.
    """ctc_decode ctc_loss cholesky_inverse conjugate eig elastic_transform histogram in_top_k
    isreal map_coordinates nanpercentile nanquantile perspective_transform slogdet ssim vdot""",
))  # fmt: skip
"""Functions without a model of their own here."""
