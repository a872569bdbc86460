"""A TensorFlow operation that a TFLite operator translates to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...trace.tensors import Setting
from ..reading.operators import Operator
from ..tensorflow.call import settings


class Call:
    """A TensorFlow operation on named tensors; ``same`` as in ``TfOp``."""

    __slots__ = ("attributes", "inputs", "local", "name", "op", "operator", "outputs", "same")

    inner: tuple[str, ...] = ()
    graphs: tuple[Any, ...] = ()
    """No subgraph is followed."""

    def __init__(
        self,
        op: str,
        name: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        attributes: Mapping[str, Any],
        operator: Operator | None,
        same: bool = True,
    ) -> None:
        self.op, self.name, self.inputs, self.outputs = op, name, inputs, outputs
        self.attributes, self.operator, self.same = attributes, operator, same
        self.local: bool = (
            operator is not None and operator.elementwise and len(inputs) == 1 == len(outputs)
        )

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings among the attributes, by their common names."""
        return settings(self.op, self.attributes)
