"""Constant masks of attentions: what they hide is not claimed, and nothing else is lost.

Random attentions are held against ONNX Runtime, one input element changed at a time.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

import rf_viz
from rf_viz.readers.reading import masks
from rf_viz.verify import verify
from tests.oracles.onnx_oracle import assert_agrees, traced
from tests.oracles.truth import generic

CASES = Path(__file__).resolve().parents[2] / "data/cases/attention_mask"
LOWEST = float(np.finfo(np.float32).min)


class Builder:
    """A graph of float64 tensors, node by node."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, op: str, *inputs: str, out: str = "", **attributes: Any) -> str:  # noqa: ANN401
        out = out or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def constant(self, value: Any, kind: type = np.float64) -> str:  # noqa: ANN401
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def model(self, shape: tuple[int, ...], outputs: list[str]) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "test",
            [helper.make_tensor_value_info("x", onnx.TensorProto.DOUBLE, shape)],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def some_pattern(rng: Random, shape: tuple[int, ...], low: float) -> NDArray[np.bool_]:
    """A mask: causal, banded or arbitrary; True is seen.

    No row sees a single position: its weight would be 1, whatever the scores.
    """
    rows, columns = shape[-2:]
    distance = np.arange(columns) - np.arange(rows)[:, None]
    kind = rng.choice(["causal", "band", "dilated", "any", "any", "keys"])
    if kind == "causal":
        seen = distance <= rng.choice([1, 1, 0])
    elif kind == "band":
        seen = np.abs(distance) <= 1
    elif kind == "dilated":
        seen = distance % 2 == 0
    else:
        seen = np.array([rng.random() < 0.6 for _ in range(int(np.prod(shape)))]).reshape(shape)
        if kind == "keys":
            seen[...] = seen[..., :1, :]
    seen = np.broadcast_to(seen, shape).copy()
    single = seen.sum(axis=-1) == 1
    if low == LOWEST:  # beside this, scores are lost in rounding where nothing else is left
        single |= ~seen.any(axis=-1)
    seen[..., :2] |= single[..., None]
    return seen


def masked(rng: Random, b: Builder, scores: str, seen: NDArray[np.bool_], low: float) -> str:
    """The scores with a mask, as one exporter or another writes it."""
    form = rng.choice(["add", "sub", "where", "turned where", "factors", "clamped", "computed"])
    bias = np.where(seen, 0.0, low)
    if form == "sub":
        return b.add("Sub", scores, b.constant(-bias))
    if form == "where":
        return b.add("Where", b.constant(seen, np.bool_), scores, b.constant(low))
    if form == "turned where":
        return b.add("Where", b.constant(~seen, np.bool_), b.constant(low), scores)
    if form == "factors" and np.isfinite(low) and low > LOWEST:
        hidden = b.add("Sub", b.constant(1.0), b.constant(seen))
        kept = b.add("Mul", scores, b.constant(seen))
        return b.add("Sub", kept, b.add("Mul", hidden, b.constant(-low)))
    if form == "clamped":
        both = b.add("Add", scores, b.constant(bias))
        return b.add("Max", both, b.constant(LOWEST)) if np.isfinite(low) else both
    if form == "computed":
        chosen = b.add("Where", b.constant(seen, np.bool_), b.constant(0.0), b.constant(low))
        return b.add("Add", chosen, scores)
    return b.add("Add", scores, b.constant(bias))


def softmax(rng: Random, b: Builder, scores: str, low: float) -> str:
    """A softmax over the last axis, whole or in parts.

    A maximum does not lose sight of what lies just 100 lower.
    """
    parts = ["parts", "bare parts"] if low < -100 else []
    form = rng.choice(["whole", "whole", "log", "turned", *parts])
    if form == "log":
        return b.add("Exp", b.add("LogSoftmax", scores, axis=-1))
    if form == "turned":
        turned = b.add("Softmax", b.add("Transpose", scores, perm=[0, 1, 3, 2]), axis=2)
        return b.add("Transpose", turned, perm=[0, 1, 3, 2])
    if "parts" in form:
        if form == "parts":
            scores = b.add("Sub", scores, b.add("ReduceMax", scores, b.ints(-1)))
        powers = b.add("Exp", scores)
        return b.add("Div", powers, b.add("ReduceSum", powers, b.ints(-1)))
    return b.add("Softmax", scores, axis=-1)


def weighed(rng: Random, b: Builder, weights: str, values: str, size: int) -> str:
    """The values, (windows, heads, positions, size), summed by the attention's weights."""
    form = rng.choice(["product", "product", "turned", "summation", "elements"])
    if form == "turned":
        turned = b.add("Transpose", weights, perm=[0, 1, 3, 2])
        product = b.add("MatMul", b.add("Transpose", values, perm=[0, 1, 3, 2]), turned)
        return b.add("Transpose", product, perm=[0, 1, 3, 2])
    if form == "summation":
        return b.add("Einsum", weights, values, equation="bhqk,bhkd->bhqd")
    if form == "elements":
        wide = b.add("Unsqueeze", weights, b.ints(4))
        product = b.add("Mul", wide, b.add("Unsqueeze", values, b.ints(2)))
        return b.add("ReduceSum", product, b.ints(3), keepdims=0)
    return b.add("MatMul", weights, values)


