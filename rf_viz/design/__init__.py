"""Networks built row by row, without code: designs, and what can be made of them."""

from __future__ import annotations

from .goal import Goal, Proposal, Reach, reach, seek
from .keras_code import to_keras
from .kinds import KINDS, VARIANTS, Kind
from .onnx_file import to_onnx
from .plan import Plan, Step, check, name_of, plan
from .presets import PRESETS, Preset
from .pytorch_code import to_pytorch
from .rows import Design, Row, row
from .study import Measured, Study, masked, study

__all__ = [
    "KINDS",
    "PRESETS",
    "VARIANTS",
    "Design",
    "Goal",
    "Kind",
    "Measured",
    "Plan",
    "Preset",
    "Proposal",
    "Reach",
    "Row",
    "Step",
    "Study",
    "check",
    "masked",
    "name_of",
    "plan",
    "reach",
    "row",
    "seek",
    "study",
    "to_keras",
    "to_onnx",
    "to_pytorch",
]
