"""The published figures of those networks of which no graph is at hand, built from their papers.

The figures are A. Araujo, W. Norris, J. Sim's ("Computing Receptive Fields of Convolutional Neural
Networks", Distill 2019; see tests/data/README.md), of networks and end points as TF-Slim names
them:

- MobileNet: A. Howard et al., arXiv 1704.04861, table 1;
- Inception-v4: C. Szegedy et al., arXiv 1602.07261, figures 3 to 9;
- Inception-ResNet-v2: figures 7 and 16 to 19 there. TF-Slim's starts with Inception-v3's stem
  (arXiv 1512.00567) and one mixed block instead of figure 3; its variant "-same" pads every layer.

What does not touch what a cell sees is left out: normalisation, biases and the scaling of
residuals; and every layer has a single filter, other than MobileNet's, whose variant differs by
their number alone.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import rf_viz
from rf_viz import ReceptiveField
from tests.models.tensorflow_graphs import FLOAT, Graph

DATA = Path(__file__).resolve().parents[2] / "data"
IMAGE = "input_image"


@dataclass(frozen=True)
class Step:
    """A layer of a branch: a convolution, unless ``pool`` names the op of a pooling."""

    kernel: tuple[int, int]
    stride: int = 1
    padding: str = "SAME"
    pool: str = ""


Branch = Sequence[Step]
ONE, ROW, COLUMN = Step((1, 1)), Step((1, 7)), Step((7, 1))
THREE, FIVE = Step((3, 3)), Step((5, 5))
ROW_OF_3, COLUMN_OF_3 = Step((1, 3)), Step((3, 1))
THREE_VALID = Step((3, 3), padding="VALID")
AVERAGE = Step((3, 3), pool="AvgPool")


def halving(padding: str, pool: str = "") -> Step:
    return Step((3, 3), 2, padding, pool)


class Slim(Graph):
    """A graph like those TF-Slim makes: weights are variables. Layers are named as end points."""

    def __init__(self) -> None:
        super().__init__()
        self.channels = {self.placeholder(IMAGE, (1, None, None, 3)): 3}

    def variable(self, name: str, shape: Sequence[int]) -> str:
        self.add(name, "VariableV2")
        node = self.graph.node[-1]
        node.attr["dtype"].type = FLOAT
        for n in shape:
            node.attr["shape"].shape.dim.add(size=n)
        return name

    def layer(self, name: str, x: str, step: Step, filters: int = 1) -> str:
        strides = [1, step.stride, step.stride, 1]
        if step.pool:
            self.channels[name] = self.channels[x]
            window = [1, *step.kernel, 1]
            return self.add(name, step.pool, x, ksize=window, strides=strides, padding=step.padding)
        self.channels[name] = filters
        kernel = self.variable(f"{name}/weights", (*step.kernel, self.channels[x], filters))
        y = self.add(f"{name}/Conv2D", "Conv2D", x, kernel, strides=strides, padding=step.padding)
        return self.add(name, "Relu", y)

    def depthwise(self, name: str, x: str, stride: int) -> str:
        self.channels[name] = self.channels[x]
        kernel = self.variable(f"{name}/depthwise_weights", (3, 3, self.channels[x], 1))
        strides = [1, stride, stride, 1]
        op = "DepthwiseConv2dNative"
        y = self.add(f"{name}/depthwise", op, x, kernel, strides=strides, padding="SAME")
        return self.add(name, "Relu6", y)

    def branch(self, name: str, x: str, steps: Branch) -> str:
        for number, step in enumerate(steps):
            x = self.layer(f"{name}/{number}", x, step)
        return x

    def concat(self, name: str, parts: Sequence[str]) -> str:
        self.channels[name] = sum(self.channels[part] for part in parts)
        axis = self.const(f"{name}/axis", 3)
        self.add(name, "ConcatV2", *parts, axis)
        self.graph.node[-1].attr["N"].i = len(parts)
        return name

    def mixed(self, name: str, x: str, *branches: Branch) -> str:
        """Branches side by side."""
        names = (f"{name}/Branch_{number}" for number in range(len(branches)))
        ends = [self.branch(n, x, steps) for n, steps in zip(names, branches, strict=True)]
        return self.concat(name, ends)

    def residual(self, name: str, x: str, *branches: Branch) -> str:
        """Branches side by side, brought to as many channels as came in and added to it."""
        both = self.mixed(f"{name}/mixed", x, *branches)
        self.channels[name] = self.channels[x]
        up = self.variable(f"{name}/weights", (1, 1, self.channels[both], self.channels[x]))
        strides = [1, 1, 1, 1]
        up = self.add(f"{name}/Conv2D", "Conv2D", both, up, strides=strides, padding="SAME")
        return self.add(name, "Relu", self.add(f"{name}/add", "AddV2", x, up))


def mobilenet(multiplier: float) -> Slim:
    g = Slim()
    x = g.layer("Conv2d_0", IMAGE, halving("SAME"), int(32 * multiplier))
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5]
    for number, (filters, stride) in enumerate([*blocks, (1024, 2), (1024, 1)], 1):
        x = g.depthwise(f"Conv2d_{number}_depthwise", x, stride)
        x = g.layer(f"Conv2d_{number}_pointwise", x, ONE, int(filters * multiplier))
    return g


def inception_v4() -> Slim:
    g = Slim()
    down, pool = halving("VALID"), halving("VALID", "MaxPool")
    x = g.layer("Conv2d_1a_3x3", IMAGE, down)
    x = g.layer("Conv2d_2a_3x3", x, THREE_VALID)
    x = g.layer("Conv2d_2b_3x3", x, THREE)
    x = g.mixed("Mixed_3a", x, [pool], [down])
    x = g.mixed("Mixed_4a", x, [ONE, THREE_VALID], [ONE, ROW, COLUMN, THREE_VALID])
    x = g.mixed("Mixed_5a", x, [down], [pool])
    for letter in "bcde":
        a = [ONE], [ONE, THREE], [ONE, THREE, THREE], [AVERAGE, ONE]
        x = g.mixed(f"Mixed_5{letter}", x, *a)
    x = g.mixed("Mixed_6a", x, [down], [ONE, THREE, down], [pool])
    for letter in "bcdefgh":
        b = [ONE], [ONE, ROW, COLUMN], [ONE, COLUMN, ROW, COLUMN, ROW], [AVERAGE, ONE]
        x = g.mixed(f"Mixed_6{letter}", x, *b)
    x = g.mixed("Mixed_7a", x, [ONE, down], [ONE, ROW, COLUMN, down], [pool])
    for letter in "bcd":
        name = f"Mixed_7{letter}"
        ends = [g.branch(f"{name}/Branch_0", x, [ONE])]
        for number, steps in enumerate(([ONE], [ONE, COLUMN_OF_3, ROW_OF_3]), 1):
            fork = g.branch(f"{name}/Branch_{number}", x, steps)
            ends.append(g.mixed(f"{name}/Branch_{number}/fork", fork, [ROW_OF_3], [COLUMN_OF_3]))
        x = g.concat(name, [*ends, g.branch(f"{name}/Branch_3", x, [AVERAGE, ONE])])
    return g


def inception_resnet_v2(padding: str) -> Slim:
    g = Slim()
    three = Step((3, 3), padding=padding)
    down, pool = halving(padding), halving(padding, "MaxPool")
    x = g.layer("Conv2d_1a_3x3", IMAGE, down)
    x = g.layer("Conv2d_2a_3x3", x, three)
    x = g.layer("Conv2d_2b_3x3", x, THREE)
    x = g.layer("MaxPool_3a_3x3", x, pool)
    x = g.layer("Conv2d_3b_1x1", x, ONE)
    x = g.layer("Conv2d_4a_3x3", x, three)
    x = g.layer("MaxPool_5a_3x3", x, pool)
    x = g.mixed("Mixed_5b", x, [ONE], [ONE, FIVE], [ONE, THREE, THREE], [AVERAGE, ONE])
    for number in range(10):
        x = g.residual(f"block35_{number}", x, [ONE], [ONE, THREE], [ONE, THREE, THREE])
    x = g.mixed("Mixed_6a", x, [down], [ONE, THREE, down], [pool])
    for number in range(20):
        name = "PreAuxLogits" if number == 19 else f"block17_{number}"
        x = g.residual(name, x, [ONE], [ONE, ROW, COLUMN])
    x = g.mixed("Mixed_7a", x, [ONE, down], [ONE, down], [ONE, THREE, down], [pool])
    for number in range(10):
        x = g.residual(f"block8_{number}", x, [ONE], [ONE, ROW_OF_3, COLUMN_OF_3])
    g.layer("Conv2d_7b_1x1", x, ONE)
    return g


NETWORKS = {
    "mobilenet_v1": lambda: mobilenet(1),
    "mobilenet_v1_075": lambda: mobilenet(0.75),
    "inception_v4": inception_v4,
    "inception_resnet_v2": lambda: inception_resnet_v2("VALID"),
    "inception_resnet_v2-same": lambda: inception_resnet_v2("SAME"),
}


def published() -> dict[tuple[str, str], list[dict[str, str]]]:
    """The rows of each network at each resolution."""
    rows = defaultdict(list)
    with (DATA / "published_receptive_fields_others.csv").open() as file:
        for row in csv.DictReader(file):
            rows[row["net"], row["resolution"]].append(row)
    return rows


PUBLISHED = published()


@cache
def built(net: str) -> rf_viz.Model:
    return NETWORKS[net]().model()


def test_all_published_rows_without_a_graph_are_here() -> None:
    assert {net for net, _ in PUBLISHED} == set(NETWORKS)
    assert sum(map(len, PUBLISHED.values())) == 222


@pytest.mark.parametrize(("net", "resolution"), PUBLISHED)
def test_published_end_points(net: str, resolution: str) -> None:
    """Size, stride and padding; the padding is None exactly where it depends on the size."""
    model = built(net)
    network = model.trace((int(resolution),) * 2) if resolution else model.trace("unknown")
    for row in PUBLISHED[net, resolution]:
        padding = int(row["padding"]) if row["padding"] else None
        expected = ReceptiveField(
            (int(row["size"]),) * 2, (int(row["stride"]),) * 2, (padding,) * 2
        )
        assert network[row["end_point"]].receptive_field == expected, row["end_point"]
