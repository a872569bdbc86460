"""ONNX nodes and constants as a translation makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, StringStringEntryProto, TensorProto, helper, numpy_helper

from ...errors import ModelError

Attribute = int | float | str | Sequence[int] | Sequence[float] | TensorProto | GraphProto | None


_MOST_TEXT = 2**28
"""The most letters of all nodes: their names, and what the metadata say."""

_MOST_NUMBERS = 2**28
"""The most bytes of the constants that a translation works out."""


class _Shared:
    """What a graph shares with its bodies: the names in use, the constants, the nodes left."""

    def __init__(self, reserved: Iterable[str], most: int) -> None:
        self.names = set(reserved)
        self.numbers: dict[str, int] = {}
        self.text, self.bytes = 0, 0
        self.constants: list[TensorProto] = []
        self.by_value: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self.domains: set[str] = set()
        self.left = most


class Writer:
    """The nodes and constants of one graph.

    ``metadata`` is put on each node made from now on, ``label`` begins the names of values that the
    program has no name for. ``depth`` counts the graphs around this one.

    Args:
        reserved: names that only the caller gives away.
        most: how many nodes can be made, those of bodies included.
    """

    def __init__(self, reserved: Iterable[str], most: int) -> None:
        self._shared = _Shared(reserved, most)
        self.nodes: list[NodeProto] = []
        self.metadata: Mapping[str, str] = {}
        self.label = "value"
        self.depth = 0

    def body(self, label: str) -> Writer:
        """Make the writer of a body of one of this graph's nodes; constants are shared."""
        inner = Writer((), 0)
        inner._shared, inner.metadata, inner.label = self._shared, self.metadata, label
        inner.depth = self.depth + 1
        return inner

    @property
    def constants(self) -> list[TensorProto]:
        """The constants of the graph and its bodies."""
        return self._shared.constants

    @property
    def domains(self) -> set[str]:
        """The domains of the operators in the graph and its bodies."""
        return self._shared.domains

    def unique(self, name: str) -> str:
        """Make a name that nothing has yet, this one if it is free."""
        shared = self._shared
        result, number = name, shared.numbers.get(name, 1)
        while result in shared.names:
            number += 1
            result = f"{name}_{number}"
        shared.numbers[name] = number
        shared.names.add(result)
        return result

    def constant(self, value: NDArray[Any] | np.generic) -> str:
        """Add a constant, or the one that there is of the same value; returns its name.

        Raises ValueError where constants grow far beyond what a network has.
        """
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        if self._shared.bytes + array.nbytes > _MOST_NUMBERS:
            raise ValueError(f"constants of more than {_MOST_NUMBERS:,} bytes")
        key = array.dtype.str + array.dtype.name, array.shape, array.tobytes()
        if key not in self._shared.by_value:
            self._shared.bytes += array.nbytes
            name = self._shared.by_value[key] = self.unique("constant")
            self.constants.append(numpy_helper.from_array(array, name))
        return self._shared.by_value[key]

    def tensor(self, tensor: TensorProto) -> str:
        """Add a constant that has a name of its own already; returns its name."""
        tensor.name = self.unique(tensor.name)
        self.constants.append(tensor)
        return tensor.name

    def ints(self, values: Iterable[int]) -> str:
        """Add a list of whole numbers; returns its name."""
        return self.constant(np.array(list(values), np.int64))

    def add(self, op: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Add a node of one output; returns that output's name."""
        return self.add_many(op, inputs, 1, domain=domain, **attributes)[0]

    def add_many(
        self,
        op: str,
        inputs: Sequence[str],
        count: int,
        *,
        domain: str = "",
        **attributes: Attribute,
    ) -> list[str]:
        """Add a node of some outputs; returns their names. Attributes of None are left out."""
        shared, listed = self._shared, list(inputs)
        shared.left -= 1
        shared.text += (len(self.label) + 20) * count + sum(map(len, listed))
        shared.text += sum(map(len, self.metadata.values()))
        if shared.left < 0 or shared.text > _MOST_TEXT:
            raise ModelError("the graph grows far beyond its size where it is made functional")
        while listed and not listed[-1]:
            listed.pop()
        outputs = [self.unique(f"{self.label}_{op.lower()}") for _ in range(count)]
        node = helper.make_node(
            op,
            listed,
            outputs,
            name=outputs[0] if outputs else "",
            domain=domain,
        )
        node.attribute.extend(
            helper.make_attribute(key, value)
            for key, value in attributes.items()
            if value is not None
        )
        node.metadata_props.extend(
            StringStringEntryProto(key=key, value=value) for key, value in self.metadata.items()
        )
        self.domains.add(domain)
        self.nodes.append(node)
        return outputs

    def made_since(self, mark: int) -> set[str]:
        """The values that nodes made since ``mark`` give away."""
        return {output for node in self.nodes[mark:] for output in node.output}

    def rename(self, mark: int, names: Mapping[str, str]) -> None:
        """Give values made since ``mark`` other names, by those that they have."""
        for node in self.nodes[mark:]:
            if not names.keys().isdisjoint(node.input):
                node.input[:] = [names.get(i, i) for i in node.input]
            if not names.keys().isdisjoint(node.output):
                node.output[:] = [names.get(o, o) for o in node.output]
                node.name = names.get(node.name, node.name)

    def forget(self, mark: int) -> None:
        """Drop the nodes made since ``mark``."""
        del self.nodes[mark:]
