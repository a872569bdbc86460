"""Surveys that come in a zip or tar archive."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelError
from ..readers.archive import Archive
from ..readers.content import Content

RECORD = "survey.json"
"""The file that says what a survey is, and where in an archive it lies."""


def is_survey(data: bytes, name: str) -> bool:
    """Whether the content of a file is an archive with a survey."""
    return bool(_records(Content(name, None, data)))


def unpack(path: Path, name: str, folder: str) -> None:
    """Write the files of the one survey that an archive holds into a folder.

    ``name`` is what messages call it. Raises ModelError where it holds none or several, or is not
    to be trusted.
    """
    content = Content(name, str(path))
    records = _records(content)
    if len(records) != 1:
        count = "several surveys" if records else "no survey"
        raise ModelError(f"{name} holds {count}: pack the folder of one survey as a zip archive")
    with Archive.open(content) as archive:
        archive.extract(records[0].removesuffix(RECORD), folder)


def _records(content: Content) -> list[str]:
    return [entry for entry in content.archive_names if entry.rpartition("/")[2] == RECORD]
