"""A flat graph as plain Python: read from the message once, walked at every trace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from ...runtimes.tensorflow.graph_names import PLACEHOLDERS, VARIABLES, maker
from ..reading.values import Value
from .call import Call, Library, Table
from .protobuf.frames import functional
from .protobuf.wiring import Wiring


class Program:
    """The calls by which a graph computes its outputs from its placeholders.

    What leads to no output of theirs (initialisers, savers) and what is run for its effect only
    is left out.

    Attributes:
        graph_def: the message.
        placeholders: the nodes that a person feeds, by name.
        entering: the tensors of these that are read.
        nodes: all nodes that are read, in an order of execution.
        fixed: the calls that depend on no placeholder, in order.
        calls: those that depend on one, in order.
        variables: the names of what has no values here.
        standard: whether all operators are TensorFlow's own.
    """

    def __init__(
        self,
        graph_def: Any,  # noqa: ANN401
        table: Table,
        bound: Callable[[Any], Value | None],
        work_out: Callable[[Iterable[Call], dict[str, Value]], None],
        fed: Collection[str] = (),
    ) -> None:
        """Sort the nodes of a graph.

        ``bound`` returns what a placeholder holds that no person feeds, None for all others.
        ``work_out`` reads calls, adding to the values it gets. The nodes ``fed`` are placeholders
        whatever the graph itself has for them.
        """
        self.graph_def, self._work_out = graph_def, work_out
        graph = functional(graph_def.node)
        wiring = Wiring(graph.nodes)
        for name in fed:
            wiring.sources[name] = []  # what leads to them is not read
        library = Library(graph_def.library.function, table, graph.bodies)
        self._bound: dict[str, Value] = {}
        depends: set[str] = set()
        declared: dict[str, Any] = {}
        for name in wiring.order:
            node = wiring.nodes[name]
            if node.op in PLACEHOLDERS or name in fed:
                value = None if name in fed else bound(node)
                if value is None:
                    declared[name] = node
                else:
                    self._bound[name] = value
            elif not depends.isdisjoint(wiring.sources[name]):
                depends.add(name)
                continue
            if name in declared:
                depends.add(name)
        # Where no person feeds anything, any tensor may be the input.
        needed = wiring.before(depends) or set(wiring.order)
        self.nodes = [wiring.nodes[name] for name in wiring.order if name in needed]
        self.fixed: list[Call] = []
        self.calls: list[Call] = []
        for name in wiring.order:
            if name not in needed or name in declared or name in self._bound:
                continue
            call = Call(wiring.nodes[name], wiring.inputs[name], wiring.outputs(name), library)
            (self.calls if name in depends else self.fixed).append(call)
        self.variables = [call.name for call in self.fixed if call.op in VARIABLES]
        self.standard = all(call.operator is not None for call in self.calls)
        used = {tensor for call in self.calls for tensor in call.inputs}
        self.entering = used & declared.keys()
        if fed:  # they may have several outputs
            self.entering = {tensor for tensor in used if maker(tensor) in declared}
        makers = {maker(tensor) for tensor in self.entering}
        self.placeholders = {name: node for name, node in declared.items() if name in makers}

    @cached_property
    def ops(self) -> Mapping[str, str]:
        """The operator that makes each tensor that depends on a placeholder, by its name."""
        return {tensor: call.op for call in self.calls for tensor in call.outputs}

    @cached_property
    def constants(self) -> Mapping[str, Value]:
        """All values that depend neither on an input nor on its shape, by name."""
        values = dict(self._bound)
        self._work_out(self.fixed, values)
        return values
