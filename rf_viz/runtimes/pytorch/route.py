"""The nodes between two tensors of a program that PyTorch exported, and which pass no gradient.

PyTorch has the slope of what moves in steps, such as ``round``, as zero, and drops without a word
what passes through whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_SHAPE_ONLY = frozenset(
    (
        *("sym_numel", "sym_size", "sym_stride"),
        *("empty_like", "full_like", "ones_like", "rand_like", "randn_like", "zeros_like"),
        *("new_empty", "new_full", "new_ones", "new_zeros"),
    )
)
"""Operators whose outputs do not depend on the values of their inputs."""

_STEPS = frozenset(("ceil", "fix", "floor", "heaviside", "round", "sgn", "sign", "trunc"))
"""Operators that move in steps, and whose gradient PyTorch has as zero."""


@dataclass(frozen=True)
class _Stage:
    """A node whose value depends on the source.

    Attributes:
        node: the node.
        real: whether it holds real numbers.
        slope: whether PyTorch knows how they come from the source.
        passes: whether it passes a gradient that reaches it.
    """

    node: Any
    real: bool
    slope: bool
    passes: bool


class Route:
    """What depends on a source, in the order in which it is computed."""

    def __init__(self) -> None:
        self._stages: dict[Any, _Stage] = {}

    def __contains__(self, node: Any) -> bool:  # noqa: ANN401
        return node in self._stages

    def start(self, node: Any) -> None:  # noqa: ANN401
        """Begin at the source."""
        self._stages[node] = _Stage(node, True, True, True)

    def add(self, node: Any, value: Any) -> None:  # noqa: ANN401
        """Add a node with its value, if it depends on the source."""
        before = list(self._read(node))
        if before and _operator(node) not in _SHAPE_ONLY:
            tensors = [tensor for tensor in _tensors(value) if _is_real(tensor)]
            slope = any(tensor.requires_grad for tensor in tensors)
            real = [stage for stage in before if stage.real]
            lost = bool(real) and not any(stage.slope for stage in real)  # already further ahead
            passes = (slope or lost) and not _is_step(node)
            self._stages[node] = _Stage(node, bool(tensors), slope, passes)

    def back(self, target: Any) -> tuple[bool, tuple[str, ...]]:  # noqa: ANN401
        """Go back from a target: whether a gradient reaches the source, and the gaps on the way.

        The gaps are the nodes that pass none, as "round (name)". A choice is none: where a node
        picks by whole numbers among real ones, the gradient is that of what it picks.
        """
        reached, gaps, source = {target}, dict[str, None](), next(iter(self._stages))
        for node, stage in reversed(self._stages.items()):
            if node in reached and stage.passes:
                reached.update(before.node for before in self._read(node) if before.real)
            elif node in reached:
                gaps.update(dict.fromkeys(self._leaving(node)))
        return source in reached, tuple(gaps)

    def _leaving(self, node: Any) -> Iterator[str]:  # noqa: ANN401
        """List the nodes that made real numbers to what this one reads, such as an argmax."""
        pending, seen = [node], {node}
        while pending:
            node = pending.pop()
            before = list(self._read(node))
            if any(stage.real for stage in before):
                yield f"{_operator(node)} ({node.name})"
                continue
            new = [stage.node for stage in before if stage.node not in seen]
            pending.extend(new)
            seen.update(new)

    def _read(self, node: Any) -> Iterator[_Stage]:  # noqa: ANN401
        """The stages that a node reads."""
        return (self._stages[before] for before in node.all_input_nodes if before in self._stages)


def _is_real(tensor: Any) -> bool:  # noqa: ANN401
    """Whether a tensor holds real or complex numbers."""
    return bool(tensor.dtype.is_floating_point or tensor.dtype.is_complex)


def _tensors(value: Any) -> Sequence[Any]:  # noqa: ANN401
    """The tensors among the outputs of an operator."""
    values = value if isinstance(value, tuple | list) else [value]
    return [value for value in values if hasattr(value, "requires_grad")]


def _operator(node: Any) -> str:  # noqa: ANN401
    """The name of a node's operator, without the kind of its arguments."""
    name = node.target.name() if hasattr(node.target, "overloadpacket") else node.target
    name = name if isinstance(name, str) else getattr(name, "__name__", str(name))
    return str(name.rpartition("::")[2].partition(".")[0])


def _is_step(node: Any) -> bool:  # noqa: ANN401
    """Whether a node moves in steps; a division does where it rounds."""
    return _operator(node) in _STEPS or bool(node.kwargs.get("rounding_mode"))
