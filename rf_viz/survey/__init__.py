"""Surveys: what the channels of a layer respond to, over a whole set of images.

``survey`` looks through the images and writes a folder; ``open_survey`` opens one.
"""

from __future__ import annotations

from .folder import Statistics, Strong, Survey, SurveyedImage, SurveyedLayer, open_survey
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
