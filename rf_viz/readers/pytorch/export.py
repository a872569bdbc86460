"""Exports of a module of PyTorch, which leave it as it was."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from threading import RLock
from typing import Any, BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray

from ...errors import ModelError
from ...runtimes.pytorch.runtime import array, said
from .example import Example

_ONE_AT_A_TIME = RLock()
"""Exporting changes the module, and much in PyTorch, for as long as it takes."""


def exported(module: Any, example: Example) -> Any:  # noqa: ANN401
    """Export a module in evaluation mode, as a ``torch.export.ExportedProgram``.

    Passes on whatever exception PyTorch raises where it cannot follow the module.
    """
    import torch

    with _evaluating(module):
        return torch.export.export(module, example.args, dict(example.kwargs), strict=False)


def functional(program: Any, *, core: bool = False) -> Any:  # noqa: ANN401
    """The program without in-place operations; in ``core`` operators only, where asked."""
    import torch

    with _quiet(), torch.no_grad():
        return program.run_decompositions(*(() if core else ({},)))


def save(program: Any, target: str | BinaryIO) -> None:  # noqa: ANN401
    """Write the archive that ``torch.export.save`` writes of a program to a path or a stream.

    How its arguments and results are packed is left out: classes of a person's own, and the named
    tuples that PyTorch returns, cannot be saved.
    """
    import torch
    from torch.utils import _pytree as pytree

    signature = program.module_call_graph[0].signature
    packed = signature.in_spec, signature.out_spec
    with _ONE_AT_A_TIME, _quiet():
        try:
            row = tuple(range(packed[0].num_leaves))
            signature.in_spec = pytree.tree_structure((row, {}))
            signature.out_spec = pytree.tree_structure(tuple(range(packed[1].num_leaves)))
            torch.export.save(program, target)
        finally:
            signature.in_spec, signature.out_spec = packed


def exported_to_onnx(module: Any, example: Example) -> tuple[onnx.ModelProto, bool]:  # noqa: ANN401
    """Export a module to ONNX, and tell whether it was only watched while it ran on the example.

    Raises ModelError where neither of PyTorch's two exporters can.
    """
    import torch

    args, kwargs = example.args, dict(example.kwargs)
    try:
        with _evaluating(module):
            program = torch.onnx.export(
                module, args, kwargs=kwargs, dynamo=True, external_data=False, verbose=False
            )
            return program.model_proto, False
    except Exception:  # it may lack a package, or whatever made the other export fail
        buffer = io.BytesIO()
    try:
        with _evaluating(module):
            torch.onnx.export(module, args, buffer, kwargs=kwargs or None, dynamo=False)
    except Exception as error:
        raise ModelError(f"torch.onnx.export fails: {said(error)}") from error
    return onnx.load_from_string(buffer.getvalue()), True


def failure(module: Any, example: Example) -> str:  # noqa: ANN401
    """Say why the module itself does not run on the example; empty where it does."""
    with _evaluating(module):
        try:
            module(*example.args, **example.kwargs)
        except Exception as error:  # anything may happen in a person's code
            return said(error)
    return ""


def computed(module: Any, example: Example) -> list[NDArray[Any]]:  # noqa: ANN401
    """The tensors that the module returns for the example. Passes on what PyTorch raises."""
    from torch.utils import _pytree as pytree

    with _evaluating(module):
        results = pytree.tree_leaves(module(*example.args, **example.kwargs))
    return [np.asarray(array(value)) for value in results if hasattr(value, "detach")]


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:  # noqa: ANN401
    """Put a module into evaluation mode, and everything in it back as it was.

    That are the attributes of all modules within, what their lists and dictionaries hold, and the
    values of their buffers; and the hooks on all modules of the session, since PyTorch 2.9 leaves
    one behind where an export fails.
    """
    import torch

    with _ONE_AT_A_TIME, _quiet(), torch.no_grad():
        parts = list(module.modules())
        modes = [(part, part.training) for part in parts if hasattr(part, "training")]
        attributes = [(vars(part), _copied(vars(part))) for part in parts]
        hooks = _copied(
            {
                name: value
                for name, value in vars(torch.nn.modules.module).items()
                if name.startswith("_global_") and isinstance(value, dict)
            }
        )
        buffers = [(b, b.detach().clone()) for b in module.buffers() if not b.is_meta]
        state = torch.get_rng_state()
        try:
            module.eval()
            yield
        finally:
            for current, before in attributes:
                for name in current.keys() - before.keys():
                    del current[name]
                current.update((name, value) for name, (value, _) in before.items())
                _refill(before)
            _refill(hooks)
            for part, training in modes:
                part.training = training
            for buffer, values in buffers:
                if not torch.equal(buffer, values):
                    buffer.copy_(values)
            torch.set_rng_state(state)


_Copies = Mapping[str, tuple[Any, dict[Any, Any] | list[Any] | None]]
"""Attributes by name, each with a copy of what it holds, if it is a list or a dictionary."""


def _copied(attributes: Mapping[str, Any]) -> _Copies:
    return {
        name: (value, value.copy() if isinstance(value, dict | list) else None)
        for name, value in attributes.items()
    }


def _refill(copies: _Copies) -> None:
    """Let lists and dictionaries hold what they held when they were copied."""
    for value, content in copies.values():
        if isinstance(value, dict) and content is not None:
            value.clear()
            value.update(content)
        elif isinstance(value, list) and content is not None:
            value[:] = content


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to themselves what PyTorch's exporters warn of and print: it is about its own code."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
