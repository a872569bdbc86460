"""Keras layers of our own: stand-ins for layers that are not executed, and for Keras 2's calls.

The functional interface of Keras 2 wrote a call of a TensorFlow function (``tf.nn.relu(x)``, ``x /
127.5``) down as a layer that names the function, or before TensorFlow 2.4 as layers that hold its
operations. Functions of TensorFlow's mathematics are called again, and operations added again; they
can do nothing but compute.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from typing import Any

from ..ops.stand_in import NOT_EXECUTED
from .operations import OPERATION_LAYER, operation, operation_of
from .retired import retired_layers

FUNCTION = "rf_viz>TensorFlowFunction"
"""The name under which configurations have the stand-in for a call of a TensorFlow function."""

_FUNCTION_LAYERS = ("TFOpLambda", "SlicingOpLambda", OPERATION_LAYER)

NAMESPACES = ("bitwise", "image", "linalg", "math", "nn", "quantization", "signal", "strings")
"""TensorFlow's modules whose functions are called."""

_INNER_NAMESPACES = {"experimental", "special"}
"""Modules within these whose functions are called too. Others lead to the rest of TensorFlow."""

_READS_FILE = "fixed_unigram_candidate_sampler"
"""The one function in these modules that opens a file."""

_OF_MODULES = {
    "debugging": ("check_numerics",),
    "dtypes": ("cast", "complex", "saturate_cast"),
    "random": re.split(
        r"\s+",
        """categorical gamma normal poisson shuffle stateless_binomial stateless_categorical
        stateless_gamma stateless_normal stateless_poisson stateless_truncated_normal
        stateless_uniform truncated_normal uniform""",
    ),
}
"""Functions of other modules of TensorFlow that are called."""

_FUNCTIONS = re.split(
    r"\s+",
    """abs acos acosh add add_n angle approx_top_k argmax argmin argsort as_string asin asinh atan
    atan2 atanh batch_gather batch_to_space batch_to_space_nd betainc bincount bitcast
    boolean_mask broadcast_dynamic_shape broadcast_static_shape broadcast_to cast ceil
    check_numerics cholesky cholesky_solve clip_by_norm clip_by_value complex concat conj constant
    convert_to_tensor cos cosh count_nonzero cross cumprod cumsum depth_to_space dequantize diag
    diag_part digamma div div_no_nan divide dynamic_partition dynamic_stitch eig eigvals einsum
    ensure_shape equal erf erfc exp expand_dims expm1 extract_image_patches
    extract_volume_patches eye fake_quant_with_min_max_args fake_quant_with_min_max_vars
    fake_quant_with_min_max_vars_per_channel fft fft2d fft3d fftnd fill floor floor_div floordiv
    floormod gather gather_nd greater greater_equal guarantee_const histogram_fixed_width
    histogram_fixed_width_bins identity identity_n ifft ifft2d ifft3d ifftnd igamma igammac imag
    invert_permutation irfftnd is_finite is_inf is_nan lbeta less less_equal lgamma lin_space
    linspace log log1p log_sigmoid logical_and logical_not logical_or logical_xor matmul
    matrix_band_part matrix_determinant matrix_diag matrix_diag_part matrix_inverse
    matrix_set_diag matrix_solve matrix_square_root matrix_transpose matrix_triangular_solve
    maximum meshgrid minimum mod multiply negative norm not_equal one_hot ones ones_like pad
    parallel_stack polygamma pow qr quantize random_crop random_gamma random_normal random_poisson
    random_shuffle random_uniform range rank real realdiv reciprocal reduce_all reduce_any
    reduce_join reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum repeat
    reshape reverse reverse_sequence reverse_v2 rfftnd rint roll round rsqrt saturate_cast
    scalar_mul scatter_nd searchsorted segment_max segment_mean segment_min segment_prod
    segment_sum self_adjoint_eig self_adjoint_eigvals sequence_mask setdiff1d shape shape_n
    sigmoid sign sin sinh size slice softmax sort space_to_batch space_to_batch_nd space_to_depth
    split sqrt square squared_difference squeeze stack stop_gradient strided_slice subtract svd
    tan tanh tensor_scatter_add tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min
    tensor_scatter_nd_sub tensor_scatter_nd_update tensor_scatter_sub tensor_scatter_update
    tensordot tile to_bfloat16 to_complex128 to_complex64 to_double to_float to_int32 to_int64
    trace transpose truediv truncated_normal truncatediv truncatemod unique unique_with_counts
    unravel_index unsorted_segment_max unsorted_segment_mean unsorted_segment_min
    unsorted_segment_prod unsorted_segment_sqrt_n unsorted_segment_sum unstack
    verify_tensor_all_finite where where_v2 zeros zeros_like zeta""",
)
"""Functions at the top of TensorFlow 2 or 1 that are called."""

