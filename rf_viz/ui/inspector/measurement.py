"""The influence that is measured of the pinned cell, and the measurements of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ...analysis.seen import Influence
from ...errors import ModelError
from ...influence import Method, is_whole
from ...influence.gradients import by_gradient, within
from ...influence.occlusion import Occlusion, Patches, filled, moves
from ...influence.pace import Pace
from ...influence.subject import Subject
from ...trace.network import Index, Region
from ...verify.experiment import Pixels
from ...workers import WorkerModel
from .. import cache
from ..sharing import shared
from .replacements import replacement
from .scene import Scene
from .seen import seen_by

FEWEST, MOST = 4, 64
"""The fewest and the most patches along each side of a region."""

_STEP = 0.4
"""Seconds that a step should take; in between the page answers."""

_KEPT = 4
"""So many measurements by occlusion are kept in a session."""

MEAN = "Mean"
"""The filler that is the input's mean, its mean colour."""


@dataclass(frozen=True)
class Settings:
    """How influence is measured.

    Attributes:
        method: by what.
        across: how many patches lie along each side of the region.
        overlaps: whether a patch overlaps the next by half.
        filler: what covered pixels hold, as people call it.
    """

    method: Method
    across: int = 16
    overlaps: bool = False
    filler: str = MEAN

    def patches(self, region: Region) -> Patches:
        """The patches that slide over a region."""
        return _patches(region, self.across, self.overlaps)


def _patches(region: Region, across: int, overlaps: bool = False) -> Patches:
    size = [max(1, ceil(n / across)) for n in region.size]
    return Patches.over(region, size, [max(1, n // 2) for n in size] if overlaps else None)


@dataclass
class Measurement:
    """A measurement by occlusion: coarse patches first, so that something shows soon.

    Attributes:
        subject, mask, cover: as ``moves`` takes them.
        levels: what is still to be measured, the coarsest first.
        running: whether there is more to do, and nobody cancelled.
        done, total: patches of all levels that were covered, and all there are.
        influence: the finest that was measured of each pixel; None before the first patch.
        error: why it could not go on.
    """

    subject: Subject
    mask: Pixels
    cover: NDArray[Any]
    levels: list[Occlusion]
    running: bool = True
    done: int = 0
    total: int = 0
    influence: Influence | None = None
    error: ModelError | None = None
    _batch: int = 0
    _pace: Pace = field(default_factory=lambda: Pace(_STEP), repr=False)
    _size: tuple[int, ...] = ()
    _coarse: Influence | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._size = self.levels[-1].patches.size
        self.total = sum(level.total for level in self.levels)
        self._skip_finished()

    def work(self, model: WorkerModel) -> None:
        """Cover as many patches as take about ``_STEP`` seconds."""
        level = self.levels[0]
        boxes = level.next_boxes(self._pace.count)
        try:
            with self._pace:
                heights, self._batch = model.run(
                    "measured", moves, self.subject, self.mask, self.cover, boxes, self._batch
                )
        except ModelError as error:
            self.running, self.error = False, error
            return
        level.add(heights)
        self.done += len(boxes)
        fine = level.influence
        covered = level.covered
        self.influence = fine if self._coarse is None else np.where(covered, fine, self._coarse)
        self._skip_finished()

    @property
    def size(self) -> tuple[int, ...]:
        """The extents of the finest patches."""
        return self._size

    def cancel(self) -> None:
        """Stop; what was measured stays."""
        self.running = False

    def go_on(self) -> None:
        """Measure the rest."""
        self.error = None
        self.running = bool(self.levels)

    def _skip_finished(self) -> None:
        while self.levels and self.levels[0].done == self.levels[0].total:
            self._coarse = self.levels.pop(0).influence
            self.influence = self._coarse
        self.running = self.running and bool(self.levels)


def measurement_of(scene: Scene, settings: Settings) -> Measurement:
    """The measurement of the scene's cell by occlusion; it is begun where there is none yet."""
    kept: dict[str, Measurement] = st.session_state.setdefault("influence measured", {})
    key = f"{_key(scene)} {scene.element} {settings}"
    if key not in kept:
        while len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        kept[key] = _begun(scene, settings)
    return kept[key]


def _begun(scene: Scene, settings: Settings) -> Measurement:
    region, subject = scene.region, subject_of(scene, scene.element, scene.fed.tensor)
    mask = scene.layer.mask_of(scene.element)
    if settings.filler == MEAN:
        cover = filled(subject, "mean")
    else:
        cover = scene.fed.prepare(replacement(settings.filler, scene.picture, seed=0))
    coarse = [n for n in (4, 8, 16, 32) if 2 * n <= settings.across]
    patches = [*(_patches(region, n) for n in coarse), settings.patches(region)]
    return Measurement(subject, mask, cover, [Occlusion(mask, part) for part in patches])


def gradient_of(scene: Scene, method: Method) -> tuple[Influence, float]:
    """The influence of each pixel on the scene's cell by its gradient.

    Also the share of it, by magnitude, that lies outside the mask: what comes by global context,
    which the trace left out. Raises ModelError.
    """
    whole = _gradient(_key(scene), str(scene.element), method, scene)
    layer, mask = scene.layer, scene.layer.mask_of(scene.element)
    influence = within(mask, whole, exact=is_whole(layer), name=layer.name)
    total = float(np.abs(whole).sum())
    return influence, (1 - float(np.abs(influence).sum()) / total if total else 0.0)


@shared(2**25, lambda influence: influence.nbytes, "Working out the gradient ...")
def _gradient(key: str, at: str, method: Method, _scene: Scene) -> Influence:
    model = cache.load(_scene.file)
    cache.start_runtime(model)
    times_input = method != "gradient"
    subject = subject_of(_scene, _scene.element, _scene.fed.tensor)
    influence: Influence = model.run("measured", by_gradient, subject, times_input)
    return influence


def network_key(scene: Scene) -> str:
    """Stands for the model, and for how it was traced."""
    of = cache.identity(cache.load(scene.file))
    return f"{of} {scene.net.weight_aware} {scene.fed.input}"


def _key(scene: Scene) -> str:
    """Stands for the layer of the traced model, and for its input."""
    return f"{network_key(scene)} {scene.fed.key} {scene.layer.name}"


def subject_of(scene: Scene, at: tuple[Index, ...], tensor: NDArray[Any]) -> Subject:
    """The elements at an index of the scene's layer, on an input."""
    return Subject.unstopped(scene.layer, at, tensor, scene.fed.feeds)


def concentration(scene: Scene, influence: Influence) -> float:
    """The smallest share of the pixels that count which holds half of the influence."""
    seen = seen_by(scene.layer, scene.cell, scene.feature_map.channel)
    magnitudes = np.sort(np.abs(influence[seen.region.slices][seen.mask]))[::-1]
    running = np.cumsum(magnitudes)
    if not len(running) or not running[-1]:
        return 0.0
    return float(np.searchsorted(running, running[-1] / 2) + 1) / len(running)
