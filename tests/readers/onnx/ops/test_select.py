"""What operators that pick and put elements depend on, against the running model."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

import rf_viz
from tests.oracles.onnx_oracle import (
    assert_agrees,
    build,
    generic,
    single,
    traced,
)


def ints(*numbers: object) -> NDArray[np.int64]:
    return np.array(*numbers, np.int64)


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps"),
    [
        ([1], [3], None, None),
        ([1, 2], [100, -1], [0, 1], None),
        ([0, 1], [4, 6], None, [2, 3]),
        ([-1], [-100], [1], [-1]),
        ([4], [0], [-1], [-2]),
        ([-100, -3], [2, 100], [0, 1], [1, 1]),
        ([100], [-(2**63)], [1], [-3]),
    ],
)
def test_slice(
    starts: list[int], ends: list[int], axes: list[int] | None, steps: list[int] | None
) -> None:
    rest = [None if part is None else ints(part) for part in (starts, ends, axes, steps)]
    assert_agrees(single("Slice", (4, 6), *rest))


def test_slice_by_attributes() -> None:
    assert_agrees(single("Slice", (4, 6), opset=9, starts=[1, -3], ends=[9, -1], axes=[1, 0]))
    assert_agrees(single("Slice", (4, 6), opset=9, starts=[1, 2], ends=[3, 5]))


def test_a_flip_and_a_step_keep_the_closed_form() -> None:
    flip = traced(
        single("Slice", (1, 1, 9), ints([8]), ints([-100]), ints([2]), ints([-1])),
        spatial_axes=(2,),
    )["y"]
    assert flip.receptive_field is not None
    assert flip.receptive_field.start((3,)) == flip.region((3,)).start == (5,)
    step = traced(
        single("Slice", (1, 1, 9), ints([1]), ints([9]), ints([2]), ints([3])), spatial_axes=(2,)
    )["y"]
    assert step.receptive_field is not None
    assert step.receptive_field.start((2,)) == step.region((2,)).start == (7,)
    assert step.receptive_field.stride == (3,)


def test_where_a_slice_starts_may_depend_on_the_size() -> None:
    """At an unknown input size r and S hold, P only where the slice counts from the front."""
    for start, padding in ((1, (-1,)), (-8, (None,))):
        nodes = [
            helper.make_node("Slice", ["x", "start", "end", "axis"], ["s"]),
            helper.make_node("Conv", ["s", "w"], ["y"]),
        ]
        constants = {"start": ints([start]), "end": ints([2**62]), "axis": ints([2])}
        model = build(nodes, {"x": (1, 1, 9)}, {**constants, "w": generic((1, 1, 3))})
        model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "length"
        loaded = rf_viz.load(model.SerializeToString())
        field = loaded.trace("unknown")["y"].receptive_field
        assert field is not None
        assert (field.size, field.stride, field.padding) == ((3,), (1,), padding)
        bound = loaded.trace((9,))["y"].receptive_field
        assert bound is not None
        assert bound.padding == (-1,)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_split_into_equal_parts(axis: int) -> None:
    assert_agrees(single("Split", (4, 6, 2), outputs=2, axis=axis, num_outputs=2))
    assert_agrees(single("Split", (4, 6, 2), opset=11, outputs=2, axis=axis))


def test_split_into_given_parts() -> None:
    assert_agrees(single("Split", (2, 7), ints([2, 4, 1]), axis=1, outputs=3))
    assert_agrees(single("Split", (2, 7), opset=11, split=[2, 5], axis=1, outputs=2))
    assert_agrees(single("Split", (2, 7), axis=1, num_outputs=3, outputs=3))


@pytest.mark.parametrize(
    "indices", [ints(1), ints([2, 0]), ints([1, 1, -1]), ints([[0, 2], [-1, 1]]), ints([0, 1, 2])]
)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_gather(indices: NDArray[np.int64], axis: int) -> None:
    assert_agrees(single("Gather", (3, 4, 3), indices, axis=axis))


def picked_by(op: str, count: tuple[int, ...], top: int, **attributes: int):  # noqa: ANN201
    """A model that picks from ``x`` by indices that are computed from its input ``i``."""
    nodes = [
        helper.make_node("Cast", ["i"], ["index"], to=TensorProto.INT64),
        helper.make_node(op, ["x", "index"], ["y"], **attributes),
    ]
    model = build(nodes, {"x": (3, 4), "i": count})
    indices = np.random.default_rng(3).integers(0, top - 1, count).astype(np.float32)
    return model, {"x": generic((3, 4)), "i": indices}


@pytest.mark.parametrize(
    ("op", "count", "attributes"),
    [
        ("Gather", (2,), {"axis": 1}),
        ("Gather", (2, 2), {"axis": 0}),
        ("GatherElements", (2, 4), {"axis": 0}),
        ("GatherND", (2, 1), {}),
        ("GatherND", (3, 1), {"batch_dims": 1}),
    ],
)
def test_computed_indices_may_pick_anything(
    op: str, count: tuple[int, ...], attributes: dict[str, int]
) -> None:
    model, feeds = picked_by(op, count, 3, **attributes)
    assert_agrees(model, feeds, source="i", nudges=(1,))
    net = traced(model, input="x", spatial_axes=(0, 1))
    union: dict[tuple[int, ...], NDArray[np.bool_]] = {}
    for seed in range(40):
        top = 4 if attributes.get("axis") == 1 or "batch_dims" in attributes else 3
        feeds["i"] = np.random.default_rng(seed).integers(0, top, count).astype(np.float32)
        for index, seen in seen_by_each(model, feeds).items():
            union[index] = union.get(index, False) | seen
    for index, seen in union.items():
        assert np.array_equal(net["y"].mask_of(index), seen)


def seen_by_each(model, feeds):  # noqa: ANN001, ANN201
    from tests.oracles.onnx_oracle import dependence

    seen = dependence(model, feeds, "x", nudges=(0.5,))["y"]
    return {index: seen[index] for index in np.ndindex(seen.shape[:-2])}


def test_an_embedding_is_one_row_a_token() -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["tokens"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "tokens"], ["y"]),
    ]
    model = build(nodes, {"x": (1, 4)}, {"table": generic((9, 3))})
    feeds = {"x": np.array([[3, 0, 5, 7]], np.float32)}
    assert_agrees(model, feeds, nudges=(1,))


@pytest.mark.parametrize("axis", [0, 1])
def test_gather_elements(axis: int) -> None:
    indices = np.random.default_rng(axis).integers(-3, 3, (2, 3) if axis else (4, 2))
    assert_agrees(single("GatherElements", (3, 3), indices, axis=axis))


@pytest.mark.parametrize(
    ("indices", "batch"),
    [
        (ints([[0, 1], [2, -1]]), 0),
        (ints([[1], [0]]), 0),
        (ints([[[0, 1, 1]], [[2, 2, 0]]]), 0),
        (ints([[1], [0], [3]]), 1),
        (ints([[[1], [0]], [[2], [2]], [[3], [-1]]]), 1),
    ],
)
def test_gather_nd(indices: NDArray[np.int64], batch: int) -> None:
    assert_agrees(single("GatherND", (3, 4, 2), indices, batch_dims=batch))


def put(op: str, indices: NDArray[np.int64], count: tuple[int, ...], **attributes: object):  # noqa: ANN201
    node = helper.make_node(op, ["x", "indices", "u"], ["y"], **attributes)
    return build([node], {"x": (3, 4), "u": count}, {"indices": indices}, opset=18)


@pytest.mark.parametrize("source", ["x", "u"])
@pytest.mark.parametrize("reduction", ["none", "add", "max"])
@pytest.mark.parametrize(
    ("op", "indices", "count", "attributes"),
    [
        ("ScatterElements", ints([[0, 2, 1], [1, 1, -1]]), (2, 3), {"axis": 0}),
        ("ScatterElements", ints([[0, -1], [2, 1]]), (2, 2), {"axis": 1}),
        ("ScatterND", ints([[2], [0]]), (2, 4), {}),
        ("ScatterND", ints([[[2, 1], [0, -1]]]), (1, 2), {}),
    ],
)
def test_scatter(
    op: str,
    indices: NDArray[np.int64],
    count: tuple[int, ...],
    attributes: dict[str, int],
    reduction: str,
    source: str,
) -> None:
    model = put(op, indices, count, reduction=reduction, **attributes)
    assert_agrees(model, source=source)


@pytest.mark.parametrize("source", ["x", "u"])
def test_several_updates_of_one_place(source: str) -> None:
    twice = ints([[1, 1, 0], [1, 0, 0]])
    assert_agrees(put("ScatterElements", twice, (2, 3), axis=1, reduction="add"), source=source)
    assert_agrees(put("ScatterElements", twice, (2, 3), axis=1), source=source)
    rows = ints([[2], [2]])
    assert_agrees(put("ScatterND", rows, (2, 4), reduction="mul"), source=source)


@pytest.mark.parametrize("op", ["ScatterElements", "ScatterND"])
@pytest.mark.parametrize("source", ["x", "i", "u"])
def test_computed_places_may_be_any(op: str, source: str) -> None:
    nodes = [
        helper.make_node("Cast", ["i"], ["index"], to=TensorProto.INT64),
        helper.make_node(op, ["x", "index", "u"], ["y"]),
    ]
    count = (2, 3) if op == "ScatterElements" else (2, 1)
    updates = count if op == "ScatterElements" else (2, 4)
    model = build(nodes, {"x": (3, 4), "i": count, "u": updates}, opset=18)
    feeds = {
        "x": generic((3, 4)),
        "i": np.zeros(count, np.float32),
        "u": generic(updates, 1),
    }
    net = assert_agrees(model, feeds, source=source, nudges=(1,), exact=False)
    assert all(layer.exact for layer in net.layers)


@pytest.mark.parametrize("mode", ["linear", "circular"])
@pytest.mark.parametrize("source", ["x", "u"])
def test_tensor_scatter(mode: str, source: str) -> None:
    node = helper.make_node("TensorScatter", ["x", "u", "at"], ["y"], mode=mode, axis=1)
    starts = ints([1, 3]) if mode == "circular" else ints([1, 2])
    model = build([node], {"x": (2, 4, 2), "u": (2, 2, 2)}, {"at": starts}, opset=24)
    assert_agrees(model, source=source, reference=True)


def test_compress() -> None:
    keep = np.array([True, False, True])
    assert_agrees(single("Compress", (3, 4), keep, axis=0))
    assert_agrees(single("Compress", (3, 4), keep))


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("k", [None, ints(1), ints(-1), ints(-9), ints(9)])
def test_trilu(upper: int, k: NDArray[np.int64] | None) -> None:
    assert_agrees(single("Trilu", (2, 3, 4), k, upper=upper))


@pytest.mark.parametrize(("time", "batch"), [(0, 1), (1, 0)])
def test_reverse_sequence(time: int, batch: int) -> None:
    lengths = ints([1, 3, 2, 4][: 4 if time == 0 else 3]) if time == 0 else ints([2, 4, 1])
    shape = (4, 4, 2) if time == 0 else (3, 4, 2)
    assert_agrees(single("ReverseSequence", shape, lengths, time_axis=time, batch_axis=batch))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_one_hot(axis: int) -> None:
    model = single("OneHot", (2, 2), np.float32(3), generic((2,)), axis=axis)
    feeds = {"x": np.zeros((2, 2), np.float32)}
    net = assert_agrees(model, feeds, nudges=(1, 2), exact=False)
    assert net["y"].exact
    values = build(
        [helper.make_node("OneHot", ["i", "depth", "x"], ["y"], axis=axis)],
        {"x": (2,)},
        {"i": ints([[0, 1], [1, 1]]), "depth": ints(2)},
    )
    assert_agrees(values, exact=False)


def test_what_is_found_depends_on_the_data() -> None:
    net = traced(single("NonZero", (3, 4)), spatial_axes=(0, 1))
    assert not net["y"].exact
    assert "NonZero" in net["y"].note


def test_what_is_found_in_constants_is_known() -> None:
    nodes = [
        helper.make_node("NonZero", ["c"], ["found"]),
        helper.make_node("Squeeze", ["found", "zero"], ["which"]),
        helper.make_node("Gather", ["x", "which"], ["y"], axis=1),
    ]
    constants = {"c": np.array([0, 1, 0, 2], np.float32), "zero": ints([0])}
    assert_agrees(build(nodes, {"x": (2, 4)}, constants))


@pytest.mark.parametrize("index", [4, -5])
def test_an_index_outside_of_the_tensor_is_refused(index: int) -> None:
    with pytest.raises(rf_viz.ModelError, match="GatherND 'y' is not valid: an index lies outside"):
        traced(single("GatherND", (4, 2), ints([[index]])))
