"""The effective sizes of networks over depth, measured in the background of a page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

import streamlit as st

from ... import Network
from ...catalogue.samples import Sample
from ...errors import ModelError
from ...influence.depth import MOST_LAYERS, DepthMeasurement, widening
from ...influence.depth_tasks import MeasuredSize
from ...workers import EndedError
from .. import cache, sidebar
from ..cache import File, TraceOptions
from ..text import by, count, sentence, whole
from .inputs import Inputs, inputs_of

_OCCLUDED = 2
"""So many inputs are averaged by occlusion, which takes a thousand runs for each."""

_STEP = 0.5
"""Seconds that a page works before it answers again."""

_MOST_PIXELS = 2**22
"""The most pixels of an input."""

_MOST_SUMS = 2**25
"""So many pixels have sums at a time, at most: of larger inputs fewer layers are measured."""

_KEPT = 16
"""So many networks' sizes are kept in a session."""


@dataclass(eq=False)
class NetworkSizes:
    """A network's effective sizes over depth, as a session measures and keeps them.

    Attributes:
        file, options, sample: the network, how it is traced, and the sample that it is.
        measurement: what was measured so far; None before it begins.
        inputs: what it is averaged over.
        occludes: whether it is measured by occlusion.
        error: why it could not begin, or was ended.
    """

    file: File
    options: TraceOptions
    sample: Sample | None
    measurement: DepthMeasurement | None = None
    inputs: Inputs | None = None
    occludes: bool = False
    error: ModelError | None = None

    @property
    def title(self) -> str:
        """The network's name for people."""
        return self.file.name

    @property
    def results(self) -> Mapping[str, MeasuredSize]:
        """The sizes so far, by the layers' names."""
        return {} if self.measurement is None else self.measurement.results

    @property
    def left(self) -> bool:
        """Whether there is more to measure."""
        if self.error is not None:
            return False
        return self.measurement is None or self.measurement.running

    @property
    def coarse_left(self) -> bool:
        """Whether some layer may still get its first size."""
        return self.left and (self.measurement is None or self.measurement.first_round)

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        if self.measurement is None or not self.measurement.total:
            return 0.0
        return min(1.0, self.measurement.done / self.measurement.total)

    def work(self) -> None:
        """Measure for about half a second."""
        try:
            with cache.reported(self.file, "measured"):
                self._work()
        except ModelError as error:
            self.error = error

    def _work(self) -> None:
        model = cache.load(self.file)
        cache.start_runtime(model)
        if self.measurement is None:
            self.measurement = self._begun(cache.trace(self.file, self.options))
        run, begun = partial(model.run, "measured"), time.monotonic()
        while self.measurement.running and time.monotonic() - begun < _STEP:
            try:
                self.measurement.work(run)
            except EndedError:
                raise
            except ModelError as error:
                self.measurement.leave_out(str(error))

    def _begun(self, net: Network) -> DepthMeasurement:
        """The measurement before its first step. Raises ModelError where there can be none."""
        source = net.input
        if sidebar.misfit(self.file, net):
            raise ModelError(
                f"no photograph, sound or volume fits the input {source.name} "
                f"({by(source.shape)}), so there is nothing to measure over"
            )
        if prod(source.size) > _MOST_PIXELS:
            raise ModelError(
                f"the input has more than {whole(_MOST_PIXELS)} pixels, which is too many to "
                "measure all layers: choose a smaller size"
            )
        layers = widening(net, min(MOST_LAYERS, _MOST_SUMS // prod(source.size)))
        if not layers:
            raise ModelError("no layer before the pooling combines positions of the input")
        inputs = inputs_of(*sidebar.usual_input(self.file, net, self.sample))
        self.occludes = not cache.load(self.file).facts.has_gradients
        if self.occludes:
            inputs = Inputs(inputs.kind, inputs.makers[:_OCCLUDED])
        self.inputs = inputs
        begin = DepthMeasurement.by_occlusion if self.occludes else DepthMeasurement.by_gradient
        return begin(layers, inputs.makers)

    def again(self) -> None:
        """Forget why it was ended, so that it can go on."""
        if isinstance(self.error, EndedError):
            self.error = None
            cache.try_again(self.file)

    @property
    def about(self) -> str:
        """What was measured, over what and how, in a sentence; empty before that."""
        if self.inputs is None or not self.results:
            return ""
        images = {size.images for size in self.results.values()}
        over = self.inputs.count(max(images))
        if len(images) > 1:
            over = f"{min(images)} to {over}"
        how = "by the gradient"
        if self.occludes:
            how = "by occlusion: no finer than the patches, which the points name"
        return f"Measured on {count(len(self.results), 'layer')} over {over}, {how}."

    @property
    def problem(self) -> str:
        """Why it ended, or what could not be measured, in a sentence; empty where all went well."""
        if self.error is not None:
            return sentence(self.error)
        problems = {} if self.measurement is None else self.measurement.problems
        if not problems:
            return ""
        name, why = next(iter(problems.items()))
        rest = len(problems) - 1
        more = f" and {count(rest, 'other layer')}" if rest else ""
        return f"Not measured: {name}{more}, since {sentence(ModelError(why))}"


def sizes_of(file: File, options: TraceOptions, sample: Sample | None) -> NetworkSizes:
    """The sizes of a network that this session has measured, or may measure.

    They are those of the model as it is loaded, so that new random weights have new sizes. Raises
    ModelError where it cannot be read.
    """
    kept: dict[str, NetworkSizes] = st.session_state.setdefault("sizes over depth", {})
    way = sidebar.preprocessing_of(file, sample)
    key = f"{cache.identity(cache.load(file))} {options} {way}"
    if key not in kept:
        while len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        kept[key] = NetworkSizes(file, options, sample)
    return kept[key]


@dataclass
class Queue:
    """Networks of a page that are measured one after the other.

    At first each of them gets coarse sizes, so that all show soon.

    Attributes:
        networks: the networks.
        running: whether there is more to do, and nobody cancelled.
        finer: whether it goes on after the coarse sizes.
    """

    networks: list[NetworkSizes]
    finer: bool
    running: bool = False

    @property
    def next(self) -> NetworkSizes | None:
        """The network that is measured next; None where there is no more to do."""
        coarse = (n for n in self.networks if n.coarse_left)
        return next(coarse, next((n for n in self.networks if self.finer and n.left), None))

    @property
    def ended(self) -> bool:
        """Whether the measurement of a network was ended before it was done."""
        return any(isinstance(n.error, EndedError) for n in self.networks)

    @property
    def left(self) -> bool:
        """Whether there is more to do, if only to measure finer."""
        return any(n.left for n in self.networks)

    def work(self) -> None:
        """Measure for about half a second."""
        network = self.next
        if network is not None:
            network.work()
        self.running = self.running and self.next is not None

    def begin(self) -> None:
        """Measure, also what was ended before it was done."""
        for network in self.networks:
            network.again()
        self.finer = self.finer or not any(n.coarse_left for n in self.networks)
        self.running = True

    def cancel(self) -> None:
        """Stop; what was measured stays."""
        self.running = False


def queue_of(
    page: str, networks: Sequence[tuple[File, TraceOptions, Sample | None]], *, finer: bool = True
) -> Queue:
    """The queue of a page, for just these networks; the one before that, if they are the same.

    Raises ModelError where a network cannot be read.
    """
    sizes = [sizes_of(*network) for network in networks]
    queue: Queue | None = st.session_state.get(f"queue {page}")
    if queue is None or queue.networks != sizes:
        queue = st.session_state[f"queue {page}"] = Queue(sizes, finer)
    return queue
