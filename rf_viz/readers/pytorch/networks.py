"""Networks that torchvision and timm have, by name; nothing is ever downloaded.

Their names are read off the libraries' sources, since importing the libraries takes seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ...catalogue.torchvision_models import TORCHVISION_MODELS
from ...errors import ModelError
from ...runtimes.extras import install_line
from .memory import LiveModel, of_module

LIBRARIES = ("torchvision", "timm")

_REGISTERED = re.compile(r"^@register_model\b.*?^def (\w+)\(", re.MULTILINE | re.DOTALL)
"""A function that builds a network, as both libraries mark it."""

_TASKS = ("", "segmentation", "video", "optical_flow")
"""Folders of torchvision's models whose networks take images or clips. Those of detection take
lists of images, the quantised ones load weights when they are built."""

_MOST_WEIGHTS = 400_000_000
"""The weights of the largest network that is built: they are held three times while it is read."""

_CLIP, _FLOW = (16, 112, 112), (128, 128)
"""Sizes of networks for videos and for optical flow whose weights tell none."""


def is_installed(library: str) -> bool:
    """Whether a library is there, and PyTorch with it; neither is imported."""
    return all(find_spec(package) is not None for package in ("torch", library))


@cache
def names(library: str) -> tuple[str, ...]:
    """List the networks of a library by name; none where it is not installed."""
    return tuple(_tasks(library))


def import_library(library: str) -> Any:  # noqa: ANN401
    """Import a library, which takes seconds. Raises ModelError where it is not installed."""
    if not is_installed(library):
        raise ModelError(
            f"{library} is not installed here: {install_line('pytorch')} brings its networks"
        )
    return import_module(library)


def load(library: str, name: str, *, trained: bool = False) -> LiveModel:
    """Build a network of a library by its name, and read it at the size that it was made for.

    Unless ``trained`` it has random weights, always the same. The trained ones are those that
    ``has_weights`` tells of. Raises ModelError for an unknown name, for a network that is too large
    and where there are no such weights.
    """
    package = import_library(library)
    if name not in names(library):
        raise ModelError(f"{library} {package.__version__} has no network {name}")
    import torch

    try:
        with torch.device("meta"):
            size = sum(p.numel() for p in _built(library, name).parameters())
    except Exception:  # some networks compute with numbers while they are built
        size = 0
    if size > _MOST_WEIGHTS:
        raise ModelError(
            f"{name} has {size / 1e6:.0f} million weights, more than are built here: build it in "
            "Python, and give it to rf_viz.load"
        )
    weights = _weights(library, name) if trained else None
    if trained and weights is None:
        raise ModelError(
            f"the trained weights of {name} are not in {library}'s cache, and RF-Viz downloads none"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = _built(library, name, weights).eval()
    model = of_module(module, name, _example(library, name, module))
    model.title = name
    return model


def has_weights(library: str, name: str) -> bool:
    """Whether a library has trained weights of a network in its cache on this machine."""
    return _weights(library, name) is not None


def normalisation(library: str, name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The means and the standard deviations of the pixels, of 0 to 1, that a network expects."""
    if library == "timm":
        cfg = _timm_cfg(name)
        return tuple(cfg["mean"]), tuple(cfg["std"])
    return (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@cache
def _tasks(library: str) -> Mapping[str, str]:
    """The networks of a library, each with the folder that its source is in."""
    if not is_installed(library):
        return {}
    spec = find_spec(library)
    tasks: dict[str, str] = {}
    for home in (spec and spec.submodule_search_locations) or ():
        models = Path(home, "models")
        for file in sorted(models.rglob("*.py")):
            task = file.parent.name if file.parent != models else ""
            if library == "timm" or task in _TASKS:
                text = file.read_text("utf-8", errors="replace")
                tasks.update((match[1], task) for match in _REGISTERED.finditer(text))
    return dict(sorted(tasks.items()))


def _built(library: str, name: str, weights: Any = None) -> Any:  # noqa: ANN401
    """A network as a module, with these weights or with random ones."""
    if library == "timm":
        import timm

        if weights is None:
            return timm.create_model(name, pretrained=False)
        return timm.create_model(
            name, pretrained=True, pretrained_cfg_overlay={"file": str(weights)}
        )
    from torchvision import models

    backbone = {"weights_backbone": None} if _tasks(library)[name] == "segmentation" else {}
    # Heads that only training uses would be built, and warned of.
    heads = {"googlenet": {"aux_logits": False, "init_weights": True}}
    heads["inception_v3"] = heads["googlenet"]
    extra = {} if weights is not None else heads.get(name, {})
    return models.get_model(name, weights=weights, **backbone, **extra)


def _example(library: str, name: str, module: Any) -> Any:  # noqa: ANN401
    """The shapes of a network's inputs, at the size that it was made for."""
    if library == "timm":
        return (1, *_timm_cfg(name).get("input_size", module.default_cfg["input_size"]))
    task = _tasks(library)[name]
    sides = [side for weights in _enum(name) for side in _sides(weights)]
    side = 224 if 224 in sides or not sides else sides[0]
    if task == "video":
        return (1, 3, _CLIP[0], *([side] * 2 if sides else _CLIP[1:]))
    if task == "optical_flow":
        return ((1, 3, *_FLOW), (1, 3, *_FLOW))
    return (1, 3, side, side)


def _enum(name: str) -> list[Any]:
    """The weights that torchvision publishes of a network."""
    from torchvision import models

    return list(models.get_model_weights(name))


def _sides(weights: Any) -> list[int]:  # noqa: ANN401
    """The side of the images that weights were trained for, where they tell it."""
    return list(getattr(weights.transforms(), "crop_size", []))[:1]


def _timm_cfg(name: str) -> dict[str, Any]:
    """What timm knows of a network's trained weights and of what they expect."""
    import timm

    cfg = timm.models.get_pretrained_cfg(name)
    return {} if cfg is None else dict(cfg.to_dict())


def _weights(library: str, name: str) -> Any:  # noqa: ANN401
    """Trained weights of a network that are in the library's cache; None where there are none."""
    import torch

    checkpoints = Path(torch.hub.get_dir(), "checkpoints")

    def kept(url: str) -> Path | None:
        file = checkpoints / Path(urlparse(url).path).name
        return file if url and file.is_file() else None

    if library == "torchvision":
        entry = TORCHVISION_MODELS.get(name)  # those whose accuracy it tells come first
        every = sorted(_enum(name), key=lambda w: entry is None or w.name != entry.weights)
        return next((w for w in every if kept(w.url)), None)
    cfg = _timm_cfg(name)
    repository = cfg.get("hf_hub_id")
    if repository:
        hub = import_module("huggingface_hub")
        for file in ("model.safetensors", "pytorch_model.bin"):
            path = hub.try_to_load_from_cache(repository, cfg.get("hf_hub_filename") or file)
            if isinstance(path, str):
                return Path(path)
    return kept(cfg.get("url") or "")
