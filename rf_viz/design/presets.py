"""Networks to begin with: well-known ones, and small ones that show one thing each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .kinds import Value
from .rows import Design, Row, row

Rows = list[Row]


@dataclass(frozen=True)
class Preset:
    """Network to begin with: name for people, what it shows, and the design itself."""

    title: str
    about: str
    build: Callable[[], Design]


def _conv(channels: int, kernel: int = 3, *sources: int, **settings: Value) -> Row:
    """A convolution."""
    return row("convolution", *sources, channels=channels, kernel=kernel, **settings)


def _pool(kernel: int, stride: int, padding: Value = "valid") -> Row:
    """A max pooling."""
    return row("max pooling", kernel=kernel, stride=stride, padding=padding)


def _small() -> Design:
    """A plain stack of convolutions and pools."""
    rows = [_conv(16), row("ReLU"), _conv(16), row("ReLU"), _pool(2, 2)]
    rows += [_conv(32), row("ReLU"), _conv(32), row("ReLU"), _pool(2, 2)]
    rows += [_conv(64), row("ReLU")]
    return Design((3, 128, 128), tuple(rows))


def _lenet_5() -> Design:
    """LeNet-5 (LeCun et al., 1998)."""
    return Design(
        (1, 32, 32),
        (
            _conv(6, 5, padding="valid"),
            row("tanh"),
            row("average pooling"),
            _conv(16, 5, padding="valid"),
            row("tanh"),
            row("average pooling"),
            _conv(120, 5, padding="valid"),
            row("tanh"),
            row("dense", channels=84),
            row("tanh"),
            row("dense", channels=10),
        ),
    )


def _alexnet() -> Design:
    """AlexNet of a single column (Krizhevsky, 2014)."""
    rows = [_conv(64, 11, stride=4, padding="valid"), row("ReLU"), _pool(3, 2)]
    rows += [_conv(192, 5), row("ReLU"), _pool(3, 2)]
    for channels in (384, 384, 256):
        rows += [_conv(channels), row("ReLU")]
    rows += [_pool(3, 2), row("global pooling"), row("dense", channels=1000)]
    return Design((3, 224, 224), tuple(rows))


def _vgg_16() -> Design:
    """VGG-16 (Simonyan and Zisserman, 2015)."""
    rows: Rows = []
    for channels, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            rows += [_conv(channels), row("ReLU")]
        rows.append(_pool(2, 2))
    rows += [row("global pooling"), row("dense", channels=1000)]
    return Design((3, 224, 224), tuple(rows))


def _stem() -> Rows:
    """The beginning of every ResNet (He et al., 2016)."""
    return [
        _conv(64, 7, stride=2, padding=3),
        row("batch normalisation"),
        row("ReLU"),
        _pool(3, 2, 1),
    ]


def _unit(rows: Rows, channels: int, stride: int, layers: list[tuple[int, int, int]]) -> int:
    """A residual unit of (channels, kernel, stride) layers; returns its output's channels."""
    start = len(rows)
    for number, (width, kernel, step) in enumerate(layers):
        rows += [_conv(width, kernel, stride=step, padding=kernel // 2), row("batch normalisation")]
        if number < len(layers) - 1:
            rows.append(row("ReLU"))
    width, inner = layers[-1][0], len(rows)
    if stride > 1 or width != channels:
        rows += [
            _conv(width, 1, start, stride=stride, padding=0),
            row("batch normalisation"),
            row("add", inner),
        ]
    else:
        rows.append(row("add", start))
    rows.append(row("ReLU"))
    return width


def _resnet_18() -> Design:
    """ResNet-18 (He et al., 2016)."""
    rows, width = _stem(), 64
    for stage, channels in enumerate((64, 128, 256, 512)):
        for unit in range(2):
            stride = 2 if stage and not unit else 1
            width = _unit(rows, width, stride, [(channels, 3, stride), (channels, 3, 1)])
    rows += [row("global pooling"), row("dense", channels=1000)]
    return Design((3, 224, 224), tuple(rows))


def _resnet_50(strided: int) -> Design:
    """ResNet-50 (He et al., 2016).

    ``strided`` says which layer of a unit has the stride: 0 as published, 1 as is usual today.
    """
    rows, width = _stem(), 64
    for stage, (channels, depth) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for unit in range(depth):
            stride = 2 if stage and not unit else 1
            steps = [stride if number == strided else 1 for number in range(3)]
            kernels = ((channels, 1), (channels, 3), (4 * channels, 1))
            layers = [(n, k, s) for (n, k), s in zip(kernels, steps, strict=True)]
            width = _unit(rows, width, stride, layers)
    rows += [row("global pooling"), row("dense", channels=1000)]
    return Design((3, 224, 224), tuple(rows))


def _inception() -> Design:
    """A block of four branches (Szegedy et al., 2015)."""
    return Design(
        (3, 64, 64),
        (
            _conv(32, 3, stride=2),
            row("ReLU"),
            _conv(16, 1, 2),
            _conv(24, 1, 2),
            _conv(32, 3),
            _conv(4, 1, 2),
            _conv(8, 5),
            row("max pooling", 2, kernel=3, stride=1, padding="same"),
            _conv(8, 1),
            row("concatenate", 3, 5, 7, 9),
            row("ReLU"),
        ),
    )


def _mobilenet_v2() -> Design:
    """Inverted residual units (Sandler et al., 2018)."""
    rows: Rows = [_conv(24, 3, stride=2), row("batch normalisation"), row("ReLU")]
    for stride in (1, 2):
        start = len(rows)
        rows += [
            _conv(144, 1),
            row("batch normalisation"),
            row("ReLU"),
            row("depthwise convolution", stride=stride),
            row("batch normalisation"),
            row("ReLU"),
            _conv(24, 1),
            row("batch normalisation"),
        ]
        if stride == 1:
            rows.append(row("add", start))
    return Design((3, 96, 96), tuple(rows))


def _densenet() -> Design:
    """A block of densely connected layers (Huang et al., 2017)."""
    rows: Rows = [_conv(24, 3)]
    for _ in range(4):
        start = len(rows)
        rows += [
            row("batch normalisation"),
            row("ReLU"),
            _conv(48, 1),
            row("batch normalisation"),
            row("ReLU"),
            _conv(12, 3),
            row("concatenate", start),
        ]
    rows += [_conv(36, 1), row("average pooling")]
    return Design((3, 64, 64), tuple(rows))


def _u_net() -> Design:
    """U-Net (Ronneberger et al., 2015)."""
    rows: Rows = []
    skips = []
    for channels in (16, 32, 64):
        for _ in range(2):
            rows += [_conv(channels), row("ReLU")]
        skips.append(len(rows))
        rows.append(_pool(2, 2))
    for _ in range(2):
        rows += [_conv(128), row("ReLU")]
    for channels, skip in zip((64, 32, 16), reversed(skips), strict=True):
        rows += [row("transposed convolution", channels=channels), row("concatenate", skip)]
        for _ in range(2):
            rows += [_conv(channels), row("ReLU")]
    rows.append(_conv(2, 1))
    return Design((3, 128, 128), tuple(rows))


def _wavenet() -> Design:
    """Causal, dilated, gated layers (van den Oord et al., 2016)."""
    rows: Rows = [_conv(16, 2, padding="causal")]
    for dilation in (1, 2, 4, 8, 16, 32, 64, 128):
        start = len(rows)
        rows += [
            _conv(16, 2, start, padding="causal", dilation=dilation),
            row("tanh"),
            _conv(16, 2, start, padding="causal", dilation=dilation),
            row("sigmoid"),
            row("multiply", start + 2),
            _conv(16, 1),
            row("add", start),
        ]
    rows += [row("ReLU"), _conv(16, 1)]
    return Design((1, 2048), tuple(rows))


def _context() -> Design:
    """A dilated context module (Yu and Koltun, 2016)."""
    rows: Rows = []
    for dilation in (1, 1, 2, 4, 8, 16, 1):
        rows += [_conv(12, 3, dilation=dilation), row("ReLU")]
    rows.append(_conv(12, 1))
    return Design((3, 128, 128), tuple(rows))


def _pixel_cnn() -> Design:
    """Masked convolutions (van den Oord et al., 2016)."""
    rows: Rows = [row("masked convolution A", channels=16, kernel=7), row("ReLU")]
    for _ in range(4):
        start = len(rows)
        rows += [
            _conv(8, 1),
            row("ReLU"),
            row("masked convolution B", channels=8, kernel=3),
            row("ReLU"),
            _conv(16, 1),
            row("add", start),
        ]
    return Design((1, 48, 48), tuple(rows))


def _swin() -> Design:
    """Attention in windows and shifted windows (Liu et al., 2021)."""
    rows: Rows = [_conv(48, 4, stride=4, padding="valid"), row("layer normalisation")]
    for kind in ("window attention", "shifted window attention"):
        start = len(rows)
        rows += [
            row("layer normalisation"),
            row(kind, kernel=7, groups=3),
            row("add", start),
            row("layer normalisation"),
            _conv(192, 1),
            row("GELU"),
            _conv(48, 1),
            row("add", start + 3),
        ]
    return Design((3, 112, 112), tuple(rows))


def _two_layers() -> Design:
    """A chain whose recurrence can be done by hand."""
    rows = (_conv(4, 3, stride=3, padding=1), _conv(4, 2, padding="valid"))
    return Design((1, 24, 24), rows)


def _aligned() -> Design:
    """Branches that agree."""
    return Design(
        (1, 32, 32),
        (
            _conv(4, 1, stride=4, padding="valid"),
            _conv(4, 3, 0, stride=2, padding=1),
            _conv(4, 1, stride=2, padding="valid"),
            row("add", 1),
            row("ReLU"),
        ),
    )


def _misaligned() -> Design:
    """Branches that do not agree."""
    return Design(
        (1, 8, 8),
        (
            _conv(4, 5, stride=2, padding=2),
            _conv(4, 3, 0, padding="valid"),
            _conv(4, 3, padding="valid"),
            row("add", 1),
            row("ReLU"),
        ),
    )


_ARAUJO = "Araujo, Norris and Sim 2019"

PRESETS: Mapping[str, Preset] = {
    "small": Preset("A small network", "Five convolutions and two pools, to begin with.", _small),
    "lenet-5": Preset(
        "LeNet-5", "Digits, by LeCun et al. 1998: two stages and a classifier.", _lenet_5
    ),
    "alexnet": Preset(
        "AlexNet",
        "Krizhevsky 2014's single column; a global pool instead of its dense layers of 50 million "
        "weights.",
        _alexnet,
    ),
    "vgg-16": Preset(
        "VGG-16",
        "Simonyan and Zisserman 2015: nothing but 3\N{MULTIPLICATION SIGN}3 kernels; a global pool "
        "instead of its dense layers of 120 million weights.",
        _vgg_16,
    ),
    "resnet-18": Preset("ResNet-18", "He et al. 2016: residual units of two layers.", _resnet_18),
    "resnet-50": Preset(
        "ResNet-50",
        "He et al. 2016, but a unit's 3\N{MULTIPLICATION SIGN}3 layer strides, as is usual today.",
        lambda: _resnet_50(1),
    ),
    "resnet-50-v1": Preset(
        "ResNet-50, first layer strides",
        "As it was published: with the stride before the kernel, cells see 483 pixels, not 427.",
        lambda: _resnet_50(0),
    ),
    "inception": Preset(
        "Inception block",
        "Szegedy et al. 2015: four branches that see differently much.",
        _inception,
    ),
    "mobilenet-v2": Preset(
        "MobileNet v2 block", "Sandler et al. 2018: wide in the middle, depthwise.", _mobilenet_v2
    ),
    "densenet": Preset(
        "DenseNet block", "Huang et al. 2017: every layer takes all before it.", _densenet
    ),
    "u-net": Preset("U-Net", "Ronneberger et al. 2015: down, up, and bridges across.", _u_net),
    "wavenet": Preset(
        "WaveNet stack", "van den Oord et al. 2016: causal, each dilation twice the last.", _wavenet
    ),
    "context": Preset(
        "Dilated context module", "Yu and Koltun 2016: 67 pixels without a single stride.", _context
    ),
    "pixel-cnn": Preset(
        "PixelCNN",
        "van den Oord et al. 2016: its cells see only what came before them.",
        _pixel_cnn,
    ),
    "swin": Preset(
        "Swin stage", "Liu et al. 2021: attention within windows, then within shifted ones.", _swin
    ),
    "two-layers": Preset(
        "Two layers, by hand",
        f"With the recurrence of {_ARAUJO}: the first cell sees from -1 to 4.",
        _two_layers,
    ),
    "aligned": Preset(
        "Two branches, aligned",
        f"After {_ARAUJO}: both agree, so there is a closed form, r = 3, S = 4, P = 1.",
        _aligned,
    ),
    "misaligned": Preset(
        "Two branches, misaligned",
        f"After {_ARAUJO}: strides 1 and 2 meet, so that there is no closed form.",
        _misaligned,
    ),
}
"""The networks to begin with, by key."""

FIRST = "small"
"""The key of the network that a person begins with."""
