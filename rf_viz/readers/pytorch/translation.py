"""A whole program translated to ONNX, node by node, its in-place writes made values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from ...errors import ModelError
from ..onnx.node import ATEN
from .dtypes import onnx_type
from .functional import Alias, Storage, View
from .ops import RULES
from .ops.views import overlaps, put_back, viewed
from .program import Argument, Graph, Name, Node, Program, TensorMeta
from .scopes import metadata
from .site import Site, Translated, Untranslatable
from .writer import Writer

OPSET = 23
"""The version of ONNX' operators that programs are translated to."""

_IR_VERSION = 10

_GROWTH, _ALLOWANCE = 20, 2_000
"""The most ONNX nodes: so many for each node or value of the program, and so many more."""

_IN_PLACE = re.compile(r"(\w+\.)(?:(\w*[A-Za-z0-9])_|(__)i((?:and|or|xor|[lr]shift)__))(\.\w+)$")
"""An operator that writes to its first argument: an underscore ends its name."""

_IGNORED = re.compile(
    r"aten\.(_assert_\w+|_linalg_check_errors|sym_constrain_range\w*|_functional_assert\w*|_print|record_stream"
    r"|_functional_sym_constrain_range\w*)\."
)
"""Operators that only check something."""

_RESHAPED = re.compile(
    r"aten\.(squeeze|unsqueeze|t|transpose|swapaxes|swapdims|as_strided|detach|resize|set)_\."
)
"""Operators that write nothing: they change how their argument itself lies in its storage."""

_UNFIT = (
    Untranslatable, ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
    StopIteration,
)  # fmt: skip
"""What rules raise where they have no ONNX for a call, or where its arguments break its rules."""

_NORMALISES = re.compile(r"aten\.(\w*batch_norm\w*|instance_norm)\.")
_TRAINS = ("training", "train", "use_input_stats")
"""Arguments that say whether a normalisation keeps statistics."""

_BY_STRIDES = {"aten.as_strided.default", "aten.as_strided_copy.default"}

_DEEPEST = 20
"""The most graphs within each other: messages of ONNX hold a hundred, and each takes three."""

_INLINED = re.compile(
    r"higher_order\.(wrap\w*|invoke_subgraph|strict_mode|hints_wrapper|checkpoint"
    r"|tag_activation_checkpoint|run_const_graph|inline_asm\w*)$"
)
"""Operators that call a subgraph as it is."""


def translate(
    program: Program,
    name: str,
    weight: Callable[[str, TensorMeta], TensorProto],
    memory: Callable[[str], object],
) -> ModelProto:
    """Translate a program.

    ``weight`` makes the ONNX tensor of a weight by the module's own name; ``memory`` tells what it
    lies in, None where that is not known. Values keep the names of the program's nodes. Raises
    ModelError where the graph is invalid.
    """
    graph = program.graph
    if not graph.nodes:
        raise ModelError(f"{name} holds no graph of operations: it is empty or cut off")
    names = _names(graph)
    most = _GROWTH * max(_count(graph), len(names)) + _ALLOWANCE
    writer = Writer([*program.images, *names], most)
    translator = _Translator(writer, graph, own_names=True)
    inputs = []
    for image in program.images:
        inputs.append(_declared(image, graph.tensors.get(image)))
        translator.bind(image, Alias(Storage(image, graph.tensors.get(image))))
    together: dict[object, list[Storage]] = {}
    for input_name, weight_name in program.weights.items():
        meta = graph.tensors.get(input_name)
        if meta is None:
            raise ModelError(f"{name} holds a graph that is not valid: {input_name} has no type")
        make = partial(_weight, writer, weight, weight_name, meta)
        storage = Storage(make, meta)
        translator.bind(input_name, Alias(storage))
        place = memory(weight_name)
        if place is not None:
            together.setdefault(place, []).append(storage)
    for storages in together.values():
        for storage in storages:
            storage.kin = [other for other in storages if other is not storage]
    for input_name, value in program.constants.items():
        if isinstance(value, bool | int | float):
            translator.bind_number(input_name, value)
    try:
        outputs = translator.run()
    except RecursionError as error:
        raise ModelError(f"{name} nests its views or graphs too deeply to be read") from error
    nodes = _read(writer.nodes, {*outputs, *names})
    produced = {output for node in nodes for output in node.output}
    result = GraphProto(name=name, node=nodes, initializer=writer.constants, input=inputs)
    for output in dict.fromkeys(outputs):
        if output in produced:
            result.output.append(_declared(output, translator.metas.get(output), typed=False))
    declared = {output.name for output in result.output}
    result.value_info.extend(
        _declared(value, meta)
        for value, meta in translator.metas.items()
        if value in produced and value not in declared
    )
    model = ModelProto(ir_version=_IR_VERSION, graph=result)
    model.producer_name, model.producer_version = "pytorch", program.torch_version
    model.opset_import.append(helper.make_opsetid("", OPSET))
    model.opset_import.extend(helper.make_opsetid(d, 1) for d in sorted(writer.domains) if d)
    return model


