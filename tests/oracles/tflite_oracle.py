"""Small TFLite files, and what really depends on what in them: found by running them with LiteRT.

Files are packed by the schema's own module, one input element is changed at a time (see
``tests.truth``), and LiteRT runs in this process, apart from RF-Viz's own runtime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ai_edge_litert.schema_py_generated as schema
import flatbuffers
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

import rf_viz
from tests.oracles.truth import (
    BIG,
    Run,
    assert_traced,
    changes,
    generic,
)


class Op(NamedTuple):
    """An operator of the schema, or a custom one, on named tensors; "" leaves an input out."""

    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    options: Any = None
    custom: bytes | None = None


def build(
    ops: Sequence[Op],
    inputs: Mapping[str, NDArray[Any]],
    constants: Mapping[str, NDArray[Any]] | None = None,
    *,
    types: Mapping[str, str] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    signatures: Mapping[str, Sequence[int]] | None = None,
    outputs: Sequence[str] | None = None,
    quantised: Mapping[str, tuple[float, int]] | None = None,
    variables: Mapping[str, Sequence[int]] | None = None,
) -> bytes:
    """A file. Inputs are of the shapes and types of these arrays; all that is computed comes out.

    ``types`` are those of computed tensors (default: float32), ``shapes`` those that the file
    tells of them, ``signatures`` input shapes with -1, ``quantised`` scales and zero points by
    tensor, ``variables`` the shapes of states that operators keep.
    """
    model = schema.ModelT()
    model.version, model.buffers, model.operatorCodes = 3, [schema.BufferT()], []
    graph = subgraph(
        model, ops, inputs, constants or {}, types or {}, shapes or {}, outputs, variables
    )
    for tensor in graph.tensors:
        name = tensor.name.decode()
        tensor.shapeSignature = (signatures or {}).get(name)
        if name in (quantised or {}):
            scale, zero = (quantised or {})[name]
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.array([scale], np.float32)
            tensor.quantization.zeroPoint = np.array([zero], np.int64)
    model.subgraphs = [graph]
    return packed(model)


def packed(model: Any) -> bytes:  # noqa: ANN401
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def subgraph(
    model: Any,  # noqa: ANN401
    ops: Sequence[Op],
    inputs: Mapping[str, NDArray[Any]],
    constants: Mapping[str, NDArray[Any]],
    types: Mapping[str, str],
    shapes: Mapping[str, Sequence[int]],
    outputs: Sequence[str] | None = None,
    variables: Mapping[str, Sequence[int]] | None = None,
) -> Any:  # noqa: ANN401
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    numbers: dict[str, int] = {"": -1}

    def add(name: str, dtype: str, shape: Sequence[int], data: NDArray[Any] | None = None) -> None:
        tensor = schema.TensorT()
        tensor.name, tensor.shape = name.encode(), np.array(shape, np.int32)
        tensor.type = getattr(schema.TensorType, dtype.upper())
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            tensor.buffer = len(model.buffers)
            model.buffers.append(buffer)
        numbers[name] = len(graph.tensors)
        graph.tensors.append(tensor)

    for name, array in inputs.items():
        add(name, array.dtype.name, array.shape)
    for name, array in constants.items():
        add(name, array.dtype.name, array.shape, array)
    for name, shape in (variables or {}).items():
        add(name, "float32", shape)
        graph.tensors[-1].isVariable = True
    computed = [name for op in ops for name in op.outputs]
    for name in computed:
        add(name, types.get(name, "float32"), shapes.get(name, ()))
    for op in ops:
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        number = getattr(schema.BuiltinOperator, op.name, schema.BuiltinOperator.CUSTOM)
        code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
        code.version = _VERSIONS.get(op.name, 1)
        if number == schema.BuiltinOperator.CUSTOM:
            code.customCode = op.name.encode()
            operator.customOptions = np.frombuffer(op.custom or b"", np.uint8)
        operator.opcodeIndex = len(model.operatorCodes)
        model.operatorCodes.append(code)
        operator.inputs = np.array([numbers[n] for n in op.inputs], np.int32)
        operator.outputs = np.array([numbers[n] for n in op.outputs], np.int32)
        if op.options is not None:
            kind = type(op.options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = op.options
        graph.operators.append(operator)
    graph.inputs = np.array([numbers[n] for n in inputs], np.int32)
    graph.outputs = np.array([numbers[n] for n in outputs or computed], np.int32)
    return graph


_VERSIONS = {"BROADCAST_TO": 2, "RESIZE_BILINEAR": 3, "RESIZE_NEAREST_NEIGHBOR": 3, "GATHER": 5}
"""Operators that LiteRT has from a later version on, or that heed their options only then."""


def options(kind: str, **values: object) -> Any:  # noqa: ANN401
    """A table of options of the schema, its defaults changed."""
    table = getattr(schema, f"{kind}OptionsT")()
    for name, value in values.items():
        assert hasattr(table, name), f"{kind} has no option {name}"
        setattr(table, name, value)
    return table


def single(
    op: str,
    x: NDArray[Any],
    *rest: NDArray[Any] | None,
    options: Any = None,  # noqa: ANN401
    types: Sequence[str] = ("float32",),
    before: int = 0,
    **more: Any,  # noqa: ANN401
) -> bytes:
    """A file of one operator, whose input ``x`` has the shape and type of that array.

    ``rest`` are its other inputs: an array is a constant, None is left out. Its outputs are ``y``,
    ``y1``, ... of these ``types``. ``before`` of the constants come in front of ``x``.
    """
    names = ["" if a is None else f"c{i}" for i, a in enumerate(rest)]
    outputs = ["y", *(f"y{i}" for i in range(1, len(types)))]
    constants = {n: a for n, a in zip(names, rest, strict=True) if a is not None}
    operator = Op(op, [*names[:before], "x", *names[before:]], outputs, options)
    by_name = dict(zip(outputs, types, strict=True))
    return build([operator], {"x": x}, constants, types=by_name, **more)


def runner(data: bytes) -> Run:
    """A function from feeds to a dict of all the file's outputs, as they are stored."""
    interpreter = Interpreter(
        model_content=data,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    inputs = {d["name"]: d["index"] for d in interpreter.get_input_details()}
    interpreter.allocate_tensors()

    def run(feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        for name, value in feeds.items():
            interpreter.set_tensor(inputs[name], value)
        interpreter.reset_all_variables()
        interpreter.invoke()
        details = interpreter.get_output_details()
        return {d["name"]: np.asarray(interpreter.get_tensor(d["index"])) for d in details}

    return run


def assert_agrees(
    data: bytes,
    *,
    feeds: Mapping[str, NDArray[Any]] | None = None,
    source: str = "x",
    nudges: Sequence[float] = BIG,
    tolerance: float = 0,
    exact: bool = True,
) -> rf_viz.Network:
    """Trace over all axes of the input, and compare every element of every output.

    Shapes, masks and regions must be just what running the file shows; with ``exact=False``
    masks may hold more than that (an assumed dependence), never less. Returns the network.
    """
    model = rf_viz.load(data)
    if feeds is None:
        feeds = {
            source.name: generic([n or 1 for n in source.shape], seed).astype(source.dtype)
            for seed, source in enumerate(model.inputs)
        }
    truth = changes(runner(data), feeds, source, nudges=nudges, tolerance=tolerance)
    rank = feeds[source].ndim
    net = model.trace(
        input=source,
        input_shape={name: a.shape for name, a in feeds.items()},
        spatial_axes=range(rank),
    )
    assert_traced(net, truth, rank, exact=exact)
    return net
