"""A model's main graph, read from the file once and walked at every trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path

import onnx

from ...relation import Shape
from ..reading.values import Value
from .call import Call, File, Graph, Table
from .inferred import infer_shapes

Infer = Callable[[onnx.ModelProto, Mapping[str, Shape]], dict[str, Shape]]
"""Tells the shapes of a model's tensors by name, at these shapes of its inputs."""


class Program:
    """A model's main graph, and of that what no input reaches, worked out once.

    ``table`` has the operators' entries. ``work_out`` reads calls, adding to the values it gets.
    ``infer`` tells the shapes of tensors that no description tells.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        folder: str | Path | None,
        table: Table,
        work_out: Callable[[Iterable[Call], dict[str, Value]], None],
        infer: Infer = infer_shapes,
    ) -> None:
        self.infer = infer
        self.proto = model
        self.graph = Graph(model.graph, File(model, folder, table))
        self._work_out = work_out

    @cached_property
    def _split(self) -> tuple[dict[str, Value], list[Call], list[Call]]:
        values = dict(self.graph.constants)
        constants = {"", *values}
        fixed: list[Call] = []
        calls: list[Call] = []
        for call in self.graph.calls:
            # A subgraph may use more than the inputs name; an unknown operator yields no values.
            if call.operator is not None and constants.issuperset(call.inputs) and not call.graphs:
                constants.update(call.outputs)
                fixed.append(call)
            else:
                calls.append(call)
        self._work_out(fixed, values)
        return values, fixed, calls

    @property
    def constants(self) -> Mapping[str, Value]:
        """All values that depend neither on an input nor on its shape, by name."""
        return self._split[0]

    @property
    def fixed(self) -> list[Call]:
        """The calls that make these, in order."""
        return self._split[1]

    @property
    def calls(self) -> list[Call]:
        """The calls that are left."""
        return self._split[2]