def _weight(
    writer: Writer,
    weight: Callable[[str, TensorMeta], TensorProto],
    name: str,
    meta: TensorMeta,
) -> str:
    return writer.tensor(weight(name, meta))


def _read(nodes: Sequence[NodeProto], names: set[str]) -> list[NodeProto]:
    """The nodes whose results are read or have names in the program, in order."""
    kept = []
    for node in reversed(nodes):
        if names.isdisjoint(node.output):
            continue
        kept.append(node)
        pending = [node]
        while pending:
            reading = pending.pop()
            names.update(reading.input)
            for attribute in reading.attribute:
                pending.extend(attribute.g.node)
                names.update(output.name for output in attribute.g.output)
    return kept[::-1]


def _names(graph: Graph) -> list[str]:
    """The names that nodes of a graph give away."""
    return [
        name
        for node in graph.nodes
        for output in node.outputs
        for name in (output if isinstance(output, list) else [output])
        if name
    ]


def _count(graph: Graph) -> int:
    """The number of nodes of a graph, those of its subgraphs included."""
    arguments = [a for node in graph.nodes for a in _flat(node.arguments.values())]
    return len(graph.nodes) + sum(_count(a) for a in arguments if isinstance(a, Graph))


def _declared(name: str, meta: TensorMeta | None, typed: bool = True) -> ValueInfoProto:
    """What is known of a value; a number has no axes."""
    if meta is None:
        return (
            helper.make_tensor_value_info(name, TensorProto.INT64, [])
            if typed
            else ValueInfoProto(name=name)
        )
    sizes = [n if isinstance(n, int) else n.name for n in meta.sizes]
    return helper.make_tensor_value_info(name, onnx_type(meta.dtype), sizes)


