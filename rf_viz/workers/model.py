"""A model that lives in workers: the part of ``Model`` that the app uses, with the same answers."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..inputs.feeds import SideInput
from ..model import Model, ModelInput
from ..trace.network import Network
from .facts import Facts
from .jobs import Source
from .messages import packed
from .pool import Pool
from .processes import Kind


class WorkerModel:
    """A model that is read, traced and run by workers.

    Its methods raise what those of ``Model`` raise, and EndedError where a job was ended (see
    ``Pool.do``). May be shared between threads.

    Attributes:
        facts: what the model tells of itself.
    """

    def __init__(self, pool: Pool, source: Source, kind: Kind) -> None:
        """Have a model read by a worker of a kind."""
        self._pool, self._source, self._kind = pool, source, kind
        self._answers: dict[Any, Any] = {}
        weakref.finalize(self, source.drop)
        self.facts: Facts = self._do("read", kind, Facts.of)

    def source(self, name: str | None = None) -> ModelInput:
        """The input of that name, or the tensor within the model as one (see ``Model.source``)."""
        for declared in self.facts.inputs:
            if name in (None, declared.name):
                return declared
        source: ModelInput = self._once("source", name)
        return source

    def side_inputs(
        self,
        input_shape: Mapping[str, Sequence[int]] | None = None,
        *,
        input: str | None = None,
    ) -> tuple[SideInput, ...]:
        """The inputs beside the traced one (see ``Model.side_inputs``)."""
        if len(self.facts.inputs) == 1 and input in (None, self.facts.inputs[0].name):
            return ()
        sides: tuple[SideInput, ...] = self._once("side_inputs", input_shape, input=input)
        return sides

    def parameters(self) -> Mapping[str, int]:
        """Count the weights of each operation (see ``Model.parameters``)."""
        counts: Mapping[str, int] = self._once("parameters")
        return counts

    def trace(self, *arguments: Any, **options: Any) -> Network:  # noqa: ANN401
        """Trace it, as ``Model.trace``, and work out the spans of all layers."""
        net: Network = self._do("traced", self._kind, _traced, arguments, options)
        return net

    def activations(
        self,
        tensor: NDArray[np.generic],
        names: Sequence[str],
        *,
        input: str | None = None,
        feeds: Mapping[str, ArrayLike] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """Run it for the values of the named tensors (see ``Model.activations``)."""
        options = {"input": input, "feeds": feeds}
        values: dict[str, NDArray[np.float32]] = self.run(
            "run", _method, "activations", (tensor, list(names)), options
        )
        return values

    def run(self, what: str, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        """Call a function of some module with the model and these arguments, where it can be run.

        ``what`` is what is done with the model, in a participle, for messages.
        """
        heavy = self.facts.heavy_runtime
        kind: Kind = "tensorflow" if heavy == "tensorflow" else self._kind
        return self._do(what, kind, function, *arguments)

    def forgive(self) -> None:
        """Let what was ended be tried again."""
        self._source.forgive()

    def _once(self, name: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """What a method of the model returns, asked once."""
        key = repr((name, arguments, options))
        if key not in self._answers:
            self._answers[key] = self._do("read", self._kind, _method, name, arguments, options)
        return self._answers[key]

    def _do(self, what: str, kind: Kind, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        return self._pool.do(self._source, kind, packed((function, arguments)), what)


def _method(model: Model, name: str, arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return getattr(model, name)(*arguments, **options)


def _traced(model: Model, arguments: Sequence[Any], options: Mapping[str, Any]) -> Network:
    net = model.trace(*arguments, **options)
    for layer in net.layers:
        layer.spans()  # the network keeps them, and whatever shows it needs them
    return net
