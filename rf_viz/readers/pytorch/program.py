"""An exported program as plain Python: its graph, its inputs, its sizes.

The JSON follows torch/_export/serde/schema.py, whose version 7 PyTorch 2.5 wrote and version 8 all
since. What a reader of regions does not need is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import ModelError
from .sizes import Expression, Size, size

_MOST_NODES = 500_000
_MOST_AXES = 64

_UNREAD = {"memory_format", "layout", "device", "custom_obj", "token", "operator"}
"""Kinds of arguments that hold no tensor."""

_IN_ORDER = "higher_order.with_effects"
"""Calls an operator that is not to change places with others. A token runs through all of them."""

_LONGEST_NAME = 2**12
_LONGEST_STACK = 2**16
_MOST_OUTPUTS = 2**16
_MOST_GUARDS, _LONGEST = 2**14, 2**12

_SMALL, _WITHOUT_BOUND = 3, 2**40
"""Sizes of 0 and 1 are never free, and windows may need 2 or 3: such bounds tell nothing. Those
beyond the other number stand for none."""

_FLOATS = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}
"""Numbers that JSON has no words for."""


@dataclass(frozen=True, slots=True)
class Name:
    """An argument that is a tensor or a number of the graph, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Dtype:
    """An argument that is a type of numbers, as the schema's ScalarType counts them."""

    number: int


@dataclass(frozen=True, slots=True)
class Unread:
    """An argument of a kind that no rule needs, such as a device or a memory layout."""

    kind: str


Argument = Any
"""None, a bool, a number, a string, a Name, a Dtype, an Unread, a Graph, or a list of those."""


@dataclass(frozen=True, slots=True)
class TensorMeta:
    """What the exporter knew of a tensor: its type, its sizes, and how it lies in its storage."""

    dtype: int
    sizes: tuple[Size, ...]
    strides: tuple[Size, ...]
    offset: Size


@dataclass(frozen=True, slots=True)
class Node:
    """One call of an operator.

    ``arguments`` are by name, and by position where they have none. ``outputs`` holds the name of
    each output; a list for an output that is a list of tensors, None for one that is none.
    """

    target: str
    name: str
    arguments: dict[str, Argument]
    outputs: tuple[str | list[str] | None, ...]
    module_stack: str = ""
    stack_trace: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph or a subgraph: the names of its inputs, its nodes in order, what it returns."""

    inputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Argument, ...]
    tensors: Mapping[str, TensorMeta]


@dataclass(frozen=True)
class Program:
    """An exported program.

    ``weights`` are the names of parameters, buffers and constants as the module has them, by the
    names of the graph's inputs that they come by. ``images`` are the names of the inputs that a
    user feeds, ``constants`` the values of those that were fixed at export. ``guards`` are the
    conditions on free sizes under which the program is that of its module (see ``guards.py``).
    """

    graph: Graph
    weights: Mapping[str, str]
    images: tuple[str, ...]
    constants: Mapping[str, Argument] = field(default_factory=dict)
    torch_version: str = ""
    guards: tuple[str, ...] = ()


def program(document: Any, name: str) -> Program:  # noqa: ANN401
    """Read a program from its JSON document. Raises ModelError where it is not one."""
    try:
        return _program(document)
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ModelError(
            f"{name} holds JSON that does not describe an exported program: it is damaged, or of a "
            "version that RF-Viz does not know; export it again with torch.export.save"
        ) from error


def _program(document: Any) -> Program:  # noqa: ANN401
    module = document["graph_module"]
    graph, results = _graph(module["graph"]), module["signature"].get("output_specs", [])
    tokens = {_text(spec["token"]["arg"]["name"]) for spec in results if "token" in spec}
    if tokens:
        kept = (o for o in graph.outputs if not isinstance(o, Name) or o.name not in tokens)
        graph = replace(graph, outputs=tuple(kept))
    weights: dict[str, str] = {}
    images: list[str] = []
    constants: dict[str, Argument] = {}
    for spec in module["signature"]["input_specs"]:
        ((kind, value),) = spec.items()
        if kind in ("parameter", "buffer", "tensor_constant"):
            weights[_text(value["arg"]["name"])] = _text(value[f"{kind}_name"])
        elif kind == "user_input":
            argument = _argument(value["arg"])
            if isinstance(argument, Name):
                images.append(argument.name)
        elif kind == "constant_input":
            constants[_text(value["name"])] = _argument(value["value"])
    return Program(
        graph,
        weights,
        tuple(images),
        constants,
        _text(document.get("torch_version", "")),
        _guards(document, graph, images),
    )


def _guards(document: Any, graph: Graph, images: Sequence[str]) -> tuple[str, ...]:  # noqa: ANN401
    """The conditions on free sizes; overlong ones are left out.

    Some versions of PyTorch write down ranges only, and none writes more for an argument ``*args``.
    """
    texts = document.get("guards_code") or ()
    if len(texts) > _MOST_GUARDS:
        raise ValueError(f"{len(texts)} guards")
    plain = (t for t in texts if isinstance(t, str) and t.isprintable() and len(t) < _LONGEST)
    return (*plain, *_ranges(document, graph, images))


def _ranges(document: Any, graph: Graph, images: Sequence[str]) -> Iterator[str]:  # noqa: ANN401
    """The ranges of the inputs' free sizes, as guards."""
    ranges = document.get("range_constraints") or {}
    for image in images:
        meta = graph.tensors.get(image)
        for axis, n in enumerate(meta.sizes if meta else ()):
            bounds = ranges.get(n.name) if isinstance(n, Expression) and n.free else None
            if not isinstance(bounds, dict):
                continue
            least, most = bounds.get("min_val"), bounds.get("max_val")
            here = f"L['{image}'].size()[{axis}]"
            if type(least) is int and _SMALL < least < _WITHOUT_BOUND:
                yield f"{here} >= {least}"
            if type(most) is int and most < _WITHOUT_BOUND:
                yield f"{here} <= {most}"


