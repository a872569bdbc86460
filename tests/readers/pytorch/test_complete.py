"""Every operator of PyTorch's core, and all that published networks use, has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rf_viz.readers.onnx.ops.opaque import OPAQUE
from rf_viz.readers.pytorch.ops import RULES

DATA = Path(__file__).resolve().parents[2] / "data" / "pytorch"

CHECKS_ONLY = {"aten._assert_tensor_metadata.default"}
"""Operators that compute nothing."""


def functional(target: str) -> str:
    """The operator that computes what one that writes in place puts there."""
    return re.sub(r"(?<=[a-z0-9])_\.", ".", target)


def names(file: str) -> list[str]:
    return (DATA / file).read_text(encoding="utf-8").split()


def opaque(target: str) -> bool:
    home, _, op = target.partition(".")
    return op.removesuffix(".default") in OPAQUE[home]


@pytest.mark.parametrize("file", ["core_operators.txt", "exported_operators.txt"])
def test_an_operator_is_described_or_opaque_by_name(file: str) -> None:
    listed = names(file)
    assert len(listed) > 80
    lost = [t for t in listed if functional(t) not in RULES and not opaque(t)]
    assert set(lost) <= CHECKS_ONLY


def test_few_operators_of_the_core_are_opaque() -> None:
    hidden = [t for t in names("core_operators.txt") if functional(t) not in RULES]
    assert len(hidden) <= 13
    assert sum("backward" in t for t in hidden) == 7


def test_all_that_published_networks_use_is_described() -> None:
    used = set(names("exported_operators.txt")) - CHECKS_ONLY
    assert {t for t in used if functional(t) not in RULES} == set()


def test_no_operator_is_both() -> None:
    assert [t for t in RULES if t.startswith("aten.") and opaque(t)] == []
