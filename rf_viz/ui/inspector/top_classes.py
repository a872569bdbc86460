"""What a classifier makes of the image: the classes with the largest values."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from ..text import number, whole
from .scene import Scene

_SHOWN = 5


def top_classes(scene: Scene) -> None:
    """Draws the five classes with the largest values, if the layer is a classifier's last one.

    Where the names of the classes are not known, it is a layer that ends the network.
    """
    maps, names = scene.maps, scene.names
    if maps is None or maps[0].size != 1 or len(maps) <= _SHOWN:
        return
    if not names and any(scene.layer in layer.inputs for layer in scene.net):
        return
    values = maps.reshape(len(maps))
    best = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")[:_SHOWN]
    rows = "".join(
        f"<li><span>{escape(names[i] if names else f'channel {i}')}</span> "
        f"<b>{number(float(values[i]))}</b></li>"
        for i in best
    )
    st.html(f'<div class="rf-classes"><p>Top five of {whole(len(maps))}</p><ol>{rows}</ol></div>')
