"""Reads what a session of PyTorch holds: modules, exported programs, ONNX programs.

A module is exported, and the export is read as its file would be. Values come from PyTorch, by the
exported program with the module's own weights.
"""

from __future__ import annotations

import io
import os
import warnings
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError, defect
from ...model import Model, ModelInput, Remark
from ...relation import Shape
from ...runtimes.pytorch.runtime import ProgramRuntime, array, said
from ...trace.tensor_names import TensorNames
from ...trace.tensors import Tensor
from ..content import Content
from ..onnx import OnnxModel, of_message
from ..onnx.node import ATEN, OPERATORS
from . import load
from .example import Example, example_of
from .export import computed, exported, exported_to_onnx, failure, functional, save

if TYPE_CHECKING:
    from ...runtimes import Twin

_TOLERANCE = 1e-2
"""By how much, absolute and relative, two runtimes may differ."""

_LARGE = 2**30
"""Weights of more bytes are not held in one message: its format ends at 2 GB."""

_MOST_SIZES = 8
"""The sizes at which the exports of a module are kept."""


@dataclass(frozen=True)
class Export:
    """One export of a module, as it is read.

    Attributes:
        reading: the graph, as the model that its file is.
        runtime: what computes its tensors; None leaves that to ``reading``.
        remark: why and how it was made in another way than usual; empty where it was not.
    """

    reading: OnnxModel
    runtime: ProgramRuntime | None
    remark: str = ""


