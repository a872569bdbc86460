"""Graphs of one operator each, called on tensors and with settings of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from rf_viz.readers.onnx.node import OPERATORS as ONNX_OPERATORS
from rf_viz.readers.tensorflow.node import OPERATORS as TF_OPERATORS
from tests.fuzz.values import FLOATS

_EXTENTS = (0, 1, 2, 3, 4, 5, 7, 8)
_RANKS = (0, 1, 1, 2, 2, 3, 4, 4, 5, 6)
_NUMBERS = (0, 1, 1, 2, 3, 4, 5, -1, -2)
_INTEGERS = (*_NUMBERS, 10**6, 2**40)
_WORDS = (
    *("SAME_UPPER", "SAME", "VALID", "NOTSET", "NHWC", "NCHW", "linear", "bilinear", "nearest"),
    *("cubic", "ij,jk->ik", "ab,bc->ac", "bij->bji", "forward", "reverse", "bidirectional"),
    *("constant", "REFLECT", "SYMMETRIC", "x", ""),
)


def _shape(rng: Random, ranks: Sequence[int] = _RANKS) -> tuple[int, ...]:
    return tuple(rng.choice(_EXTENTS) for _ in range(rng.choice(ranks)))


def _array(rng: Random) -> NDArray[Any]:
    """Small numbers, as shapes, axes and indices are; all alike at times."""
    shape = _shape(rng, (0, 1, 1, 1, 2, 2, 3, 4))
    if rng.random() < 0.4:
        return np.full(shape, rng.choice(_NUMBERS))
    return np.array([rng.choice(_NUMBERS) for _ in range(np.prod(shape, dtype=int))]).reshape(shape)


def _list(rng: Random, values: Sequence[Any]) -> list[Any]:
    return [rng.choice(values) for _ in range(rng.choice((0, 1, 2, 2, 2, 3, 4, 4, 5, 6, 8)))]


# ---- ONNX

_OPSETS = {"": (1, 6, 7, 9, 10, 11, 12, 13, 14, 16, 18, 20, 21, 22, 23), "ai.onnx.ml": (1, 2, 3, 5)}
"""The versions of domains that calls are of, where it makes a difference."""

_KINDS = (
    *(TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL),
    *(TensorProto.UINT8, TensorProto.INT8, TensorProto.DOUBLE, TensorProto.STRING),
)


@cache
def _settings_of_others() -> list[str]:
    """The names of all attributes in the standard, for operators that are not in it."""
    return sorted({name for schema in onnx.defs.get_all_schemas() for name in schema.attributes})


def onnx_call(_: bytes, rng: Random) -> bytes:
    """A model of one operator of the table, with inputs that are traced, beside it or constant."""
    domain, op = rng.choice(sorted(ONNX_OPERATORS))
    opset = rng.choice(_OPSETS.get(domain, (1,)))
    has = onnx.defs.has(op, opset, domain)
    schema = onnx.defs.get_schema(op, opset, domain) if has else None
    least, most = (schema.min_input, schema.max_input) if schema else (1, 8)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, _shape(rng, (1, 2, 3, 4, 5)))]
    constants: list[TensorProto] = []
    names: list[str] = []
    for i in range(rng.randint(min(least, 9), max(min(least, 9), min(most, 9)))):
        takes = schema.inputs[min(i, len(schema.inputs) - 1)].types if schema else ()
        usual = TensorProto.FLOAT if "tensor(float)" in takes else TensorProto.INT64
        kind = rng.choice(_KINDS) if rng.random() < 0.2 else usual
        chance = rng.random()
        if chance < 0.05:
            names.append("")
        elif chance < (0.25 if i else 0.6):
            names.append("x")
        elif chance < 0.6:
            inputs.append(helper.make_tensor_value_info(f"beside{i}", kind, _shape(rng)))
            names.append(f"beside{i}")
        else:
            constants.append(_onnx_constant(f"constant{i}", kind, rng))
            names.append(f"constant{i}")
    outputs = [f"y{i}" for i in range(rng.randint(1, min(schema.max_output, 3) if schema else 3))]
    node = helper.make_node(op, names, outputs, "node", domain=domain)
    node.attribute.extend(_onnx_attributes(schema, rng))
    result = helper.make_tensor_value_info("y0", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "graph", inputs, [result], constants)
    versions = {"": 17, domain: opset}
    opsets = [helper.make_opsetid(name, version) for name, version in versions.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _onnx_constant(name: str, kind: int, rng: Random) -> TensorProto:
    array = _array(rng)
    if kind == TensorProto.STRING:
        return helper.make_tensor(name, kind, array.shape, [b"x"] * array.size)
    return numpy_helper.from_array(array.astype(helper.tensor_dtype_to_np_dtype(kind)), name)


def _onnx_attributes(schema: Any, rng: Random) -> list[AttributeProto]:  # noqa: ANN401
    """Some of the attributes that an operator has, now and then of a type that it does not take."""
    others = (1, 2, 2, 3, 6, 7, 7)
    if schema is None:
        return [
            _onnx_attribute(name, rng.choice(others), rng)
            for name in rng.sample(_settings_of_others(), 8)
        ]
    attributes = []
    for name, attribute in schema.attributes.items():
        if rng.random() > (0.05 if attribute.required else 0.6):
            kind = rng.choice(others) if rng.random() < 0.03 else int(attribute.type.value)
            attributes.append(_onnx_attribute(name, kind, rng))
    return attributes


def _onnx_attribute(name: str, kind: int, rng: Random) -> AttributeProto:
    attribute = AttributeProto(name=name, type=kind)  # type: ignore[arg-type]
    match kind:
        case AttributeProto.INT:
            attribute.i = rng.choice(_INTEGERS)
        case AttributeProto.FLOAT:
            attribute.f = rng.choice([f for f in FLOATS if not 1e38 < abs(f) < float("inf")])
        case AttributeProto.STRING:
            attribute.s = rng.choice(_WORDS).encode()
        case AttributeProto.INTS:
            attribute.ints.extend(_list(rng, _NUMBERS))
        case AttributeProto.FLOATS:
            attribute.floats.extend(_list(rng, (0.5, 1, 2, -1)))
        case AttributeProto.STRINGS:
            attribute.strings.extend(_list(rng, (b"a", b"b")))
        case AttributeProto.TENSOR:
            attribute.t.CopyFrom(_onnx_constant("value", rng.choice(_KINDS), rng))
        case AttributeProto.GRAPH:
            attribute.g.CopyFrom(_onnx_body(rng))
    return attribute


def _onnx_body(rng: Random) -> onnx.GraphProto:
    """A branch or the body of a loop, which may use the tensor x around it."""
    names = ["turn", "on", "state"][: rng.randint(0, 3)]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    results = ["same", "more", "other"][: rng.randint(0, 3)]
    nodes = [
        helper.make_node(rng.choice(("Identity", "Relu")), [rng.choice([*names, "x"])], [result])
        for result in results
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results]
    return helper.make_graph(nodes, "body", inputs, outputs)


# ---- TensorFlow

_TF_TYPES = {1: np.float32, 3: np.int32, 4: np.uint8, 7: object, 8: np.complex64, 9: np.int64,
             10: np.bool_}  # fmt: skip
"""Types of tensors, by TensorFlow's numbers."""


