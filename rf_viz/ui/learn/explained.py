"""The steps of the lesson, and the figure, that explain what an exercise asks."""

from __future__ import annotations

from ...lessons import Transposed
from ...lessons.blueprint import Blueprint
from ...lessons.exercises import Exercise
from ...lessons.steps import STEPS

_STEPS = {1: (1,), 2: (3, 4), 3: (5,), 4: (7,), 5: (8,), 6: (6,)}
"""Steps of the lesson by the level that they explain."""

_STRIDE, _BRANCHES = (3,), (8,)


def explained(task: Exercise) -> str:
    """Where to look it up, in Markdown; the links open beside the exercise."""
    blueprint = Blueprint.of(task.example)
    layers = [layer for way in blueprint.ways for layer in way]
    if any(isinstance(layer, Transposed) for layer in layers):
        return "Stuck? [The figure on upsampling](?part=figures&figure=upsampling) explains it."
    steps = _STEPS[task.level]
    if task.level == 1 and layers[0].stride > 1:
        steps += _STRIDE
    if task.level == len(_STEPS) and len(blueprint.ways) > 1:
        steps = _BRANCHES
    links = [
        f"[step {number}, {STEPS[number - 1].title}](?part=lesson&step={number})"
        for number in steps
    ]
    return f"Stuck? The lesson explains it in {' and '.join(links)}."
