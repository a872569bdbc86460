"""Recurrent layers over a sequence."""

from __future__ import annotations

from collections.abc import Sequence

from ..program import Name
from ..site import Site, Untranslatable, rule

_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
"""The gates in the order that ONNX has them, by PyTorch's: i f g o is i o f g, r z n is z r n."""


@rule("lstm.input")
def lstm(site: Site) -> list[str | None]:
    """Layers with a memory; hidden states and memories come last."""
    states = site.tensors("hx")
    if len(states) != 2:
        raise Untranslatable
    return _layers(site, "LSTM", states)


@rule("gru.input")
def gru(site: Site) -> list[str | None]:
    """Layers with gates."""
    return _layers(site, "GRU", [site.tensor("hx")], linear_before_reset=1)


@rule("rnn_tanh.input", "rnn_relu.input")
def rnn(site: Site) -> list[str | None]:
    """Layers without gates."""
    name = "Tanh" if "tanh" in site.target else "Relu"
    ways = 2 if site.flag("bidirectional") else 1
    return _layers(site, "RNN", [site.tensor("hx")], activations=[name] * ways)


def _layers(site: Site, op: str, states: Sequence[str], **attributes: object) -> list[str | None]:
    parameters = site.argument("params")
    if site.rank("input") != 3 or not isinstance(parameters, list):
        raise Untranslatable
    ways = 2 if site.flag("bidirectional") else 1
    biased, count = site.flag("has_biases", True), site.whole("num_layers")
    each = 4 if biased else 2
    if len(parameters) != each * ways * count or not all(
        isinstance(p, Name) for p in parameters
    ):  # among them those of layers with projections
        raise Untranslatable
    value = site.tensor("input")
    if site.flag("batch_first"):
        value = site.transpose(value, [1, 0, 2])
    finals: list[list[str]] = [[] for _ in states]
    for layer in range(count):
        start = layer * ways * each
        sets = [parameters[start + w * each : start + (w + 1) * each] for w in range(ways)]
        begin = [_part(site, state, layer * ways, ways) for state in states]
        hidden = site.meta_of(sets[0][1].name).sizes[1]
        if not isinstance(hidden, int):
            raise Untranslatable
        outputs = site.writer.add_many(
            op,
            [
                value,
                _stacked(site, op, [s[0].name for s in sets]),
                _stacked(site, op, [s[1].name for s in sets]),
                _biases(site, op, [[p.name for p in s[2:]] for s in sets]) if biased else "",
                "",
                *begin,
            ],
            1 + len(states),
            hidden_size=hidden,
            direction="bidirectional" if ways == 2 else "forward",
            **attributes,  # type: ignore[arg-type]
        )
        turned = site.transpose(outputs[0], [0, 2, 1, 3])
        value = site.reshape(turned, [0, 0, -1])
        for final, output in zip(finals, outputs[1:], strict=True):
            final.append(output)
    if site.flag("batch_first"):
        value = site.transpose(value, [1, 0, 2])
    return [value, *(f[0] if len(f) == 1 else site.add("Concat", *f, axis=0) for f in finals)]


def _part(site: Site, value: str, start: int, count: int) -> str:
    return site.add("Slice", value, site.ints([start]), site.ints([start + count]), site.ints([0]))


def _stacked(site: Site, op: str, names: Sequence[str]) -> str:
    """The weights of both ways, their gates in ONNX' order."""
    ordered = [site.unsqueeze(_ordered(site, op, name), 0) for name in names]
    return ordered[0] if len(ordered) == 1 else site.add("Concat", *ordered, axis=0)


def _biases(site: Site, op: str, sets: Sequence[Sequence[str]]) -> str:
    """The biases of inputs and states of both ways, their gates in ONNX' order."""
    rows = []
    for names in sets:
        parts = [_ordered(site, op, name) for name in names]
        rows.append(site.unsqueeze(site.add("Concat", *parts, axis=0), 0))
    return rows[0] if len(rows) == 1 else site.add("Concat", *rows, axis=0)


def _ordered(site: Site, op: str, name: str) -> str:
    gates = _GATES[op]
    value = site.scope.value(name)
    if len(gates) == 1:
        return value
    parts = site.writer.add_many("Split", [value], len(gates), axis=0, num_outputs=len(gates))
    return site.add("Concat", *(parts[g] for g in gates), axis=0)
