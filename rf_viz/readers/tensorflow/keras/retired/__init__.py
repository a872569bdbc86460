"""Layers that Keras 1 and 2 had and Keras 3 has not, or has in another form, built on Keras 3.

Their weights have the shapes and the order of the files' own. Keras is imported only when the
layers are asked for: each module defines its own within a function.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from . import application, convolution, dense, normalisation, recurrent, resizing
from .dense import hard_sigmoid_of_keras_2


@cache
def retired_layers() -> dict[str, Any]:
    """Return the classes of these layers, by the names under which configurations have them."""
    modules = (application, convolution, dense, normalisation, recurrent, resizing)
    return {cls.__name__: cls for module in modules for cls in module.layers()}


@cache
def retired_functions() -> dict[str, Any]:
    """Return the activation functions of Keras 1 and 2 that differ from Keras 3's, by name."""
    return {hard_sigmoid_of_keras_2.__name__: hard_sigmoid_of_keras_2}
