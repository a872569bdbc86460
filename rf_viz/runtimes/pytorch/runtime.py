"""Run a program that PyTorch exported, node by node, and fetch any tensor of its graph.

Only the nodes that lead to the asked tensors are run, and a tensor is dropped as soon as nothing
more reads it. The weights are those of the module that was exported, not copies of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ..values import as_float, cast, neutral


class ProgramRuntime:
    """Values of a functional ``torch.export.ExportedProgram``: one without in-place operations.

    They are computed on the device and in the precision of the module. May be shared between
    threads.
    """

    def __init__(self, program: Any) -> None:  # noqa: ANN401
        import torch

        self._module = program.graph_module
        self._nodes = {node.name: node for node in self._module.graph.nodes}
        self._held: dict[str, Any] = {}
        self._inputs: dict[str, Any] = {}
        for spec in program.graph_signature.input_specs:
            name, target = spec.arg.name, spec.target
            if hasattr(spec.arg, "value"):  # a number or a flag that the export holds fixed
                self._held[name] = spec.arg.value
            elif target in program.state_dict:
                self._held[name] = program.state_dict[target]
            elif target in program.constants:
                self._held[name] = program.constants[target]
            else:
                self._inputs[name] = self._nodes[name].meta["val"]
        self._tensors = {
            name
            for name, node in self._nodes.items()
            if name in self._inputs or isinstance(node.meta.get("val"), torch.Tensor)
        }

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def activations(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Sequence[int]],
    ) -> dict[str, NDArray[np.float32]]:
        """Compute the named tensors, as float32, for these inputs (by name).

        Any tensor of the graph may be fed; then it is not computed. What is fed is cast to the
        tensor's own type. Missing inputs are filled as ``neutral`` says, in the shape that
        ``shapes`` gives. Raises ModelError where the program cannot be run that far.
        """
        import torch

        values: dict[str, NDArray[np.float32]] = {}
        steps = self._steps(names, feeds)
        interpreter = torch.fx.Interpreter(self._module, garbage_collect_values=False)
        node = None
        try:
            with torch.no_grad():
                for node, dead in steps:
                    value = self._value(node, feeds, shapes)
                    if value is None:
                        value = interpreter.run_node(node)
                    interpreter.env[node] = value
                    if node.name in names:
                        values[node.name] = as_float(node.name, array(value))
                    for past in dead:
                        del interpreter.env[past]
        except ModelError:
            raise
        except Exception as error:  # whatever an operator of PyTorch, or of the person's own, says
            where = getattr(node, "name", "its end")
            reason = f"PyTorch cannot run this model up to {where}: {said(error)}"
            raise ModelError(reason) from error
        return values

    def _steps(self, names: Sequence[str], feeds: Mapping[str, Any]) -> list[tuple[Any, list[Any]]]:
        """The nodes that lead to these tensors, in order, each with those that it reads last."""
        needed, pending = set(), [self._nodes[name] for name in names]
        while pending:
            node = pending.pop()
            if node not in needed:
                needed.add(node)
                if node.name not in feeds:
                    pending.extend(node.all_input_nodes)
        steps, read = list[tuple[Any, list[Any]]](), set()
        for node in reversed(self._module.graph.nodes):
            if node in needed:
                sources = {*node.all_input_nodes, node} if node.name not in feeds else {node}
                steps.append((node, [source for source in sources if source not in read]))
                read |= sources
        return steps[::-1]

    def _value(
        self,
        node: Any,  # noqa: ANN401
        feeds: Mapping[str, NDArray[Any]],
        shapes: Mapping[str, Sequence[int]],
    ) -> Any:  # noqa: ANN401
        """The value of a node that is not computed; None for one that is."""
        name = node.name
        if name in self._held:
            return self._held[name]
        fed = feeds.get(name)
        if fed is None and name not in self._inputs:
            return None
        like = node.meta["val"]
        dtype = numpy_type(like.dtype)
        if fed is None:
            fed = neutral(name, shapes.get(name, ()), dtype)
        return _tensor(cast(fed, dtype), like)


def numpy_type(dtype: Any) -> np.dtype[Any]:  # noqa: ANN401
    """NumPy's type for one of PyTorch's; of the short floats that NumPy has not, float32."""
    import torch

    if dtype.is_complex or (dtype.is_floating_point and dtype.itemsize < 4):
        return np.dtype(np.float32)
    result: np.dtype[Any] = torch.empty(0, dtype=dtype).numpy().dtype
    return result


def said(error: Exception) -> str:
    """What an exception of PyTorch says, as one clause: its first line, without a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300].rstrip(".")


def _tensor(array: NDArray[Any], like: Any) -> Any:  # noqa: ANN401
    """An array as a tensor of that type, on that device."""
    import torch

    return torch.from_numpy(np.array(array)).to(like.device, like.dtype)


def array(value: Any) -> object:  # noqa: ANN401
    """A tensor as an array that NumPy can hold; anything else as it is."""
    import torch

    if not isinstance(value, torch.Tensor):
        return value
    value = value.detach()
    if value.is_quantized:
        value = value.dequantize()
    if value.layout != torch.strided:
        value = value.to_dense()
    if value.dtype.is_floating_point:
        value = value.float()
    return value.cpu().resolve_conj().resolve_neg().numpy()