class _Translator:
    """The translation of one graph. ``metas`` is what the exporter knew of ONNX values."""

    def __init__(self, writer: Writer, graph: Graph, own_names: bool) -> None:
        self._writer, self._graph = writer, graph
        self._own_names = own_names
        self._aliases: dict[str, Alias] = {}
        self._reshaped: dict[str, str] = {}
        self._tensors = dict(graph.tensors)
        self.metas: dict[str, TensorMeta] = {}
        self._used = _used(graph)

    def bind(self, name: str, tensor: Alias) -> None:
        """Give a name of the program its tensor."""
        self._aliases[name] = tensor

    def tensor(self, name: str) -> Alias:
        """The tensor that a name of the program stands for. Raises ModelError where it is none."""
        tensor = self._aliases.get(name)
        if tensor is None:
            raise ModelError(f"the graph is not valid: nothing makes {name!r} before it is used")
        return tensor

    def bind_number(self, name: str, value: float) -> None:
        """Give a name of the program a number."""
        self.bind(name, Alias(Storage(self._writer.constant(np.asarray(value)))))

    def run(self) -> list[str]:
        """Translate all nodes; returns the values that the graph returns."""
        for node in self._graph.nodes:
            self._translate(self._up_to_date(node) if self._reshaped else node)
        results = [o.name for o in _flat(self._graph.outputs) if isinstance(o, Name)]
        return [self.value(self._present(name)) for name in results]

    def _present(self, name: str) -> str:
        """The name of what a tensor became, whose shape was changed in place."""
        while name in self._reshaped:
            name = self._reshaped[name]
        return name

    def _up_to_date(self, node: Node) -> Node:
        """A call whose arguments are what they became by changes of their shapes in place."""

        def present(value: Argument) -> Argument:
            if isinstance(value, list):
                return [present(v) for v in value]
            return Name(self._present(value.name)) if isinstance(value, Name) else value

        arguments = {key: present(value) for key, value in node.arguments.items()}
        return replace(node, arguments=arguments)

    # ---- what rules ask for

    def value(self, name: str) -> str:
        """The ONNX name of a tensor's or number's present value."""
        return self.tensor(name).value

    def meta(self, name: str) -> TensorMeta | None:
        """What the exporter knew of a tensor; None for numbers."""
        return self._tensors.get(name)

    def subgraph(
        self, graph: Graph, values: Sequence[str | None], label: str
    ) -> tuple[GraphProto, list[str]]:
        """Translate a subgraph that becomes a node's attribute.

        Its inputs are bound to ``values``; for one that is None it gets an input of its own.
        Returns the graph, without outputs, and the values that it returns.
        """
        writer = self._writer.body(label)
        if writer.depth > _DEEPEST:
            raise ModelError("the graph nests its subgraphs too deeply to be read")
        inner = _Translator(writer, graph, own_names=False)
        result = GraphProto(name=label)
        if len(values) != len(graph.inputs):
            raise Untranslatable
        for name, value in zip(graph.inputs, values, strict=True):
            bound = value or writer.unique(f"{label}_{name}")
            if not value:
                result.input.append(_declared(bound, graph.tensors.get(name)))
            inner.bind(name, Alias(Storage(bound, graph.tensors.get(name))))
        outputs = inner.run()
        result.node.extend(writer.nodes)
        self.metas.update(inner.metas)
        return result, outputs

    def inline(self, graph: Graph, arguments: Sequence[Argument]) -> list[str]:
        """Translate a subgraph in place; returns the values that it returns."""
        inner = self._called(graph, arguments)
        return inner.run()

    def _called(self, graph: Graph, arguments: Sequence[Argument]) -> _Translator:
        """The translator of a subgraph in place, its inputs bound to tensors of this graph."""
        if len(arguments) != len(graph.inputs):
            raise Untranslatable
        inner = _Translator(self._writer, graph, own_names=False)
        for name, argument in zip(graph.inputs, arguments, strict=True):
            if not isinstance(argument, Name):
                raise Untranslatable
            inner.bind(name, self.tensor(argument.name))
        return inner

    # ---- nodes

    def _translate(self, node: Node) -> None:
        target = node.target.removeprefix("torch.ops.")
        if _IGNORED.match(target):
            return
        self._writer.metadata = metadata(node, target)
        if _INLINED.search(target) and self._inline(node):
            return
        in_place = _IN_PLACE.match(target)
        written = next(iter(node.arguments), None) if in_place else None
        functional = "".join(filter(None, in_place.groups())) if in_place else target
        if "out" in node.arguments:
            written = "out"
            functional = _without_out(target)
        site = Site(self._of_memory(node, functional), functional, self, self._writer)
        if not site.results and functional not in RULES:
            self._write_all(site)
            return
        if self._takes_over(site):
            return
        values = self._values(site)
        self._update_statistics(site)
        if in_place and written is None:
            raise ModelError(f"{node.target} {node.name!r} writes to nothing: the graph is invalid")
        if written and not _RESHAPED.match(target):
            if written == "out" and self._resizes(site, values):
                return
            self._write(node, node.arguments[written], site.results, values)
            return
        base = next(iter(node.arguments.values()), None)
        for position, (name, value) in enumerate(zip(self._wanted(site), values, strict=True)):
            if name is None or value is None:
                continue
            whole = viewed(site, position)
            if whole is not None:
                self.bind(name, Alias.of_view(self._view(site, whole, position), value))
            else:
                self.bind(name, Alias(Storage(value, self.meta(name))))
        reshaped = site.results[0] if written and site.results else None
        if reshaped is not None and isinstance(base, Name):
            self._reshaped[base.name] = reshaped

    def _of_memory(self, node: Node, functional: str) -> Node:
        """A call; one that goes by strides is told of all the memory in which its argument lies."""
        base = node.arguments.get("self")
        if functional not in _BY_STRIDES or not isinstance(base, Name):
            return node
        storage, meta = self.tensor(base.name).storage, self.meta(base.name)
        whole = f"memory {id(storage)}"
        self.bind(whole, Alias(storage))
        if storage.meta is not None:
            self._tensors[whole] = storage.meta
        arguments = {**node.arguments, "self": Name(whole)}
        if arguments.get("storage_offset") is None and meta is not None:
            arguments["storage_offset"] = meta.offset
        return replace(node, arguments=arguments)

    def _takes_over(self, site: Site) -> bool:
        """Let a tensor lie where another one lies, or where it did; False for all other calls."""
        node, name = site.node, next(iter(site.results), None)
        base = node.arguments.get("self")
        if not isinstance(base, Name) or name is None:
            return False
        if site.target == "aten.set.source_Tensor":
            source = node.arguments.get("source")
        elif site.target == "aten.resize.default":
            before, after = self.meta(base.name), self.meta(name)
            source = base if before and after and before.sizes == after.sizes else None
        else:
            return False
        if not isinstance(source, Name):
            return False
        self.bind(name, self.tensor(source.name))
        self._reshaped[base.name] = name
        return True

    def _update_statistics(self, site: Site) -> None:
        """Let a normalisation that is being trained write the statistics that it keeps."""
        trains = next((site.argument(n) for n in _TRAINS if n in site.node.arguments), None)
        image = site.node.arguments.get("input")
        if not _NORMALISES.match(site.target) or not trains or not isinstance(image, Name):
            return
        for argument in map(site.argument, ("running_mean", "running_var")):
            if isinstance(argument, Name):
                storage = self.tensor(argument.name).storage
                self._forget(storage, "running_statistics", [self.value(image.name)])

    def _resizes(self, site: Site, values: Sequence[str | None]) -> bool:
        """Let a tensor grow or shrink to the result that is written to it; False where it fits.

        What else lies in its memory is not known after that.
        """
        argument, name, value = site.node.arguments["out"], site.results[0], values[0]
        if not isinstance(argument, Name) or name is None or value is None:
            return False
        before, after = self.meta(argument.name), self.meta(name)
        if before is None or after is None or before.sizes == after.sizes:
            return False
        storage = self.tensor(argument.name).storage
        self._forget(storage, "resize", [value])
        self.bind(name, Alias(Storage(value, after)))
        self._reshaped[argument.name] = name
        return True

    def _write(
        self,
        node: Node,
        argument: Argument,
        names: Sequence[str | None],
        values: Sequence[str | None],
    ) -> None:
        """Write the first value in place; the node's output is the tensor that was written to."""
        value = next((v for v in values if v is not None), None)
        if not isinstance(argument, Name) or value is None:
            raise ModelError(f"{node.target} {node.name!r} writes to nothing: the graph is invalid")
        tensor = self.tensor(argument.name)
        mark = len(self._writer.nodes)
        tensor.overwrite(value)
        if tensor.view is not None:
            after = self._writer.unique(f"{tensor.storage.first}_after_{node.name}")
            if tensor.storage.value in self._writer.made_since(mark):
                self._writer.rename(mark, {tensor.storage.value: after})
                tensor.storage.rename(after)
        for other in tensor.storage.kin:  # where in it the write went is not told
            self._forget(other, "weights_in_one_memory", [tensor.storage.value])
        for name in names:
            if name is not None:
                self.bind(name, tensor)

    def _forget(self, storage: Storage, op: str, values: Sequence[str]) -> None:
        """Let the content of a storage be unknown: some of it, and of these values."""
        unknown = self._writer.add(op, storage.value, *values, domain=ATEN)
        if storage.meta is not None:
            self.metas[unknown] = storage.meta
        storage.overwrite(unknown)

    def _write_all(self, site: Site) -> None:
        """Overwrite all tensors that an unknown operator without results reads: it may do so."""
        self._writer.label = site.node.name
        names = [v.name for v in _flat(site.node.arguments.values()) if isinstance(v, Name)]
        for name in dict.fromkeys(names):
            meta = self.meta(name)
            if meta is not None:
                (value,) = self._opaque(site, 1)
                self.metas[value] = meta
                self.tensor(name).overwrite(value)

    def _view(self, site: Site, whole: str, position: int) -> View:
        """How an output of a call lies in one of its arguments."""
        node, target = site.node, site.target
        props, label = self._writer.metadata, node.name

        def derive(value: str) -> str:
            before = self._writer.metadata, self._writer.label
            self._writer.metadata, self._writer.label = props, label
            again = Site(node, target, self, self._writer, {whole: value})
            try:
                derived = self._compute(again)[position]
            finally:
                self._writer.metadata, self._writer.label = before
            if derived is None:
                raise Untranslatable
            return derived

        def put(old: str, new: str) -> str:
            mark = len(self._writer.nodes)
            try:
                return put_back(site, old, new, position)
            except ModelError:
                raise
            except _UNFIT:
                self._writer.forget(mark)
                op = target.split(".")[1] if "." in target else target
                value = self._writer.add(f"{op}_scatter", old, new, domain=ATEN)
                meta = self.meta(whole)
                if meta is not None:
                    self.metas[value] = meta
                return value

        return View(self.tensor(whole), overlaps(site), derive, put)

    def _values(self, site: Site) -> list[str | None]:
        """The values of a call's outputs, under the program's own names."""
        mark = len(self._writer.nodes)
        self._writer.label = site.node.name
        values = self._compute(site)
        names = self._wanted(site)
        fresh = self._writer.made_since(mark)
        renamed: dict[str, str] = {}
        named: list[str | None] = []
        for name, value in zip(names, values, strict=True):
            if name is None or value is None:
                named.append(None)
                continue
            own = name if self._own_names else self._writer.unique(name)
            if value not in fresh or value in renamed:
                value = self._writer.add("Identity", value)
            renamed[value] = own
            meta = self.meta(name)
            if meta is not None:
                self.metas[own] = meta
            named.append(own)
        self._writer.rename(mark, renamed)
        return named

    def _wanted(self, site: Site) -> list[str | None]:
        """The names of a call's outputs: of the first, and of the others that are ever read."""
        return [n if i == 0 or n in self._used else None for i, n in enumerate(site.results)]

    def _compute(self, site: Site) -> list[str | None]:
        """The values of a call's outputs by its rule; by an opaque node where it has none."""
        names = site.results
        for argument in _flat(site.node.arguments.values()):
            if isinstance(argument, Name):
                site.value(argument.name)  # views are derived now: they outlast a rule that fails
        mark = len(self._writer.nodes)
        rule = RULES.get(site.target)
        values: list[str | None] = []
        if rule is not None:
            try:
                values = _listed(rule(site))[: len(names)]
            except ModelError:
                raise
            except _UNFIT:
                self._writer.forget(mark)
        lacking = [
            i
            for i, name in enumerate(names)
            if name in self._used and (i >= len(values) or values[i] is None)
        ]
        values += [None] * (len(names) - len(values))
        if lacking or not any(v is not None for v in values):
            lacking = lacking or [i for i, name in enumerate(names) if name is not None]
            for i, value in zip(lacking, self._opaque(site, len(lacking)), strict=True):
                values[i] = value
                meta = self.meta(names[i] or "")
                if meta is not None:
                    self.metas[value] = meta
        return values

    def _opaque(self, site: Site, count: int) -> list[str]:
        """A node that nothing describes: of the operator's own name, reading all its tensors."""
        if not count:
            return []
        domain, _, rest = site.target.partition(".")
        op = rest.removesuffix(".default") or site.target
        arguments = _flat(site.node.arguments.values())
        inputs = [site.value(a.name) for a in arguments if isinstance(a, Name)]
        return self._writer.add_many(op, list(dict.fromkeys(inputs)), count, domain=domain or ATEN)

    def _inline(self, node: Node) -> bool:
        """Translate the subgraph that a node calls as it is; False where it is called otherwise."""
        arguments = _flat(node.arguments.values())
        graph = next((a for a in arguments if isinstance(a, Graph)), None)
        if graph is None:
            return False
        operands = [a for a in arguments[arguments.index(graph) + 1 :] if isinstance(a, Name)]
        results = _flat(graph.outputs)
        names = Site(node, node.target, self, self._writer).results
        if len(operands) != len(graph.inputs) or len(results) < len(names):
            return False
        inner = self._called(graph, operands)
        inner.run()
        self.metas.update(inner.metas)
        for name, result in zip(names, results, strict=False):
            if name is not None and isinstance(result, Name):
                self.bind(name, inner.tensor(inner._present(result.name)))
        return True


def _without_out(target: str) -> str:
    """The operator that returns what one writes to its argument ``out``."""
    name = target.rpartition(".")[0]
    named = (f"{name}.{overload}" for overload in ("default", "Tensor", "self", "dim"))
    return next((t for t in named if t in RULES), target)


def _listed(values: Translated) -> list[str | None]:
    return [values] if isinstance(values, str) else list(values)


def _flat(arguments: object) -> list[Argument]:
    """Arguments, and what their lists hold."""
    flat: list[Argument] = []
    for argument in arguments if isinstance(arguments, list | tuple) else list(arguments):  # type: ignore[call-overload]
        flat += _flat(argument) if isinstance(argument, list) else [argument]
    return flat


def _used(graph: Graph) -> set[str]:
    """The names that are read anywhere in a graph."""
    used = {a.name for a in _flat(graph.outputs) if isinstance(a, Name)}
    for node in graph.nodes:
        used |= {a.name for a in _flat(node.arguments.values()) if isinstance(a, Name)}
    return used
