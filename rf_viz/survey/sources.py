"""Where the images of a survey come from: folders, patterns, zip archives, Parquet files.

Images are listed first, and read one by one, so that a data set is never held in memory.
"""

from __future__ import annotations

import glob
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..errors import ModelError, printable
from ..inputs.images import ImageError
from ..readers.bounded import open_zip, read_entry
from .image_table import LARGEST_FILE, ImageTable, too_large

Kind = Literal["files", "zip", "parquet"]

EXTENSIONS = (
    *(".avif", ".bmp", ".gif", ".ico", ".j2k", ".jp2", ".jpeg", ".jpg"),
    *(".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
"""What the names of images end in; other files of a folder or an archive are left aside."""

_LONGEST_NAME = 300
"""The most letters of an image's name."""


class Ref(NamedTuple):
    """An image's place: the number of its source, and its path, entry or row there."""

    source: int
    key: str | int


@dataclass(frozen=True)
class Source:
    """Files, an archive or a table with images.

    ``path`` is absolute; of files it is the folder that their names begin at.
    """

    kind: Kind
    path: str


@dataclass(frozen=True)
class Listing:
    """The images of a survey, in order.

    Attributes:
        sources: where they are.
        refs: one for each image. They lie in the order of the sources; files by name, the entries
            of an archive and the rows of a table as they come.
        digest: stands for the names and sizes of all.
        state: stands for these and for the times at which the files were last written.
        ignored: how many files were left aside, since their names are not those of images.
    """

    sources: tuple[Source, ...]
    refs: Sequence[Ref]
    digest: str
    state: str
    ignored: int


def list_images(places: Sequence[str | os.PathLike[str]]) -> Listing:
    """List the images in folders, archives and tables, and those that patterns name.

    Raises ModelError where there are none, and for a place that is none of these.
    """
    listed = _List()
    for place in [os.fspath(place) for place in places]:
        path = os.path.abspath(place)
        if os.path.isdir(path):
            listed.add_files(path, _below(path), any_name=False)
        elif os.path.exists(path):
            listed.add_file(path, place)
        elif glob.has_magic(place):
            paths = sorted(p for p in glob.glob(path, recursive=True) if os.path.isfile(p))
            if not paths:
                raise ModelError(f"no file is called like {place}: put the pattern in quotes")
            listed.add_matches(paths)
        else:
            raise ModelError(f"there is no folder or file {place}")
    if not listed.refs:
        where = ", ".join(str(place) for place in places)
        raise ModelError(f"there are no images in {where}: name a folder that holds some")
    digest = listed.names.hexdigest()
    listed.times.update(digest.encode())
    return Listing(
        tuple(listed.sources), listed.refs, digest, listed.times.hexdigest(), listed.ignored
    )


def _below(folder: str) -> Iterator[str]:
    """The paths of all files in a folder and those below it, from there, in order."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            yield os.path.relpath(os.path.join(here, name), folder)


def _is_image(name: str) -> bool:
    """Whether a name is that of an image, and of none that a system keeps for itself."""
    parts = Path(name).parts
    hidden = any(part.startswith(".") for part in parts) or "__MACOSX" in parts
    return not hidden and os.path.splitext(name)[1].lower() in EXTENSIONS


class _List:
    """A listing while it grows."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.refs: list[Ref] = []
        self.names, self.times = hashlib.sha256(), hashlib.sha256()
        self.ignored = 0

    def add_file(self, path: str, shown: str) -> None:
        """Add what a file holds."""
        if not os.path.isfile(path):
            raise ModelError(f"{shown} is neither a file nor a folder")
        with open(path, "rb") as file:
            head = file.read(4)
        if head == b"PAR1":
            self._add_table(path)
        elif head[:2] == b"PK":
            self._add_archive(path)
        else:
            folder, name = os.path.split(path)
            self.add_files(folder, [name], any_name=True)

    def add_matches(self, paths: Sequence[str]) -> None:
        """Add what a pattern names; images that stand together are one source."""
        folder = os.path.commonpath([os.path.dirname(path) for path in paths])
        images: list[str] = []
        for path in paths:
            if path.lower().endswith((".zip", ".parquet")):
                self.add_file(path, path)
            else:
                images.append(os.path.relpath(path, folder))
        if images:
            self.add_files(folder, images, any_name=True)

    def add_files(self, folder: str, names: Sequence[str] | Iterator[str], any_name: bool) -> None:
        """Add files, by their paths from a folder."""
        number = len(self.sources)
        self.sources.append(Source("files", folder))
        for name in names:
            path = os.path.join(folder, name)
            if not (any_name or _is_image(name)) or not os.path.isfile(path):
                self.ignored += 1
                continue
            self._add(Ref(number, name), os.path.getsize(path))
            self._add_time(path)

    def _add_archive(self, path: str) -> None:
        number = len(self.sources)
        self.sources.append(Source("zip", path))
        with _opened_archive(path) as archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                if _is_image(entry.filename):
                    self._add(Ref(number, entry.filename), entry.file_size)
                else:
                    self.ignored += 1
        self._add_time(path)

    def _add_table(self, path: str) -> None:
        number = len(self.sources)
        self.sources.append(Source("parquet", path))
        table = ImageTable(path)
        try:
            self.refs.extend(Ref(number, row) for row in range(table.rows))
        finally:
            table.close()
        self.names.update(f"{table.column} {table.rows} {os.path.getsize(path)}\n".encode())
        self._add_time(path)

    def _add(self, ref: Ref, size: int) -> None:
        self.refs.append(ref)
        self.names.update(f"{ref.key!r} {size}\n".encode("utf-8", "surrogatepass"))

    def _add_time(self, path: str) -> None:
        self.times.update(f"{path!r} {os.stat(path).st_mtime_ns}\n".encode())


class Reader:
    """Reads the images of a listing, in any order; quickest in theirs. Close it at the end."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._open: dict[int, Callable[[Any], tuple[str, bytes]]] = {}
        self._stack = ExitStack()

    def read(self, ref: Ref) -> tuple[str, bytes]:
        """An image's name, and its file's content. Raises ImageError where it cannot be read."""
        source = self._sources[ref.source]
        if source.kind == "files":
            return _shown(str(ref.key)), _file(os.path.join(source.path, str(ref.key)))
        if ref.source not in self._open:
            self.close()  # sources come one after the other
            self._open[ref.source] = self._opened(source)
        name, content = self._open[ref.source](ref.key)
        return _shown(name), content

    def name(self, ref: Ref) -> str:
        """What messages call an image that cannot be read."""
        if isinstance(ref.key, str):
            return _shown(ref.key)
        return f"row {ref.key} of {os.path.basename(self._sources[ref.source].path)}"

    def close(self) -> None:
        """Close what is open."""
        self._open.clear()
        self._stack.close()

    def _opened(self, source: Source) -> Callable[[Any], tuple[str, bytes]]:
        """What reads the images of an archive or a table by their keys."""
        if source.kind == "zip":
            archive = self._stack.enter_context(_opened_archive(source.path))

            def entry(name: str) -> tuple[str, bytes]:
                try:
                    size = archive.getinfo(name).file_size
                    if size > LARGEST_FILE:
                        raise ImageError(too_large(name, size))
                    return name, read_entry(archive, name)
                except (KeyError, zipfile.BadZipFile) as error:
                    raise ImageError(f"{name} is damaged in the archive: pack it again") from error

            return entry
        table = ImageTable(source.path)
        self._stack.callback(table.close)
        return table.read


def _shown(name: str) -> str:
    """A name as a table can hold it."""
    name = printable(name.replace(os.sep, "/"))
    return name if len(name) <= _LONGEST_NAME else f"...{name[3 - _LONGEST_NAME :]}"


def _file(path: str) -> bytes:
    """The content of a file."""
    name = os.path.basename(path)
    try:
        size = os.path.getsize(path)
        if size > LARGEST_FILE:
            raise ImageError(too_large(name, size))
        with open(path, "rb") as file:
            return file.read(LARGEST_FILE)
    except OSError as error:
        raise ImageError(f"{name} cannot be opened: {error.strerror}") from error


@contextmanager
def _opened_archive(path: str) -> Iterator[zipfile.ZipFile]:
    """A zip archive, open. Raises ModelError where it cannot be opened."""
    name = os.path.basename(path)
    with open(path, "rb") as file:
        try:
            archive = open_zip(file)
        except Exception as error:  # a damaged list of entries raises almost anything
            why = "has too many entries" if "too many" in str(error) else "is damaged"
            raise ModelError(f"the archive {name} {why}: unpack it to a folder") from error
        yield archive
