"""The choices in the sidebar: a model, its input, a layer, and how to trace it."""

from .drop.drop import drop
from .fed_input import (
    choose_image,
    choose_input,
    misfit,
    prepare_by,
    preprocessing_of,
    show_image,
    unfit,
    usual_input,
)
from .layer import choose_layer
from .missing_files import NAMED, asks_files, is_digest
from .missing_size import asks_size
from .model import choose_model, choose_options, show_model
from .session import Visit, problem, remember, visitor
from .surveys import accept_survey

__all__ = [
    "NAMED",
    "Visit",
    "accept_survey",
    "asks_files",
    "asks_size",
    "choose_image",
    "choose_input",
    "choose_layer",
    "choose_model",
    "choose_options",
    "drop",
    "is_digest",
    "misfit",
    "prepare_by",
    "preprocessing_of",
    "problem",
    "remember",
    "show_image",
    "show_model",
    "unfit",
    "usual_input",
    "visitor",
]
