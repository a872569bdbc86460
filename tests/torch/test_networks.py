"""Networks that torchvision and timm have, by name."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torchvision import models

import rf_viz
from rf_viz.readers.pytorch import networks


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No connection is allowed, and the caches are empty."""

    def refuse(*_: Any, **__: Any) -> None:  # noqa: ANN401
        raise AssertionError("something is downloaded")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def test_all_names_are_on_offer() -> None:
    """They are read off the sources, which is what the libraries themselves must say."""
    assert set(networks.names("timm")) == set(timm.list_models())
    ours = set(networks.names("torchvision"))
    assert set(models.list_models(module=models)) <= ours
    assert set(models.list_models(module=models.segmentation)) <= ours
    assert set(models.list_models(module=models.video)) <= ours
    assert not any("quantized" in name or "rcnn" in name for name in ours)


@pytest.mark.parametrize(
    ("library", "name", "shape", "path"),
    [
        ("torchvision", "resnet18", (1, 3, 224, 224), "layer4.1"),
        ("torchvision", "inception_v3", (1, 3, 299, 299), "Mixed_7c"),
        ("torchvision", "lraspp_mobilenet_v3_large", (1, 3, 224, 224), "backbone.16"),
        ("torchvision", "r3d_18", (1, 3, 16, 112, 112), "layer4"),
        ("timm", "convnextv2_atto", (1, 3, 224, 224), "stages.3"),
        ("timm", "mobilevit_xxs", (1, 3, 256, 256), "stages.4.1"),
    ],
)
def test_a_network_is_read_at_the_size_it_was_made_for(
    library: str, name: str, shape: tuple[int, ...], path: str
) -> None:
    model = networks.load(library, name)
    assert (model.name, model.title) == (name, name)
    net = model.trace()
    assert net.input.shape == shape
    assert net[path].exact


def test_random_weights_are_always_the_same() -> None:
    x = np.ones((1, 3, 224, 224), np.float32)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    values = []
    for _ in range(2):
        model = networks.load("torchvision", "squeezenet1_1")
        name = model.trace().layers[-1].name
        values.append(model.activations(x, [name])[name])
        torch.rand(3)
    assert np.array_equal(*values)
    torch.set_rng_state(before)


def test_trained_weights_of_torchvision_come_from_its_cache(tmp_path: Path) -> None:
    name = "squeezenet1_1"
    assert not networks.has_weights("torchvision", name)
    with pytest.raises(rf_viz.ModelError, match="not in torchvision's cache"):
        networks.load("torchvision", name, trained=True)
    torch.manual_seed(3)
    module = models.squeezenet1_1(weights=None).eval()
    file = Path(models.SqueezeNet1_1_Weights.DEFAULT.url).name
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(module.state_dict(), folder / file)
    assert networks.has_weights("torchvision", name)
    model = networks.load("torchvision", name, trained=True)
    x = np.ones((1, 3, 224, 224), np.float32)
    end = model.trace().layers[-1].name
    expected = module(torch.from_numpy(x)).detach().numpy()
    assert np.array_equal(model.activations(x, [end])[end], expected)


def test_trained_weights_of_timm_come_from_its_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    name = "test_resnet"
    kept = tmp_path / "weights.bin"

    def look_up(repository: str, file: str) -> str | None:
        return str(kept) if kept.exists() and "test_resnet" in repository else None

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", look_up)
    assert not networks.has_weights("timm", name)
    with pytest.raises(rf_viz.ModelError, match="not in timm's cache"):
        networks.load("timm", name, trained=True)
    torch.manual_seed(3)
    module = timm.create_model(name).eval()
    torch.save(module.state_dict(), kept)
    model = networks.load("timm", name, trained=True)
    shape = model.trace().input.shape
    x = np.ones(shape, np.float32)
    end = model.trace().layers[-1].name
    expected = module(torch.from_numpy(x)).detach().numpy()
    assert np.array_equal(model.activations(x, [end])[end], expected)


def test_what_cannot_be_built_is_told() -> None:
    with pytest.raises(rf_viz.ModelError, match="has no network resnet19"):
        networks.load("torchvision", "resnet19")
    with pytest.raises(rf_viz.ModelError, match=r"vit_h_14 has 63\d million weights"):
        networks.load("torchvision", "vit_h_14")
