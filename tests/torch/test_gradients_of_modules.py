"""Gradients that PyTorch computes of the programs that it exported, and what they leave out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import rf_viz
from rf_viz import ModelError
from rf_viz.readers.pytorch import networks
from rf_viz.workers.facts import Facts

Array = NDArray[Any]

SHAPE = (1, 3, 6, 7)


class Of(nn.Module):
    """A module that computes a function."""

    def __init__(self, compute: Callable[[Tensor], Tensor], *parts: nn.Module) -> None:
        super().__init__()
        self.compute, self.parts = compute, nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return self.compute(x)


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def loaded(module: nn.Module, x: Array) -> rf_viz.Model:
    return rf_viz.load(module.double().eval(), torch.from_numpy(x))


def slopes(compute: Callable[[Array], Array], x: Array, seed: Array) -> Array:
    """The gradient by central differences."""
    step, gradient = 1e-5, np.zeros_like(x)
    for index in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            ends.append(compute(moved))
        gradient[index] = (seed * (ends[0] - ends[1])).sum() / (2 * step)
    return gradient


def gradients(model: rf_viz.Model, x: Array, name: str, seeds: list[Array]) -> list[Array]:
    source = model.inputs[0].name
    return model.gradients({source: x}, name, source, seeds, {source: x.shape})


def gaps(model: rf_viz.Model, x: Array, name: str) -> tuple[str, ...]:
    source = model.inputs[0].name
    return model.gradient_gaps({source: x}, name, source, {source: x.shape})


def last(model: rf_viz.Model) -> str:
    return list(model.names)[-1]


def assert_gradients(module: nn.Module, x: Array) -> rf_viz.Model:
    """The gradients of the output are the slopes, at 1e-6."""
    model = loaded(module, x)

    def compute(value: Array) -> Array:
        with torch.no_grad():
            result: Array = module(torch.from_numpy(value)).numpy()
        return result

    seeds = [normal(*compute(x).shape, seed=seed) for seed in (1, 2)]
    for seed, gradient in zip(seeds, gradients(model, x, last(model), seeds), strict=True):
        expected = slopes(compute, x, seed)
        assert gradient.dtype == np.float64
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-6 * abs(expected).max())
    return model


def parts(seed: int) -> list[nn.Module]:
    """Layers in random order."""
    torch.manual_seed(seed)
    layers = [
        nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, dilation=1), nn.Tanh()),
        nn.Sequential(nn.Conv2d(3, 6, 3, padding=2, groups=3), nn.Softplus()),
        nn.Sequential(nn.Conv2d(3, 4, 2, dilation=2, padding=1), nn.BatchNorm2d(4)),
    ]
    first = layers[seed % 3]
    with torch.no_grad():
        channels = first(torch.zeros(SHAPE)).shape[1]
    rest = [
        nn.MaxPool2d(2, 1, 1),
        nn.AvgPool2d(2),
        nn.GroupNorm(2, channels),
        nn.Hardswish(inplace=True),
        nn.ConvTranspose2d(channels, channels, 3, 2),
        Of(lambda x: torch.cat([x, x.sigmoid() * x.mean((2, 3), keepdim=True)], 1)[:, :channels]),
    ]
    order = np.random.default_rng(seed).permutation(len(rest))[:4]
    return [first, *(rest[i] for i in order)]


@pytest.mark.parametrize("seed", range(6))
def test_random_networks(seed: int) -> None:
    model = assert_gradients(Of(torch.tanh, *parts(seed)), normal(*SHAPE))
    assert gaps(model, normal(*SHAPE), last(model)) == ()


def test_recurrent_layers_and_attention() -> None:
    torch.manual_seed(0)
    recurrent = nn.GRU(3, 4, batch_first=True)
    attention = nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True)
    module = Of(lambda x: attention(recurrent(x)[0]))
    module.parts.extend([nn.Identity()])
    module.add_module("recurrent", recurrent)
    module.add_module("attention", attention)
    assert_gradients(module, normal(1, 5, 3))


def test_from_a_tensor_within() -> None:
    torch.manual_seed(0)
    head = nn.Conv2d(4, 2, 3).double()
    module = Of(lambda x: head(x.sigmoid()), nn.Conv2d(3, 4, 3))
    module.add_module("head", head)
    x = normal(*SHAPE)
    model = loaded(module, x)
    source = model.inputs[0].name
    inner = next(layer.name for layer in model.trace().layers if "conv" in layer.name)
    value = module.parts[0](torch.from_numpy(x)).detach().requires_grad_()
    seed = normal(1, 2, 2, 3)
    (expected,) = torch.autograd.grad(head(value.sigmoid()), value, torch.from_numpy(seed))
    feeds = {source: x, inner: value.detach().numpy()}
    (result,) = model.gradients(feeds, last(model), inner, [seed], {source: x.shape})
    np.testing.assert_allclose(result, expected.numpy(), rtol=1e-12)
    (nothing,) = model.gradients(feeds, last(model), source, [seed], {source: x.shape})
    assert nothing.shape == x.shape
    assert not nothing.any()
    (own,) = model.gradients(feeds, source, source, [x], {source: x.shape})
    assert np.array_equal(own, x)


def test_of_a_linear_network_it_is_the_kernel() -> None:
    conv = nn.Conv2d(2, 1, 3, bias=False)
    x, seed = np.float32(normal(1, 2, 6, 6)), np.zeros((1, 1, 4, 4), np.float32)
    seed[0, 0, 1, 2] = 1
    model = rf_viz.load(conv, (1, 2, 6, 6))
    (gradient,) = gradients(model, x, last(model), [seed])
    expected = np.zeros_like(x)
    expected[0, :, 1:4, 2:5] = conv.weight.detach().numpy()[0]
    assert gradient.dtype == np.float32
    assert np.array_equal(gradient, expected)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "swin_t"])
def test_networks_of_torchvision(name: str) -> None:
    """As PyTorch's users compute them, with respect to the image."""
    model = networks.load("torchvision", name)
    assert model.has_gradients
    assert Facts.of(model).has_gradients
    x = np.random.default_rng(0).random((1, 3, 224, 224), np.float32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = networks._built("torchvision", name).eval()
    image = torch.from_numpy(x).requires_grad_()
    seed = np.float32(normal(1, 1000))
    (expected,) = torch.autograd.grad(module(image), image, torch.from_numpy(seed))
    (result,) = gradients(model, x, last(model), [seed])
    scale = float(expected.abs().max())
    np.testing.assert_allclose(result, expected.numpy(), rtol=1e-4, atol=1e-5 * scale)
    assert gaps(model, x, last(model)) == ()


@pytest.mark.parametrize(
    ("compute", "gap"),
    [
        (lambda x: x**2 + torch.round(x), "round"),
        (lambda x: x * torch.sign(x), "sign"),
        (lambda x: x + torch.arange(3.0)[x.argmax(1)][:, None] * 2, "argmax"),
        (lambda x: x + (3 * x).to(torch.int32).double(), "_to_copy"),
        (lambda x: x + torch.div(x, 0.3, rounding_mode="floor"), "div"),
        (lambda x: x * (x > 0).double(), "gt"),
    ],
    ids=["round", "sign", "argmax", "cast", "division", "gate"],
)
def test_steps_beside_a_slope_are_named(compute: Callable[[Tensor], Tensor], gap: str) -> None:
    x = normal(*SHAPE)
    model = assert_gradients(Of(compute), x)
    (own,) = gaps(model, x, last(model))
    assert own.startswith(f"{gap} ("), own


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: torch.where(x > 0, x, 0.1 * x),
        lambda x: x.topk(2, 1).values * 2,
        lambda x: x.gather(1, x.argsort(1)) ** 2,
        lambda x: x * torch.ones_like(x) + x.shape[-1],
        lambda x: x * x.exp().detach(),
    ],
    ids=["where", "top k", "sorted", "shapes", "detached"],
)
def test_choices_shapes_and_what_training_stops_are_no_gaps(
    compute: Callable[[Tensor], Tensor],
) -> None:
    x = normal(*SHAPE)
    model = assert_gradients(Of(compute), x)
    assert gaps(model, x, last(model)) == ()


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda x: torch.round(2 * x) ** 2, r"since round \(round_1\) passes none"),
        (lambda x: nn.functional.one_hot(x.argmax(1), 3).double(), r"since argmax \(argmax\)"),
        (lambda x: x.argmax(1), "holds no real numbers but int64"),
        (lambda x: x > 0, "holds no real numbers but bool"),
    ],
    ids=["round", "argmax", "whole numbers", "truth values"],
)
def test_without_a_gradient_it_is_refused_by_name(
    compute: Callable[[Tensor], Tensor], reason: str
) -> None:
    x = normal(*SHAPE)
    model = loaded(Of(compute), x)
    shape = model.trace().layers[-1].shape
    with pytest.raises(ModelError, match=reason + '.*: ask for method="occlusion"$'):
        gradients(model, x, last(model), [np.ones(shape)])


