"""Write the exported programs that the tests read, and what PyTorch says of them.

Run it with a Python that has PyTorch: ``python tests/readers/pytorch/make_programs.py``, and behind
that "core", "networks", "twins", "operators" or "sizes" for a part of it. It writes
``tests/data/pytorch``:

- ``operators.pt2``: the cases of ``operator_cases.py``, each a program of its own;
- ``operators.npz``: their inputs, their outputs, and which elements of the first input were seen to
  move which elements of the outputs;
- ``free_sizes.pt2``: the cases of ``free_size_cases.py``, of any size;
- ``memory.pt2``: what is written to without being named;
- the networks of ``network_cases.py``, a file each, with their weights and inputs positive;
- ``networks.npz``: the values of all their tensors;
- ``NAME.new.onnx`` and ``NAME.old.onnx``: some of them as PyTorch's ONNX exporters write them;
- ``masks.json``: the pixels to which cells have a gradient, in double precision;
- ``core_operators.txt``: the operators that PyTorch calls its core.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.utils._pytree as pytree
from free_size_cases import SIZED, Memory
from network_cases import NETWORKS
from operator_cases import CASES
from stored import store
from torch import Tensor, nn
from torch.export.pt2_archive._package import package_pt2

OUT = Path(__file__).resolve().parents[2] / "data" / "pytorch"
TWINS = ("residual", "attention", "shift")
_DRAWS = 4
_TRIALS = 60
_NOTHING = 1e-30  # what a mask of -100 leaves of a softmax
_STAMP = (1980, 1, 1, 0, 0, 0)


class Called(nn.Module):
    """A function as a module."""

    def __init__(self, function: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:  # noqa: ANN401
        """Call it."""
        return self.function(*inputs)


def repacked(data: bytes, path: Path, *, plain: bool) -> None:
    """Write an archive without example inputs; ``plain`` leaves out where nodes come from."""
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(path, "w") as after:
        for entry in before.infolist():
            if "sample_inputs" in entry.filename or entry.filename.endswith("serialization_id"):
                continue
            content = before.read(entry)
            if plain and "/models/" in entry.filename:
                document = json.loads(content)
                for node in document["graph_module"]["graph"]["nodes"]:
                    node["metadata"] = {}
                document["guards_code"] = []
                content = json.dumps(document, separators=(",", ":")).encode()
                for meta in document["graph_module"]["graph"]["tensor_values"].values():
                    meta["device"], meta["layout"] = {"type": "cpu"}, 7
            if plain and content == b'{"config": {}}':
                continue
            packed = plain or entry.filename.endswith(".json")
            form = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            after.writestr(zipfile.ZipInfo(entry.filename, _STAMP), content, form, 9)


def moved(function: Any, inputs: Sequence[Any]) -> list[np.ndarray]:  # noqa: ANN401
    """For each output, which of its elements each element of the first input moves."""
    first, *rest = inputs
    seen: list[np.ndarray] = []
    random = torch.Generator().manual_seed(3)
    low, high = float(first.min()), float(first.max())
    for _ in range(_DRAWS):
        x = torch.rand(first.shape, generator=random) * (high - low) + low
        before = outputs(function(x.clone(), *rest))
        if not seen:
            seen = [np.zeros((first.numel(), b.numel()), np.bool_) for b in before]
        for i in range(first.numel()):
            for value in (low, high):
                changed = x.clone()
                changed.view(-1)[i] = value
                for table, b, a in zip(
                    seen, before, outputs(function(changed, *rest)), strict=True
                ):
                    if a.shape == b.shape:
                        table[i] |= ~np.equal(a.numpy(), b.numpy()).reshape(-1) & ~(
                            np.isnan(a.double().numpy()) & np.isnan(b.double().numpy())
                        ).reshape(-1)
    return seen


def outputs(value: Any) -> list[Tensor]:  # noqa: ANN401
    """All tensors of a result."""
    return [v.detach() for v in pytree.tree_leaves(value) if isinstance(v, Tensor)]


def write_operators() -> None:
    """Write the cases of single operators."""
    programs, arrays = {}, {}
    with torch.no_grad():
        for name, (function, inputs) in CASES.items():
            module = function if isinstance(function, nn.Module) else Called(function)
            module.eval()
            state = {k: v.clone() for k, v in module.state_dict().items()}
            results = outputs(module(*inputs))
            module.load_state_dict(state)
            key = name.replace(" ", "-")
            programs[key] = torch.export.export(module, tuple(i.clone() for i in inputs))
            for i, value in enumerate(inputs):
                arrays[f"{key}/input{i}"] = value.numpy()
            for i, value in enumerate(results):
                arrays[f"{key}/output{i}"] = value.numpy()
            if name != "write buffer":
                for i, table in enumerate(moved(module, inputs)):
                    arrays[f"{key}/moved{i}"] = table
    buffer = io.BytesIO()
    package_pt2(buffer, exported_programs=programs)
    repacked(buffer.getvalue(), OUT / "operators.pt2", plain=True)
    store(OUT / "operators.npz", arrays)


def write_sizes() -> None:
    """Write functions of tensors of any size."""
    programs = {}
    for name, (function, shape) in SIZED.items():
        free = dict.fromkeys(range(0 if len(shape) == 2 else 2, len(shape)), torch.export.Dim.AUTO)
        programs[name] = torch.export.export(
            Called(function), (torch.rand(shape),), dynamic_shapes=((free,),)
        )
    buffer = io.BytesIO()
    package_pt2(buffer, exported_programs=programs)
    repacked(buffer.getvalue(), OUT / "free_sizes.pt2", plain=True)
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(Memory(), (torch.rand(3, 6),)), buffer)
    repacked(buffer.getvalue(), OUT / "memory.pt2", plain=True)


class Recorded(torch.fx.Interpreter):
    """A run of a program that keeps the values of all tensors."""

    def __init__(self, module: torch.fx.GraphModule) -> None:
        super().__init__(module)
        self.values: dict[str, Tensor] = {}

    def run_node(self, n: torch.fx.Node) -> Any:  # noqa: ANN401
        """Run a node, and keep what it made at that moment."""
        value = super().run_node(n)
        if isinstance(value, Tensor) and n.op != "placeholder":
            self.values[n.name] = value.clone()
        return value


def positive(module: nn.Module) -> nn.Module:
    """Make all weights small and positive, so that nothing cancels and little saturates."""
    torch.manual_seed(1)
    for name, weight in (*module.named_parameters(), *module.named_buffers()):
        if weight.is_floating_point() and "running" not in name:
            weight.data = torch.rand(weight.shape) * 0.3 + 0.05
    return module.eval()


def record(program: torch.export.ExportedProgram, inputs: Sequence[Any]) -> dict[str, Tensor]:
    """The values of all tensors of a program."""
    doubled = any(isinstance(i, Tensor) and i.dtype == torch.float64 for i in inputs)
    held = {**program.state_dict, **program.constants}
    fed, left = [], list(inputs)
    for spec in program.graph_signature.input_specs:
        value = left.pop(0) if spec.kind.name == "USER_INPUT" else held[spec.target]
        if doubled and isinstance(value, Tensor) and value.is_floating_point():
            value = (
                value.detach().double()
                if not value.requires_grad or (spec.kind.name != "USER_INPUT")
                else value
            )
        fed.append(value)
    run = Recorded(program.graph_module)
    run.run(*fed)
    return run.values


def gradients(program: torch.export.ExportedProgram, inputs: Sequence[Any]) -> dict[str, Any]:
    """For some cells of tensors with positions, the pixels to which they have a gradient."""
    masks: dict[str, dict[str, list[str]]] = {}
    for trial in range(_TRIALS):
        torch.manual_seed(trial)
        # Few pixels stand out, so that each gets its turn to be the largest of its window.
        image = torch.rand(inputs[0].shape, dtype=torch.float64) ** 12
        image.requires_grad_()
        values = record(program, [image, *inputs[1:]])
        spatial = tuple(range(2, image.ndim))
        for name, value in values.items():
            if not value.requires_grad or value.ndim != image.ndim or value.shape[1] > 8:
                continue
            extents = value.shape[2:]
            for cell in {tuple(n // 2 for n in extents), (0,) * len(extents)}:
                total = value[(0, slice(None), *cell)].sum()
                (grad,) = torch.autograd.grad(total, image, retain_graph=True, allow_unused=True)
                seen = np.zeros([image.shape[a] for a in spatial], np.bool_)
                if grad is not None:
                    seen = (grad.abs() > _NOTHING).any(1)[0].numpy()
                key = ",".join(map(str, cell))
                table = masks.setdefault(name, {})
                if key in table:
                    seen = seen | np.array([[c == "1" for c in row] for row in table[key]]).reshape(
                        seen.shape
                    )
                rows = seen.reshape(-1, seen.shape[-1]).astype(int)
                table[key] = ["".join(map(str, row)) for row in rows]
    return masks


def write_networks() -> None:
    """Write the networks, the values of their tensors, and the gradients of their cells."""
    masks, arrays = {}, {}
    for name, (module, inputs, sizes) in NETWORKS.items():
        program = torch.export.export(positive(module), inputs, dynamic_shapes=sizes)
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
        repacked(buffer.getvalue(), OUT / f"{name}.pt2", plain=False)
        with torch.no_grad():
            values = record(program, inputs)
        arrays.update((f"{name}/{tensor}", v.detach().numpy()) for tensor, v in values.items())
        for i, value in enumerate(inputs):
            arrays[f"{name}/input{i}"] = np.asarray(value)
        if name not in ("sequence", "strided"):
            masks[name] = gradients(program, inputs)
    store(OUT / "networks.npz", arrays)
    text = json.dumps(masks, indent=0)
    (OUT / "masks.json").write_text(text + "\n", encoding="utf-8")


def write_twins() -> None:
    """Write some of the networks with both of PyTorch's ONNX exporters."""
    for name in TWINS:
        module, inputs, _ = NETWORKS[name]
        positive(module)
        for label, dynamo in (("new", True), ("old", False)):
            path = OUT / f"{name}.{label}.onnx"
            options = {"external_data": False} if dynamo else {}
            torch.onnx.export(module, inputs, path, dynamo=dynamo, **options)
            model = onnx.load(path)
            for node in model.graph.node:
                del node.metadata_props[:]
            onnx.save(model, path)


def write_core() -> None:
    """Write the names of the core operators."""
    names = set()
    for packet in dir(torch.ops.aten):
        overloads = getattr(getattr(torch.ops.aten, packet), "overloads", list)
        for overload in overloads() if callable(overloads) else []:
            operator = getattr(getattr(torch.ops.aten, packet), overload)
            if torch.Tag.core in operator.tags:
                names.add(str(operator))
    (OUT / "core_operators.txt").write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    PARTS = {
        "core": write_core,
        "networks": write_networks,
        "twins": write_twins,
        "operators": write_operators,
        "sizes": write_sizes,
    }
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
