"""A survey that is opened and read by workers, so that no file can hold up the app."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..analysis.effective import EffectiveField
from ..workers import Pool, Source
from ..workers.messages import packed
from .folder import Survey, open_survey
from .records import SurveyedChannel, SurveyRecord


class WorkerSurvey(SurveyRecord):
    """A survey that lives in a worker.

    Its methods raise what those of ``Survey`` raise, and EndedError where a job was ended (see
    ``Pool.do``). May be shared between threads.

    Attributes:
        has_images: whether it has the images that crops are of.
    """

    def __init__(self, pool: Pool, path: Path, name: str) -> None:
        """Have a folder or an archive opened, which messages call ``name``."""
        self._pool, self._source = pool, Source(name, open_survey, (path, name))
        weakref.finalize(self, self._source.drop)
        record, self.has_images = self._do("opened", _about)
        super().__init__(record, name)

    def channel(self, layer: str, channel: int) -> SurveyedChannel:
        """All that there is of a channel (see ``Survey.channel``)."""
        its: SurveyedChannel = self._do("read", Survey.channel, layer, channel)
        return its

    def field(self, layer: str) -> EffectiveField | None:
        """The effective field of a layer's middle cell (see ``Survey.field``)."""
        parts = self._do("read", _field_parts, layer)
        return None if parts is None else EffectiveField(*parts)

    def image_content(self, number: int) -> bytes:
        """The file of an image (see ``Survey.image_content``)."""
        content: bytes = self._do("read", Survey.image_content, number)
        return content

    def _do(self, what: str, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        return self._pool.do(self._source, "light", packed((function, arguments)), what)


def _about(survey: Survey) -> tuple[dict[str, Any], bool]:
    return survey.record, survey.has_images


def _field_parts(survey: Survey, layer: str) -> tuple[Any, ...] | None:
    """What a field is made of, as plain data."""
    field = survey.field(layer)
    if field is None:
        return None
    return field.influence, field.mask, field.centre, field.images, field.still
