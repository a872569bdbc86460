"""The twin of an ONNX model (see ``runtimes.Twin``), run by ONNX Runtime.

Fed with 1 at some pixels and 0 elsewhere, it is 1 wherever these pixels reach. An operator
without a rule here cannot be kept: what lies behind it is ``lost``, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .inner import uses
from .runtime import OnnxRuntime
from .twin_masks import Masks, NoTwinError

_Attribute = int | float | str | Sequence[int] | TensorProto

_OLDEST = 9
"""The opset that the twin needs at least; from 7 to 9 only Upsample changed its inputs."""


_SHAPE_ONLY = ("EyeLike", "RandomNormalLike", "RandomUniformLike", "Shape", "Size")
"""Operators that ask their input for its shape only, so that no signal goes through."""


class OnnxTwin:
    """The twin of a model for signals that come in at the input ``source``.

    ``shapes`` are those of all inputs and of the tensors that depend on the source. With
    ``weight_aware`` kernel positions whose weights are all zero stay zero. ``folder`` is where
    external weights lie, ``feeds`` are the values of side inputs. The source may be any tensor of
    the main graph. Signals go no further than the tensors ``stop``.
    """

    def __init__(
        self,
        proto: onnx.ModelProto,
        source: str,
        shapes: Mapping[str, Sequence[int]],
        weight_aware: bool = False,
        folder: str | Path | None = None,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> None:
        self._source, self._shapes, self._feeds = source, shapes, feeds or {}
        graph = _Graph(_opset(proto), dict(shapes), weight_aware)
        graph.masks = Masks(graph, proto.graph)
        self.lost: Mapping[str, str] = graph.lost
        top = {name for node in proto.graph.node for name in node.output}
        top |= {declared.name for declared in proto.graph.input}
        inside = "it is inside a branch or loop, which the twin does not follow"
        graph.lost.update((name, inside) for name in shapes if name not in top)
        self._runtime = OnnxRuntime(_rewritten(proto, source, frozenset(stop), graph), folder)

    def reached(self, signal: NDArray[np.bool_], name: str) -> NDArray[np.bool_]:
        """Mark the elements that a signal reaches, as ``Twin.reached`` does."""
        feeds = {**self._feeds, self._source: signal}
        values = self._runtime.activations(feeds, [name], self._shapes)
        return np.not_equal(values[name], 0)


def _rewritten(
    proto: onnx.ModelProto, source: str, stop: frozenset[str], graph: _Graph
) -> onnx.ModelProto:
    """The twin's model. Tensors keep their names; the source is float32, and an input."""
    graph.signals.add(source)
    severed: dict[str, str] = {}
    for node in proto.graph.node:
        if not severed.keys().isdisjoint(node.input) or source in node.output:
            node = _renamed(node, severed, {source: f"unused/{source}"})
        _rewrite(graph, node)
        for name in stop.intersection(node.output) & graph.shapes.keys():
            severed[name] = graph.constant(np.zeros(graph.shapes[name], np.float32))
            graph.shapes[severed[name]] = graph.shapes[name]
            graph.signals.add(severed[name])
    model = onnx.ModelProto()
    model.CopyFrom(proto)
    del model.graph.node[:]
    model.graph.node.extend(graph.nodes)
    model.graph.initializer.extend(graph.constants)
    for declared in model.graph.input:
        if declared.name == source:
            declared.type.tensor_type.elem_type = TensorProto.FLOAT
    if all(declared.name != source for declared in model.graph.input):
        declared = model.graph.input.add(name=source)
        declared.type.tensor_type.elem_type = TensorProto.FLOAT
    for domain in model.opset_import:
        if domain.domain in ("", "ai.onnx"):
            domain.version = graph.opset
    return model


