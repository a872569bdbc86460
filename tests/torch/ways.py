"""The ways from a module of PyTorch into RF-Viz: itself, and the files that PyTorch writes."""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import rf_viz

Shape = tuple[int, ...]


def _pt2(module: nn.Module, x: Tensor, file: Path, free: dict[int, Any]) -> None:
    shapes = (free,) if free else None
    torch.export.save(torch.export.export(module, (x,), dynamic_shapes=shapes), file)


def _dynamo(module: nn.Module, x: Tensor, file: Path, free: dict[int, Any]) -> None:
    torch.onnx.export(
        module,
        (x,),
        file,
        dynamo=True,
        external_data=False,
        verbose=False,
        dynamic_shapes=(free,) if free else None,
    )


def _old(module: nn.Module, x: Tensor, file: Path, free: dict[int, Any]) -> None:
    names = {axis: f"axis{axis}" for axis in free}
    torch.onnx.export(
        module,
        (x,),
        file,
        dynamo=False,
        input_names=["x"],
        dynamic_axes={"x": names} if names else None,
    )


MODULE, TORCHSCRIPT = "module", "onnx by TorchScript"

WRITERS: dict[str, tuple[str, Callable[..., None], bool]] = {
    "pt2": ("pt2", _pt2, False),
    "pt2, free": ("free.pt2", _pt2, True),
    "onnx": ("new.onnx", _dynamo, False),
    "onnx, free": ("new.free.onnx", _dynamo, True),
    TORCHSCRIPT: ("old.onnx", _old, False),
    f"{TORCHSCRIPT}, free": ("old.free.onnx", _old, True),
}
"""Ways through a file: how its name ends, what writes it, and whether its sizes are free."""

WAYS = (MODULE, *WRITERS)

PATIENCE = 180
"""Seconds after which an export is given up."""


class EndlessError(BaseException):
    """Raised where an export takes too long; no Exception, since the exporters catch those."""


@contextmanager
def patience() -> Iterator[None]:
    """Give PyTorch some minutes: with free sizes it may work on its inequalities for hours."""

    def give_up(*_: object) -> None:
        raise EndlessError(f"not done after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE, 1)  # again and again: it may be caught
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def write(way: str, module: nn.Module, shape: Shape, folder: Path, name: str) -> Path | str:
    """The file of a way, written unless it is there; or why PyTorch cannot write it."""
    ending, writer, is_free = WRITERS[way]
    file = folder / f"{name}.{ending}"
    free = dict.fromkeys(range(2, len(shape)), torch.export.Dim.AUTO) if is_free else {}
    if not file.exists():
        try:
            with torch.no_grad(), warnings.catch_warnings(), patience():
                warnings.simplefilter("ignore")
                writer(module, torch.rand(shape), file, free)
        except OSError:  # the disk is full: that is no word on PyTorch
            file.unlink(missing_ok=True)
            raise
        except (Exception, EndlessError) as error:
            file.unlink(missing_ok=True)
            return f"{type(error).__name__}: {error}".splitlines()[0]
    return file


@dataclass(frozen=True)
class Opened:
    """A network that came in by some way: how long it took to load and trace, in seconds."""

    way: str
    net: rf_viz.Network
    seconds: float


def open_by(way: str, source: nn.Module | Path, shape: Shape) -> Opened:
    """Load and trace a module or a file at this shape."""
    start = time.perf_counter()
    example = None if isinstance(source, Path) else shape
    model = rf_viz.load(source, example=example)
    net = model.trace(input_shape=shape)
    return Opened(way, net, time.perf_counter() - start)


def paths_that_compute(module: nn.Module, shape: Shape) -> dict[str, Shape]:
    """The modules that were called and returned another tensor, with its shape, by their paths.

    Those that only hand on what they take, such as dropout, leave nothing in an export.
    """
    shapes: dict[str, Shape] = {}

    def watch(path: str) -> Callable[..., None]:
        def hook(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ANN401
            if not isinstance(output, Tensor):
                return
            if not hands_on(inputs, output):
                shapes.setdefault(path, tuple(output.shape))

        return hook

    hooks = [part.register_forward_hook(watch(path)) for path, part in module.named_modules()]
    with torch.no_grad():
        module(torch.rand(shape))
    for hook in hooks:
        hook.remove()
    shapes.pop("", None)
    return shapes


def norms(module: nn.Module) -> set[str]:
    """The paths of batch normalisations, which an exporter may fuse into convolutions."""
    kinds = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
    return {path for path, part in module.named_modules() if isinstance(part, kinds)}


def hands_on(inputs: tuple[Any, ...], output: Tensor) -> bool:
    """Whether a module returned one of its inputs as it was."""
    tensors = [i for i in inputs if isinstance(i, Tensor) and i.shape == output.shape]
    return any(i is output or torch.equal(i, output) for i in tensors)


def layer_at(net: rf_viz.Network, path: str) -> rf_viz.Layer | None:
    """The layer under a module's path; None where there is none."""
    try:
        return net[path]
    except KeyError:
        return None


def indices(shape: Shape, count: int = 6) -> Iterator[tuple[int, ...]]:
    """Some elements of a tensor: both ends, and random ones."""
    random = np.random.default_rng(len(shape))
    yield (0,) * len(shape)
    yield tuple(n - 1 for n in shape)
    for _ in range(count):
        yield tuple(int(random.integers(n)) for n in shape)
