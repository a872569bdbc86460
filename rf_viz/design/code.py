"""Helpers that the writers of code share."""

from __future__ import annotations

from ..errors import ModelError
from .plan import Plan, plan
from .rows import Design


def checked(design: Design) -> Plan:
    """Work a design out. Raises ModelError where something is wrong with it."""
    worked = plan(design)
    if not worked.ok:
        number, message = worked.problems[0]
        raise ModelError(f"row {number}: {message}" if number else message)
    return worked


def ends(worked: Plan) -> list[str]:
    """Name the outputs of the network: what no other row takes."""
    used = {source for step in worked.steps.values() for source in step.sources}
    return [step.name for step in worked.steps.values() if step.number not in used]


def literal(value: object) -> str:
    """Write a value as Python code, texts in double quotes."""
    return f'"{value}"' if isinstance(value, str) else repr(value)
