"""Every operator that ONNX has ever defined has an entry: a description, or a reason why not."""

from __future__ import annotations

from typing import get_args

import onnx
import pytest

from rf_viz.readers.onnx.call import domain
from rf_viz.readers.onnx.node import OPERATORS
from rf_viz.readers.onnx.ops.opaque import OPAQUE
from rf_viz.trace.tensors import Category
from tests.oracles.onnx_oracle import single, traced

SCHEMAS = {(domain(s.domain), s.name): s for s in onnx.defs.get_all_schemas_with_history()}
"""A schema of every operator of the standard, by domain and name."""


def test_every_operator_of_every_domain_has_an_entry(record_property) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    standard = SCHEMAS.keys()
    assert standard - OPERATORS.keys() == set()
    opaque = {(home, name) for home, names in OPAQUE.items() for name in names}
    record_property("described", len(standard - opaque))
    record_property("opaque", len(standard & opaque))
    assert len(standard & opaque) < 20


def test_every_reason_is_half_a_sentence() -> None:
    for names in OPAQUE.values():
        for why in names.values():
            assert why[0].islower()
            assert not why.endswith(".")


def test_every_entry_has_a_category_that_people_know() -> None:
    assert {entry.category for entry in OPERATORS.values()} <= set(get_args(Category))


@pytest.mark.parametrize(
    ("category", "operators"),
    [
        ("join", "Max Min Mean Sum Add Concat"),
        ("other", "RandomNormal RandomUniformLike Multinomial Bernoulli Equal And StringConcat"),
        ("activation", "Shrink SwiGLU Relu Clip PRelu"),
        ("convolution", "Conv ConvTranspose DeformConv QLinearConv"),
        ("attention, dense", "MatMul Gemm Softmax Hardmax DFT LSTM Attention"),
    ],
)
def test_operators_are_of_the_category_of_what_they_do(category: str, operators: str) -> None:
    assert {OPERATORS["", name].category for name in operators.split()} == {category}


def test_all_reductions_and_pools_are_pooling() -> None:
    names = [name for home, name in OPERATORS if name.startswith("Reduce") and not home]
    assert len(names) == 10
    names += ["MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool"]
    assert {OPERATORS["", name].category for name in names} == {"pooling"}


def test_weights_stand_where_the_standard_has_inputs() -> None:
    for key, schema in SCHEMAS.items():
        weights = OPERATORS[key].weights
        if weights != "any":
            assert all(i < schema.max_input for i in weights), key


@pytest.mark.parametrize(("op", "category"), [("Max", "join"), ("ReduceL2", "pooling")])
def test_a_tensor_is_of_its_operators_category(op: str, category: str) -> None:
    net = traced(single(op, (1, 2, 4, 4)))
    assert [layer.tensor.category for layer in net.layers] == [category]
