"""Every operator that ONNX has ever defined has an entry: a description, or a reason why not."""

from __future__ import annotations

import onnx

from rf_viz.readers.onnx.call import domain
from rf_viz.readers.onnx.node import OPERATORS
from rf_viz.readers.onnx.ops.opaque import OPAQUE


def test_every_operator_of_every_domain_has_an_entry(record_property) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    known = {(domain(s.domain), s.name) for s in onnx.defs.get_all_schemas_with_history()}
    assert known - OPERATORS.keys() == set()
    opaque = {(home, name) for home, names in OPAQUE.items() for name in names}
    record_property("described", len(known - opaque))
    record_property("opaque", len(known & opaque))
    assert len(known & opaque) < 20


def test_every_reason_is_half_a_sentence() -> None:
    for names in OPAQUE.values():
        for why in names.values():
            assert why[0].islower()
            assert not why.endswith(".")