def tf_call(_: bytes, rng: Random) -> bytes:
    """A frozen graph of one operator of the table, as ``onnx_call``."""
    from tensorflow.core.framework.graph_pb2 import GraphDef
    from tensorflow.python.framework import op_def_registry

    op = rng.choice([name for name in sorted(TF_OPERATORS) if op_def_registry.get(name)])
    definition = op_def_registry.get(op)
    graph = GraphDef()
    graph.versions.producer = 1000
    _tf_placeholder(graph, "x", 1, _shape(rng, (2, 3, 4, 4, 5)))
    attributes = {a.name: _tf_attribute(a, rng) for a in definition.attr}
    names: list[str] = []
    for argument in definition.input_arg:
        for kind in _tf_kinds(argument, attributes, rng):
            name, chance = f"input{len(names)}", rng.random()
            if chance < 0.03:
                continue
            if chance < (0.25 if names else 0.5) or kind not in _TF_TYPES:
                name = "x"
            elif chance < 0.5:
                _tf_placeholder(graph, name, kind, _shape(rng))
            else:
                _tf_constant(graph, name, kind, rng)
            names.append(name)
    node = graph.node.add(name="y", op=op, input=names)
    for name, value in attributes.items():
        node.attr[name].CopyFrom(value)
    data: bytes = graph.SerializeToString(deterministic=True)
    return data


def _tf_kinds(argument: Any, attributes: Any, rng: Random) -> list[int]:  # noqa: ANN401
    """The types of the tensors that one argument of an operator takes."""
    if argument.type_list_attr:
        return list(attributes[argument.type_list_attr].list.type)
    kind = attributes[argument.type_attr].type if argument.type_attr else argument.type
    if not argument.number_attr:
        return [kind]
    count = attributes[argument.number_attr]
    if not 0 <= count.i <= 4:
        count.i = rng.choice((0, 1, 2))
    return [kind] * count.i


def _tf_placeholder(graph: Any, name: str, kind: int, shape: Sequence[int]) -> None:  # noqa: ANN401
    node = graph.node.add(name=name, op="Placeholder")
    node.attr["dtype"].type = kind
    node.attr["shape"].shape.SetInParent()
    for extent in shape:
        node.attr["shape"].shape.dim.add().size = extent


