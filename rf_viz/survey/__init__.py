"""Surveys: what the channels of a layer respond to, over a whole set of images.

``survey`` looks through the images and writes a folder; ``open_survey`` opens one.
"""

from __future__ import annotations

from .folder import Survey, open_survey
from .records import Statistics, Strong, SurveyedImage, SurveyedLayer
from .run import survey

__all__ = [
    "Statistics",
    "Strong",
    "Survey",
    "SurveyedImage",
    "SurveyedLayer",
    "open_survey",
    "survey",
]
