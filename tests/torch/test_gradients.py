"""Masks against float64 gradients of the module itself, by PyTorch's autograd.

The gradient of a cell is zero at every pixel outside its mask. (A mask of -100 in an attention, as
Swin has it, leaves exp(-100): what is 1e-30 of the largest counts as zero.) Within, some pixel
moves the cell at each side of its region; a ReLU that is off or a maximum that lies elsewhere hides
others, so several random images count together, and activations are replaced by smooth ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import rf_viz
from tests.torch.architectures import build
from tests.torch.ways import hands_on

Mask = NDArray[np.bool_]

NOTHING = 1e-30

SMOOTH = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.Hardsigmoid)

NETWORKS = {
    "resnet18": ((1, 3, 97, 80), 1),
    "vgg11_bn": ((1, 3, 64, 75), 1),
    "densenet121": ((1, 3, 70, 64), 1),
    "googlenet": ((1, 3, 96, 80), 1),
    "mobilenet_v2": ((1, 3, 97, 81), 1),
    "shufflenet_v2_x1_0": ((1, 3, 96, 80), 1),
    "mnasnet1_0": ((1, 3, 96, 80), 1),
    "squeezenet1_1": ((1, 3, 97, 96), 1),
    "convnext_tiny": ((1, 3, 96, 64), 1),
    "efficientnet_b0": ((1, 3, 64, 64), 1),
    "swin_t": ((1, 3, 96, 128), -1),
    "r3d_18": ((1, 3, 8, 40, 48), 1),
    "dla34": ((1, 3, 96, 64), 1),
    "res2net50_14w_8s": ((1, 3, 64, 80), 1),
    "poolformer_s12": ((1, 3, 96, 64), 1),
    "deit_tiny_patch16_224": ((1, 3, 224, 224), -1),
}
"""The shape of each input, and the axis of the channels in the tensors of its modules."""


def smoothed(module: nn.Module) -> nn.Module:
    """The module in float64, with activations whose slope is nowhere zero, and means for maxima.

    Norms that start at zero, as timm has them at the end of a block, become one.
    """
    for parent in module.modules():
        scale = getattr(parent, "weight", None)
        if isinstance(scale, Tensor) and not scale.any():
            nn.init.ones_(scale)
        for name, part in parent.named_children():
            if isinstance(part, SMOOTH):
                setattr(parent, name, nn.Softplus())
            elif isinstance(part, nn.MaxPool2d):
                options = {"ceil_mode": part.ceil_mode}
                mean = nn.AvgPool2d(part.kernel_size, part.stride, part.padding, **options)
                setattr(parent, name, mean)
    return module.double()


def outputs(module: nn.Module, x: Tensor, rank: int) -> dict[str, Tensor]:
    """What modules return at their first call that has more than one cell, by their paths."""
    kept: dict[str, Tensor] = {}

    def keep(path: str) -> Any:  # noqa: ANN401
        def hook(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ANN401
            if not isinstance(output, Tensor) or output.ndim != rank or hands_on(inputs, output):
                return
            if output.requires_grad:
                kept.setdefault(path, output)

        return hook

    hooks = [part.register_forward_hook(keep(path)) for path, part in module.named_modules()]
    module(x)
    for hook in hooks:
        hook.remove()
    # A path of one word may be the name of another tensor, too, as PyTorch names its operations.
    return {p: value for p, value in kept.items() if "." in p and min(value.shape[-2:]) > 1}


def output_of(module: nn.Module, path: str, x: Tensor) -> Tensor:
    """What the module under a path returns."""
    kept: list[Tensor] = []
    hook = module.get_submodule(path).register_forward_hook(lambda _, __, y: kept.append(y))
    module(x)
    hook.remove()
    return kept[0]


def cells(shape: tuple[int, ...], channel: int) -> Iterator[tuple[int | slice, ...]]:
    """A corner, and the middle, of a tensor, all channels together."""
    for place in (0, 1):
        index: list[int | slice] = [n // 2 * place for n in shape]
        index[0], index[channel] = 0, slice(None)
        yield tuple(index)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_gradient_leaves_the_mask_and_it_reaches_every_side(name: str) -> None:
    shape, channel = NETWORKS[name]
    module = smoothed(build(name)[0])
    net = rf_viz.load(module, shape).trace()
    rank = 3 if name == "deit_tiny_patch16_224" else len(shape)
    torch.manual_seed(1)
    moved: dict[tuple[str, int], Mask] = {}
    for _ in range(2):
        x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
        values = outputs(module, x, rank)
        paths = list(values)
        for path in [paths[i] for i in np.linspace(0, len(paths) - 1, 5)[1:].astype(int)]:
            value = values[path]
            for number, index in enumerate(cells(tuple(value.shape), channel)):
                cell = value[index]
                weights = torch.randn(cell.shape, dtype=torch.float64)
                (gradient,) = torch.autograd.grad((cell * weights).sum(), x, retain_graph=True)
                pixels = reached(gradient)
                key = (path, number)
                moved[key] = moved.get(key, np.zeros_like(pixels)) | pixels
        sizes = {path: tuple(values[path].shape) for path, _ in moved}
    assert len(moved) >= 6
    for (path, number), pixels in moved.items():
        layer = net[path]
        assert layer.exact, f"{path}: {layer.note}"
        assert layer.shape == sizes[path]
        index = list(cells(layer.shape, channel))[number]
        mask = layer.mask_of(index)
        assert not (pixels & ~mask).any(), f"{path} {index} moves with pixels outside its mask"
        assert bounds(pixels) == bounds(mask), f"{path} {index}: a side of its region is still"
        assert pixels.sum() >= 0.98 * mask.sum(), f"{path} {index}"


def reached(gradient: Tensor) -> Mask:
    """The pixels of the image that a gradient reaches, all channels together."""
    strength = gradient[0].abs().amax(0).numpy()
    return strength > NOTHING * strength.max()


def bounds(mask: Mask) -> list[tuple[int, int]]:
    """The smallest box around the pixels of a mask."""
    others = [tuple(i for i in range(mask.ndim) if i != axis) for axis in range(mask.ndim)]
    lines = [np.flatnonzero(mask.any(axis=other)) for other in others]
    return [(int(line[0]), int(line[-1])) for line in lines]


RECEPTIVE = {"resnet18": 435, "alexnet": 195, "squeezenet1_1": 207, "vgg11_bn": 150}


@pytest.mark.parametrize("name", RECEPTIVE)
def test_r_is_how_far_the_gradient_of_a_middle_cell_reaches(name: str) -> None:
    """On an image with room around it; the table says the same."""
    from rf_viz.catalogue.torchvision_models import TORCHVISION_MODELS

    row = TORCHVISION_MODELS[name]
    assert row.size == (RECEPTIVE[name],) * 2
    module = smoothed(build(name)[0])
    for part in module.modules():
        for weights in part.parameters(recurse=False):
            weights.data.abs_()  # nothing cancels, and every path counts
    side = -(-RECEPTIVE[name] // 32) * 32 + 64
    x = torch.rand((1, 3, side, side), dtype=torch.float64, requires_grad=True)
    # The layer of the table may be an adaptive average, which sees more of a larger image.
    path = "features" if name in ("alexnet", "vgg11_bn") else row.layer
    net = rf_viz.load(module, (1, 3, side, side)).trace()
    field = net[path].receptive_field
    assert field is not None
    value = output_of(module, path, x)
    y = value.shape[2] // 2
    (gradient,) = torch.autograd.grad(value[0, :, y, y].sum(), x)
    seen = bounds(reached(gradient))
    assert [stop - start + 1 for start, stop in seen] == list(field.size)