def _tf_constant(graph: Any, name: str, kind: int, rng: Random) -> None:  # noqa: ANN401
    from tensorflow import make_tensor_proto

    array = _array(rng)
    array = np.full(array.shape, b"x", object) if kind == 7 else array.astype(_TF_TYPES[kind])
    node = graph.node.add(name=name, op="Const")
    node.attr["dtype"].type = kind
    node.attr["value"].tensor.CopyFrom(make_tensor_proto(array, dtype=kind))


def _tf_attribute(definition: Any, rng: Random) -> Any:  # noqa: ANN401
    """A value of an attribute: often its default, now and then of a type that it does not have."""
    from tensorflow.core.framework.attr_value_pb2 import AttrValue

    value = AttrValue()
    if definition.HasField("default_value") and rng.random() < 0.6:
        value.CopyFrom(definition.default_value)
        return value
    types = sorted(_TF_TYPES)
    kind = "int" if rng.random() < 0.03 else definition.type
    one, _, many = kind.rstrip(")").partition("(")
    match one, many:
        case "type", _:
            value.type = rng.choice([1, 1, 1, 3, 3, *types])
        case "int", _:
            value.i = rng.choice(_INTEGERS)
        case "float", _:
            value.f = rng.choice((0, 1, -1, 0.5, float("nan"), float("inf")))
        case "bool", _:
            value.b = rng.random() < 0.5
        case "string", _:
            value.s = rng.choice([*definition.allowed_values.list.s, *map(str.encode, _WORDS)])
        case "shape", _:
            value.shape.SetInParent()
            for extent in _shape(rng):
                value.shape.dim.add().size = rng.choice((extent, extent, -1))
        case "func", _:
            value.func.name = "function"
        case "list", "int":
            value.list.i.extend(_list(rng, _NUMBERS))
        case "list", "type":
            value.list.type.extend(_list(rng, types)[:3])
        case "list", "float":
            value.list.f.extend(_list(rng, (0.5, 1, -1)))
        case "list", "string":
            value.list.s.extend(_list(rng, (b"a", b"b")))
        case _:
            value.list.SetInParent()
    return value


# ---- TFLite

_SHARED_OPTIONS = {
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), "pool2d"),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN"), "reducer"),
    **dict.fromkeys(("UNIDIRECTIONAL_SEQUENCE_RNN",), "sequencernn"),
}
"""The tables of options of operators that do not have the operator's own name."""


def tflite_call(_: bytes, rng: Random) -> bytes:
    """A file of one operator of the table, as ``onnx_call``."""
    from rf_viz.readers.tflite.ops import OPERATORS
    from tests.oracles.tflite_oracle import Op, build

    op = rng.choice(sorted(OPERATORS))
    inputs = {"x": np.zeros(_shape(rng, (1, 2, 3, 4, 4, 5)), np.float32)}
    constants: dict[str, NDArray[Any]] = {}
    names: list[str] = []
    for i in range(rng.choice((1, 2, 2, 3, 3, 4, 5, 9, 20))):
        kind, chance = rng.choice((np.float32, np.int32, np.int32, np.int64)), rng.random()
        if chance < 0.05:
            names.append("")
        elif chance < (0.25 if i else 0.6):
            names.append("x")
        elif chance < 0.6:
            inputs[f"beside{i}"] = np.zeros(_shape(rng), kind)
            names.append(f"beside{i}")
        else:
            constants[f"constant{i}"] = _array(rng).astype(kind)
            names.append(f"constant{i}")
    outputs = [f"y{i}" for i in range(rng.choice((1, 1, 1, 2, 3)))]
    shapes = {name: _shape(rng) for name in outputs if rng.random() < 0.5}
    call = Op(op, names, outputs, _tflite_options(op, rng))
    return build([call], inputs, constants, shapes=shapes)


def _tflite_options(op: str, rng: Random) -> Any:  # noqa: ANN401
    import ai_edge_litert.schema_py_generated as schema

    own = _SHARED_OPTIONS.get(op, op.replace("_", "").lower())
    kinds = {name.lower(): name for name in dir(schema) if name.endswith("OptionsT")}
    if own.startswith("stablehlo") or f"{own}optionst" not in kinds or rng.random() < 0.1:
        return None
    table = getattr(schema, kinds[f"{own}optionst"])()
    for name, default in vars(table).items():
        if isinstance(default, bool):
            setattr(table, name, rng.random() < 0.5)
        elif isinstance(default, int) and rng.random() < 0.7:
            setattr(table, name, rng.choice((0, 1, 1, 2, 3, 100)))
        elif default is None and rng.random() < 0.7:  # a list
            setattr(table, name, np.array(_list(rng, _NUMBERS), np.int32))
    return table
