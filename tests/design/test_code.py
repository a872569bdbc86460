"""The code that is written makes the same network."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import rf_viz
from rf_viz.design import PRESETS, Design, masked, study, to_keras, to_pytorch
from rf_viz.runtimes.tensorflow.imports import import_tensorflow
from tests.design.test_plan import ODD, SIGNAL

DESIGNS = {key: preset.build() for key, preset in PRESETS.items()} | {"odd": ODD, "1-D": SIGNAL}
PAIRS = [pytest.param(design, id=key) for key, design in DESIGNS.items()]


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "written", "exec"), names)
    return names


@pytest.mark.slow
@pytest.mark.parametrize("design", PAIRS)
def test_keras_code_makes_a_network_of_the_same_regions(design: Design) -> None:
    import_tensorflow()
    studied = study(design)
    model = run(to_keras(design))["model"]
    assert model.count_params() == studied.parameters
    net = rf_viz.load(model).trace(weight_aware=masked(design), cut_global=True)
    for measured in studied.rows:
        layer, other = net[measured.step.name], measured.layer
        assert layer.exact
        assert layer.grid == other.grid
        if layer.receptive_field:  # TensorFlow moves dilated signals into the batch: no such form
            assert layer.receptive_field == other.receptive_field
        for one, two in zip(layer.bounds(), other.bounds(), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("design", PAIRS)
def test_pytorch_code_names_every_part_that_it_runs(design: Design) -> None:
    code = to_pytorch(design)
    tree = ast.parse(code)
    network = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Network")
    init, run = (ast.walk(f) for f in network.body if isinstance(f, ast.FunctionDef))

    def parts(nodes: Any) -> set[str]:  # noqa: ANN401
        return {
            node.attr
            for node in nodes
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        }

    assert parts(init) == parts(run)
    weighted = {step.step.name for step in study(design).rows if step.parameters}
    assert weighted <= _attributes(tree)
    if find_spec("torch"):
        names = run_pytorch(code)
        assert sum(p.numel() for p in names["model"].parameters()) > 0


def _attributes(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def run_pytorch(code: str) -> dict[str, Any]:
    names = run(code)
    names["model"](names["example"])
    return names


def test_code_says_that_its_weights_are_random() -> None:
    for write in (to_keras, to_pytorch):
        assert "random" in write(PRESETS["small"].build()).splitlines()[0]
