"""The table of effective fields: what its rows are of a field, and a field of its rows.

The rows of a layer are the pixels that its middle cell sees, so they tell its mask as well.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..analysis.effective import EffectiveField
from ..errors import ModelError
from . import tables
from .records import SurveyedField

_ROUNDING = 1e-3
"""By how much all that is written may differ from 1, in which shares are rounded."""


def field_rows(number: int, field: EffectiveField | None) -> tables.Columns:
    """The rows of the layer of that number; none where it has no field."""
    if field is None:
        return {name: [] for name in tables.FIELDS}
    y, x = field.mask.nonzero()
    influence = field.influence[y, x]
    return {"layer": np.full(len(y), number), "y": y, "x": x, "influence": influence}


def read_field(
    path: Path, number: int, about: SurveyedField, size: tuple[int, ...]
) -> EffectiveField:
    """The field of the layer of that number, on an input of that height and width.

    Raises ModelError where the rows are none of such a field.
    """
    rows = tables.read(path, tables.FIELDS, number, about.pixels)
    y, x = rows["y"].astype(np.int64), rows["x"].astype(np.int64)
    shares = rows["influence"].astype(np.float64)
    sound = (
        not any(np.ma.isMaskedArray(column) for column in rows.values())
        and ((y >= 0) & (y < size[0]) & (x >= 0) & (x < size[1])).all()
        and (np.diff(y * size[1] + x) > 0).all()
        and (shares >= 0).all()
        and abs(shares.sum() - bool(about.images)) < _ROUNDING
    )
    if not sound:
        raise ModelError(f"{path.name} of the survey is damaged: survey again")
    influence, mask = np.zeros(size), np.zeros(size, bool)
    influence[y, x], mask[y, x] = shares, True
    centre = tuple(float(at.min() + at.max()) / 2 for at in (y, x))
    return EffectiveField(influence, mask, centre, about.images, about.still)
