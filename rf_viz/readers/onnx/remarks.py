"""What is worth knowing of an ONNX file itself: that it was exported in training mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...model import ModelInput, Remark
from ..foreign.advice import IMAGE, export
from ..reading.values import Value
from .call import Call

_TRAINING_MODE_SINCE = 14
"""The operators' version in which training became an attribute of batch normalisation."""


def remarks(
    calls: Iterable[Call],
    constants: Mapping[str, Value],
    name: str,
    producer: str,
    inputs: Sequence[ModelInput],
) -> tuple[Remark, ...]:
    """Say what of a graph is in training mode; ``constants`` has the values that are known."""
    training = list(_training(calls, constants))
    if not training:
        return ()
    shape = inputs[0].bound({}, IMAGE[-1]) if inputs else IMAGE
    line = export("model", name, shape) if producer == "pytorch" else ""
    return (in_training_mode(name, training.count("BatchNormalization"), line),)


def in_training_mode(name: str, normalised: int, line: str) -> Remark:
    """The remark on a file in training mode, with so many batch normalisations.

    Where there are none of them, it is dropout that trains. ``line`` exports the file right.
    """
    if normalised:
        count = f"{normalised} batch normalisation{'s' * (normalised > 1)}"
        what = (
            f"{count} take{'s' * (normalised == 1)} mean and variance from the image that is fed, "
            "so that every layer behind sees the whole image, which it does not in evaluation mode"
        )
    else:
        what = "dropout changes its values at random, though the regions hold"
    text = f"{name} was exported in training mode: {what}. Export it again in evaluation mode"
    return Remark("Exported in training mode", text, line)


def _training(calls: Iterable[Call], constants: Mapping[str, Value]) -> Iterator[str]:
    """Yield the operators of the calls that are in training mode, those of subgraphs too."""
    for call in calls:
        if call.op == "BatchNormalization":
            if call.opset >= _TRAINING_MODE_SINCE:
                training = bool(call.attributes.get("training_mode", 0))
            else:  # its statistics are outputs too
                training = len(call.outputs) > 1
            if training:
                yield call.op
        elif call.op == "Dropout" and len(call.inputs) > 2:
            value = constants.get(call.inputs[2])
            flag = None if value is None else value.value()
            if flag is not None and flag.any():
                yield call.op
        for graph in call.graphs:
            yield from _training(graph.calls, constants)