def _graph(document: Any) -> Graph:  # noqa: ANN401
    nodes = document["nodes"]
    if len(nodes) > _MOST_NODES:
        raise ValueError(f"{len(nodes)} nodes")
    inputs = [_argument(i) for i in document["inputs"]]
    return Graph(
        tuple(i.name for i in inputs if isinstance(i, Name)),
        tuple(map(_node, nodes)),
        tuple(_argument(o) for o in document["outputs"]),
        {_text(name): tensor_meta(meta) for name, meta in document["tensor_values"].items()},
    )


def _node(document: Any) -> Node:  # noqa: ANN401
    outputs = tuple(map(_output, document["outputs"]))
    target, inputs = _text(document["target"]), document["inputs"]
    if target.endswith(_IN_ORDER):
        target, inputs = _text(inputs[1]["arg"]["as_operator"]), inputs[2:]
        outputs = outputs[1:]
    first = next((o for o in outputs if isinstance(o, str)), None)
    metadata = document.get("metadata") or {}
    if len(outputs) + sum(len(o) for o in outputs if isinstance(o, list)) > _MOST_OUTPUTS:
        raise ValueError(f"more than {_MOST_OUTPUTS:,} outputs")
    return Node(
        target,
        _text(document.get("name") or first or target),
        {
            _text(a["name"]) or str(position): _argument(a["arg"])
            for position, a in enumerate(inputs)
        },
        outputs,
        _stack(metadata.get("nn_module_stack", "")),
        _stack(metadata.get("stack_trace", "")),
    )


def _output(document: Any) -> str | list[str] | None:  # noqa: ANN401
    value = _argument(document)
    if isinstance(value, list):
        return [_text(v.name) for v in value]
    return _text(value.name) if isinstance(value, Name) else None


def _argument(document: Any) -> Argument:  # noqa: ANN401
    """Read an argument: a union, written as an object of one field."""
    ((kind, value),) = document.items()
    return _value(kind.removeprefix("as_"), value)


def _value(kind: str, value: Any) -> Argument:  # noqa: ANN401
    if kind in ("none", "optional_none"):
        return None
    if kind == "tensor":
        return Name(_text(value["name"]))
    if kind in ("sym_int", "sym_float", "sym_bool", "optional_tensor"):
        return _argument(value)
    if kind == "name":
        return Name(_text(value))
    if kind == "tensors":
        return [Name(_text(v["name"])) for v in value]
    if kind == "nested_tensors":
        return [_value("tensors", v) for v in value]
    if kind in ("sym_ints", "sym_floats", "sym_bools", "optional_tensors"):
        return [_argument(v) for v in value]
    if kind in ("int", "bool", "string"):
        return value if isinstance(value, int | str) else _text(value)
    if kind == "float":
        return _float(value)
    if kind == "complex":
        return complex(_float(value["real"]), _float(value["imag"]))
    if kind in ("ints", "bools", "strings", "int_lists"):
        return list(value)
    if kind in ("floats", "float_lists"):
        return [_float(v) if not isinstance(v, list) else list(map(_float, v)) for v in value]
    if kind == "scalar_type":
        return Dtype(int(value))
    if kind == "graph":
        return _graph(value["graph"])
    if kind == "string_to_argument":
        return [_argument(v) for v in value.values()]
    if kind not in _UNREAD:  # of a later version: it could name a tensor
        raise ValueError(f"arguments of kind {kind}")
    return Unread(kind)


def _float(value: Any) -> float:  # noqa: ANN401
    return _FLOATS[value] if isinstance(value, str) else float(value)


def _text(value: Any) -> str:  # noqa: ANN401
    """A name, such as PyTorch gives. Raises ValueError where it could write to a terminal."""
    if not isinstance(value, str):
        raise TypeError("a name is no text")
    if len(value) > _LONGEST_NAME or not value.isprintable():
        raise ValueError("a name that is too long, or has letters that cannot be shown")
    return value


def _stack(value: Any) -> str:  # noqa: ANN401
    """What tells where a node comes from; nothing where that is longer than any nesting needs."""
    if not isinstance(value, str):
        raise TypeError("a stack is no text")
    value.encode()  # raises ValueError for halves of letters
    return value if len(value) <= _LONGEST_STACK else ""


def tensor_meta(document: Any) -> TensorMeta:  # noqa: ANN401
    """Read what a document says of a tensor. Raises ValueError and the like where it is wrong."""
    sizes: Sequence[Any] = document["sizes"]
    if len(sizes) > _MOST_AXES:
        raise ValueError(f"{len(sizes)} axes")
    dtype = document["dtype"]
    if type(dtype) is not int:
        raise TypeError("a type is no whole number")
    return TensorMeta(
        dtype,
        tuple(map(size, sizes)),
        tuple(map(size, document["strides"])),
        size(document["storage_offset"]),
    )
