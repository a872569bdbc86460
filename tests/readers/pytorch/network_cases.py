"""Small networks, as people write them in PyTorch: needs PyTorch, which tests do without."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (the usual name)
from torch import Tensor, nn
from torch.export import Dim


class Block(nn.Module):
    """A residual block whose activations write in place."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        """Two convolutions and a way around them."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.downsample(x)
        return self.relu(out)


class Residual(nn.Module):
    """A network like ResNet, with the same module paths."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 5, 2, 2)
        self.maxpool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.layer1 = nn.Sequential(Block(4, 4, 1), Block(4, 6, 2))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Classify an image."""
        x = self.layer1(self.maxpool(F.relu(self.conv1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Attention(nn.Module):
    """Patches that attend to those before them."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.norm = nn.LayerNorm(8)
        self.qkv = nn.Linear(8, 24)
        self.proj = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens, one for each patch."""
        x = self.patches(x).flatten(2).transpose(1, 2)
        batch, count, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(batch, count, 3, 2, width // 2)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return x + self.proj(out.transpose(1, 2).reshape(batch, count, width))


class Windows(nn.Module):
    """Attention within shifted windows, its mask written part by part (as in Swin)."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 4, 2, 2)
        self.table = nn.Parameter(torch.rand(9, 1))
        across = torch.arange(2)
        at = torch.stack(torch.meshgrid(across, across, indexing="ij")).flatten(1)
        apart = (at[:, :, None] - at[:, None, :]) + 1
        self.register_buffer("index", apart[0] * 3 + apart[1], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Each window of 2 x 2, moved by 1."""
        x = torch.roll(self.embed(x).permute(0, 2, 3, 1), (-1, -1), (1, 2))
        _, h, w, c = x.shape
        mask = x.new_zeros((h, w))
        count = 0
        for rows in (slice(0, -2), slice(-2, -1), slice(-1, None)):
            for columns in (slice(0, -2), slice(-2, -1), slice(-1, None)):
                mask[rows, columns] = count
                count += 1
        mask = mask.view(h // 2, 2, w // 2, 2).permute(0, 2, 1, 3).reshape(-1, 4)
        mask = mask.unsqueeze(1) - mask.unsqueeze(2)
        mask = mask.masked_fill(mask != 0, -100.0).masked_fill(mask == 0, 0.0)
        x = x.view(1, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
        scores = x @ x.transpose(1, 2) + self.table[self.index.view(-1)].view(4, 4)
        x = (scores + mask).softmax(-1) @ x
        x = x.view(1, h // 2, w // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(1, h, w, c)
        return torch.roll(x, (1, 1), (1, 2)).permute(0, 3, 1, 2)


class Sequence(nn.Module):
    """A recurrent layer behind a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 3, 3, stride=2)
        self.lstm = nn.LSTM(3, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """A state for each step."""
        return self.lstm(self.conv(x).transpose(1, 2))[0]


class Shift(nn.Module):
    """Channels moved by a pixel, by writing to parts of a new tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Move, then write a border."""
        x = self.conv(x)
        out = torch.zeros_like(x)
        out[:, :2, :, 1:] = x[:, :2, :, :-1]
        out[:, 2:, 2:] = x[:, 2:, :-2]
        out[:, :, 0].fill_(0.5)
        y = self.last(out)
        y[:, :, ::2] += y[:, :, 1::2]
        return y


class Pyramid(nn.Module):
    """A network that goes down and comes up again, of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, 2, 1)
        self.deep = nn.Conv2d(4, 4, 3, 2, 1)
        self.up = nn.ConvTranspose2d(4, 4, 2, 2)
        self.head = nn.Conv2d(8, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """A map of the size of the first layer."""
        skip = torch.sigmoid(self.down(x))
        deep = self.up(F.silu(self.deep(skip)))
        deep = F.interpolate(deep, size=skip.shape[-2:], mode="nearest")
        return F.interpolate(self.head(torch.cat([skip, deep], 1)), scale_factor=2.0)


class Words(nn.Module):
    """Numbers of words and an image: two inputs, one of whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, image: Tensor, words: Tensor, gain: int = 2) -> Tensor:
        """The image scaled by what the words mean."""
        scale = self.embedding(words).mean(1)
        return self.conv(image) * scale[:, :, None, None] * gain


class Strided(nn.Module):
    """A write through strides of a part, which nothing here follows."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 2, 3, padding=1)
        self.last = nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Scale some pixels of a part, then read the whole."""
        x = self.first(x)
        x[:, :, 1:].as_strided([2, 3], [7, 2], 30).mul_(2)
        return self.last(x)


class Adaptive(nn.Module):
    """A classifier like AlexNet, which pools images of any size to one grid."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2)
        self.avgpool = nn.AdaptiveAvgPool2d((4, 3))
        self.classifier = nn.Linear(4 * 4 * 3, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Pool, and classify all that is left."""
        x = self.avgpool(torch.relu(self.conv(x)))
        return self.classifier(torch.flatten(x, 1))  # type: ignore[no-any-return]


IMAGE = torch.linspace(0.1, 1, 3 * 12 * 16).reshape(1, 3, 12, 16)

HEIGHT, WIDTH = Dim("height", min=3, max=256), Dim("width", min=3, max=256)

NETWORKS: dict[str, tuple[nn.Module, tuple[Any, ...], Any]] = {
    "residual": (Residual(), (IMAGE,), None),
    "attention": (Attention(), (IMAGE,), None),
    "windows": (Windows(), (IMAGE,), None),
    "sequence": (Sequence(), (torch.linspace(0.1, 1, 42).reshape(1, 2, 21),), None),
    "shift": (Shift(), (IMAGE,), None),
    "pyramid": (Pyramid(), (IMAGE,), {"x": {2: 4 * HEIGHT, 3: 4 * WIDTH}}),
    "strided": (Strided(), (IMAGE,), None),
    "words": (Words(), (IMAGE, torch.tensor([[1, 3, 5]]), 2), None),
    "adaptive": (Adaptive(), (IMAGE,), {"x": {2: Dim.AUTO, 3: Dim.AUTO}}),
}
"""The module, its inputs and its free sizes, by the name of the file."""
