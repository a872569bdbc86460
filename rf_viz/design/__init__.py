"""Networks built row by row, without code: designs, and what can be made of them."""

from __future__ import annotations

from .goal import Goal, Proposal, Reached, reached_by, seek
from .keras_code import to_keras
from .kinds import LAYER_KINDS, VARIANTS, Kind
from .onnx_file import to_onnx
from .plan import Plan, PlannedRow, check, name_of, plan
from .presets import PRESETS, Preset
from .pytorch_code import to_pytorch
from .rows import Design, Row, row
from .study import Measured, Study, masked, study

__all__ = [
    "LAYER_KINDS",
    "PRESETS",
    "VARIANTS",
    "Design",
    "Goal",
    "Kind",
    "Measured",
    "Plan",
    "PlannedRow",
    "Preset",
    "Proposal",
    "Reached",
    "Row",
    "Study",
    "check",
    "masked",
    "name_of",
    "plan",
    "reached_by",
    "row",
    "seek",
    "study",
    "to_keras",
    "to_onnx",
    "to_pytorch",
]
