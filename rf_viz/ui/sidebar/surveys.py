"""Uploads of surveys, which Explore shows among the strongest cells."""

from __future__ import annotations

from .. import cache
from ..cache import File
from .session import remember, visitor


def accept_survey(files: dict[str, bytes]) -> None:
    """Takes over an uploaded survey. Raises ModelError."""
    file = File.uploaded(files)
    cache.open_survey(file)
    remember("survey", file.digest, file)
    visitor().next_survey = file.digest