def _renamed(
    node: onnx.NodeProto, inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> onnx.NodeProto:
    """A node that reads and makes tensors of other names."""
    renamed = onnx.NodeProto()
    renamed.CopyFrom(node)
    renamed.input[:] = [inputs.get(name, name) for name in node.input]
    renamed.output[:] = [outputs.get(name, name) for name in node.output]
    return renamed


def _opset(proto: onnx.ModelProto) -> int:
    versions = [int(o.version) for o in proto.opset_import if o.domain in ("", "ai.onnx")]
    return max([_OLDEST, *versions])


def _rewrite(graph: _Graph, node: onnx.NodeProto) -> None:
    used = list(uses(node))
    reason = next((graph.lost[name] for name in used if name in graph.lost), "")
    if not reason and (graph.signals.isdisjoint(used) or node.op_type in _SHAPE_ONLY):
        graph.nodes.append(node)
        return
    if not reason:
        try:
            _follow(graph, node)
            return
        except NoTwinError as error:
            reason = f"{node.op_type} {node.name or node.output[0]}{error}"
    graph.lost.update((name, reason) for name in node.output)


def _follow(graph: _Graph, node: onnx.NodeProto) -> None:
    rule = RULES.get((node.domain if node.domain != "ai.onnx" else "", node.op_type))
    if rule is None:
        raise NoTwinError(" is an operator that the twin does not know")
    raw = rule.make(graph, node)
    reaching_all = [
        _single(graph, i, name)
        for i, name in enumerate(node.input)
        if name in graph.signals and rule.data is not None and i not in rule.data
    ]
    for name, value in zip(node.output, raw, strict=False):
        if not name:
            continue
        if rule.clean and not reaching_all:
            graph.add("Identity", value, out=name)
        else:
            zero = graph.constant(np.float32(0))
            graph.cast(graph.add("Greater", graph.total([value, *reaching_all]), zero), out=name)
        graph.signals.add(name)
    for name in node.output[len(raw) :]:
        graph.lost[name] = f"{node.op_type} {node.name}: the twin has only its first output"


def _single(graph: _Graph, i: int, name: str) -> str:
    """A parameter that comes from the image: one number, such as a scale, reaches everything."""
    if np.prod(graph.shape(name)) != 1:
        raise NoTwinError(f" takes its input {i} from the image")
    return graph.add("Reshape", name, graph.constant(np.zeros(0, np.int64)))


@dataclass
class _Graph:
    """The twin's nodes as they are made."""

    opset: int
    shapes: dict[str, Sequence[int]]
    weight_aware: bool
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    signals: set[str] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)
    masks: Masks = field(init=False)

    def shape(self, name: str) -> tuple[int, ...]:
        """The traced shape of a tensor. Raises NoTwinError where it has none."""
        if name not in self.shapes:
            raise NoTwinError(f" has no traced shape for {name}")
        return tuple(self.shapes[name])

    def new(self) -> str:
        """A name that no tensor has yet."""
        return f"twin/{len(self.nodes) + len(self.constants)}"

    def constant(self, value: NDArray[Any] | np.generic) -> str:
        """Add a constant; returns its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(value), self.new()))
        return self.constants[-1].name

    def add(
        self,
        op: str,
        *inputs: str,
        out: str = "",
        like: onnx.NodeProto | None = None,
        **attributes: _Attribute | None,
    ) -> str:
        """Add a node; returns the name of its output.

        It has the attributes of ``like`` besides its own; those that are None are left out.
        """
        out = out or self.new()
        node = onnx.NodeProto(op_type=op, input=inputs, output=[out])
        if like is not None:
            node.attribute.extend(a for a in like.attribute if a.name not in attributes)
        for name, value in attributes.items():
            if value is not None:
                node.attribute.append(helper.make_attribute(name, value))
        self.nodes.append(node)
        return out

    def outputs(self, node: onnx.NodeProto, first: str) -> list[str]:
        """Add a node with another first input; returns the names of its outputs."""
        outputs = [f"{self.new()}/{i}" for i in range(len(node.output))]
        copy = onnx.NodeProto(op_type=node.op_type, input=[first, *node.input[1:]], output=outputs)
        copy.attribute.extend(node.attribute)
        self.nodes.append(copy)
        return outputs

    def cast(self, name: str, out: str = "") -> str:
        """Add a cast to float32; returns the name of its output."""
        return self.add("Cast", name, to=TensorProto.FLOAT, out=out)

    def filled(self, name: str, value: float) -> str:
        """Add a tensor of one value in the shape of another; returns its name."""
        fill = numpy_helper.from_array(np.array([value], np.float32))
        return self.add("ConstantOfShape", self.add("Shape", name), value=fill)

    def total(self, names: Sequence[str]) -> str:
        """Add the sum of some tensors, broadcast; returns its name."""
        first, *rest = names
        for name in rest:
            first = self.add("Add", first, name)
        return first

    def expand(self, name: str, shape: Sequence[int]) -> str:
        """Add a tensor broadcast to a shape; returns its name."""
        return self.add("Expand", name, self.constant(np.array(shape, np.int64)))

    def reduce(self, name: str, axes: Sequence[int], *, keep: bool = True) -> str:
        """Add the largest value over some axes; returns its name."""
        if self.opset >= 18:
            where = self.constant(np.array(axes, np.int64))
            return self.add("ReduceMax", name, where, keepdims=int(keep))
        return self.add("ReduceMax", name, axes=list(axes), keepdims=int(keep))

    def mixed(self, name: str, axes: Sequence[int]) -> str:
        """Add a tensor mixed all to all along these axes; returns its name."""
        return self.add("Add", name, self.reduce(name, axes)) if axes else name


_Make = Callable[[_Graph, onnx.NodeProto], list[str]]


class _Rule(NamedTuple):
    """A rule for an operator; ``make`` returns its outputs, positive where a signal arrives.

    ``data`` are the inputs that a signal may come from (None: all of them). ``clean`` says that
    elements only move, so that they are still 0 or 1.
    """

    make: _Make
    data: tuple[int, ...] | None
    clean: bool


RULES: dict[tuple[str, str], _Rule] = {}
"""The table of rules, by domain and name. It shares no code with the reader's table, so that the
twin can prove what that says."""


def _rule(
    *ops: str, data: tuple[int, ...] | None = (0,), clean: bool = False, domain: str = ""
) -> Callable[[_Make], _Make]:
    def enter(make: _Make) -> _Make:
        for op in ops:
            RULES[domain, op] = _Rule(make, data, clean)
        return make

    return enter


def _int(node: onnx.NodeProto, name: str, default: int = 0) -> int:
    return next((int(a.i) for a in node.attribute if a.name == name), default)


def _text(node: onnx.NodeProto, name: str, default: str) -> str:
    return next((a.s.decode() for a in node.attribute if a.name == name), default)


def _input(node: onnx.NodeProto, i: int) -> str:
    return node.input[i] if i < len(node.input) else ""


@_rule("Clip", "Cast", "CastLike", "Dropout", "Identity", "DequantizeLinear", "QuantizeLinear",
       "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Bernoulli", "BitCast",
       "BitwiseNot",
       "Ceil", "Celu", "Cos", "Cosh", "Elu", "Erf", "Floor", "Gelu", "HardSigmoid",
       "HardSwish", "IsInf", "IsNaN", "LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal",
       "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus",
       "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu", clean=True)  # fmt: skip
@_rule("QuickGelu", "QLinearSigmoid", "QLinearLeakyRelu", "DequantizeLinear", "QuantizeLinear",
       "Gelu", domain="com.microsoft", clean=True)  # fmt: skip
@_rule("Binarizer", "CategoryMapper", "Imputer", "LabelEncoder", "Scaler", domain="ai.onnx.ml",
       clean=True)  # fmt: skip
def _pass(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [node.input[0]] * len(node.output)


@_rule("BatchNormalization", clean=True)
def _batch_norm(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    if _int(node, "training_mode", 0) or len(node.output) > 1:
        raise NoTwinError(" computes its statistics from the image")
    return [node.input[0]]


@_rule("Exp", clean=True)
def _exponential(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_hidden(graph, node.input[0], graph.masks.exponential(node))]


def _hidden(graph: _Graph, name: str, *masks: str | None) -> str:
    """A signal, without the elements that any of the masks hides."""
    for mask in masks:
        if mask is not None:
            name = graph.add("Mul", name, mask)
    return name


@_rule("Mul", "And", data=None)
def _masked_product(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    masks = [
        graph.masks.kept(name) if name in graph.signals else graph.masks.factor(name)
        for name in node.input
    ]
    return [_hidden(graph, _joined(graph, node, node.input), *masks)]


@_rule("Div", data=None)
def _quotient(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_hidden(graph, _joined(graph, node, node.input), graph.masks.kept(node.input[0]))]


@_rule("Where", data=None)
def _choice(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    condition, *sides = node.input
    if condition in graph.signals:
        return [_joined(graph, node, node.input)]
    chosen = graph.cast(condition)
    other = graph.cast(graph.add("Not", condition))
    parts = [
        graph.add("Mul", name, kept)
        for name, kept in zip(sides, (chosen, other), strict=True)
        if name in graph.signals
    ]
    return [graph.expand(graph.total(parts), graph.shape(node.output[0]))]


@_rule("Add", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal",
       "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod",
       "Or", "PRelu", "Pow", "Sub", "Sum", "SwiGLU", "Xor", data=None)  # fmt: skip
@_rule("BiasAdd", "BiasGelu", "FastGelu", "GatedAdd", domain="com.microsoft", data=None)
def _join(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_joined(graph, node, node.input)]


@_rule("QLinearAdd", "QLinearMul", domain="com.microsoft", data=(0, 3))
def _quantised_join(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_joined(graph, node, (node.input[0], node.input[3]))]


@_rule("QLinearWhere", domain="com.microsoft", data=(0, 1, 4))
def _quantised_choice(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_joined(graph, node, [node.input[i] for i in (0, 1, 4)])]


def _joined(graph: _Graph, node: onnx.NodeProto, inputs: Sequence[str]) -> str:
    signals = [name for name in inputs if name in graph.signals]
    after = graph.shape(node.output[0])
    value = graph.total(signals)
    whole = np.broadcast_shapes(*(graph.shape(name) for name in signals))
    return value if whole == after else graph.expand(value, after)


@_rule("Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Gather", "GatherND",
       "GatherElements", "Tile", "Expand", "DepthToSpace", "SpaceToDepth", "ReverseSequence",
       "Compress", "Trilu", "CenterCropPad", clean=True)  # fmt: skip
def _move(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [graph.add(node.op_type, *node.input, like=node)]


@_rule("Split", clean=True)
def _split(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return graph.outputs(node, node.input[0])


@_rule("Concat", data=None, clean=True)
def _concat(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_concatenated(graph, node, node.input)]


@_rule("QLinearConcat", domain="com.microsoft", data=None, clean=True)
def _quantised_concat(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_concatenated(graph, node, node.input[2::3])]


def _concatenated(graph: _Graph, node: onnx.NodeProto, inputs: Sequence[str]) -> str:
    parts = [name if name in graph.signals else graph.filled(name, 0) for name in inputs]
    return graph.add("Concat", *parts, like=node)


@_rule("Pad", clean=True)
def _pad(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    if graph.opset < 11:
        return [graph.add("Pad", *node.input, value=None, like=node)]
    inputs = list(node.input)
    if len(inputs) > 2:
        inputs[2] = ""
    return [graph.add("Pad", *inputs, like=node)]


@_rule("ScatterElements", "ScatterND", "Scatter", data=(0, 2))
def _scatter(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    data, where, updates = (
        name if i == 1 or name in graph.signals else graph.filled(name, 0)
        for i, name in enumerate(node.input)
    )
    reduction = _text(node, "reduction", "none")
    changed = {} if reduction == "none" else {"reduction": "add"}
    return [graph.add(node.op_type, data, where, updates, **changed, like=node)]


@_rule("MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool",
       "ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare",
       "CumSum", "Col2Im")  # fmt: skip
def _positive(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    """Operators whose result is positive for any positive input already."""
    return [graph.add(node.op_type, *node.input, like=node)] * len(node.output)


@_rule("ReduceMax")
def _largest(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    """The largest along an axis is none of those that a mask hides."""
    name, rank = node.input[0], len(graph.shape(node.input[0]))
    axes = [axis for a in node.attribute if a.name == "axes" for axis in a.ints]
    if _input(node, 1):
        axes = [*graph.masks.numbers(node.input[1])]
    mask = graph.masks.largest(name, axes[0] % rank) if len(axes) == 1 else None
    return [graph.add("ReduceMax", _hidden(graph, name, mask), *node.input[1:], like=node)]


@_rule("ReduceMin", "ReduceProd", "ReduceLogSum", "ReduceLogSumExp")
def _reduce(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [graph.add("ReduceMax", *node.input, like=node)]


@_rule("ArgMax", "ArgMin")
def _arg(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    axis = _int(node, "axis", 0)
    return [graph.reduce(node.input[0], [axis], keep=bool(_int(node, "keepdims", 1)))]


@_rule("QLinearAveragePool", "QLinearGlobalAveragePool", domain="com.microsoft")
def _quantised_pool(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    if _int(node, "channels_last", 0):
        raise NoTwinError(" keeps its channels last")
    op = node.op_type.removeprefix("QLinear")
    return [graph.add(op, node.input[0], channels_last=None, like=node)]


@_rule("Conv", "ConvTranspose", "ConvInteger")
def _convolution(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    op = "ConvTranspose" if node.op_type == "ConvTranspose" else "Conv"
    zero = _input(node, 3) if node.op_type == "ConvInteger" else ""
    return [graph.add(op, node.input[0], _kernel(graph, node.input[1], zero), like=node)]


@_rule("QLinearConv")
@_rule("QLinearConv", domain="com.microsoft")
def _quantised_convolution(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    if _int(node, "channels_last", 0):
        raise NoTwinError(" keeps its channels last")
    weights = _kernel(graph, node.input[3], node.input[5])
    return [graph.add("Conv", node.input[0], weights, channels_last=None, like=node)]


def _kernel(graph: _Graph, weights: str, zero_point: str) -> str:
    """Ones, but with exact zeros where a weight-aware walk does not count a position."""
    ones = graph.filled(weights, 1)
    if not graph.weight_aware:
        return ones
    if zero_point:
        scale = graph.filled(zero_point, 1)
        weights = graph.add("DequantizeLinear", weights, scale, zero_point, axis=0)
    largest = graph.reduce(graph.add("Abs", graph.cast(weights)), [0, 1])
    used = graph.add("Greater", largest, graph.constant(np.float32(0)))
    return graph.add("Mul", ones, graph.cast(used))


@_rule("MatMul", "MatMulInteger", data=(0, 1))
def _matmul(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_product(graph, node, "MatMul", node.input[:2])]


@_rule("QLinearMatMul", data=(0, 3))
def _quantised_matmul(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_product(graph, node, "MatMul", (node.input[0], node.input[3]))]


@_rule("Einsum", data=None)
def _einsum(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [_product(graph, node, "Einsum", node.input)]


@_rule("Gemm", data=(0, 1, 2))
def _gemm(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    parts = []
    if not graph.signals.isdisjoint(node.input[:2]):
        nothing = graph.constant(np.zeros(1, np.float32))
        bare = onnx.NodeProto(attribute=[a for a in node.attribute if a.name.startswith("trans")])
        parts.append(_product(graph, bare, "Gemm", node.input[:2], nothing))
    if _input(node, 2) in graph.signals:
        parts.append(graph.expand(node.input[2], graph.shape(node.output[0])))
    return [graph.total(parts)]


def _product(
    graph: _Graph, node: onnx.NodeProto, op: str, inputs: Sequence[str], *more: str
) -> str:
    """The signals' products with ones, each by itself, added up."""
    ones = [graph.masks.kept(name) or graph.filled(name, 1) for name in inputs]
    return graph.total(
        [
            graph.add(op, *ones[:i], name, *ones[i + 1 :], *more, like=node)
            for i, name in enumerate(inputs)
            if name in graph.signals
        ]
    )


