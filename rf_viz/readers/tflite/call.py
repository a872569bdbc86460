"""A TensorFlow operation that a TFLite operator translates to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import ModelError
from ...trace.tensors import Setting
from ..reading.node import Subgraph
from ..reading.operators import Operator
from ..tensorflow.call import settings


class Call:
    """A TensorFlow operation on named tensors; ``same`` as in ``TfOp``."""

    __slots__ = (
        "_bodies",
        "attributes",
        "inputs",
        "local",
        "name",
        "op",
        "operator",
        "outputs",
        "same",
    )

    inner: tuple[str, ...] = ()
    graphs: tuple[Any, ...] = ()
    """Other graphs are named in attributes, not carried (see ``body``)."""

    def __init__(
        self,
        op: str,
        name: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        attributes: Mapping[str, Any],
        operator: Operator | None,
        same: bool = True,
        bodies: Callable[[int], Subgraph[Call]] | None = None,
    ) -> None:
        self.op, self.name, self.inputs, self.outputs = op, name, inputs, outputs
        self.attributes, self.operator, self.same = attributes, operator, same
        self._bodies = bodies
        self.local: bool = (
            operator is not None and operator.elementwise and len(inputs) == 1 == len(outputs)
        )

    def body(self, attribute: str) -> Subgraph[Call]:
        """Return the graph of the file whose number an attribute holds. Raises ModelError."""
        if self._bodies is None:
            raise ModelError(f"{self.op} {self.name!r} takes a graph that the file does not hold")
        return self._bodies(int(self.attributes.get(attribute, -1)))

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings among the attributes, by their common names."""
        return settings(self.op, self.attributes)
