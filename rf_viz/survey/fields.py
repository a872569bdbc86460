"""The effective fields of a survey's layers: over which images they are measured, and their sums.

Sums are taken over a few images each, and these are added in the order of the images, so that a
field is the same to the last bit however many processes have worked on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..analysis.effective import EffectiveField, central_cell, expected_sizes
from ..errors import ModelError
from ..influence.effective import Averaging
from ..model import Model
from ..trace.network import Layer, Network
from .look import measure
from .measure import Series, Sum
from .parts import Parts, write
from .plan import MOST_FIELDS, MOST_PIXELS, Plan
from .processes import TRIES, Workers
from .records import SurveyedField
from .sources import Ref

_SERIES, _SERIES_OF_GRADIENTS = 2, 16
"""So many images are measured in one go, by occlusion and by gradients, which are far faster: many
processes have work, and few sums are kept."""


class LayerField(NamedTuple):
    """The effective field of a layer, if it has one, and what a survey says of it."""

    field: EffectiveField | None
    about: SurveyedField


def check_fields(fields: int, net: Network) -> None:
    """Raise ModelError where fields cannot be measured over so many images of that input."""
    if not 0 <= fields <= MOST_FIELDS:
        raise ModelError(f"fields is a number from 0 to {MOST_FIELDS:,}, not {fields}")
    pixels = prod(net.input.size)
    if fields and pixels > MOST_PIXELS:
        raise ModelError(
            f"fields are measured on inputs of at most {MOST_PIXELS:,} pixels, and this one has "
            f"{pixels:,}: choose a smaller input size, or survey without fields"
        )


class FieldWork:
    """The work of measuring the fields of layers over images.

    Attributes:
        runs: so many times an image is measured for a layer, at most: fewer images may be usable.
        processes: so many have enough to do.
    """

    def __init__(self, model: Model, layers: Sequence[Layer], fields: int, images: int) -> None:
        """Plan it, without a look at any image: over ``fields`` of so many images."""
        self._layers, self._fields = layers, fields
        self._without = [_without_field(layer) for layer in layers] if fields else []
        self._series = _SERIES_OF_GRADIENTS if model.has_gradients else _SERIES
        self.runs = self._without.count("") * min(fields, images)
        self.processes = -(-self.runs // self._series)

    def measure(
        self,
        plan: Plan,
        refs: Sequence[Ref],
        parts: Parts,
        crew: Workers,
        progress: Callable[[int, int], None],
    ) -> Iterator[LayerField]:
        """Measure what is not measured yet; then the fields of the layers, one after the other.

        ``progress`` is called with how many times an image was measured for a layer, and will be.
        """
        images = [(i, refs[number]) for i, number in enumerate(self._chosen(parts), 1)]
        every = self._all_series(images)
        left = [series for series in every if not parts.sum(series.number).exists()]
        count = sum(len(series.images) for series in every)
        done = count - sum(len(series.images) for series in left)
        progress(done, count)
        for series, result in crew.results(measure, plan, left):
            write(parts.sum(series.number), result or _given_up(plan, series))
            done += len(series.images)
            progress(done, count)
        files = [[s.number for s in every if s.layer == i] for i in range(len(self._layers))]
        sums = ([_read(parts.sum(number)) for number in numbers] for numbers in files)
        expected = expected_sizes(self._layers)
        return (
            _no_field(why) if why else _layer_field(layer, its, expected[layer])
            for layer, why, its in zip(self._layers, self._without, sums, strict=True)
        )

    def _chosen(self, parts: Parts) -> list[int]:
        """The numbers of the images to measure on: some of those that can be used, evenly."""
        notes = (note for some in parts.notes() for note in some)
        usable = [number for number, note in enumerate(notes) if not note.skipped]
        count = min(self._fields, len(usable))
        return [usable[(2 * i + 1) * len(usable) // (2 * count)] for i in range(count)]

    def _all_series(self, images: Sequence[tuple[int, Ref]]) -> list[Series]:
        """All that is to be measured, layer by layer: a process does best with the same one."""
        able = [number for number, why in enumerate(self._without) if not why]
        starts = range(0, len(images), self._series)
        places = [(layer, start) for layer in able for start in starts]
        return [
            Series(number, layer, tuple(images[start : start + self._series]))
            for number, (layer, start) in enumerate(places)
        ]


def _without_field(layer: Layer) -> str:
    """Why a layer has no effective field, in a sentence; empty where it has one."""
    if not layer.extents:
        return f"{layer.title} has no grid, so there is no cell in its middle"
    cell = central_cell(layer)
    if layer.region(cell).empty:
        return f"the middle cell of {layer.title} sees nothing of the input"
    try:
        layer.mask(cell)
    except ModelError as error:
        return str(error)
    return ""


def _no_field(why: str, failed: int = 0) -> LayerField:
    return LayerField(None, SurveyedField(0, 0, 0, failed, why, "", None))


def _layer_field(layer: Layer, sums: Sequence[Sum], expected: float | None) -> LayerField:
    """The field of a layer by its sums, which are in the order of the images."""
    averaging, failed, why, method = Averaging(layer, central_cell(layer), None), 0, "", ""
    for part in sums:
        failed, why, method = failed + part.failed, why or part.why, method or part.method
        if len(part.total):
            total = np.zeros(averaging.mask.shape)
            total[averaging.mask] = part.total
            averaging.add_sum(total, part.images, part.still)
    field = averaging.field
    if not field.images + field.still:
        return _no_field(why or "no image can be used to measure it on", failed)
    pixels = int(np.count_nonzero(field.mask))
    about = SurveyedField(pixels, field.images, field.still, failed, why, method, expected)
    return LayerField(field, about)


def _given_up(plan: Plan, series: Series) -> bytes:
    """What images tell that ended every process which measured on them: nothing."""
    name = plan.layers[series.layer]
    why = f"images ended the process that measured the field of {name} on them, {TRIES} times"
    return Sum(np.zeros(0), 0, 0, len(series.images), why, "").packed()


def _read(path: Path) -> Sum:
    try:
        return Sum.unpacked(path.read_bytes())
    except Exception as error:  # what was no such file raises almost anything
        raise ModelError(f"{path} is damaged: start the survey anew with --restart") from error