@_rule("Softmax", "LogSoftmax", "Hardmax")
def _softmax(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    rank = len(graph.shape(node.input[0]))
    mask = graph.masks.softmax(node)
    if mask is not None:
        axis = _int(node, "axis", -1)
        left = graph.add("Mul", node.input[0], mask)
        if node.op_type == "LogSoftmax":
            return [graph.add("Add", node.input[0], graph.reduce(left, [axis]))]
        return [graph.add("Mul", graph.add("Add", left, graph.reduce(left, [axis])), mask)]
    if graph.opset >= 13:
        return [graph.mixed(node.input[0], [_int(node, "axis", -1)])]
    return [graph.mixed(node.input[0], range(_int(node, "axis", 1) % rank, rank))]


@_rule("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization")
def _layer_norm(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    rank = len(graph.shape(node.input[0]))
    axes = range(_int(node, "axis", -1) % rank, rank)
    statistics = graph.reduce(node.input[0], axes)
    return [graph.add("Add", node.input[0], statistics), statistics, statistics]


@_rule("SkipLayerNormalization", "SkipSimplifiedLayerNormalization", domain="com.microsoft",
       data=(0, 1))  # fmt: skip
def _skip_layer_norm(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    value = _joined(graph, node, node.input[:2])
    statistics = graph.reduce(value, [-1])
    return [graph.add("Add", value, statistics), statistics, statistics, value]


@_rule("InstanceNormalization")
def _instance_norm(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [graph.mixed(node.input[0], range(2, len(graph.shape(node.input[0]))))]


@_rule("MeanVarianceNormalization")
def _mean_variance(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    axes = next((list(a.ints) for a in node.attribute if a.name == "axes"), [0, 2, 3])
    return [graph.mixed(node.input[0], axes)]


@_rule("LpNormalization")
def _lp_norm(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [graph.mixed(node.input[0], [_int(node, "axis", -1)])]


@_rule("GroupNormalization")
def _group_norm(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    shape = graph.shape(node.input[0])
    groups = np.array([shape[0], _int(node, "num_groups"), -1], np.int64)
    grouped = graph.add("Reshape", node.input[0], graph.constant(groups))
    whole = graph.constant(np.array(shape, np.int64))
    return [graph.add("Reshape", graph.mixed(grouped, [2]), whole)]


@_rule("LRN")
def _local_response(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    """A window over the channels, slid as a pool over the axis behind an extra one."""
    shape = graph.shape(node.input[0])
    size = _int(node, "size")
    flat = graph.constant(np.array([shape[0], 1, shape[1], -1], np.int64))
    pooled = graph.add(
        "AveragePool",
        graph.add("Reshape", node.input[0], flat),
        kernel_shape=[size, 1],
        pads=[(size - 1) // 2, 0, size // 2, 0],
    )
    return [graph.add("Reshape", pooled, graph.constant(np.array(shape, np.int64)))]


@_rule("Resize", "Upsample")
def _resize(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    inputs = list(node.input)
    for scales in (a.floats for a in node.attribute if a.name == "scales"):
        inputs.append(graph.constant(np.array(scales, np.float32)))
    # Cubic weights may be negative. Those of one output never add up to zero by themselves.
    resized = graph.add(node.op_type, *inputs, scales=None, extrapolation_value=None, like=node)
    return [graph.add("Abs", resized)]


@_rule("GridSample")
def _grid_sample(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    return [graph.add("Abs", graph.add("GridSample", *node.input, like=node))]


@_rule("TopK")
def _top(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    mixed = graph.reduce(node.input[0], [_int(node, "axis", -1)])
    return [graph.expand(mixed, graph.shape(node.output[0]))] * len(node.output)


@_rule("DynamicQuantizeLinear")
def _dynamic_quantise(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    every = graph.reduce(node.input[0], range(len(graph.shape(node.input[0]))), keep=False)
    return [graph.add("Add", node.input[0], every), every, every]


@_rule("RNN", "GRU", "LSTM")
def _recurrent(graph: _Graph, node: onnx.NodeProto) -> list[str]:
    """Step by step along the first axis: a running maximum, each direction its own way."""
    if _int(node, "layout", 0) or _input(node, 4):
        raise NoTwinError(" has sequences of different lengths or the batch first")
    if graph.opset < 11:
        raise NoTwinError(" is older than opset 11")
    steps = graph.reduce(node.input[0], [2])
    axis = graph.constant(np.int64(0))
    direction = _text(node, "direction", "forward")
    ways = {"forward": [0], "reverse": [1], "bidirectional": [0, 1]}[direction]
    length, batch = graph.shape(node.input[0])[:2]
    shape = graph.constant(np.array([length, 1, batch, 1], np.int64))
    parts = [
        graph.add("Reshape", graph.add("CumSum", steps, axis, reverse=way), shape) for way in ways
    ]
    states = graph.add("Concat", *parts, axis=1)
    last = graph.reduce(states, [0], keep=False)
    return [
        graph.expand(states if i == 0 else last, graph.shape(name)) if name else ""
        for i, name in enumerate(node.output)
    ]