def some_attention(rng: Random) -> onnx.ModelProto:
    """A random attention with a random mask in a random spelling."""
    b = Builder()
    windows, heads, n, size = (rng.randint(1, 2), rng.randint(1, 2), rng.randint(3, 4), 1)
    low = rng.choice([-np.inf, -1e9, -1e4, -100.0, LOWEST])
    split = b.add("Reshape", "x", b.ints(windows, n, heads, size))
    q = b.add("Transpose", split, perm=[0, 2, 1, 3])
    k = b.add("Transpose", split, perm=[0, 2, 3, 1])
    scores = b.add("MatMul", b.add("Mul", q, b.constant(0.5)), k)
    distance = np.abs(np.arange(n) - np.arange(n)[:, None])
    biases = [None, generic((1, heads, n, n)), -2.0 * distance]  # learned; ALiBi
    bias = rng.choice(biases)
    if bias is not None:
        scores = b.add("Add", scores, b.constant(bias))
    lead = rng.choice([(), (1, 1), (windows, 1), (1, heads), (windows, heads)])
    scores = masked(rng, b, scores, some_pattern(rng, (*lead, n, n), low), low)
    weights = softmax(rng, b, scores, low)
    after = rng.choice(["", "", "factor", "triangle", "guard", "dropout"])
    if after == "factor":
        weights = b.add("Mul", weights, b.constant(some_pattern(rng, (n, n), 0)))
    elif after == "triangle":
        weights = b.add("Trilu", weights, upper=rng.randint(0, 1))
    elif after == "guard":
        weights = b.add("Where", b.add("IsNaN", weights), b.constant(0.0), weights)
    elif after == "dropout":
        weights = b.add("Dropout", weights)
    y = b.add("Transpose", weighed(rng, b, weights, q, size), perm=[0, 2, 1, 3], out="y")
    return b.model((windows, n, heads * size), [weights, y])


@pytest.mark.parametrize("seed", range(40))
def test_a_masked_attention_depends_on_what_its_mask_leaves(seed: int) -> None:
    model = some_attention(Random(seed))
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    feeds = {"x": generic(shape).astype(np.float64) / 2}
    assert_agrees(model, feeds, nudges=(0.3, -0.2), tolerance=1e-30)


def causal(n: int) -> NDArray[np.bool_]:
    """Each row sees itself and all before it."""
    return np.tril(np.ones((n, n), bool))


def plain_attention(bias: Any) -> onnx.ModelProto:  # noqa: ANN401
    """An attention of 6 positions with something constant added to its scores."""
    b = Builder()
    scores = b.add("MatMul", "x", b.add("Transpose", "x", perm=[0, 2, 1]))
    weights = b.add("Softmax", b.add("Add", scores, b.constant(bias)), axis=-1)
    b.add("MatMul", weights, "x", out="y")
    return b.model((1, 6, 2), ["y"])


def rows(model: onnx.ModelProto, **options: Any) -> list[list[int]]:  # noqa: ANN401
    """The positions that each row of ``y`` sees."""
    layer = traced(model, spatial_axes=(1,), **options)["y"]
    return [np.flatnonzero(layer.mask((i,))).tolist() for i in range(layer.grid[0])]


class TestCases:
    """Files whose right answers were measured by running them."""

    @pytest.mark.parametrize("name", ["att_mask", "att_where", "att_causal"])
    def test_a_row_of_a_causal_attention_sees_itself_and_all_before_it(self, name: str) -> None:
        net = rf_viz.load(CASES / f"{name}.onnx").trace(spatial_axes=(1,))
        for i in range(16):
            region = net["y"].region((i,))
            assert (region.start, region.stop) == ((0,), (i + 1,))
        assert net["y"].exact
        assert net.seen_by((5,))["y"].tolist() == [i >= 5 for i in range(16)]

    def test_a_triangle_after_the_softmax_leaves_its_sums_over_all(self) -> None:
        # Run with small values, a row moves with later ones too: they are in the denominator.
        net = rf_viz.load(CASES / "att_trilu.onnx").trace(spatial_axes=(1,))
        assert net["y"].mask((5,)).all()
        values = net["pt"].region_of(np.s_[0, 5, 9])
        assert values.empty