_BACKEND = "keras.backend."
"""How the names of functions of Keras 2's backend begin."""

_BACKEND_FUNCTIONS = ("batch_flatten", "binary_crossentropy", "cast_to_floatx",
                      "categorical_crossentropy", "ctc_batch_cost",
                      "sparse_categorical_crossentropy", "switch")  # fmt: skip
"""Those that are called as Keras 3 still has them."""

_REFLECTED = {"radd": "add", "rsub": "sub", "rmul": "mul", "rtruediv": "truediv", "rpow": "pow",
              "rfloordiv": "floordiv", "rmod": "mod", "rmatmul": "matmul"}  # fmt: skip
_OPERATORS = {*_REFLECTED.values(), "neg", "abs", "eq", "ne", "lt", "le", "gt", "ge"}


def is_function_call(entry: Mapping[str, Any]) -> bool:
    """Tell whether a layer of a configuration is Keras 2's call of a TensorFlow function."""
    return entry["class_name"] in _FUNCTION_LAYERS


def stand_in_for_function(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Rewrite such a layer's configuration so that Keras 3 can build it.

    Its calls are in Keras 3's form already. Returns None for a function that is not called.
    """
    settings = entry["config"] if isinstance(entry["config"], dict) else {}
    if entry["class_name"] == OPERATION_LAYER:
        own = {k: settings.get(k) or {} for k in ("node_def", "constants")}
        function: Any = _of_operation(own) and own
    else:
        function = settings.get("function")
        function = function if isinstance(function, str) and function_of(function) else None
    if function is None:
        return None
    name = entry.get("name") or settings.get("name")
    return {
        "module": "rf_viz",
        "class_name": FUNCTION,
        "registered_name": FUNCTION,
        "name": name,
        "config": {"name": name, "function": function},
        "inbound_nodes": [_flat_call(node) for node in entry.get("inbound_nodes", [])],
    }


def name_of_call(settings: Mapping[str, Any]) -> str:
    """Name what such a layer calls, for messages."""
    node = settings.get("node_def")
    if node is None:
        return str(settings.get("function"))
    return f"the operation {node.get('op')}" if isinstance(node, dict) else "an operation"


_PLACE = "rf_viz>place"
"""Stands for a tensor in the arguments of a call of a function, with its number."""


def _flat_call(node: Mapping[str, Any]) -> dict[str, Any]:
    """A call of a function as a call on its tensors, and its arguments as they are beside.

    Keras takes no list of tensors and numbers, such as ``tf.reshape(x, [n, 4])`` has.
    """
    tensors: list[Any] = []

    def numbered(value: Any) -> Any:  # noqa: ANN401
        """Put the tensors of a value aside."""
        if isinstance(value, list):
            return [numbered(v) for v in value]
        if not isinstance(value, dict):
            return value
        if value.get("class_name") == "__keras_tensor__":
            tensors.append(value)
            return {_PLACE: len(tensors) - 1}
        return {k: numbered(v) for k, v in value.items()}

    arguments = [numbered(node["args"]), numbered(node["kwargs"])]
    return {"args": tensors, "kwargs": {"arguments": arguments}}


def _with_tensors(value: Any, tensors: Sequence[Any]) -> Any:  # noqa: ANN401
    """A value with the tensors in their places."""
    if isinstance(value, list | tuple):
        return [_with_tensors(v, tensors) for v in value]
    if isinstance(value, dict):
        if _PLACE in value:
            return tensors[value[_PLACE]]
        return {k: _with_tensors(v, tensors) for k, v in value.items()}
    return value


def function_of(name: str) -> Callable[..., Any] | None:
    """The function of TensorFlow's mathematics of that name, None for any other."""
    import tensorflow as tf

    if name == "__operators__.getitem":
        return _sliced
    if name.startswith("__operators__."):
        plain = name.partition(".")[2]
        if plain in _REFLECTED:
            function = getattr(operator, _REFLECTED[plain])
            return lambda x, y: function(y, x)
        if plain not in _OPERATORS:
            return None
        function = getattr(operator, plain)
        return lambda x, **others: function(x, *others.values())
    if name.startswith(_BACKEND):
        return _of_backend(name.removeprefix(_BACKEND))
    *space, last = name.removeprefix("compat.v1.").split(".")
    if not space or space[0] not in NAMESPACES:
        listed = _FUNCTIONS if not space else _OF_MODULES.get(".".join(space), ())
        if last not in listed:
            return None
    elif last == _READS_FILE or not _INNER_NAMESPACES.issuperset(space[1:]):
        return None
    if any(part.startswith("_") for part in (*space, last)):
        return None
    try:
        function = reduce(getattr, name.split("."), tf)
    except AttributeError:
        return None
    return function if callable(function) else None


def _of_backend(name: str) -> Callable[..., Any] | None:
    """The function of Keras 2's backend of that name, if it is written down as one call."""
    import tensorflow as tf
    from keras.src.legacy import backend

    if name == "print_tensor":
        return lambda x, *_, **__: tf.identity(x)
    return getattr(backend, name) if name in _BACKEND_FUNCTIONS else None


def _of_operation(settings: Mapping[str, Any]) -> Callable[..., Any] | None:
    """The function of the inputs of an operation layer, None where it is not built."""
    node = operation_of(settings)
    if node is None:
        return None
    try:
        return operation(node, settings["constants"])
    except (AttributeError, TypeError, ValueError):  # constants that do not fit
        return None


def _sliced(x: Any, slice_spec: Any) -> Any:  # noqa: ANN401
    """``x[slice_spec]``, as Keras 2 spells slices."""
    parts = slice_spec if isinstance(slice_spec, list | tuple) else [slice_spec]
    return x[tuple(_slice(part) for part in parts)]


def _slice(part: Any) -> Any:  # noqa: ANN401
    """Read one axis's part of a slice."""
    if isinstance(part, dict) and "start" in part:
        return slice(part["start"], part.get("stop"), part.get("step"))
    return Ellipsis if isinstance(part, dict) or part == "Ellipsis" else part


@cache
def our_layers() -> dict[str, Any]:
    """Return the classes of the stand-ins, by the names under which configurations have them."""
    import keras
    import tensorflow as tf

    class NotExecuted(keras.layers.Layer):  # type: ignore[misc]
        """Stand-in for a layer that is not executed: everything reaches everything.

        ``reason`` says why, in a sentence that names the layer, ``kind`` is its class, and
        ``outputs`` are the shape and type of each output, empty where they are not known.
        """

        def __init__(self, reason: str, kind: str, outputs: list[Any], **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.reason, self.kind = reason, kind
            self.declared: list[Any] = [(shape, dtype) for shape, dtype in outputs]
            self._allow_non_tensor_positional_args = True

        def call(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            """Make outputs of the declared shapes that depend on every tensor in the arguments."""
            tensors = [t for t in keras.tree.flatten([args, kwargs]) if keras.ops.is_tensor(t)]
            if not tensors:
                raise ValueError(f"the layer {self.name} is called on no tensor")
            declared = self.declared or [(None, "")]
            outputs = [self._output(tensors, shape, dtype) for shape, dtype in declared]
            return outputs if len(outputs) > 1 else outputs[0]

        def _output(
            self,
            tensors: list[Any],
            shape: list[int | None] | None,
            dtype: str,
        ) -> Any:  # noqa: ANN401
            """An output of this shape, the first tensor's where it is None, and of this type."""
            first, reason = tensors[0], self.reason
            extents = tf.shape(first)
            if shape is None or (None in shape[1:] and len(shape) != first.shape.rank):
                reason += ", its output to have the shape of its input"
                static = first.shape
            else:
                extents = tf.stack([extents[i] if n is None else n for i, n in enumerate(shape)])
                static = tf.TensorShape(shape)
            kind = dtype or first.dtype
            token = f"{NOT_EXECUTED} {reason}"
            # Any operation would do: it is renamed once the graph is made, and never run.
            (output,) = tf.raw_ops.PyFunc(
                input=[*tensors, extents], token=token, Tout=[kind], name="assumed"
            )
            output.set_shape(static)
            return output

    class TensorFlowFunction(keras.layers.Layer):  # type: ignore[misc]
        """Stand-in for Keras 2's call of a TensorFlow function or operation.

        ``function`` is the function's name, or the settings of the layer that holds the operation.
        """

        def __init__(self, function: str | dict[str, Any], **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            if isinstance(function, str):
                self.kind = f"tf.{function}"
                self._called_function = function_of(function)
            else:
                self.kind = OPERATION_LAYER
                self._called_function = _of_operation(function)
            self._allow_non_tensor_positional_args = True
            self._convert_input_args = False

        def call(self, *tensors: Any, arguments: Any = ((), {})) -> Any:  # noqa: ANN401
            """Call the function with these arguments, the tensors in their places."""
            if self._called_function is None:
                raise ValueError(f"{self.kind} is not a function that is called")
            args, kwargs = _with_tensors(arguments, tensors)
            return self._called_function(*args, **kwargs)

        def compute_output_spec(self, *tensors: Any, arguments: Any = ((), {})) -> Any:  # noqa: ANN401
            """Return the shapes of the outputs, which may be told by values of the inputs.

            Keras asks one layer after the other. So that a shape that one layer computes reaches
            the next (``tf.reshape(x, [tf.shape(x)[0], -1, 4])``), what is known of it goes along.
            """
            with tf.__internal__.FuncGraph("shapes").as_default():
                outputs = self.call(*map(_placeholder, tensors), arguments=arguments)
                return keras.tree.map_structure(_described, outputs)

    return {NOT_EXECUTED: NotExecuted, FUNCTION: TensorFlowFunction}


_EXTENTS = "extents_that_it_holds"
"""What is known of a symbolic tensor that holds a shape: extents, None where unknown."""


def _placeholder(tensor: Any) -> Any:  # noqa: ANN401
    """A tensor of the current graph for a symbolic tensor of Keras."""
    import tensorflow as tf

    extents = getattr(tensor, _EXTENTS, None)
    if extents is None:
        return tf.compat.v1.placeholder(tensor.dtype, tensor.shape)
    if not tensor.shape:
        return tf.constant(extents[0], tensor.dtype)
    return tf.shape(tf.compat.v1.placeholder(tf.float32, extents), out_type=tensor.dtype)


def _described(output: Any) -> Any:  # noqa: ANN401
    """A symbolic tensor of Keras for a tensor of the current graph."""
    import keras
    import tensorflow as tf

    if not isinstance(output, tf.Tensor):
        return output
    described = keras.KerasTensor(output.shape.as_list(), output.dtype.name)
    if output.dtype in (tf.int32, tf.int64) and output.shape.rank in (0, 1):
        extents = _extents(output)
        if extents is not None:
            setattr(described, _EXTENTS, extents)
    return described


def _extents(tensor: Any) -> list[int | None] | None:  # noqa: ANN401
    """The numbers that a tensor of the current graph holds, None for those that are not known."""
    import tensorflow as tf

    if tensor.shape.rank == 0:
        number = tf.get_static_value(tensor)
        return None if number is None or number < 0 else [int(number)]
    try:
        shape = tf.fill(tensor, 0.0).shape  # TensorFlow tells shapes, but no other partial values
    except ValueError:  # what it holds is no shape
        return None
    return None if shape.rank is None else list(shape.as_list())


def kind_of(layer: Any) -> str:  # noqa: ANN401
    """Name the class of a layer; for one of our own, that of the layer it replaces."""
    ours = (*our_layers().values(), *retired_layers().values())
    stands_in = isinstance(layer, ours)
    return str(layer.kind if stands_in else type(layer).__name__)
