"""Networks that Keras itself has, built without weights or with the trained ones."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ....errors import ModelError
from .. import TensorFlowModel
from .build import ONE_AT_A_TIME, reproducible
from .reader import import_keras, of_model, without_weights

_PATIENCE = 20
"""Seconds without an answer after which a download is given up."""


def load(name: str, *, trained: bool = False) -> TensorFlowModel:
    """Build one of ``keras.applications`` by its name ("ResNet50").

    Unless ``trained`` it has random weights, always the same, made when somebody asks for a value.
    The trained ones are what Keras keeps in its folder, or downloads. Raises ModelError where it
    can do neither.
    """
    keras = import_keras()
    build = getattr(keras.applications, name)
    if not trained:
        return without_weights(lambda: build(weights=None), name)
    with ONE_AT_A_TIME, _patience():
        try:
            with reproducible():
                model = build(weights="imagenet")
        except Exception as error:
            raise ModelError(
                f"the trained weights of {name} are not on this machine and could not be "
                "downloaded: connect it to the internet and try again"
            ) from error
        return of_model(model, name)


@contextmanager
def _patience() -> Iterator[None]:
    """Let connections of this process fail when nothing answers."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
