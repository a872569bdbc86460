"""A column of images in a Parquet file, as Hugging Face's data sets have them, read in bounds."""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..inputs.images import ImageError

if TYPE_CHECKING:
    import pyarrow as pa

LARGEST_FILE = 2**28
"""The most bytes of one image's file."""

_LARGEST_GROUP = 2**30
"""The most bytes that the images of one row group may unpack to."""

_BATCH = 8
"""So many rows are read at once: few, since a file can say of one long value that all have it."""

_USUAL = ("image", "img", "picture", "photo")
"""The names of the column to take where a file has several."""


class ImageTable:
    """The images of a Parquet file: a column of bytes, or of a struct of ``bytes`` and ``path``.

    Rows are read fastest in their order. Close it at the end.

    Attributes:
        column: the column's name.
        rows: how many there are.
    """

    def __init__(self, path: str) -> None:
        """Open it. Raises ModelError where it is damaged, or has no such column."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._name = os.path.basename(path)
        try:
            self._file = pq.ParquetFile(path, buffer_size=2**20, pre_buffer=False)
            self.column, self._fields = _image_column(self._file.schema_arrow, self._name)
            metadata = self._file.metadata
            groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
            counts = [group.num_rows for group in groups]
            self._sizes = [self._unpacked(group) for group in groups]
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"the Parquet file {self._name} is damaged: write it again") from error
        self.rows: int = metadata.num_rows
        self._starts = [sum(counts[:i]) for i in range(len(counts) + 1)]
        if min([0, *counts]) < 0 or self._starts[-1] != self.rows:
            raise ModelError(f"the Parquet file {self._name} is damaged: write it again")
        self._group, self._next = -1, 0
        self._values: Iterator[tuple[str, Any]] = iter(())

    def close(self) -> None:
        """Close the file."""
        self._values = iter(())
        self._file.close()

    def read(self, row: int) -> tuple[str, bytes]:
        """The name and the content of an image by its row. Raises ImageError."""
        import pyarrow as pa

        group = bisect.bisect_right(self._starts, row) - 1
        if self._sizes[group] > _LARGEST_GROUP:
            raise ImageError(
                f"row {row} of {self._name} lies in a row group of {self._sizes[group]:,} bytes, "
                f"and at most {_LARGEST_GROUP:,} are read: write it with smaller row groups"
            )
        try:
            if group != self._group or row < self._next:
                self._group, self._next = group, self._starts[group]
                self._values = self._read_group(group)
            while True:
                path, value = next(self._values)
                self._next += 1
                if self._next > row:
                    return self._image(row, path, value)
        except (pa.ArrowException, OSError, MemoryError, StopIteration) as error:
            self._group = -1
            raise ImageError(
                f"row {row} of {self._name} is damaged: write the file again"
            ) from error

    def _unpacked(self, group: Any) -> int:  # noqa: ANN401
        """The bytes that the images of a row group say they unpack to."""
        columns = (group.column(i) for i in range(group.num_columns))
        return sum(
            column.total_uncompressed_size
            for column in columns
            if column.path_in_schema.split(".")[0] == self.column
        )

    def _read_group(self, group: int) -> Iterator[tuple[str, Any]]:
        """The paths and contents of a row group's images, as Arrow has them."""
        columns = [f"{self.column}.{field}" for field in self._fields] or [self.column]
        for batch in self._file.iter_batches(
            _BATCH, row_groups=[group], columns=columns, use_threads=False
        ):
            values = batch.column(0)
            paths = values.field("path") if "path" in self._fields else None
            contents = values.field("bytes") if self._fields else values
            for i in range(len(values)):
                path = paths[i].as_py() if paths is not None else None
                yield path or "", contents[i]

    def _image(self, row: int, path: str, value: Any) -> tuple[str, bytes]:  # noqa: ANN401
        """An image's name and content. Raises ImageError where there is none, or a huge one."""
        name = path or f"row {row} of {self._name}"
        buffer = value.as_buffer()
        if buffer is None:
            raise ImageError(f"{name} has no bytes in the table: write the images into it")
        if buffer.size > LARGEST_FILE:
            raise ImageError(too_large(name, buffer.size))
        return name, buffer.to_pybytes()


def too_large(name: str, size: int) -> str:
    """Say that an image's file has too many bytes."""
    return f"{name} is a file of {size:,} bytes, and an image has at most {LARGEST_FILE:,}"


def _image_column(schema: pa.Schema, name: str) -> tuple[str, tuple[str, ...]]:
    """The name of the column with images, and the fields to read of its struct, if it is one.

    Raises ModelError where there is none.
    """
    import pyarrow as pa

    columns: dict[str, tuple[str, ...]] = {}
    for field in schema:
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            columns[field.name] = ()
        elif pa.types.is_struct(field.type):
            inner = {part.name: part.type for part in field.type}
            if "bytes" in inner and pa.types.is_binary(inner["bytes"]):
                named = "path" in inner and pa.types.is_string(inner["path"])
                columns[field.name] = ("bytes", "path") if named else ("bytes",)
    if not columns:
        raise ModelError(
            f"the Parquet file {name} has no column of images: it needs one of bytes, or of a "
            "struct of bytes and path"
        )
    column = next((usual for usual in _USUAL if usual in columns), next(iter(columns)))
    return column, columns[column]
