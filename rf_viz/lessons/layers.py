"""The layers that an example may have, and the ONNX model that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
from onnx import helper, numpy_helper

INPUT = "input"


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution or pooling of ``kernel`` taps.

    ``padding`` is what is added before and after; "same" is the padding that TensorFlow calls so.
    """

    kernel: int
    stride: int = 1
    padding: tuple[int, int] | Literal["same"] = (0, 0)
    dilation: int = 1

    @property
    def step(self) -> float:
        """How many units of the layer below lie between two of its own."""
        return self.stride

    def __str__(self) -> str:
        parts = [f"k = {self.kernel}"]
        if self.stride != 1:
            parts.append(f"s = {self.stride}")
        if self.dilation != 1:
            parts.append(f"d = {self.dilation}")
        if self.padding == "same":
            parts.append("same")
        elif self.padding[0] == self.padding[1]:
            parts += [f"p = {self.padding[0]}"] * (self.padding[0] != 0)
        else:
            parts += [f"p = {self.padding[0]}", f"q = {self.padding[1]}"]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Transposed:
    """A transposed convolution; ``padding`` is what is cut off before and after."""

    kernel: int
    stride: int = 2
    padding: tuple[int, int] = (0, 0)

    @property
    def step(self) -> float:
        return 1 / self.stride

    def __str__(self) -> str:
        p, q = self.padding
        cut = f", p = {p}" if p == q and p else f", p = {p}, q = {q}" if p or q else ""
        return f"transposed, k = {self.kernel}, s = {self.stride}{cut}"


@dataclass(frozen=True, slots=True)
class Upsample:
    """A resize by a whole factor: every unit repeated, or linear between them."""

    factor: int
    mode: Literal["nearest", "linear"] = "nearest"

    @property
    def step(self) -> float:
        return 1 / self.factor

    def __str__(self) -> str:
        return f"{self.mode}, \N{MULTIPLICATION SIGN}{self.factor}"


@dataclass(frozen=True, slots=True)
class Fork:
    """Several paths from the layer below, which are added; one without layers passes it on."""

    paths: tuple[tuple[Conv | Transposed | Upsample, ...], ...]


Layer = Conv | Transposed | Upsample | Fork
Single = Conv | Transposed | Upsample


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor of an example: its name, what makes it, from which tensors, and on which path."""

    name: str
    what: Single | None
    sources: tuple[str, ...]
    path: int | None = None


def places(layers: Sequence[Layer]) -> list[Place]:
    """Every tensor that the layers make, in order; where paths meet there is one for their sum."""
    found: list[Place] = []
    last, count, letter = INPUT, 0, ord("A")
    for layer in layers:
        if not isinstance(layer, Fork):
            count += 1
            found.append(Place(f"layer {count}", layer, (last,)))
            last = found[-1].name
            continue
        ends = []
        for path, singles in enumerate(layer.paths):
            end = last
            for number, single in enumerate(singles, 1):
                found.append(Place(f"{chr(letter)}{number}", single, (end,), path))
                end = found[-1].name
            ends.append(end)
            letter += 1
        names = [chr(letter - len(ends) + i) for i in range(len(ends))]
        last = " + ".join(names)
        found.append(Place(last, None, tuple(ends)))
    return found


def to_onnx(layers: Sequence[Layer], length: int) -> onnx.ModelProto:
    """The layers over an input of one channel; the weights are all one."""
    made = places(layers)
    kernels = sorted({p.what.kernel for p in made if isinstance(p.what, Conv | Transposed)})
    factors = sorted({p.what.factor for p in made if isinstance(p.what, Upsample)})
    constants = {f"ones {k}": np.ones((1, 1, k), np.float32) for k in kernels}
    constants |= {f"by {f}": np.array([1, 1, f], np.float32) for f in factors}
    graph = helper.make_graph(
        [_node(place) for place in made],
        "example",
        [helper.make_tensor_value_info(INPUT, onnx.TensorProto.FLOAT, [1, 1, length])],
        [helper.make_tensor_value_info(made[-1].name, onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _node(place: Place) -> onnx.NodeProto:
    what, sources = place.what, place.sources
    output, name = [place.name], place.name
    if what is None:
        return helper.make_node("Sum", sources, output, name)
    if isinstance(what, Upsample):
        rest = {"coordinate_transformation_mode": "half_pixel"}
        if what.mode == "nearest":
            rest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        taken = [*sources, "", f"by {what.factor}"]
        return helper.make_node("Resize", taken, output, name, mode=what.mode, **rest)
    taken = [*sources, f"ones {what.kernel}"]
    if isinstance(what, Transposed):
        return helper.make_node(
            "ConvTranspose", taken, output, name, strides=[what.stride], pads=what.padding
        )
    pads: dict[str, Any] = {"pads": what.padding}
    if what.padding == "same":
        pads = {"auto_pad": "SAME_UPPER"}
    return helper.make_node(
        "Conv", taken, output, name, strides=[what.stride], dilations=[what.dilation], **pads
    )


def length_for(convs: Sequence[Conv], units: int) -> int:
    """How long an input is that gives so many units without padding, none left over."""
    for conv in reversed(convs):
        units = (units - 1) * conv.stride + (conv.kernel - 1) * conv.dilation + 1
    return units
