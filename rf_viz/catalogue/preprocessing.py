"""The preprocessing that a network was trained with, as far as its name or its file tells."""

from __future__ import annotations

from ..inputs.images import KERAS_MODES
from .keras_applications import application_of
from .samples import Sample


def usual_preset(title: str, sample: Sample | None) -> tuple[str, bool]:
    """The preprocessing of a network, a key of ``images.PRESETS``, and whether that is known.

    ``title`` is the name that the model gives itself, ``sample`` the sample that it is.
    """
    if sample and sample.preprocessing:
        return sample.preprocessing, True
    application = application_of(title)
    if application:
        return KERAS_MODES[application.preprocessing], True
    return "ImageNet mean/std", False
