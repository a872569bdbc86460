"""The tables of a survey: what their columns are, and how they are written and read.

Each has one row group a layer, in the order of the layers, so that a layer's rows are read alone;
that of the images has one for so many images. All numbers of a row group are as many as the layer
has channels, so what a file says of itself can be checked before it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError

if TYPE_CHECKING:
    import pyarrow as pa

IMAGES_A_GROUP = 2**12
"""So many rows of the table of images lie together."""

_LARGEST_GROUP = 2**26
"""The most bytes of a row group of the table of images, unpacked."""

IMAGES = {
    "image": "int64",  # its number
    "name": "string",
    "height": "int32",  # its own, before it was fitted; 0 where it was left out
    "width": "int32",
    "skipped": "string",  # why it was left out; empty where it was not
}

STRONGEST = {
    "layer": "int32",
    "channel": "int32",
    "rank": "int32",
    "value": "float32",  # null where there are fewer cells than ranks, as in all that follows
    "image": "int64",
    "cell": "int64",  # its number in the flattened grid
    "top": "int32",  # the region: half-open, in pixels of the model's input
    "left": "int32",
    "bottom": "int32",
    "right": "int32",
    "sheet": "int32",  # the number of the layer's sheet that the crop is on, and where
    "sheet_top": "int32",
    "sheet_left": "int32",
    "sheet_height": "int32",
    "sheet_width": "int32",
}

CHANNELS = {
    "layer": "int32",
    "channel": "int32",
    "count": "int64",  # of the finite values of all cells in all images
    "invalid": "int64",  # of those that are no finite numbers
    "min": "float32",  # null where there are no values, as in all that follows
    "max": "float32",
    "mean": "float64",
    "std": "float64",
    "fires_in_cells": "float64",  # the share of the values above zero
    "fires_in_images": "float64",  # the share of the images with such a value
}

HISTOGRAMS = {
    "layer": "int32",
    "channel": "int32",
    "bin": "int32",
    "count": "int64",
}

FIELDS = {
    "layer": "int32",
    "y": "int32",  # a pixel of the input that the middle cell sees
    "x": "int32",
    "influence": "float32",  # its share of the whole
}

Columns = Mapping[str, Any]
"""Values by column; of masked arrays those that are masked are null."""


class Writer:
    """Writes a table, one row group after the other, under another name until it is whole."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        import pyarrow.parquet as pq

        self._path, self._columns, self._schema = path, columns, _schema(columns)
        self._beside = path.with_name(f"{path.name}.new")
        self._writer = pq.ParquetWriter(self._beside, self._schema, compression="zstd")

    def add(self, values: Columns) -> None:
        """Write a row group."""
        import pyarrow as pa

        arrays = [
            pa.array(
                np.ma.getdata(values[name])
                if isinstance(values[name], np.ndarray)
                else values[name],
                field.type,
                mask=np.ma.getmaskarray(values[name])
                if isinstance(values[name], np.ma.MaskedArray)
                else None,
            )
            for name, field in zip(self._columns, self._schema, strict=True)
        ]
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        self._writer.write_table(table, row_group_size=max(1, len(table)))

    def close(self) -> None:
        """Give the file its name."""
        self._writer.close()
        self._beside.replace(self._path)


def write(path: Path, columns: Mapping[str, str], groups: Iterable[Columns]) -> None:
    """Write a table."""
    writer = Writer(path, columns)
    for group in groups:
        writer.add(group)
    writer.close()


def read(path: Path, columns: Mapping[str, str], group: int, rows: int) -> dict[str, NDArray[Any]]:
    """Read a row group that has so many rows; numbers that are null are masked.

    Raises ModelError for a file that is no such table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    damaged = f"{path.name} of the survey is damaged or of another program: survey again"
    texts = [name for name, kind in columns.items() if kind == "string"]
    try:
        with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False) as file:
            schema = file.schema_arrow
            metadata = file.metadata
            fits = (
                _plain(schema) == _schema(columns)
                and 0 <= group < metadata.num_row_groups
                and metadata.row_group(group).num_rows == rows
                and metadata.row_group(group).total_byte_size <= max(_LARGEST_GROUP, 64 * rows)
            )
            if not fits:
                raise ModelError(damaged)
            table = file.read_row_group(group, use_threads=False)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(damaged) from error
    if table.num_rows != rows:
        raise ModelError(damaged)
    return {
        name: _texts(table[name]) if kind == "string" else _numbers(table[name])
        for name, kind in columns.items()
    }


def _schema(columns: Mapping[str, str]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])


def _plain(schema: pa.Schema) -> pa.Schema:
    """A schema whose dictionaries are what they stand for, without what else files tell."""
    import pyarrow as pa

    return pa.schema(
        [(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in schema]
    )


def _numbers(column: pa.ChunkedArray) -> NDArray[Any]:
    import pyarrow.compute as pc

    nulls = column.is_null().to_numpy()
    values = pc.fill_null(column, 0).to_numpy()
    return np.ma.MaskedArray(values, nulls) if nulls.any() else values


def _texts(column: pa.ChunkedArray) -> NDArray[Any]:
    """Texts as objects, of which those that are alike are one."""
    texts: list[str] = []
    for chunk in column.chunks:
        words = [word or "" for word in chunk.dictionary.to_pylist()]
        texts += ["" if index is None else words[index] for index in chunk.indices.to_pylist()]
    return np.array(texts, object)
