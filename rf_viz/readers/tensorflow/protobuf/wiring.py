"""Wiring of a graph: which node reads which tensors, and an order to compute them in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ....errors import ModelError
from ....runtimes.tensorflow.graph_names import maker

EXITS = "_exits"
"""The attribute that names the outputs of a loop that was made of a frame."""

_COUNTS = {"DynamicPartition": "num_partitions", "Split": "num_split", "SplitV": "num_split",
           "Unpack": "num"}  # fmt: skip
"""The attribute that says how many outputs an operator has, where one does."""

_MOST_OUTPUTS = 2**16
"""The most outputs of a node; a graph may claim any number."""

_EFFECTS = (
    "Abort", "Assert", "Assign", "AudioSummary", "HistogramSummary", "ImageSummary", "MergeSummary",
    "NextIteration", "NoOp", "PrintV2", "Restore", "Save", "ScalarSummary", "TensorSummary",
    "WriteFile",
)  # fmt: skip
"""Beginnings of the names of operators that are run for their effect, not for what they return."""


def output_number(text: str) -> int:
    """Read the number of an output behind a colon; 0 where there is none. Raises ModelError."""
    if text and not text.isdecimal():
        raise ModelError(f"the graph refers to an output {text!r} of a node: it is invalid")
    return int(text or 0)


class Wiring:
    """Nodes of a graph by name, without those that are run for their effect only.

    ``inputs`` are the names of the tensors that each reads: output 0 of node n is called n, output
    1 n:1, and so on; control inputs are left out. ``sources`` are the nodes that make them.
    ``order`` has every node after those that it reads from. ``outer`` are other names that the
    nodes may read: a function's arguments; ``results`` are what it returns.

    At the start of a loop, the value that comes back from its end is replaced by all other values
    that enter it. Where branches meet and one of their results is a constant, the results are
    followed by the tensors that decide on each branch, or an empty name. Raises ModelError for a
    graph that goes in circles.
    """

    def __init__(
        self, nodes: Iterable[Any], outer: Iterable[str] = (), results: Iterable[str] = ()
    ) -> None:
        self.nodes: dict[str, Any] = {}
        self.inputs: dict[str, tuple[str, ...]] = {}
        self.sources: dict[str, list[str]] = {}
        self._last: dict[str, int] = {}
        for reference in results:
            name, _, number = reference.partition(":")
            self._last[name] = max(self._last.get(name, 0), output_number(number))
        nodes = list(nodes)
        left_by = {end: node.name for node in nodes for end in exits(node) if end}
        before = set(outer)
        merges: list[str] = []
        ordered = True
        for node in nodes:
            op, own = node.op, node.name
            if op.startswith(_EFFECTS):
                continue
            if op in ("Merge", "RefMerge"):
                merges.append(own)
            tensors: list[str] = []
            makers: list[str] = []
            for reference in node.input:
                if reference.startswith("^"):
                    continue
                name, _, number = reference.partition(":")
                if not number or number == "0":
                    tensors.append(name)
                else:
                    tensors.append(reference)
                    self._last[name] = max(self._last.get(name, 0), output_number(number))
                makers.append(left_by.get(name, name))
            ordered = ordered and before.issuperset(makers)
            if own in self.nodes:
                raise ModelError(f"the graph has two nodes of the name {own!r}: it is invalid")
            before.add(own)
            self.sources[own] = makers
            self.nodes[own] = node
            self.inputs[own] = tuple(tensors)
        if merges:
            self._open_loops(merges)
            for name in merges:
                self._let(name)
                self.sources[name] = [maker(tensor) for tensor in self.inputs[name]]
        self.order = list(self.nodes) if ordered else self._sorted()

    def outputs(self, name: str) -> tuple[str, ...]:
        """Names of a node's outputs: all that are read, and all that it says it has."""
        node = self.nodes[name]
        ends = exits(node)
        if ends:
            return ends
        count = self._last.get(name, 0) + 1
        if node.op in _COUNTS:
            count = max(count, node.attr[_COUNTS[node.op]].i)
        if count > _MOST_OUTPUTS:
            raise ModelError(
                f"{node.op} {name!r} has {count:,} outputs, RF-Viz reads at most {_MOST_OUTPUTS:,}"
            )
        return (name,) if count == 1 else (name, *(f"{name}:{i}" for i in range(1, count)))

    def before(self, names: Iterable[str]) -> set[str]:
        """Names of the nodes from which these are computed, these among them."""
        ancestors: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in ancestors:
                ancestors.add(name)
                pending.extend(self.sources.get(name, ()))
        return ancestors

    def _open_loops(self, merges: Iterable[str]) -> None:
        """Replace what comes back from a loop's end by everything else that enters the loop."""
        frames: dict[str, list[str]] = {}
        for name, node in self.nodes.items():
            if node.op in ("Enter", "RefEnter"):
                frames.setdefault(_frame(node), []).append(name)
        for name in merges:
            entered = [t for t in self.inputs[name] if maker(t) in self.nodes]
            if len(entered) < len(self.inputs[name]) and entered:
                others = frames.get(_frame(self.nodes[maker(entered[0])]), [])
                self.inputs[name] = tuple(dict.fromkeys([*entered, *others]))

    def _let(self, merge: str) -> None:
        """Append to the inputs of a merge the tensors that let each of its branches happen.

        A constant made in a branch tells of the branch only by its order of execution.
        """
        lets = tuple(self._branch_of(tensor) for tensor in self.inputs[merge])
        if any(lets):
            self.inputs[merge] += lets

    def _branch_of(self, tensor: str) -> str:
        """The tensor that lets a constant's branch happen; empty where no constant is in sight."""
        name, behind = maker(tensor), set[str]()
        while name not in behind:  # a damaged graph may go round in a circle
            behind.add(name)
            node = self.nodes.get(name)
            if node is None or node.op in ("Switch", "RefSwitch", "_SwitchN"):
                return ""
            if not self.inputs[name]:
                controls = [reference[1:] for reference in node.input]
                return next((control for control in controls if control in self.nodes), "")
            name = maker(self.inputs[name][0])
        return ""

    def _sorted(self) -> list[str]:
        """The nodes, each after those that it reads from. Raises ModelError for a circle."""
        order: list[str] = []
        state: dict[str, bool] = {}  # False while what a node reads is being put in order
        for start in self.nodes:
            stack = [start]
            while stack:
                name = stack[-1]
                if name not in state:
                    state[name] = False
                    for before in self.sources[name]:
                        if before in self.nodes and not state.get(before, False):
                            if before in state:
                                raise ModelError(
                                    f"{before!r} is computed from itself: the graph is invalid"
                                )
                            stack.append(before)
                    continue
                stack.pop()
                if not state[name]:
                    state[name] = True
                    order.append(name)
        return order


def exits(node: Any) -> tuple[str, ...]:  # noqa: ANN401
    """The names of a loop's outputs, of one that was made of a frame; none for other nodes."""
    if node.op != "While" or EXITS not in node.attr:
        return ()
    return tuple([end.decode() for end in node.attr[EXITS].list.s])


def _frame(node: Any) -> str:  # noqa: ANN401
    """The name of the loop that an ``Enter`` leads into."""
    return str(node.attr["frame_name"].s)
