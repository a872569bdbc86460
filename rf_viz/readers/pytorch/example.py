"""The input that a module of PyTorch is exported with: tensors, or the shapes of such."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ModelError

Shape = tuple[int, ...]

_SEED = 0


@dataclass(frozen=True)
class Example:
    """The positional and the keyword arguments that a module is called with."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def leaves(self) -> list[Any]:
        """List the tensors and other values within, in the order in which PyTorch has them."""
        return list(_leaves([*self.args, *self.kwargs.values()]))

    def resized(self, shapes: Sequence[Shape | None]) -> Example:
        """The example with tensors of other shapes; ``shapes`` has one entry for each leaf.

        A tensor whose shape is another one is replaced by random numbers of its type. None leaves
        the value as it is.
        """
        each = iter(shapes)

        def resize(value: Any) -> Any:  # noqa: ANN401
            shape = next(each)
            if shape is None or tuple(value.shape) == shape:
                return value
            return _random(shape, value.dtype, value.device)

        return Example(
            tuple(_mapped(value, resize) for value in self.args),
            {key: _mapped(value, resize) for key, value in self.kwargs.items()},
        )


def example_of(example: Any, module: Any) -> Example:  # noqa: ANN401
    """The arguments that a person's example stands for.

    A tensor or a shape is the only argument. A tuple or a list holds the positional ones, of which
    each may be a shape, too; its last element may be a dictionary of keyword arguments. A
    dictionary holds those. Tensors made of a shape have the module's type and device, and random
    values of 0 to 1. Raises ModelError where nothing is given, or no tensor.
    """
    if example is None:
        raise ModelError(missing(module))
    kind, device = _usual(module)

    def converted(value: Any) -> Any:  # noqa: ANN401
        import torch

        if _is_shape(value):
            return _random(tuple(value), kind, device)
        if isinstance(value, np.ndarray):
            tensor = torch.from_numpy(np.array(value))
            return tensor.to(device, kind if tensor.is_floating_point() else None)
        if isinstance(value, torch.Tensor):
            return value.detach().to(device)
        if isinstance(value, Mapping):
            return {key: converted(inner) for key, inner in value.items()}
        if type(value) in (list, tuple):
            return type(value)(converted(inner) for inner in value)
        return value

    args: list[Any] = []
    if isinstance(example, Mapping) or _is_shape(example) or type(example) not in (list, tuple):
        args = [example]
    else:
        args = list(example)
    kwargs = args.pop() if args and _names_arguments(args[-1], module) else {}
    result = Example(
        tuple(converted(value) for value in args),
        {key: converted(value) for key, value in kwargs.items()},
    )
    if not any(hasattr(leaf, "shape") for leaf in result.leaves()):
        raise ModelError(
            f"the example holds no tensor and no shape, but {_brief(example)}: {_advice(module)}"
        )
    return result


def missing(module: Any) -> str:  # noqa: ANN401
    """Say that a module needs an example, and what to write."""
    return (
        f"{type(module).__name__} is a PyTorch module, whose sizes show only when something is "
        f"fed to it: {_advice(module)}"
    )


def _advice(module: Any) -> str:  # noqa: ANN401
    """What to write, with the number of channels that the module's first weights take."""
    return (
        f"give an example of its input, rf_viz.load(module, {_likely_shape(module)}), or the "
        "tensors that you call it with"
    )


def _likely_shape(module: Any) -> Shape:  # noqa: ANN401
    """A shape that the module may take, by its configuration, else by its first weights."""
    configured = getattr(module, "default_cfg", None)  # as timm has it
    size = configured.get("input_size") if isinstance(configured, Mapping) else None
    if size is not None and _is_shape(size):
        return (1, *size)
    for part in module.modules():
        weight, channels = getattr(part, "weight", None), getattr(part, "in_channels", None)
        rank = getattr(weight, "ndim", 0)
        if isinstance(channels, int) and rank in (3, 4, 5):
            return (1, channels, *{3: (16000,), 4: (224, 224), 5: (16, 112, 112)}[rank])
        features = getattr(part, "in_features", None)
        if isinstance(features, int):
            return (1, features)
    return (1, 3, 224, 224)


def _is_shape(value: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(value, tuple | list)
        and len(value) > 0
        and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in value)
    )


def _names_arguments(value: Any, module: Any) -> bool:  # noqa: ANN401
    """Whether a value is a dictionary whose keys are names of what the module takes."""
    if not isinstance(value, Mapping):
        return False
    try:
        parameters = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):
        return True
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return all(isinstance(key, str) and (any_name or key in parameters) for key in value)


def _usual(module: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """The type of the module's numbers and the device that they are on."""
    import torch

    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            return tensor.dtype, tensor.device
    return torch.float32, torch.device("cpu")


def _random(shape: Shape, kind: Any, device: Any) -> Any:  # noqa: ANN401
    """Random numbers of 0 to 1, without a trace in PyTorch's own generator."""
    import torch

    generator = torch.Generator().manual_seed(_SEED)
    return torch.rand(shape, generator=generator, device="cpu").to(device, kind)


def _leaves(value: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(value, dict):
        value = list(value.values())
    if type(value) in (list, tuple):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """The value with its leaves changed, in the order of ``_leaves``."""
    if isinstance(value, dict):
        return {key: _mapped(inner, change) for key, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_mapped(inner, change) for inner in value)
    return change(value)


def _brief(value: Any) -> str:  # noqa: ANN401
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
