"""The figures of the article: what shows them, and the controls that they have."""

from __future__ import annotations

from ..diagram.living_figure import Choice, Control, Slider, Steps

_INPUT = "Input units n"


def _layer(
    number: int, starts: tuple[int, int, int], *, most: tuple[int, int, int], title: str = ""
) -> list[Control]:
    """Sliders for the kernel, the stride and the padding of a layer; none where ``most`` is 0."""
    names = (("k", "Kernel k", 1), ("s", "Stride s", 1), ("p", "Padding p", 0))
    group = title or f"Layer {number}"
    return [
        Slider(f"{number}-{name}", label, low, high, start, group)
        for (name, label, low), start, high in zip(names, starts, most, strict=True)
        if high
    ]


NETWORK: list[Control] = [
    Slider("n", _INPUT, 8, 24, 16),
    *_layer(1, (3, 1, 1), most=(5, 3, 2), title="Convolution f₁"),
    *_layer(3, (3, 1, 1), most=(5, 3, 2), title="Convolution f₃"),
    *_layer(4, (2, 2, 0), most=(4, 3, 2), title="Max-pooling f₄"),
]

LAYER: list[Control] = [
    Slider("n", _INPUT, 6, 24, 12),
    Slider("k", "Kernel k", 1, 7, 3),
    Slider("s", "Stride s", 1, 4, 2),
    Slider("p", "Padding before p", -3, 4, 1),
    Slider("q", "Padding after q", -3, 4, 1),
]

DERIVATION: list[Control] = [
    Slider("k", "Kernel k", 1, 6, 5),
    Slider("s", "Stride s", 1, 4, 3),
    Slider("r", "Size above r", 1, 4, 2),
    Steps("step", "Steps of the derivation", 3),
]

SIZE: list[Control] = [
    *_layer(1, (3, 2, 0), most=(5, 3, 0)),
    *_layer(2, (3, 1, 0), most=(5, 3, 0)),
    *_layer(3, (2, 2, 0), most=(5, 3, 0)),
    Slider("p", "Padding of all p", 0, 2, 0),
    Steps("step", "Steps of the solution", 5),
]

REGION: list[Control] = [
    Slider("n", _INPUT, 6, 30, 14),
    *_layer(1, (3, 2, 1), most=(5, 3, 3)),
    *_layer(2, (3, 1, 1), most=(5, 3, 3)),
    Steps("step", "Steps of the solution", 4),
]

POSITION: list[Control] = [
    Slider("n", _INPUT, 6, 30, 18),
    *_layer(1, (5, 2, 0), most=(5, 3, 3)),
    *_layer(2, (3, 2, 1), most=(5, 3, 3)),
]

BRANCHES: list[Control] = [
    Choice(
        "network",
        "Network",
        {
            "aligned": "Aligned",
            "strides": "Strides 2 and 1",
            "misaligned": "Misaligned",
            "same": "SAME padding",
            "own": "Your own",
        },
    ),
    Slider("n", _INPUT, 5, 25, 17),
    Slider("k", "Path B: kernel k", 1, 7, 5),
    Slider("p", "Path B: padding p", 0, 4, 1),
]

GRAPH: list[Control] = [
    Choice(
        "graph",
        "Graph",
        {
            "residual": "Skip connections",
            "inception": "An Inception block",
            "misaligned": "Misaligned paths",
        },
    ),
    Steps("step", "Steps of the algorithm", 10),
]

OPERATIONS: list[Control] = [
    Choice(
        "operation",
        "Operation",
        {
            "relu": "ReLU",
            "norm": "Batch norm in use",
            "training": "Batch norm in training",
            "pooling": "Pooling",
            "separable": "Separable",
            "dilated": "Dilated",
            "upsampled": "Upsampling",
            "sum": "Addition",
            "cropping": "Negative padding",
            "dense": "Fully connected",
        },
    ),
    Slider("k", "Kernel k", 1, 5, 3),
]
