"""What the writers of code have in common."""

from __future__ import annotations

from ..errors import ModelError
from .plan import Plan, plan
from .rows import Design


def checked(design: Design) -> Plan:
    """The design worked out. Raises ModelError where something is wrong with it."""
    worked = plan(design)
    if not worked.ok:
        number, message = worked.problems[0]
        raise ModelError(f"row {number}: {message}" if number else message)
    return worked


def ends(worked: Plan) -> list[str]:
    """The names of what no other row takes: the network's outputs."""
    used = {source for step in worked.steps.values() for source in step.sources}
    return [step.name for step in worked.steps.values() if step.number not in used]


def literal(value: object) -> str:
    """A value as Python code, texts in double quotes."""
    return f'"{value}"' if isinstance(value, str) else repr(value)
