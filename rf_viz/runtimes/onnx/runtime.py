"""Run an ONNX model with ONNX Runtime and fetch any tensor of its graph.

Only the part of the graph that leads to the asked tensors is given to ONNX Runtime, unoptimised:
making such a session takes tens of milliseconds, so that looking at another layer feels
immediate, and nothing but that layer is kept. The weights are handed over by reference. Who runs
the same tensors for thousands of inputs asks for ``tune`` first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import external_data_helper, numpy_helper

from ...errors import ModelError
from ..values import as_float, cast, neutral
from .inner import Scope, bodies, fetch_inner, name_of, uses

ort.set_default_logger_severity(4)
ort.disable_telemetry_events()

THREADS = 2
_SHARED_FROM = 4096
"""Bytes from which a weight is handed over by reference. Smaller ones go into the graph itself,
where ONNX Runtime can read shapes and axes from them while it loads."""
_SHARED_TYPES = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.DOUBLE,
    onnx.TensorProto.INT8,
    onnx.TensorProto.UINT8,
    onnx.TensorProto.INT32,
    onnx.TensorProto.INT64,
    onnx.TensorProto.BOOL,
)
_NOT_TENSORS = (
    "SequenceConstruct",
    "SequenceEmpty",
    "SplitToSequence",
    "Optional",
)
"""Operators whose outputs are no tensors, so that they cannot be kept as constants."""


class OnnxRuntime:
    """Activations of an ONNX model, computed by ONNX Runtime; may be shared between threads.

    ``folder`` holds the external weights: they are read from there and from nowhere else.
    """

    def __init__(self, proto: onnx.ModelProto, folder: str | Path | None = None) -> None:
        self._proto = proto
        self._folder = None if folder is None else Path(folder)
        graph = proto.graph
        self._weights = {t.name: t for t in graph.initializer}
        self._sparse = {t.values.name: t for t in graph.sparse_initializer}
        held = self._weights.keys() | self._sparse.keys()
        self._inputs = {i.name: i for i in graph.input if i.name not in held}
        self._maker: dict[str, int] = {}
        self._constants: set[str] = set()
        self._with_bodies = {f"{name_of(n)}/": n for n in graph.node if bodies(n)}
        self._bodies: dict[Any, OnnxRuntime] = {}
        constants = {"", *held}
        for number, node in enumerate(graph.node):
            self._maker.update((name, number) for name in node.output if name)
            if node.op_type not in _NOT_TENSORS and constants.issuperset(uses(node)):
                constants.update(node.output)
                self._constants.update(filter(None, node.output))
        self._shared: dict[str, ort.OrtValue] = {}
        self._kinds: dict[str, int] = {}
        self._latest: tuple[tuple[tuple[str, ...], frozenset[str]], ort.InferenceSession] | None
        self._latest = None
        self._lock = Lock()
        self._tuned = False

    def tune(self) -> None:
        """Optimise sessions, for one thread: they take longer to make, and less for each run.

        Values may differ from those of other sessions in their last digits, as sums are taken in
        another order.
        """
        self._tuned, self._latest = True, None

    def activations(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Sequence[int]] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """The values of the named tensors, as float32, for these inputs (by name).

        Any tensor of the main graph may be fed; then it is not computed. What is fed is cast to the
        model's own types. Missing inputs are filled with ones where their name says that they are a
        mask, else with zeros, in the shape that ``shapes`` says (default: the declared one, open
        axes 1). Sizes need not be those that the model declares, as long as its
        operations accept them. Raises ModelError where the model cannot be run that far.
        """
        wanted = tuple(dict.fromkeys(names))
        values = self._fetch(wanted, feeds, shapes or {})
        return {name: as_float(name, values[name]) for name in wanted}

    def _fetch(
        self, names: Sequence[str], feeds: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]
    ) -> dict[str, Any]:
        """The values of these tensors as they are, those within branches and loops among them."""
        own, inner = [], dict[str, list[str]]()
        values = {name: self._fed(name, feeds, shapes) for name in names if name in feeds}
        for name in names:
            if name in values:
                continue
            within = "" if name in self._maker else self._around(name)
            if within:
                inner.setdefault(within, []).append(name.removeprefix(within))
            else:
                own.append(name)
        values |= self._run(tuple(own), feeds, shapes) if own else {}
        for prefix, paths in inner.items():
            scope = self._scope(feeds, shapes)
            fetched = fetch_inner(self._with_bodies[prefix], paths, scope)
            values.update((prefix + path, value) for path, value in fetched.items())
        return values

    def _around(self, name: str) -> str:
        """The beginning of an inner tensor's name that says which node it is in; else empty."""
        return max((p for p in self._with_bodies if name.startswith(p)), key=len, default="")

    def _scope(self, feeds: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> Scope:
        """The graph as the bodies of its nodes see it when it is fed so."""

        def fetch(names: Sequence[str]) -> list[Any]:
            values = {
                n: self._fed(n, feeds, shapes) for n in names if n in self._inputs or n in feeds
            }
            for name in names:
                if name in self._weights:
                    values[name] = self._weight(name)
            computed = [name for name in names if name not in values]
            values |= self._fetch(computed, feeds, shapes)
            return [values[name] for name in names]

        def run(
            key: Any,  # noqa: ANN401
            make: Callable[[], onnx.ModelProto],
            values: Mapping[str, Any],
            names: Sequence[str],
        ) -> list[Any]:
            if key not in self._bodies:
                body = make()
                body.ir_version = self._proto.ir_version
                body.opset_import.extend(self._proto.opset_import)
                body.functions.extend(self._proto.functions)
                self._bodies[key] = OnnxRuntime(body, self._folder)
            return self._bodies[key]._scope(values, {}).fetch(names)

        def holds(name: str) -> bool:
            return name in self._maker or name in self._inputs or name in self._weights

        def fixed(name: str) -> bool:
            return name in self._constants or name in self._weights

        return Scope(fetch, holds, fixed, run)

    def _run(
        self,
        names: tuple[str, ...],
        feeds: Mapping[str, Any],
        shapes: Mapping[str, Sequence[int]],
    ) -> dict[str, Any]:
        """The values of tensors that nodes of the graph itself make."""
        session = self._session(names, frozenset(self._maker.keys() & feeds))
        values = {i.name: self._fed(i.name, feeds, shapes) for i in session.get_inputs()}
        try:
            results = session.run(list(names), values)
        except Exception as error:  # ONNX Runtime's exceptions share no base class but this one
            raise ModelError(_refusal(names, error)) from error
        return dict(zip(names, results, strict=True))

    def _fed(self, name: str, feeds: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> Any:  # noqa: ANN401
        """The value of an input, cast to the model's own type; one made up where none is fed."""
        value = feeds.get(name)
        if isinstance(value, list):  # a sequence of tensors, within a body
            return value
        if name in self._maker and value is not None:
            return cast(value, _numpy_type(self._kind(name), name))
        kind = self._inputs[name].type.tensor_type
        dtype = _numpy_type(kind.elem_type, name)
        if value is None:
            shape = shapes.get(name) or [d.dim_value or 1 for d in kind.shape.dim]
            value = neutral(name, shape, dtype)
        return cast(value, dtype)

    def _weight(self, name: str) -> NDArray[Any]:
        """The values of a weight, or another constant of the graph."""
        shared = self._share(self._weights[name])
        if isinstance(shared, onnx.TensorProto):
            return numpy_helper.to_array(shared)
        array: NDArray[Any] = shared.numpy()
        return array

    def _kind(self, name: str) -> int:
        """The type of a tensor that an operation computes. Raises ModelError."""
        if name not in self._kinds:
            (output,) = self._make_session([name], fold=True).get_outputs()
            kind = re.fullmatch(r"tensor\((\w+)\)", output.type)
            if kind is None:
                raise ModelError(f"{name} is not a tensor of numbers, so it cannot be fed")
            self._kinds[name] = onnx.TensorProto.DataType.Value(kind[1].upper())
        return self._kinds[name]

    def _session(self, names: tuple[str, ...], fed: frozenset[str]) -> ort.InferenceSession:
        with self._lock:
            if self._latest is not None and self._latest[0] == (names, fed):
                return self._latest[1]
            self._latest = None
            for name in names:
                if name not in self._maker:
                    raise ModelError(
                        f"{name} is not a value that an operation of this model's graph computes, "
                        "so it cannot be shown: pick another layer"
                    )
            session = self._tuned_session(names, fed) or self._make_session(
                names, fold=True, fed=fed
            )
            self._latest = (names, fed), session
            return session

    def _tuned_session(
        self, names: Sequence[str], fed: frozenset[str]
    ) -> ort.InferenceSession | None:
        """A session as ``tune`` has them; None without it, and where none can be made."""
        if not self._tuned:
            return None
        try:
            return self._make_session(names, fold=True, fed=fed, tuned=True)
        except ModelError:
            return None  # what ONNX Runtime cannot optimise, it may still run

    def _make_session(
        self,
        names: Sequence[str],
        *,
        fold: bool,
        fed: frozenset[str] = frozenset(),
        tuned: bool = False,
    ) -> ort.InferenceSession:
        model, shared = self._cut(names, fold, fed)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1 if tuned else THREADS
        options.log_severity_level = 4
        if not tuned:
            # Optimising takes longer than one run; packed weights and memory reserved ahead take
            # more space than the layer itself.
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
            options.enable_cpu_mem_arena = False
            options.enable_mem_pattern = False
            options.add_session_config_entry("session.disable_prepacking", "1")
        # Threads that wait by spinning take the processor from everything else.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        options.add_external_initializers(list(shared), list(shared.values()))
        try:
            return ort.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ModelError(_refusal(names, error)) from error

    def _cut(
        self, names: Sequence[str], fold: bool, fed: frozenset[str]
    ) -> tuple[onnx.ModelProto, dict[str, ort.OrtValue]]:
        """The part of the model that leads to these tensors, and its large constants.

        With ``fold`` everything that depends on no input is computed once and becomes a constant.
        The tensors ``fed`` become inputs.
        """
        numbers, used = self._ancestors(names, stop=fed | self._constants if fold else set(fed))
        cut = onnx.ModelProto(
            ir_version=self._proto.ir_version,
            opset_import=self._proto.opset_import,
            functions=self._proto.functions,
        )
        cut.graph.name = "cut"
        cut.graph.node.extend(self._proto.graph.node[i] for i in numbers)
        for node in cut.graph.node if fed else ():
            for i, name in enumerate(node.output):
                if name in fed:
                    node.output[i] = f"unused/{name}"
        cut.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
        cut.graph.sparse_initializer.extend(t for n, t in self._sparse.items() if n in used)
        for name, value in self._inputs.items():
            if name in used:
                cut.graph.input.add().CopyFrom(value)
                for dim in cut.graph.input[-1].type.tensor_type.shape.dim:
                    dim.Clear()
        for name in sorted(fed & used):
            value = cut.graph.input.add(name=name)
            value.type.tensor_type.elem_type = self._kind(name)
        for tensor in _tensors_in(cut):
            self._load(tensor)
        constants = {n: self._share(self._weights[n]) for n in used & self._weights.keys()}
        if fold:
            constants |= self._fold(used & self._constants - set(names) - fed)
        shared = {}
        for name, constant in constants.items():
            if isinstance(constant, onnx.TensorProto):
                cut.graph.initializer.append(constant)
                continue
            # A stub: the value comes by reference, and no file of this name is ever opened.
            stub = onnx.TensorProto(name=name, dims=constant.shape())
            stub.data_type = constant.element_type()
            stub.data_location = onnx.TensorProto.EXTERNAL
            stub.external_data.add(key="location", value="by-reference")
            cut.graph.initializer.append(stub)
            shared[name] = constant
        return cut, shared

    def _ancestors(self, names: Iterable[str], stop: Set[str]) -> tuple[list[int], set[str]]:
        """The nodes that lead to these tensors, in order, and every name they use.

        Nodes that lead only to the tensors of ``stop`` are left out.
        """
        numbers: set[int] = set()
        used: set[str] = set()
        todo = list(names)
        while todo:
            number = self._maker.get(todo.pop())
            if number is None or number in numbers:
                continue
            numbers.add(number)
            for name in uses(self._proto.graph.node[number]):
                if name not in used:
                    used.add(name)
                    if name not in stop:
                        todo.append(name)
        return sorted(numbers), used

    def _fold(self, names: set[str]) -> dict[str, ort.OrtValue | onnx.TensorProto]:
        new = sorted(names - self._shared.keys())
        if new:
            session = self._make_session(new, fold=False)
            try:
                values = map(ort.OrtValue.ortvalue_from_numpy, session.run(new, {}))
                self._shared.update(zip(new, values, strict=True))
            except Exception as error:  # as in _run
                raise ModelError(_refusal(new, error)) from error
        return {name: _inlined(name, self._shared[name]) for name in names}

    def _share(self, weight: onnx.TensorProto) -> ort.OrtValue | onnx.TensorProto:
        value = self._shared.get(weight.name)
        if value is not None:
            return value
        if external_data_helper.uses_external_data(weight):
            loaded = onnx.TensorProto()
            loaded.CopyFrom(weight)
            self._load(loaded)
            weight = loaded
        if weight.data_type not in _SHARED_TYPES:
            return weight
        try:
            array = np.ascontiguousarray(numpy_helper.to_array(weight))
        except ValueError as error:
            raise ModelError(
                f"weight {weight.name} does not hold as many numbers as its shape "
                f"{tuple(weight.dims)} says: the file is damaged"
            ) from error
        if array.nbytes < _SHARED_FROM:
            return weight
        value = self._shared[weight.name] = ort.OrtValue.ortvalue_from_numpy(array)
        return value

    def _load(self, tensor: onnx.TensorProto) -> None:
        """Read a tensor's external data into it."""
        if not external_data_helper.uses_external_data(tensor):
            return
        location = external_data_helper.ExternalDataInfo(tensor).location
        if self._folder is None:
            raise ModelError(
                f"weight {tensor.name} lies in another file ({location}), and this model came "
                "without files: save it with its weights inside"
            )
        if not (self._folder / location).resolve().is_relative_to(self._folder.resolve()):
            raise ModelError(
                f"weight {tensor.name} points to {location}, outside the model's folder: refused"
            )
        try:
            external_data_helper.load_external_data_for_tensor(tensor, str(self._folder))
        except (OSError, ValueError, onnx.checker.ValidationError) as error:
            raise ModelError(
                f"the file {location} that holds weight {tensor.name} is missing or cannot be "
                "read: keep it beside the model"
            ) from error
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _tensors_in(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every tensor that nodes carry inside: attributes, and what their subgraphs hold.

    One that is left out could name a file that ONNX Runtime looks for by itself.
    """
    yield from _parts_of(model.graph.sparse_initializer)
    todo = [attribute for node in model.graph.node for attribute in node.attribute]
    for function in model.functions:
        todo.extend(function.attribute_proto)
        todo.extend(attribute for node in function.node for attribute in node.attribute)
    while todo:
        attribute = todo.pop()
        yield from (attribute.t, *attribute.tensors)
        yield from _parts_of((attribute.sparse_tensor, *attribute.sparse_tensors))
        for graph in (attribute.g, *attribute.graphs):
            yield from graph.initializer
            yield from _parts_of(graph.sparse_initializer)
            todo.extend(attribute for node in graph.node for attribute in node.attribute)


def _parts_of(tensors: Iterable[onnx.SparseTensorProto]) -> Iterator[onnx.TensorProto]:
    """The tensors that sparse ones consist of."""
    for tensor in tensors:
        yield from (tensor.values, tensor.indices)


def _numpy_type(kind: int, name: str) -> np.dtype[Any]:
    """NumPy's type for one of ONNX's. Raises ModelError where there is none."""
    try:
        return onnx.helper.tensor_dtype_to_np_dtype(kind)
    except KeyError as error:
        raise ModelError(
            f"the type of {name} is unknown to ONNX ({kind}): it cannot be fed"
        ) from error


def _inlined(name: str, value: ort.OrtValue) -> ort.OrtValue | onnx.TensorProto:
    """A small constant as a tensor for the graph itself, a large one as it is."""
    if value.element_type() not in _SHARED_TYPES or value.tensor_size_in_bytes() >= _SHARED_FROM:
        return value
    return numpy_helper.from_array(value.numpy(), name)


def _refusal(names: Sequence[str], error: Exception) -> str:
    """ONNX Runtime's error message as one sentence, without its codes and source files."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    text = re.sub(r"^Load model from .*? failed:|^Fatal error: ", "", text)
    text = re.sub(r"^Exception during initialization: |^This is an invalid model\. ", "", text)
    text = re.sub(r"\b(Type )?Error: ", "", text)
    text = re.sub(
        r"Non-zero status code returned while running (\S+) node. Name:('.*?') Status Message: ",
        r"\1 \2: ",
        text,
    )
    text = re.sub(r"/\S+:\d+ \S.*?\)(?: const)? ", "", text)
    where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return f"ONNX Runtime cannot run this model up to {where}: {text[:300].strip().rstrip('.')}"
