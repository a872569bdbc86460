"""Small networks to look for something in, built of convolutions and pools."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, helper

import rf_viz
from rf_viz import Network
from tests.oracles.onnx_oracle import build


class Net:
    """Nodes one after the other; each method returns the name of what it makes."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, np.ndarray] = {}

    def op(self, op: str, *inputs: str, name: str = "", **attributes: object) -> str:
        name = name or f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name, **attributes))
        return name

    def conv(
        self, x: str, kernel: int, stride: int = 1, name: str = "", dilation: int = 1, pad: int = -1
    ) -> str:
        """One channel to one; padded by half the kernel unless told otherwise."""
        self.weights[f"w{kernel}"] = np.ones((1, 1, kernel, kernel), np.float32)
        pads = [dilation * (kernel // 2) if pad < 0 else pad] * 4
        window = {"strides": [stride] * 2, "pads": pads, "dilations": [dilation] * 2}
        return self.op("Conv", x, f"w{kernel}", name=name, **window)

    def trace(self, size: int, channels: int = 1) -> Network:
        model = build(self.nodes, {"x": [1, channels, size, size]}, self.weights)
        return rf_viz.load(model.SerializeToString()).trace(cut_global=True)


def resnet50(size: int) -> Network:
    """As in torchvision, with one channel throughout: a block's stride is in its 3x3."""
    net = Net()
    x = net.op("Relu", net.conv("x", 7, 2, "stem"))
    x = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for stage, blocks in enumerate((3, 4, 6, 3), 1):
        for block in range(blocks):
            stride = 2 if stage > 1 and block == 0 else 1
            name = f"layer{stage}.{block}"
            y = net.op("Relu", net.conv(x, 1, 1, f"{name}.conv1"))
            y = net.op("Relu", net.conv(y, 3, stride, f"{name}.conv2"))
            y = net.conv(y, 1, 1, f"{name}.conv3")
            skip = net.conv(x, 1, stride, f"{name}.downsample") if block == 0 else x
            x = net.op("Relu", net.op("Add", y, skip, name=f"{name}.add"))
    net.op("GlobalAveragePool", x, name="pool")
    return net.trace(size)
