"""The choices in the sidebar: a model, its input, a layer, and how to trace it."""

from .fed_input import (
    choose_image,
    choose_input,
    misfit,
    show_image,
    unfit,
)
from .layer import choose_layer
from .missing_size import asks_size
from .model import choose_model, choose_options, show_model
from .restore import chosen, restore
from .session import Visit, problem, visitor

__all__ = [
    "Visit",
    "asks_size",
    "choose_image",
    "choose_input",
    "choose_layer",
    "choose_model",
    "choose_options",
    "chosen",
    "misfit",
    "problem",
    "restore",
    "show_image",
    "show_model",
    "unfit",
    "visitor",
]
