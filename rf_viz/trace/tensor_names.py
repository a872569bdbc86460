"""Names by which a person may call the tensors within a model."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property


class TensorNames:
    """The tensors that a model computes, by every name that people know them by.

    ``operations`` come in order, each with the names of what it computes; ``groups`` are the
    framework's layers, each with the tensor that it returns.
    """

    def __init__(
        self, operations: Iterable[tuple[str, tuple[str, ...]]], groups: Mapping[str, str]
    ) -> None:
        self._operations = [(node, tuple(filter(None, outputs))) for node, outputs in operations]
        self._groups = groups

    @cached_property
    def _tensors(self) -> dict[str, str]:
        """Each name with the tensor it stands for; a tensor's own name comes before a node's."""
        names = {name: name for _, outputs in self._operations for name in outputs}
        for node, outputs in self._operations:
            if outputs:
                names.setdefault(node, outputs[0])
        for group, output in self._groups.items():
            names.setdefault(group, output)
        return names

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        """The tensors' own names, in order."""
        return (name for _, outputs in self._operations for name in outputs)

    def tensor(self, name: str) -> str | None:
        """Look up the tensor of that name: its own, its node's (the first output), its layer's.

        The name of a scope will do where it holds one tensor only.
        """
        if name not in self._tensors:
            within = self.all_of(name)
            return within[0] if len(within) == 1 else None
        return self._tensors[name]

    def all_of(self, name: str) -> list[str]:
        """List the tensors of that name: one tensor, all of a node, of a layer or of a scope.

        A scope holds whatever is named after it and a slash. Empty where the name stands for none.
        """
        scope = f"{name}/"
        group = self._groups.get(name)
        tensors = {} if group is None else {group: None}
        for node, outputs in self._operations:
            whole = node == name or node.startswith(scope)
            tensors.update((t, None) for t in outputs if whole or t == name or t.startswith(scope))
        return list(tensors)

    def near(self, name: str, also: Iterable[str] = ()) -> str:
        """Say which names are like an unknown one: a clause to end a message with, or nothing."""
        names = [*also, *self._tensors, *self._groups]
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
        # The name of a part, as people remember it, is far from a whole path.
        near += [other for other in names if name.lower() in other.lower()]
        near += difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        listed = list(dict.fromkeys(near))[:3]
        return f"; did you mean {', '.join(listed)}?" if listed else ""
