"""Building Keras models from configurations, without making their weights."""

from __future__ import annotations

import random
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .retired import retired_functions, retired_layers
from .stand_ins import our_layers

ONE_AT_A_TIME = threading.RLock()
"""Keras keeps scopes and names for the whole process: models are made and traced in turn."""

_UNMADE = "uninitialized_variables"
"""Keras's own name, which is not public, of the list of variables that it makes when it may."""

_NAMES = "object_name_uids"
"""Keras's own name, which is not public, of the numbers that it adds to names it makes up."""


SLASH = ">.>"
"""What stands for a slash in the names of built layers: Keras 2 allowed one, Keras 3 does not."""


def with_slashes(name: str) -> str:
    """Return a layer's name, or a path of names, as the file has it."""
    return name.replace(SLASH, "/")


def built(config: dict[str, Any]) -> Any:  # noqa: ANN401
    """Build what a configuration describes, its variables without values.

    The configuration is used up. Raises whatever Keras does.
    """
    import keras

    with _unmade():
        own = {**our_layers(), **retired_layers(), **retired_functions()}
        return keras.saving.deserialize_keras_object(config, custom_objects=own, safe_mode=True)


def made_by(build: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Call a function that builds a model; returns the model, its variables without values."""
    with _unmade():
        return build()


@contextmanager
def reproducible() -> Iterator[None]:
    """Let what is built meanwhile have the names and the random weights of a fresh process.

    Else a network would be called otherwise at each load: Keras numbers the layers without a name
    of their own, inputs among them, throughout a thread's life.
    """
    from keras.src.backend.common import global_state

    numbers, state = global_state.get_global_attribute(_NAMES), random.getstate()
    global_state.set_global_attribute(_NAMES, defaultdict(int))
    random.seed(0)  # Keras draws the seeds of its initialisers from this generator
    try:
        yield
    finally:
        global_state.set_global_attribute(_NAMES, numbers)
        random.setstate(state)


@contextmanager
def _unmade() -> Iterator[None]:
    """Let variables that are declared meanwhile have no values, now or later by themselves."""
    import keras
    from keras.src.backend.common import global_state

    to_make = list(global_state.get_global_attribute(_UNMADE) or [])
    try:
        with (
            reproducible(),
            keras.StatelessScope(initialize_variables=False),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        global_state.set_global_attribute(_UNMADE, to_make)
