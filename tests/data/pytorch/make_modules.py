"""Export small networks by both of PyTorch's exporters, for the tests of their modules' names.

Needs torch and onnxscript, which the tests themselves do not: ``python make_modules.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

HERE = Path(__file__).parent


class Block(nn.Module):
    """A residual block: its ReLU is called twice, and its last one is the block's own output."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.downsample(x))


class Attention(nn.Module):
    """An attention that uses the weights of a linear layer without calling it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = linear(x, self.qkv.weight, self.qkv.bias).chunk(3, -1)
        return self.proj(torch.softmax(q @ k.transpose(-1, -2) / 2, -1) @ v)


class Head(nn.Module):
    """A head that is never called itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fc = nn.Linear(width, 3)


class Net(nn.Module):
    """Blocks in a sequence, an encoder that is shared by two branches, an attention and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.GELU(), nn.Dropout(0.1))
        self.layer1 = nn.Sequential(Block(4, 4, 1), Block(4, 8, 2))
        self.shared = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.towers = nn.ModuleList([nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 3, padding=1)])
        self.attention = Attention(8)
        self.head = Head(8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer1(self.stem(x))
        x = self.shared(self.shared(x) + x)
        x = torch.cat([tower(x) for tower in self.towers], 1)
        tokens = self.attention(x.flatten(2).transpose(1, 2))
        return self.head.fc(self.head.norm(tokens.mean(1)))


def main() -> None:
    """Write the files, and the modules of the network with their classes."""
    torch.manual_seed(0)
    net = Net().eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    example = (torch.rand(1, 3, 24, 24),)
    torch.onnx.export(net, example, HERE / "modules.onnx", dynamo=True, external_data=False)
    torch.onnx.export(net, example, HERE / "modules_old.onnx", dynamo=False)
    classes = {path: type(module).__name__ for path, module in net.named_modules() if path}
    HERE.joinpath("modules.json").write_text(json.dumps(classes, indent=1) + "\n")


if __name__ == "__main__":
    main()