class LiveModel(Model):
    """A module or a program that is in memory.

    ``export`` makes an export with inputs of these shapes, by name; where it is None, ``first``
    serves at every size.
    """

    def __init__(
        self,
        name: str,
        first: Export,
        export: Callable[[Mapping[str, Shape]], Export] | None = None,
    ) -> None:
        self.name, self.title = name, first.reading.title
        self._first, self._export = first, export
        self.inputs = first.reading.inputs
        self._exports = {self._sizes({}): first}
        if export is not None:
            self.inputs = tuple(_of_any_size(declared) for declared in self.inputs)

    @cached_property
    def names(self) -> TensorNames:
        """The names of the program's tensors, nodes and modules, as ``Model.names``."""
        return self._first.reading.names

    def describe(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> list[Tensor]:
        """Describe the tensors as ``Model.describe``; a module is exported anew at each size."""
        reading = self._at(shapes).reading
        return reading.describe(shapes, source, weight_aware, feeds, stop)

    def run(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Shape],
    ) -> dict[str, NDArray[np.float32]]:
        """Compute values as ``Model.run``, by PyTorch."""
        export = self._at(shapes)
        runtime = export.runtime
        own = [name for name in names if runtime is not None and name in runtime]
        values = runtime.activations(feeds, own, shapes) if runtime is not None and own else {}
        others = [name for name in names if name not in values]
        return values | (export.reading.run(feeds, others, shapes) if others else {})

    @property
    def has_gradients(self) -> bool:
        """Whether PyTorch computes the values, and so gradients."""
        return self._first.runtime is not None

    def gradients(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        seeds: Sequence[NDArray[np.floating[Any]]],
        shapes: Mapping[str, Shape],
    ) -> list[NDArray[np.floating[Any]]]:
        """Compute gradients as ``Model.gradients``, by PyTorch's own differentiation."""
        runtime = self._differentiable(name, source, shapes)
        return runtime.gradients(feeds, name, source, seeds, shapes)

    def gradient_gaps(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        shapes: Mapping[str, Shape],
    ) -> tuple[str, ...]:
        """List the operators that pass no gradient, as ``Model.gradient_gaps``."""
        runtime = self._differentiable(name, source, shapes)
        return runtime.gradient_gaps(feeds, name, source, shapes)

    def _differentiable(
        self, name: str, source: str, shapes: Mapping[str, Shape]
    ) -> ProgramRuntime:
        """The runtime that has both tensors. Raises ModelError where there is none."""
        runtime = self._at(shapes).runtime
        if runtime is None:
            raise self._no_gradients()
        for tensor in (name, source):
            if tensor not in runtime:
                raise ModelError(
                    f"{tensor} is no tensor that PyTorch computes, but one in between, of which "
                    'there are no gradients: pick another layer, or ask for method="occlusion"'
                )
        return runtime

    def twin(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> Twin | None:
        """Build the twin as ``Model.twin``, of the graph as it is read."""
        return self._at(shapes).reading.twin(shapes, source, weight_aware, feeds, stop)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is worth knowing of the export, as ``Model.remarks``."""
        if not self._first.remark:
            return self._first.reading.remarks
        own = Remark("Read by way of ONNX", f"{self.name} {self._first.remark}")
        return (own, *self._first.reading.remarks)

    def parameters(self) -> dict[str, int]:
        """Count weights as ``Model.parameters``."""
        return self._first.reading.parameters()

    def _sizes(self, shapes: Mapping[str, Shape]) -> tuple[Shape, ...]:
        """The shape of each input, those of the example where ``shapes`` has none."""
        return tuple(shapes.get(i.name) or i.bound({}) for i in self._first.reading.inputs)

    def _at(self, shapes: Mapping[str, Shape]) -> Export:
        """The export with inputs of these shapes. Raises ModelError where there is none."""
        if self._export is None:
            return self._first
        sizes = self._sizes(shapes)
        if sizes not in self._exports:
            names = (i.name for i in self._first.reading.inputs)
            export = self._export(dict(zip(names, sizes, strict=True)))
            while len(self._exports) >= _MOST_SIZES:
                del self._exports[next(key for key in self._exports if key != self._sizes({}))]
            self._exports[sizes] = export
        return self._exports[sizes]


def of_module(module: Any, name: str | None = None, example: Any = None) -> LiveModel:  # noqa: ANN401
    """Read a ``torch.nn.Module`` as it computes in evaluation mode; it is left as it was.

    ``example`` is what it is called with (see ``example_of``). Warns where PyTorch's exporter
    cannot follow the module, so that it is read in another way. Raises ModelError where none works,
    or where the module does not run on the example.
    """
    module = _without_wrapper(module)
    name = name or type(module).__name__
    arguments = example_of(example, module)
    first, order = _exported(module, arguments, name)
    if first.remark:
        warnings.warn(f"{name} {first.remark}", stacklevel=6)

    def export(shapes: Mapping[str, Shape]) -> Export:
        resized = arguments.resized([shapes.get(input_name) for input_name in order])
        return _exported(module, resized, name)[0]

    return LiveModel(name, first, export if order else None)


def of_program(program: Any, name: str | None = None) -> LiveModel:  # noqa: ANN401
    """Read a ``torch.export.ExportedProgram``. Raises ModelError."""
    name = name or "exported program"
    try:
        return LiveModel(name, _read(program, name))
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{name} cannot be decomposed or saved: {said(error)}") from error


def of_onnx_program(program: Any, name: str | None = None) -> OnnxModel:  # noqa: ANN401
    """Read a ``torch.onnx.ONNXProgram``, as the file that it would write. Raises ModelError."""
    return of_message(program.model_proto, name)


def _without_wrapper(module: Any) -> Any:  # noqa: ANN401
    """The module within what compiles or spreads it, which has the paths that a person knows."""
    while True:
        inner = getattr(module, "_orig_mod", None)  # torch.compile
        if inner is None and type(module).__name__ in ("DataParallel", "DistributedDataParallel"):
            inner = module.module
        if inner is None:
            return module
        module = inner


def _exported(module: Any, example: Example, name: str) -> tuple[Export, list[str]]:  # noqa: ANN401
    """Export and read a module, and name the inputs that its tensors in the example are fed to.

    The order is that of the example's leaves; empty where it cannot be told. Raises ModelError.
    """
    try:
        program = exported(module, example)
    except Exception as error:
        reason = f"torch.export cannot follow it ({said(error)})"
        why = failure(module, example)
        if why:
            raise ModelError(f"{name} does not run on this example: {why}") from error
    else:
        try:
            export = _read(program, name)
        except ModelError as error:
            reason = f"its exported program cannot be read ({error})"
        except Exception as error:
            reason = f"its export cannot be made functional ({said(error)})"
        else:
            unknown = _unknown(export.reading)
            order = _order(program, example)
            if not unknown:
                return export, order
            reason = f"RF-Viz does not know its operations {', '.join(sorted(unknown))}"
            try:
                other = _by_onnx(module, example, name, reason)
            except ModelError:
                return export, order  # what is unknown is taken to depend on everything, and named
            trusted = not _unknown(other.reading) and _agrees(other.reading, module, example)
            return (other, []) if trusted else (export, order)
    other = _by_onnx(module, example, name, reason)
    if _agrees(other.reading, module, example) or not _repeats(module, example):
        return other, []
    raise ModelError(
        f"{name} cannot be read: {reason}, and what torch.onnx.export makes of it computes other "
        "numbers than the module"
    )


def _repeats(module: Any, example: Example) -> bool:  # noqa: ANN401
    """Tell whether the module computes the same numbers each time."""
    runs = (computed(module, example) for _ in range(2))
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*runs, strict=True))


def _agrees(reading: OnnxModel, module: Any, example: Example) -> bool:  # noqa: ANN401
    """Tell whether an ONNX model computes what the module does, on the example."""
    fed = [np.asarray(array(leaf)) for leaf in example.leaves() if hasattr(leaf, "detach")]
    inputs = [value.name for value in reading.proto.graph.input]
    outputs = [value.name for value in reading.proto.graph.output]
    try:
        expected = computed(module, example)
        feeds = dict(zip(inputs, fed, strict=True))
        values = reading.run(feeds, outputs, {name: v.shape for name, v in feeds.items()})
        return all(
            values[name].shape == own.shape
            and np.allclose(values[name], own, _TOLERANCE, _TOLERANCE, equal_nan=True)
            for name, own in zip(outputs, expected, strict=True)
        )
    except Exception:  # the module's own code runs, and a runtime that may know less
        return False


def _read(program: Any, name: str) -> Export:  # noqa: ANN401
    """Read an exported program, in core operators only where others are not known.

    Raises ModelError where the program cannot be read, and what PyTorch raises.
    """
    best: Export | None = None
    for core in (False, True):
        try:
            plain = functional(program, core=core)
            reading = _reading(plain, name)
        except Exception:
            if best is None:
                raise
            break
        if best is None or len(_unknown(reading)) < len(_unknown(best.reading)):
            best = Export(reading, ProgramRuntime(plain))
        if not _unknown(best.reading):
            break
    assert best is not None
    return best


def _reading(program: Any, name: str) -> OnnxModel:  # noqa: ANN401
    """Read a program without in-place operations. Large weights go by way of a temporary file.

    Raises ModelError where it cannot be read, and what PyTorch raises where it cannot be saved.
    """
    weights = (*program.state_dict.values(), *program.constants.values())
    if sum(getattr(weight, "nbytes", 0) for weight in weights) <= _LARGE:
        stream = io.BytesIO()
        save(program, stream)
        return _loaded(Content.of(stream.getvalue(), name))
    folder = TemporaryDirectory(prefix="rf_viz_")
    file = os.path.join(folder.name, "program.pt2")
    save(program, file)
    reading = _loaded(Content.of(file, name))
    weakref.finalize(reading, folder.cleanup)
    return reading


def _loaded(content: Content) -> OnnxModel:
    try:
        return load(content)
    except ModelError:
        raise
    except Exception as error:
        raise defect(f"read the exported program of {content.name}", error) from error


def _by_onnx(module: Any, example: Example, name: str, reason: str) -> Export:  # noqa: ANN401
    """Read what PyTorch's exporters to ONNX write. Raises ModelError where neither can."""
    try:
        proto, watched = exported_to_onnx(module, example)
        reading = of_message(proto, name)
    except ModelError as error:
        raise ModelError(f"{name} cannot be read: {reason}, and {error}") from error
    remark = f"was read by way of torch.onnx.export, since {reason}"
    if watched:
        remark += (
            ". That only watched it run on the example: where it chooses by values, what shows is "
            "what the example chose"
        )
    return Export(reading, None, remark)


def _unknown(reading: OnnxModel) -> set[str]:
    """The operators of PyTorch that have no rule."""
    own = (node.op_type for node in reading.proto.graph.node if node.domain == ATEN)
    return {name for name in own if (ATEN, name) not in OPERATORS}


def _order(program: Any, example: Example) -> list[str]:  # noqa: ANN401
    """The input that each leaf of the example is fed to; empty where the two do not match."""
    signature = program.graph_signature
    specs = [spec for spec in signature.input_specs if spec.kind.name == "USER_INPUT"]
    leaves = example.leaves()
    if len(specs) != len(leaves):
        return []
    return [spec.arg.name for spec in specs]


def _of_any_size(declared: ModelInput) -> ModelInput:
    """An input whose image may have any size; that of the example is tried first."""
    shape, real = declared.bound({}), "float" in declared.dtype
    free = tuple(None if real and axis > 1 else n for axis, n in enumerate(shape))
    names = tuple(f"{axis}:{n}" for axis, n in enumerate(shape))
    return replace(declared, shape=free, symbols=names, usual=shape)
