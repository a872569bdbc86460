"""Run a program that PyTorch exported, node by node, and fetch any tensor of its graph.

Only the nodes that lead to the asked tensors are run, and a tensor is dropped as soon as nothing
more reads it. The weights are those of the module that was exported, not copies of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ..values import as_float, cast, neutral
from .route import Route

_INSTEAD = 'ask for method="occlusion"'
"""What helps where there is no gradient."""


class ProgramRuntime:
    """Values of a functional ``torch.export.ExportedProgram``: one without in-place operations.

    They are computed on the device and in the precision of the module. May be shared between
    threads.
    """

    def __init__(self, program: Any) -> None:  # noqa: ANN401
        import torch

        self._module = program.graph_module
        self._nodes = {node.name: node for node in self._module.graph.nodes}
        self._gaps: dict[Any, tuple[str, ...]] = {}
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
        with torch.no_grad():
            for node, value in self._run(names, feeds, shapes):
                if node.name in names:
                    values[node.name] = as_float(node.name, array(value))
        return values

    def gradients(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        seeds: Sequence[NDArray[np.floating[Any]]],
        shapes: Mapping[str, Sequence[int]],
    ) -> list[NDArray[np.floating[Any]]]:
        """Compute the gradients of a tensor with respect to one that is fed.

        For each seed, of the shape of the tensor ``name``, that of the sum of seed times value, in
        the shape and the precision of the tensor ``source``; short floats count as float32. Feeds
        and shapes are as in ``activations``. What ``gradient_gaps`` lists passes no gradient.
        Raises ModelError where there is none, and where the program cannot be run.
        """
        import torch

        with torch.inference_mode(False), torch.enable_grad():
            x, y, route = self._followed(feeds, name, source, shapes)
            dtype = np.dtype(np.float64 if x.dtype == torch.float64 else np.float32)
            if name == source:
                return [np.asarray(seed, dtype) for seed in seeds]
            if route is None:
                return [np.zeros(tuple(x.shape), dtype) for _ in seeds]
            y = y.abs() if y.is_complex() else y
            gradients = []
            for seed in seeds:
                try:
                    outer = torch.from_numpy(np.array(seed)).to(y.device, y.dtype)
                    (gradient,) = torch.autograd.grad(y, x, outer, retain_graph=True)
                except Exception as error:
                    raise ModelError(
                        f"PyTorch cannot compute gradients of {name} ({said(error)}): {_INSTEAD}"
                    ) from error
                gradients.append(gradient.to(torch.promote_types(x.dtype, torch.float32)))
        return [gradient.detach().cpu().numpy() for gradient in gradients]

    def gradient_gaps(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        shapes: Mapping[str, Sequence[int]],
    ) -> tuple[str, ...]:
        """List the operators between two tensors that pass no gradient, as "round (its name)".

        The arguments are as in ``gradients``. Raises ModelError where there is no gradient at all.
        """
        import torch

        sizes = {**shapes, **{fed: value.shape for fed, value in feeds.items()}}
        key = name, source, frozenset(feeds), frozenset((n, tuple(s)) for n, s in sizes.items())
        if key not in self._gaps:
            with torch.inference_mode(False), torch.enable_grad():
                route = self._followed(feeds, name, source, shapes)[2]
            self._gaps[key] = () if route is None else route.back(self._nodes[name])[1]
        return self._gaps[key]

    def _followed(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        name: str,
        source: str,
        shapes: Mapping[str, Sequence[int]],
    ) -> tuple[Any, Any, Route | None]:
        """Compute a tensor so that PyTorch knows how it comes from a source.

        Returns the source, the tensor, and the way between them; None for that where the one does
        not depend on the other, or is it. Raises ModelError where there is no gradient.
        """
        start, end, route = self._nodes[source], self._nodes[name], Route()
        for node in (start, end):
            dtype = node.meta["val"].dtype
            if not (dtype.is_floating_point or (dtype.is_complex and node is not start)):
                raise ModelError(
                    f"{node.name} holds no real numbers but {str(dtype).rpartition('.')[2]}, which "
                    f"have no gradient: {_INSTEAD}"
                )

        def adapt(node: Any, value: Any) -> Any:  # noqa: ANN401
            if not hasattr(value, "requires_grad"):
                return value
            value = value.clone() if value.is_inference() else value.detach()
            return value.requires_grad_() if node is start else value

        x = y = adapt(start, self._value(start, feeds, shapes))
        if name in feeds:
            return x, y, None
        for node, value in self._run([name], feeds, shapes, adapt):
            if node is start:
                x = value
                route.start(node)
            else:
                route.add(node, value)
            y = value
        if end not in route:
            return x, y, None
        passes, gaps = route.back(end)
        if not passes:
            raise ModelError(
                f"no gradient leads from {name} back to {source}, since {', '.join(gaps[:3])} "
                f"passes none: {_INSTEAD}"
            )
        return x, y, route

    def _run(
        self,
        names: Sequence[str],
        feeds: Mapping[str, NDArray[np.generic]],
        shapes: Mapping[str, Sequence[int]],
        adapt: Callable[[Any, Any], Any] | None = None,
    ) -> Iterator[tuple[Any, Any]]:
        """Compute the nodes that lead to these tensors: each in turn, with its value.

        ``adapt`` is applied to nodes that are not computed, and to their values. Raises ModelError
        where the program cannot be run that far.
        """
        import torch

        interpreter = torch.fx.Interpreter(self._module, garbage_collect_values=False)
        for node, dead in self._steps(names, feeds):
            try:
                value = self._value(node, feeds, shapes)
                if value is not None:
                    value = value if adapt is None else adapt(node, value)
                elif node.target is torch.ops.aten.detach.default:
                    # What training only stops moves with its input all the same.
                    value = interpreter.env[node.args[0]]
                else:
                    value = interpreter.run_node(node)
            except ModelError:
                raise
            except Exception as error:  # whatever an operator of PyTorch, or of theirs, says
                reason = f"PyTorch cannot run this model up to {node.name}: {said(error)}"
                raise ModelError(reason) from error
            interpreter.env[node] = value
            yield node, value
            for past in dead:
                del interpreter.env[past]

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
