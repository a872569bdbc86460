"""Hands what is fed to the views that draw it.

It is apart from their own data, which change with every layer: it is large, and travels once.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ...browser.component import component, pack
from ...pictures import Picture

_component = component(__file__, styles=[])  # it shows nothing


def picture_data(picture: Picture, values: NDArray[Any], *, key: str) -> None:
    """Hands the picture's values, as a view draws them, to the view of this key."""
    _component(key=f"picture of {key}", data=pack({"of": picture.key}, {"values": values}))
