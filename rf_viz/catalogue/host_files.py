"""Files that the host of the app offers to everybody who opens it, without upload."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path

_MOST = 1000
"""So many models or surveys of a folder are on offer."""

_MOST_ENTRIES = 100_000
"""So many names are looked at for them."""


@dataclass(frozen=True)
class HostFiles:
    """A model and an image to open the app with, and folders of models and surveys to choose from.

    They reach the server by its environment, as RF_VIZ_MODEL, RF_VIZ_IMAGE, RF_VIZ_MODELS and
    RF_VIZ_SURVEYS.
    """

    model: Path | None = None
    image: Path | None = None
    models: Path | None = None
    surveys: Path | None = None

    def to_environment(self) -> dict[str, str]:
        """Write the paths as variables of the environment."""
        paths = {variable: getattr(self, name) for name, variable in _variables().items()}
        return {variable: str(path.absolute()) for variable, path in paths.items() if path}

    @classmethod
    def from_environment(cls) -> HostFiles:
        """Read them from this process's environment."""
        texts = {name: os.environ.get(variable) for name, variable in _variables().items()}
        return cls(**{name: Path(text) for name, text in texts.items() if text})


def _variables() -> dict[str, str]:
    return {field.name: f"RF_VIZ_{field.name.upper()}" for field in fields(HostFiles)}


def models_below(folder: Path, extensions: Collection[str]) -> dict[str, Path]:
    """List the model files in a folder and in those below it, by their paths from there.

    These are the files with one of the extensions, and the folders of SavedModels, in the order of
    the alphabet, up to a thousand. Hidden ones are left out, links to folders are not followed, and
    links to files only where they stay within the folder.
    """
    return _below(folder, "saved_model.pb", extensions)


def surveys_below(folder: Path) -> dict[str, Path]:
    """List the surveys in a folder and in those below it, as ``models_below`` does.

    These are the folders of surveys, and zip archives.
    """
    return _below(folder, "survey.json", (".zip",))


def _below(folder: Path, mark: str, extensions: Collection[str]) -> dict[str, Path]:
    """The folders that hold a file called ``mark``, and the files with such an extension."""
    places: dict[str, Path] = {}
    home, entries = folder.resolve(), 0
    for here, folders, files in os.walk(folder):
        entries += len(folders) + len(files)
        place = Path(here)
        if mark in files:
            places[_from(folder, place)] = place
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = place / name
            if (
                not name.startswith(".")
                and path.suffix.lower() in extensions
                and path.is_file()
                and path.resolve().is_relative_to(home)
            ):
                places[_from(folder, path)] = path
        if len(places) >= _MOST or entries >= _MOST_ENTRIES:
            break
    return dict(sorted(places.items())[:_MOST])


def _from(folder: Path, path: Path) -> str:
    """A path as seen from the folder; the folder itself by its name."""
    return path.relative_to(folder).as_posix() if path != folder else folder.resolve().name
