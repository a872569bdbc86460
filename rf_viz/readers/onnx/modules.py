"""The modules of a PyTorch model as groups, as its exporters note them down in ONNX files.

The exporter of PyTorch 2.5 and later writes into the metadata of each node which modules it is part
of, by path and class. The older one names nodes after them: ``/layer1/layer1.0/conv1/Conv``.

A module that is called again opens a group of its own, ``layer1.0.relu@1`` for the second call, as
``torch.export`` names it. A normalisation that was fused into a convolution has left only the path
of its own: the name of the weights tells the convolution's.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from ...trace.tensors import Category, Group
from .call import Call

_SCOPES = "pkg.torch.onnx.name_scopes"
_CLASSES = "pkg.torch.onnx.class_hierarchy"
_NAMESPACE = "namespace"
_KEYS = (_SCOPES, _CLASSES, _NAMESPACE)

_NORMS = ("BatchNorm", "InstanceNorm", "GroupNorm", "LayerNorm", "FrozenBatchNorm")
"""How the names of classes begin that may be fused into the layer before them."""

_WEIGHTED = {
    "Conv": "Conv", "ConvTranspose": "ConvTranspose", "Gemm": "Linear", "MatMul": "Linear",
    "Add": "Linear",
}  # fmt: skip
"""Operators that others are fused into or that use a module's weights without calling it, and what
the classes of these modules are called."""

_WITH_GRAPHS = ("If", "Loop", "Scan", "SequenceMap")
"""Operators whose bodies read tensors from around them."""

_DEEPEST = 100
"""The most modules within each other that are told apart."""

UNKNOWN = "Module"
"""The class of a module of which the file tells the path only."""


class Scope(NamedTuple):
    """A module that an operation is part of: its path, and its class."""

    path: str
    kind: str


class Place(NamedTuple):
    """Where an operation belongs: its group, and the groups that were fused into it."""

    group: Group
    fused: tuple[Group, ...] = ()


@dataclass(eq=False)
class _Module:
    """One call of a module: the numbers of the operations that are part of it."""

    name: str
    kind: str
    parent: _Module | None
    calls: list[int] = field(default_factory=list)
    divided: bool = False
    output: str = ""
    group: Group | None = None

    @property
    def around(self) -> Iterator[_Module]:
        """The module itself and those that it lies in."""
        module: _Module | None = self
        while module is not None:
            yield module
            module = module.parent


def places(calls: Sequence[Call], results: Sequence[str]) -> dict[str, Place]:
    """Find the module that each call of a graph is part of, by the call's name.

    ``results`` are the graph's outputs. Empty where the file tells no modules.
    """
    scopes = _completed(calls, [_scopes(call) for call in calls])
    if not any(scopes):
        return {}
    opened = _Opened()
    inner: list[_Module | None] = []
    fused: dict[int, _Module] = {}
    for number, (call, own) in enumerate(zip(calls, scopes, strict=True)):
        module = None if own is None else opened.enter(own)
        path = _path_of_weights(call)
        if module is not None and own and path != own[-1].path and call.op in _WEIGHTED:
            if path.startswith(f"{own[-1].path}."):  # its weights are used without calling it
                module = opened.beside(module, path, _kind(call))
            elif path and own[-1].kind.startswith(_NORMS):
                fused[number] = module
                module = opened.beside(module, path, _kind(call))
        inner.append(module)
        for around in module.around if module else ():
            around.calls.append(number)
    _find_outputs(calls, inner, fused, results)
    placed: dict[str, Place] = {}
    for number, (call, module) in enumerate(zip(calls, inner, strict=True)):
        if module is None:
            continue
        group, norm = _grouped(module, calls), fused.get(number)
        norms = () if norm is None else (_grouped(norm, calls, f"fused into {group.name}"),)
        placed[call.name] = Place(group, norms)
    return placed


def _scopes(call: Call) -> tuple[Scope, ...] | None:
    """The modules that a call is part of, the outermost first, without the model itself.

    None where the file does not tell.
    """
    # The values of other keys are long: the source lines of all callers.
    metadata = {e.key: e.value for e in call.proto.metadata_props if e.key in _KEYS}
    if _SCOPES in metadata and _CLASSES in metadata:
        paths, kinds = _words(metadata[_SCOPES]), _words(metadata[_CLASSES])
    elif _NAMESPACE in metadata:
        pairs = [part.partition(": ") for part in metadata[_NAMESPACE].split("/")]
        paths, kinds = [pair[0] for pair in pairs], [pair[2] for pair in pairs]
    else:
        return _scopes_of_name(call.proto.name)
    if len(paths) != len(kinds):
        return None
    # The last is the operation itself.
    modules = zip(paths[:-1], kinds[:-1], strict=True)
    scopes = (Scope(path, kind.rpartition(".")[2]) for path, kind in modules if path)
    return tuple(islice(scopes, _DEEPEST))


def _words(text: str) -> list[str]:
    """A list of words as Python writes it; none where it is something else."""
    if text.startswith("['") and '"' not in text and "\\" not in text:
        return text[2:-2].split("', '")
    try:
        words = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(word) for word in words] if isinstance(words, list) else []


def _scopes_of_name(name: str) -> tuple[Scope, ...] | None:
    """The modules in a node's name of the older exporter.

    A module in a sequence is called by the sequence's own name too: ``/layer1/layer1.0``.
    """
    if not name.startswith("/"):
        return None
    path = ""
    scopes = []
    for part in name[1:].split("/")[:-1][:_DEEPEST]:
        pieces = path.split(".")
        for start in range(len(pieces)):
            if path and part.startswith(f"{'.'.join(pieces[start:])}."):
                path = ".".join([*pieces[:start], part])
                break
        else:
            path = f"{path}.{part}" if path else part
        scopes.append(Scope(path, UNKNOWN))
    return tuple(scopes)


def _path_of_weights(call: Call) -> str:
    """The path of the module whose weights a call has, by their name; empty where it has none."""
    for name in call.inputs:
        path, dot, last = name.rpartition(".")
        if dot and last in ("weight", "bias"):
            return path
    return ""


def _kind(call: Call) -> str:
    """What the class of a module that this call computes is called in PyTorch, or its operator."""
    kind, kernel = _WEIGHTED.get(call.op, call.op), call.attributes.get("kernel_shape")
    return f"{kind}{len(kernel)}d" if kernel else kind


def _completed(
    calls: Sequence[Call], scopes: list[tuple[Scope, ...] | None]
) -> list[tuple[Scope, ...] | None]:
    """Complete paths by the names of weights.

    The older exporter leaves out modules that are not called themselves: the ``head`` around a
    ``head.fc`` that is called from outside.
    """
    whole: dict[str, str] = {}
    for call, own in zip(calls, scopes, strict=True):
        if own and own[-1].kind == UNKNOWN:
            path = _path_of_weights(call)
            if path.endswith(f".{own[-1].path}"):
                whole[own[-1].path] = path
    if not whole:
        return scopes
    return [
        own and tuple(Scope(whole.get(scope.path, scope.path), scope.kind) for scope in own)
        for own in scopes
    ]


class _Opened:
    """The modules that are being called while one goes through the operations in order."""

    def __init__(self) -> None:
        self._stack: list[tuple[Scope, _Module]] = []
        self._counts: Counter[str] = Counter()

    def enter(self, scopes: Sequence[Scope]) -> _Module | None:
        """Go to the innermost of some scopes: leave others, and open what is not open yet.

        Returns None where there is no scope, outside all modules.
        """
        same = 0
        while same < min(len(scopes), len(self._stack)) and scopes[same] == self._stack[same][0]:
            same += 1
        del self._stack[same:]
        for scope in scopes[same:]:
            parent = self._stack[-1][1] if self._stack else None
            self._stack.append((scope, self._new(scope, parent)))
        return self._stack[-1][1] if self._stack else None

    def beside(self, module: _Module, path: str, kind: str) -> _Module:
        """Open a module by its path that is part of one of those around another."""
        parents = [m for m in module.around if path.startswith(f"{m.name.partition('@')[0]}.")]
        return self._new(Scope(path, kind), parents[0] if parents else None)

    def _new(self, scope: Scope, parent: _Module | None) -> _Module:
        count = self._counts[scope.path]
        self._counts[scope.path] += 1
        if parent is not None:
            parent.divided = True
        return _Module(f"{scope.path}@{count}" if count else scope.path, scope.kind, parent)


def _find_outputs(
    calls: Sequence[Call],
    inner: Sequence[_Module | None],
    fused: Mapping[int, _Module],
    results: Sequence[str],
) -> None:
    """Find what each module returns: the last of its tensors that something outside reads."""
    readers: dict[str, list[int]] = {}
    for number, call in enumerate(calls):
        inside = call.inner if call.op in _WITH_GRAPHS else ()
        for name in (*call.inputs, *inside):
            readers.setdefault(name, []).append(number)
    around = [set(map(id, module.around)) if module else set() for module in inner]
    ends = set(results)
    for number in reversed(range(len(calls))):
        outputs = list(filter(None, calls[number].outputs))
        module = inner[number]
        for own in module.around if module else ():
            if own.output:
                continue
            leaving = (
                name
                for name in outputs
                if name in ends or any(id(own) not in around[r] for r in readers.get(name, ()))
            )
            own.output = next(leaving, "")
        if number in fused and outputs:
            fused[number].output = outputs[0]


def _grouped(module: _Module, calls: Sequence[Call], settings: str = "") -> Group:
    """The group of a module's call, made once."""
    if module.group is None:
        parent = _grouped(module.parent, calls) if module.parent else None
        ops = [calls[number] for number in module.calls]
        kind = module.kind
        if kind == UNKNOWN and not module.divided:
            chief = [op for op in ops if op.op in _WEIGHTED and op.op != "Add"] or ops
            alone = len(chief) == 1 and all(op is chief[0] or op.op == "Add" for op in ops)
            kind = _kind(chief[0]) if alone else kind
        category: Category = "other" if module.divided else _category(ops)
        if kind.startswith((*_NORMS, "Linear")) and not module.divided:
            category = "normalisation" if kind != "Linear" else "attention, dense"
        module.group = Group(module.name, kind, settings, module.output, category, parent=parent)
    return module.group


_CHIEF: tuple[Category, ...] = (
    "convolution",
    "attention, dense",
    "pooling",
    "resize",
    "normalisation",
    "activation",
)


def _category(ops: Sequence[Call]) -> Category:
    """What a module without others inside is: what tells most of its operations."""
    kinds = {call.operator.category for call in ops if call.operator is not None}
    return next((kind for kind in _CHIEF if kind in kinds), "other")