class TestWhatCountsAsAMask:
    @pytest.mark.parametrize("low", [-np.inf, -1e9, -1e4, -100.0, LOWEST])
    def test_constants_far_below_the_others_hide(self, low: float) -> None:
        seen = rows(plain_attention(np.where(causal(6), 0, low)))
        assert seen == [list(range(i + 1)) for i in range(6)]

    @pytest.mark.parametrize("form", ["range", "triangle", "buffer", "cumulative sum"])
    def test_a_mask_may_be_computed_from_the_shape(self, form: str) -> None:
        b = Builder()
        scores = b.add("MatMul", "x", b.add("Transpose", "x", perm=[0, 2, 1]))
        length = b.add("Gather", b.add("Shape", "x"), b.constant(1, np.int64))
        square = b.add("Concat", *[b.add("Unsqueeze", length, b.ints(0))] * 2, axis=0)
        ones = helper.make_tensor("one", onnx.TensorProto.FLOAT, [1], [1])
        if form == "range":
            at = b.add("Range", b.constant(0, np.int64), length, b.constant(1, np.int64))
            at = b.add("Unsqueeze", at, b.ints(0))
            seen = b.add("LessOrEqual", at, b.add("Transpose", at, perm=[1, 0]))
        elif form == "triangle":
            full = b.add("ConstantOfShape", square, value=ones)
            seen = b.add("Cast", b.add("Trilu", full, upper=0), to=onnx.TensorProto.BOOL)
        elif form == "buffer":  # as GPT-2 keeps it, for its longest text
            buffer = b.constant(causal(9)[None], np.bool_)
            stop = b.add("Unsqueeze", length, b.ints(0))
            for axis in (1, 2):
                buffer = b.add("Slice", buffer, b.ints(0), stop, b.ints(axis))
            seen = buffer
        else:
            full = b.add("ConstantOfShape", square, value=ones)
            sums = [b.add("CumSum", full, b.constant(axis, np.int64)) for axis in (1, 0)]
            seen = b.add("LessOrEqual", *sums)
        scores = b.add("Where", seen, scores, b.constant(LOWEST))
        b.add("MatMul", b.add("Softmax", scores, axis=-1), "x", out="y")
        model = b.model((1, 6, 2), ["y"])
        assert rows(model) == [list(range(i + 1)) for i in range(6)]
        loaded = rf_viz.load(model.SerializeToString())
        assert verify(loaded, loaded.trace(spatial_axes=(1,)), ["y"]).ok

    @pytest.mark.parametrize(
        "bias",
        [
            np.random.default_rng(0).normal(0, 5, (6, 6)),
            -64.0 * np.abs(np.subtract.outer(np.arange(6), np.arange(6))),  # ALiBi
            np.full((6, 6), -1e9),
        ],
        ids=["relative position bias", "linear bias", "everything alike"],
    )
    def test_a_finite_bias_hides_nothing(self, bias: NDArray[np.float64]) -> None:
        assert rows(plain_attention(bias)) == [list(range(6))] * 6

    def test_a_row_with_nothing_left_is_uniform_or_no_number(self) -> None:
        blocked = causal(6)
        blocked[3] = False
        seen = rows(plain_attention(np.where(blocked, 0, -1e9)))
        assert seen[3] == list(range(6))
        seen = rows(plain_attention(np.where(blocked, 0, -np.inf)))
        assert seen[3] == []

    def test_a_mask_beside_a_bias_hides_what_lies_below_the_bias(self) -> None:
        distance = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
        seen = rows(plain_attention(np.where(causal(6), -20.0 * distance, -1e9)))
        assert seen == [list(range(i + 1)) for i in range(6)]

    def test_a_mask_computed_from_the_input_is_a_dependence(self) -> None:
        b = Builder()
        scores = b.add("MatMul", "x", b.add("Transpose", "x", perm=[0, 2, 1]))
        low = b.add("Less", b.add("ReduceSum", "x", b.ints(2), keepdims=1), b.constant(0.0))
        scores = b.add("Where", low, b.constant(-1e9), scores)
        b.add("MatMul", b.add("Softmax", scores, axis=-1), "x", out="y")
        assert rows(b.model((1, 6, 2), ["y"])) == [list(range(6))] * 6

    def test_an_exponential_by_itself_hides_nothing_that_others_dwarf(self) -> None:
        b = Builder()
        b.add("Exp", b.add("Add", "x", b.constant([[0.0, 200.0]])), out="y")
        feeds = {"x": generic((1, 6, 2)).astype(np.float64)}
        assert_agrees(b.model((1, 6, 2), ["y"]), feeds, nudges=(0.3,))

    def test_a_maximum_sees_what_an_image_may_make_up_for(self) -> None:
        b = Builder()
        shifted = b.add("Add", "x", b.constant([[0.0, -128.0]]))
        b.add("ReduceMax", shifted, b.ints(2), out="y")
        feeds = {"x": generic((1, 6, 2)).astype(np.float64)}
        assert_agrees(b.model((1, 6, 2), ["y"]), feeds, nudges=(300.0, -2.0))

    def test_a_constant_factor_is_a_weight_unless_it_is_a_table_of_0_and_1(self) -> None:
        weights, mask = Builder(), Builder()
        weights.add("Mul", "x", weights.constant([[0.0, 2.0]] * 6), out="y")
        mask.add("Mul", "x", mask.constant([[0.0, 1.0]] * 3 + [[0.0, 0.0]] * 3), out="y")
        assert rows(weights.model((1, 6, 2), ["y"])) == [[i] for i in range(6)]
        assert rows(mask.model((1, 6, 2), ["y"])) == [[0], [1], [2], [], [], []]


