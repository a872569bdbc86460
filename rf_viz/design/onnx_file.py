"""ONNX file of a design, with random weights."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .code import checked, ends
from .plan import Plan, PlannedRow, groups_of
from .rows import Design

_OPSET, _VERSION = 20, 10
_FUNCTIONS = {"ReLU": "Relu", "GELU": "Gelu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
_LABEL = "Made with RF-Viz. The weights are random (He initialisation), not trained."


def to_onnx(design: Design, seed: int | None = 0) -> bytes:
    """Write the network as an ONNX file of random weights: He initialisation by ``seed``.

    Without a seed all weights are zero and take no room: a graph to trace, not to run. Where
    kernels are masked, all weights that count are one instead, so that the masks show. Raises
    ModelError for an invalid design.
    """
    worked = checked(design)
    writer = _Writer(worked, seed)
    for step in worked.steps.values():
        writer.write(step)
    content: bytes = writer.file().SerializeToString()
    return content


def taps(kind: str, kernel: int) -> NDArray[np.bool_]:
    """Mark the positions of a masked kernel that count: (kernel, kernel), rows first.

    Positions before the centre in reading order count, with type B the centre too. By van den Oord,
    Kalchbrenner and Kavukcuoglu, "Pixel Recurrent Neural Networks", 2016.
    """
    order = np.arange(kernel * kernel).reshape(kernel, kernel)
    centre = kernel * kernel // 2
    return order <= centre if kind.endswith("B") else order < centre


class _Writer:
    """Writer of a design's graph, row by row."""

    def __init__(self, worked: Plan, seed: int | None) -> None:
        self._plan, self._seed = worked, seed
        self._masked = any(row.kind.startswith("masked") for row in worked.design.rows)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._sparse: list[onnx.SparseTensorProto] = []
        self._random = np.random.default_rng(0)

    def file(self) -> onnx.ModelProto:
        """Return the model of what has been written."""
        shapes = {step.name: step.shape for step in self._plan.steps.values()}
        graph = helper.make_graph(
            self._nodes,
            "network",
            [_value(self._plan.name(0), self._plan.design.input)],
            [_value(name, shapes[name]) for name in ends(self._plan)],
            list(self._constants.values()),
            doc_string=_LABEL if self._seed is not None else "A graph without weights.",
            sparse_initializer=self._sparse,
        )
        opsets = [helper.make_opsetid("", _OPSET)]
        return helper.make_model(
            graph, producer_name="RF-Viz", ir_version=_VERSION, opset_imports=opsets
        )

    def write(self, step: PlannedRow) -> None:
        """Write the nodes of a row; the last of them has its name."""
        sources = [self._plan.name(source) for source in step.sources]
        if self._seed is not None:
            self._random = np.random.default_rng([self._seed, step.number])
        x, name = sources[0], step.name
        match step.row.kind:
            case "transposed convolution":
                self._transposed(step, x)
            case "max pooling" | "average pooling":
                self._pool(step, x)
            case "global pooling":
                self._node("GlobalAveragePool", [x], name)
            case "nearest upsampling" | "bilinear upsampling":
                self._resize(step, x)
            case "batch normalisation":
                ones, zeros = np.ones(step.input_shape[0]), np.zeros(step.input_shape[0])
                kept = {"scale": ones, "shift": zeros, "mean": zeros, "variance": ones}
                inputs = [x, *(self._constant(f"{name}/{k}", value) for k, value in kept.items())]
                self._node("BatchNormalization", inputs, name)
            case "layer normalisation":
                self._layer_norm(step, x)
            case "SiLU":
                self._node("Mul", [x, self._node("Sigmoid", [x], f"{name}/sigmoid")], name)
            case "add":
                self._joined("Add", sources, name)
            case "multiply":
                self._joined("Mul", sources, name)
            case "concatenate":
                self._node("Concat", sources, name, axis=1)
            case "squeeze-and-excite":
                self._excite(step, x)
            case "window attention" | "shifted window attention":
                self._attention(step, x)
            case "dense":
                flat = self._node("Flatten", [x], f"{name}/flat")
                shape = (prod(step.input_shape), step.row.channels)
                inputs = [flat, self._weight(name, shape, shape[0]), self._bias(name, shape[1])]
                self._node("Gemm", inputs, name)
            case kind if kind in _FUNCTIONS:
                self._node(_FUNCTIONS[kind], [x], name)
            case _:
                self._convolution(step, x)

    def _convolution(self, step: PlannedRow, x: str) -> None:
        """A convolution, of which the kernel may be masked."""
        row, channels, axes = step.row, step.input_shape[0], len(step.input_shape) - 1
        groups = groups_of(row, channels)
        shape = (step.shape[0], channels // groups, *[row.kernel] * axes)
        masked = row.kind.startswith("masked")
        mask = taps(row.kind, row.kernel) if masked else None
        self._node(
            "Conv",
            [
                x,
                self._weight(step.name, shape, prod(shape[1:]), mask),
                self._bias(step.name, shape[0]),
            ],
            step.name,
            kernel_shape=[row.kernel] * axes,
            strides=[row.stride] * axes,
            dilations=[row.dilation] * axes,
            pads=_pads(step),
            group=groups,
        )

    def _transposed(self, step: PlannedRow, x: str) -> None:
        """A transposed convolution: a cell sees kernel / stride weights along each axis."""
        row, axes = step.row, len(step.input_shape) - 1
        shape = (step.input_shape[0], row.channels, *[row.kernel] * axes)
        inputs = shape[0] * row.kernel**axes // row.stride**axes
        self._node(
            "ConvTranspose",
            [x, self._weight(step.name, shape, inputs), self._bias(step.name, row.channels)],
            step.name,
            kernel_shape=[row.kernel] * axes,
            strides=[row.stride] * axes,
            pads=_pads(step),
        )

    def _pool(self, step: PlannedRow, x: str) -> None:
        """A pooling; averages count the padding, as Keras and PyTorch do when they pad first."""
        row, axes = step.row, len(step.input_shape) - 1
        average = row.kind == "average pooling"
        self._node(
            "AveragePool" if average else "MaxPool",
            [x],
            step.name,
            kernel_shape=[row.kernel] * axes,
            strides=[row.stride] * axes,
            pads=_pads(step),
            **({"count_include_pad": 1} if average else {}),
        )

    def _resize(self, step: PlannedRow, x: str) -> None:
        """An upsampling by a whole factor."""
        factors = np.array([1, 1, *[step.row.stride] * (len(step.input_shape) - 1)], np.float32)
        scales = self._constant(f"{step.name}/factors", factors)
        nearest = step.row.kind == "nearest upsampling"
        self._node(
            "Resize",
            [x, "", scales],
            step.name,
            mode="nearest" if nearest else "linear",
            coordinate_transformation_mode="asymmetric" if nearest else "half_pixel",
            **({"nearest_mode": "floor"} if nearest else {}),
        )

    def _layer_norm(self, step: PlannedRow, x: str) -> None:
        """Normalise all channels of a cell together: ONNX does so along the last axes only."""
        name, rank = step.name, len(step.input_shape) + 1
        parameters = [
            self._constant(f"{name}/scale", np.ones(step.input_shape[0])),
            self._constant(f"{name}/shift", np.zeros(step.input_shape[0])),
        ]
        if rank == 2:
            self._node("LayerNormalization", [x, *parameters], name)
            return
        last = [0, *range(2, rank), 1]
        x = self._node("Transpose", [x], f"{name}/last", perm=last)
        x = self._node("LayerNormalization", [x, *parameters], f"{name}/normed")
        self._node("Transpose", [x], name, perm=[0, rank - 1, *range(1, rank - 1)])

    def _joined(self, operator: str, sources: Sequence[str], name: str) -> None:
        """An operator of two, applied to several rows in turn."""
        x = sources[0]
        for number, other in enumerate(sources[1:], 1):
            last = number == len(sources) - 1
            x = self._node(operator, [x, other], name if last else f"{name}/{number}")

    def _excite(self, step: PlannedRow, x: str) -> None:
        """Squeeze-and-excite (Hu et al., "Squeeze-and-Excitation Networks", 2018)."""
        name, (channels, *space) = step.name, step.input_shape
        hidden, ones = step.row.channels, [1] * len(space)
        gate = self._node("GlobalAveragePool", [x], f"{name}/squeeze")
        for part, shape, after in (
            ("reduce", (hidden, channels, *ones), "Relu"),
            ("expand", (channels, hidden, *ones), "Sigmoid"),
        ):
            inner = f"{name}/{part}"
            inputs = [gate, self._weight(inner, shape, shape[1]), self._bias(inner, shape[0])]
            conv = self._node("Conv", inputs, inner)
            gate = self._node(after, [conv], f"{inner}/{after.lower()}")
        self._node("Mul", [x, gate], name)

    def _attention(self, step: PlannedRow, x: str) -> None:
        """Attention within windows (Liu et al., "Swin Transformer", 2021, without its bias).

        Shifted windows are cut from a padded map, which the paper names beside the cyclic shift:
        a cell of the margin has no neighbours from the other side.
        """
        name, row = step.name, step.row
        channels, *space = step.input_shape
        size, axes = row.kernel, len(space)
        front = size // 2
        shifted = row.kind.startswith("shifted")
        if shifted:
            pads = [0, 0, *[front] * axes, 0, 0, *[size - front] * axes]
            x = self._node("Pad", [x, self._integers(f"{name}/margin", pads)], f"{name}/padded")
            space = [n + size for n in space]
        counts = [n // size for n in space]
        tokens, depth = size**axes, channels // row.groups
        split = [n for count in counts for n in (count, size)]
        x = self._reshape(x, f"{name}/split", [1, channels, *split])
        outer, inner = [2 + 2 * i for i in range(axes)], [3 + 2 * i for i in range(axes)]
        x = self._node("Transpose", [x], f"{name}/windows", perm=[0, *outer, *inner, 1])
        x = self._reshape(x, f"{name}/tokens", [prod(counts), tokens, channels])
        heads = {}
        for part, order in (
            ("query", [0, 2, 1, 3]),
            ("key", [0, 2, 3, 1]),
            ("value", [0, 2, 1, 3]),
        ):
            y = self._product(x, f"{name}/{part}", channels)
            y = self._reshape(y, f"{name}/{part}/split", [prod(counts), tokens, row.groups, depth])
            heads[part] = self._node("Transpose", [y], f"{name}/{part}/heads", perm=order)
        scores = self._node("MatMul", [heads["query"], heads["key"]], f"{name}/scores")
        scale = self._constant(f"{name}/scale", np.array(depth**-0.5))
        scores = self._node("Mul", [scores, scale], f"{name}/scaled")
        scores = self._node("Softmax", [scores], f"{name}/softmax", axis=-1)
        x = self._node("MatMul", [scores, heads["value"]], f"{name}/mixed")
        x = self._node("Transpose", [x], f"{name}/joined", perm=[0, 2, 1, 3])
        x = self._reshape(x, f"{name}/merged", [prod(counts), tokens, channels])
        x = self._product(x, f"{name}/out", channels)
        x = self._reshape(x, f"{name}/unmerged", [1, *counts, *[size] * axes, channels])
        back = [n for i in range(axes) for n in (1 + i, 1 + axes + i)]
        perm = [0, 1 + 2 * axes, *back]
        x = self._node("Transpose", [x], f"{name}/placed", perm=perm)
        x = self._reshape(x, f"{name}/whole" if shifted else name, [1, channels, *space])
        if shifted:
            starts = self._integers(f"{name}/starts", [front] * axes)
            stops = self._integers(f"{name}/stops", [n - size + front for n in space])
            along = self._integers(f"{name}/along", list(range(2, 2 + axes)))
            self._node("Slice", [x, starts, stops, along], name)

    def _product(self, x: str, name: str, channels: int) -> str:
        """A dense layer over the channels, without a bias; returns its name."""
        weight = self._weight(name, (channels, channels), 2 * channels)
        return self._node("MatMul", [x, weight], name)

    def _reshape(self, x: str, name: str, shape: Sequence[int]) -> str:
        """A reshape; returns its name."""
        return self._node("Reshape", [x, self._integers(f"{name}/shape", shape)], name)

    def _node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:  # noqa: ANN401
        """A node that makes the tensor of its name; returns the name."""
        self._nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def _weight(
        self,
        name: str,
        shape: tuple[int, ...],
        inputs: int,
        mask: NDArray[np.bool_] | None = None,
    ) -> str:
        """A weight: normal, variance 2 / inputs (He et al., "Delving Deep into Rectifiers", 2015).

        Where ``mask`` is False it is zero. Returns its name.
        """
        name = f"{name}/weight"
        if self._seed is None:
            if not self._masked:
                return self._nothing(name, shape)
            return self._constant(name, np.broadcast_to(mask if mask is not None else 1, shape))
        values = self._random.standard_normal(shape, np.float32)
        values *= np.float32(np.sqrt(2 / inputs))
        if mask is not None:
            values *= mask
        return self._constant(name, values)

    def _nothing(self, name: str, shape: tuple[int, ...]) -> str:
        """A weight of zeros that takes no room."""
        values = helper.make_tensor(name, TensorProto.FLOAT, [0], [])
        indices = helper.make_tensor(f"{name}/at", TensorProto.INT64, [0], [])
        self._sparse.append(helper.make_sparse_tensor(values, indices, shape))
        return name

    def _bias(self, name: str, channels: int) -> str:
        """A bias of zeros; returns its name."""
        return self._constant(f"{name}/bias", np.zeros(channels))

    def _integers(self, name: str, values: Sequence[int]) -> str:
        """A constant of whole numbers; returns its name."""
        self._constants[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def _constant(self, name: str, values: NDArray[np.generic]) -> str:
        """A constant of real numbers; returns its name."""
        self._constants[name] = numpy_helper.from_array(np.asarray(values, np.float32), name)
        return name


def _pads(step: PlannedRow) -> list[int]:
    """The paddings as ONNX lists them: all in front, then all behind."""
    return [front for front, _ in step.pads] + [behind for _, behind in step.pads]


def _value(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    """An input or output of the graph; ``shape`` is without the batch."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *shape])