def test_an_image_of_whole_numbers_is_refused() -> None:
    x = np.ones(SHAPE, np.uint8)
    model = rf_viz.load(Of(lambda x: x.float() * 2), torch.from_numpy(x))
    with pytest.raises(ModelError, match=r'but uint8.*: ask for method="occlusion"$'):
        gradients(model, x, last(model), [np.ones(SHAPE)])


def test_weights_that_are_only_for_inference_do(tmp_path: Path) -> None:
    x = np.float32(normal(*SHAPE))
    program = torch.export.export(nn.Conv2d(3, 4, 3), (torch.from_numpy(x),))
    torch.export.save(program, tmp_path / "net.pt2")
    with torch.inference_mode():
        model = rf_viz.load(torch.export.load(tmp_path / "net.pt2"))
        (gradient,) = gradients(model, x, last(model), [np.ones((1, 4, 4, 5))])
    weight = program.state_dict["weight"].detach()
    expected = nn.functional.conv_transpose2d(torch.ones(1, 4, 4, 5), weight).numpy()
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


def test_weights_get_no_gradient_of_their_own() -> None:
    module = Of(torch.tanh, nn.Conv2d(3, 4, 3))
    x = np.float32(normal(*SHAPE))
    model = rf_viz.load(module, torch.from_numpy(x))
    gradients(model, x, last(model), [np.ones((1, 4, 4, 5))])
    assert all(weight.grad is None for weight in module.parameters())


def test_a_file_that_is_read_without_pytorch_has_none(tmp_path: Path) -> None:
    x = torch.ones(SHAPE)
    torch.export.save(torch.export.export(nn.Conv2d(3, 4, 3), (x,)), tmp_path / "net.pt2")
    model = rf_viz.load(tmp_path / "net.pt2")
    assert not model.has_gradients
    with pytest.raises(ModelError, match="computes values but no gradients"):
        gradients(model, x.numpy(), last(model), [])