def test_a_band_has_a_closed_form() -> None:
    band = np.abs(np.subtract.outer(np.arange(6), np.arange(6))) <= 1
    layer = traced(plain_attention(np.where(band, 0, -np.inf)), spatial_axes=(1,))["y"]
    field = layer.receptive_field
    assert field is not None
    assert (field.size, field.stride, field.padding) == ((3,), (1,), (1,))


def shifted_windows(size: int, window: int, shift: int, low: float) -> onnx.ModelProto:
    """A shifted window attention, masked as in Swin Transformers; ``low`` is -100 there."""
    b = Builder()
    area, each = window * window, size // window

    def rolled(name: str, by: int) -> str:
        for axis in (1, 2):
            first, second = (
                b.add("Slice", name, b.ints(start), b.ints(stop), b.ints(axis))
                for start, stop in ((by % size, size), (0, by % size))
            )
            name = b.add("Concat", first, second, axis=axis)
        return name

    def split(a: Any) -> Any:  # noqa: ANN401
        return a.reshape(each, window, each, window).transpose(0, 2, 1, 3).reshape(-1, area)

    part = np.zeros((size, size))
    edges = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
    for i, row in enumerate(edges):
        for k, column in enumerate(edges):
            part[row, column] = 3 * i + k
    parts = split(part)
    mask = np.where(parts[:, None] == parts[:, :, None], 0.0, low)
    x = rolled("x", shift)
    x = b.add("Reshape", x, b.ints(each, window, each, window, 1))
    x = b.add("Reshape", b.add("Transpose", x, perm=[0, 2, 1, 3, 4]), b.ints(-1, area, 1))
    scores = b.add("MatMul", x, b.add("Transpose", x, perm=[0, 2, 1]))
    scores = b.add("Add", scores, b.constant(generic((1, area, area))))
    weights = b.add("Softmax", b.add("Add", scores, b.constant(mask)), axis=-1)
    y = b.add("MatMul", weights, x)
    y = b.add("Reshape", y, b.ints(each, each, window, window, 1))
    y = b.add("Reshape", b.add("Transpose", y, perm=[0, 2, 1, 3, 4]), b.ints(1, size, size, 1))
    b.add("Identity", rolled(y, -shift), out="y")
    return b.model((1, size, size, 1), ["y"])


def test_shifted_windows_depend_on_their_own_part_of_the_image() -> None:
    model = shifted_windows(6, 2, 1, -100.0)
    feeds = {"x": generic((1, 6, 6, 1)).astype(np.float64) / 2}
    net = assert_agrees(model, feeds, nudges=(0.3, -0.2))
    region = net["y"].region_of(np.s_[0, 0, 0, :])  # a corner that the shift joins to others
    assert (region.start[1:3], region.stop[1:3]) == ((0, 0), (1, 1))


def test_verify_does_not_take_the_paper_s_mask_for_wrong_where_scores_are_huge() -> None:
    model = rf_viz.load(shifted_windows(6, 2, 1, -100.0).SerializeToString())
    report = verify(model, model.trace(spatial_axes=(1, 2)), cells=6)
    assert report.ok, report.summary()
    assert not report.undecided


@pytest.mark.parametrize("seed", [0, 3, 5, 12, 21, 31])
def test_verify_agrees_with_a_masked_attention(seed: int) -> None:
    model = rf_viz.load(some_attention(Random(seed)).SerializeToString())
    net = model.trace(spatial_axes=(0, 1, 2))
    report = verify(model, net, cells=3)
    assert report.ok, report.summary()
    assert not report.undecided


def test_verify_finds_a_reader_that_forgets_the_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown on a reader that is wrong on purpose: it adds a mask as if it were any bias."""
    model = rf_viz.load(plain_attention(np.where(causal(6), 0, -1e9)).SerializeToString())
    monkeypatch.setattr(masks, "_above_gap", lambda bias, axis: None)
    net = model.trace(spatial_axes=(1,))
    assert net["y"].mask((2,)).all()
    report = verify(model, net, ["y"])
    wrong = {(check.kind, check.how) for check in report.disagreements}
    assert wrong == {("edge", "twin")}
