"""What ``verify`` says about a model: it agrees where the theory is right, and only there."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

import rf_viz
from rf_viz import Layer, Network
from rf_viz.verify import Report, verify

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "assets/models").glob("*.onnx"))
LIGHT = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("*.onnx"))
RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def build(
    nodes: str,
    x: str = "float[1, 3, 16, 16]",
    opset: int = 17,
    domains: str = '"com.microsoft" : 1, "acme" : 1',
    **weights: np.ndarray | np.generic,
) -> rf_viz.Model:
    """A model of one input ``x`` whose last node makes ``out``."""
    proto = parser.parse_model(f"""
        <ir_version: 8, opset_import: ["" : {opset}, {domains}]>
        net ({x} x) => (float[] out) {{ {nodes} }}""")
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    proto.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(w), n) for n, w in weights.items()
    )
    return rf_viz.load(proto.SerializeToString())


def check(model: rf_viz.Model) -> Report:
    """Verify every layer."""
    net = model.trace()
    return verify(model, net, [layer.name for layer in net.layers])


def int64(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


CONV = "pads = [1, 1, 1, 1]"
MODELS: dict[str, dict[str, Any]] = {
    "strides, dilation and asymmetric padding": {
        "nodes": """
            a = Conv <strides = [2, 1], pads = [0, 2, 1, 0]> (x, w, b)
            c = Relu (a)
            out = Conv <dilations = [2, 3], pads = [2, 0, 1, 1]> (c, v)""",
        "w": normal(4, 3, 3, 2), "b": normal(4), "v": normal(5, 4, 2, 3),
    },
    "pooling in all its forms": {
        "nodes": """
            a = MaxPool <kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1> (x)
            c = AveragePool <kernel_shape = [2, 2], pads = [0, 1, 1, 0]> (a)
            d = MaxPool <kernel_shape = [2, 3], dilations = [2, 1]> (c)
            e = AveragePool <kernel_shape = [2, 2], auto_pad = "SAME_LOWER"> (d)
            out = LpPool <kernel_shape = [2, 2], strides = [2, 1]> (e)""",
    },
    "a deep stack of saturating activations": {
        "nodes": " ".join(
            f"a{i} = Conv <{CONV}> ({f'b{i - 1}' if i else 'x'}, {'v' if i else 'w'}) "
            f"b{i} = {op} (a{i})"
            for i, op in enumerate(["Sigmoid", "Tanh", "Clip", "HardSigmoid"] * 2)
        ) + " out = Identity (b7)",
        "w": normal(4, 3, 3, 3), "v": normal(4, 4, 3, 3),
    },
    "branches that see different regions": {
        "nodes": f"""
            a = Conv (x, w)
            c = Conv <{CONV}> (x, v)
            d = Concat <axis = 1> (a, c, k)
            out = MaxPool <kernel_shape = [2, 2]> (d)""",
        "w": normal(2, 3, 1, 1), "v": normal(2, 3, 3, 3), "k": normal(1, 2, 16, 16),
    },
    "grouped, depthwise and shuffled channels": {
        "nodes": f"""
            a = Conv <group = 2, {CONV}> (x, w)
            s = Reshape (a, five)
            t = Transpose <perm = [0, 2, 1, 3, 4]> (s)
            u = Reshape (t, four)
            out = Conv <group = 4> (u, v)""",
        "x": "float[1, 4, 9, 9]",
        "w": normal(4, 2, 3, 3), "v": normal(4, 1, 3, 1),
        "five": int64(1, 2, 2, 9, 9), "four": int64(1, 4, 9, 9),
    },
    "transposed convolution": {
        "nodes": """
            out = ConvTranspose <strides = [2, 3], pads = [1, 0, 0, 1],
                                 output_padding = [1, 0]> (x, w)""",
        "x": "float[1, 3, 6, 5]",
        "w": normal(3, 2, 3, 2),
    },
    "resizing linearly": {
        "nodes": 'out = Resize <mode = "linear"> (x, , s)',
        "s": np.array([1, 1, 2, 1.5], np.float32), "x": "float[1, 3, 8, 8]",
    },
    "resizing cubically": {
        "nodes": 'out = Resize <mode = "cubic"> (x, , s)',
        "s": np.array([1, 1, 0.5, 2], np.float32), "x": "float[1, 3, 8, 8]",
    },
    "resizing to the nearest": {
        "nodes": 'a = Resize <mode = "nearest"> (x, , s) out = Conv (a, w)',
        "s": np.array([1, 1, 2, 2], np.float32), "w": normal(2, 3, 3, 3),
        "x": "float[1, 3, 8, 8]",
    },
    "padding by constants and by reflection": {
        "nodes": """
            a = Pad <mode = "reflect"> (x, p)
            c = Pad (a, p, one)
            out = Conv <strides = [2, 2]> (c, w)""",
        "p": int64(0, 0, 1, 2, 0, 0, 2, 0), "one": np.float32(1), "w": normal(2, 3, 3, 3),
    },
    "slices, flips and gathers": {
        "nodes": """
            a = Slice (x, last, none, axis, back)
            c = Gather <axis = 2> (a, rows)
            e, f = Split <axis = 3> (c)
            out = Add (e, f)""",
        "last": int64(-1), "none": int64(-(2**62)), "axis": int64(3), "back": int64(-2),
        "rows": int64(0, 5, 6, 11),
    },
    "a squeeze-and-excite gate": {
        "nodes": f"""
            a = Conv <{CONV}> (x, w)
            g = GlobalAveragePool (a)
            h = Conv (g, v)
            i = Sigmoid (h)
            out = Mul (a, i)""",
        "w": normal(4, 3, 3, 3), "v": normal(4, 4, 1, 1),
    },
    "normalisations": {
        "nodes": """
            a = InstanceNormalization (x, s, s)
            c = LRN <size = 3> (x)
            d = BatchNormalization (c, s, s, s, s)
            e = LayerNormalization <axis = 3> (x, t)
            out = Concat <axis = 1> (a, d, e)""",
        "s": np.ones(3, np.float32), "t": np.ones(16, np.float32),
    },
    "patches that attend to one another": {
        "nodes": """
            p = Conv <strides = [4, 4]> (x, w)
            r = Reshape (p, flat)
            t = Transpose <perm = [0, 2, 1]> (r)
            q = MatMul (t, v)
            k = Transpose <perm = [0, 2, 1]> (t)
            s = MatMul (q, k)
            m = Softmax <axis = -1> (s)
            out = MatMul (m, t)""",
        "w": normal(8, 3, 4, 4), "flat": int64(1, 8, 16), "v": normal(8, 8),
    },
    "an einsum over rows": {
        "nodes": 'a = Einsum <equation = "nchw,cd->ndhw"> (x, w) '
        'out = Einsum <equation = "nchw,nchv->nhwv"> (a, a)',
        "w": normal(3, 2),
    },
    "reductions and the largest": {
        "nodes": """
            a = ReduceMin <axes = [1], keepdims = 1> (x)
            c, d = TopK <axis = 3> (a, three)
            e = CumSum (c, axis)
            out = ReduceLogSumExp <axes = [1], keepdims = 0> (e)""",
        "three": int64(3), "axis": np.int64(2),
    },
    "a recurrent layer over time": {
        "nodes": """
            a = Conv <strides = [2]> (x, w)
            t = Transpose <perm = [2, 0, 1]> (a)
            y, h = GRU <hidden_size = 4, direction = "reverse"> (t, wi, wh)
            s = Squeeze (y, one)
            out = Add (s, h)""",
        "x": "float[1, 2, 32]",
        "w": normal(3, 2, 4), "wi": normal(1, 12, 3), "wh": normal(1, 12, 4), "one": int64(1),
    },
    "quantised weights and activations": {
        "nodes": f"""
            q = QuantizeLinear (x, s, z)
            y = QLinearConv <{CONV}> (q, s, z, w, s, z, s, z)
            d = DequantizeLinear (y, s, z)
            e, es, ez = DynamicQuantizeLinear (d)
            i = ConvInteger (e, w, ez, z)
            f = Cast <to = 1> (i)
            out = Mul (f, es)""",
        "x": "float[1, 3, 10, 10]",
        "s": np.float32(0.5), "z": np.uint8(120),
        "w": RNG.integers(0, 255, (3, 3, 3, 3)).astype(np.uint8),
    },
    "one dimension": {
        "nodes": "a = Conv <strides = [3]> (x, w) out = MaxPool <kernel_shape = [3]> (a)",
        "x": "float[1, 1, 64]", "w": normal(4, 1, 5),
    },
    "three dimensions": {
        "nodes": "a = Conv <dilations = [1, 2, 1]> (x, w) out = Relu (a)",
        "x": "float[1, 1, 6, 7, 8]", "w": normal(2, 1, 3, 2, 3),
    },
    "channels last and bytes": {
        "nodes": f"""
            f = Cast <to = 1> (x)
            t = Transpose <perm = [0, 3, 1, 2]> (f)
            c = Conv <{CONV}> (t, w)
            out = Transpose <perm = [0, 2, 3, 1]> (c)""",
        "x": "uint8[1, 12, 10, 3]", "w": normal(4, 3, 3, 3),
    },
    "an old opset": {
        "nodes": f"""
            a = Conv <{CONV}> (x, w)
            u = Upsample <mode = "nearest", scales = [1.0, 1.0, 2.0, 2.0]> (a)
            p = Pad <mode = "constant", pads = [0, 0, 1, 1, 0, 0, 1, 1], value = 3.0> (u)
            out = Slice <axes = [2], starts = [3], ends = [20]> (p)""",
        "opset": 7, "x": "float[1, 3, 9, 9]", "w": normal(2, 3, 3, 3),
    },
}  # fmt: skip


@pytest.mark.parametrize("parts", MODELS.values(), ids=MODELS)
def test_the_running_model_agrees(parts: dict[str, Any]) -> None:
    report = check(build(**parts))
    assert report.ok, report.summary()
    assert not report.undecided, report.summary()
    assert {c.kind for c in report.checks} >= {"shape", "edge"}


def test_where_the_model_is_dead_the_twin_tells() -> None:
    model = build(
        f"a = Conv <{CONV}> (x, w, b) r = Relu (a) out = Conv <{CONV}> (r, v)",
        w=normal(4, 3, 3, 3), b=np.full(4, -1e9, np.float32), v=normal(2, 4, 3, 3),
    )  # fmt: skip
    report = verify(model, model.trace(), ["out"])
    assert report.ok
    assert {c.how for c in report.checks if c.kind == "edge"} == {"twin"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("dilations = [1, 1], pads = [1, 1, 1, 1]", "dilations = [2, 2], pads = [2, 2, 2, 2]"),
        ("dilations = [2, 2], pads = [2, 2, 2, 2]", "dilations = [1, 1], pads = [1, 1, 1, 1]"),
        ("pads = [1, 1, 1, 1]", "pads = [2, 1, 0, 1]"),
        ("pads = [1, 1, 1, 1]", "pads = [1, 0, 1, 2]"),
    ],
)
def test_a_wrong_window_is_found(right: str, wrong: str) -> None:
    weights = {"w": normal(4, 3, 3, 3)}
    model = build(f"out = Conv <{right}> (x, w)", **weights)
    other = build(f"out = Conv <{wrong}> (x, w)", **weights)
    report = verify(model, other.trace())
    assert not report.ok
    assert not report.agreed or report.disagreements


def test_another_shape_is_found() -> None:
    weights = {"w": normal(4, 3, 3, 3)}
    model = build("out = Conv (x, w)", **weights)
    report = verify(model, build("out = Conv <strides = [2, 2]> (x, w)", **weights).trace())
    assert [c.kind for c in report.disagreements] == ["shape"]
    assert "the model computes (1, 4, 14, 14)" in report.summary()


Lie = Callable[[np.ndarray], np.ndarray]


class Lying:
    """A traced net, or a layer of it, whose masks are changed before anyone sees them."""

    def __init__(self, truth: Network | Layer, lie: Lie) -> None:
        self._truth, self._lie = truth, lie

    def __getattr__(self, name: str) -> object:
        return getattr(self._truth, name)

    def __getitem__(self, name: str) -> Lying:
        assert isinstance(self._truth, Network)
        return Lying(self._truth[name], self._lie)

    def mask(self, cell: Sequence[int], channel: int | None = None) -> np.ndarray:
        assert isinstance(self._truth, Layer)
        return self._lie(self._truth.mask(cell, channel).copy())


def without_a_side(axis: int, position: int) -> Lie:
    def lie(mask: np.ndarray) -> np.ndarray:
        along = np.flatnonzero(mask.any(axis=1 - axis))
        np.moveaxis(mask, axis, 0)[along[position]] = False
        return mask

    return lie


def one_more(axis: int, step: int) -> Lie:
    def lie(mask: np.ndarray) -> np.ndarray:
        return mask | np.roll(mask, step, axis)

    return lie


def without_the_middle(mask: np.ndarray) -> np.ndarray:
    inside = np.argwhere(mask)
    mask[tuple(inside[len(inside) // 2])] = False
    return mask


LIES = {
    "too small at the top": without_a_side(0, 0),
    "too small at the bottom": without_a_side(0, -1),
    "too small at the left": without_a_side(1, 0),
    "too small at the right": without_a_side(1, -1),
    "too large at the top": one_more(0, -1),
    "too large at the bottom": one_more(0, 1),
    "too large at the left": one_more(1, -1),
    "too large at the right": one_more(1, 1),
    "a pixel missing within": without_the_middle,
    "everything": np.ones_like,
    "nothing": np.zeros_like,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
@pytest.mark.parametrize("bias", [0.0, -1e9], ids=["a live model", "a dead model"])
def test_a_region_wrong_by_a_pixel_is_found(lie: Lie, bias: float) -> None:
    model = build(
        f"a = Conv <{CONV}> (x, w, b) r = Relu (a) out = MaxPool <kernel_shape = [2, 2]> (r)",
        w=normal(4, 3, 3, 3), b=np.full(4, bias, np.float32),
    )  # fmt: skip
    net = model.trace()
    assert verify(model, net, ["out"]).ok
    lying = cast(Network, Lying(net, lie))
    assert not verify(model, lying, ["out"]).ok


def test_channels_that_see_more_than_others_are_told_apart() -> None:
    model = build(
        f"a = Conv (x, w) c = Conv <{CONV}> (x, v) out = Concat <axis = 1> (a, c)",
        w=normal(1, 3, 1, 1), v=normal(1, 3, 3, 3),
    )  # fmt: skip
    net = model.trace()
    assert all(verify(model, net, ["out"], seed=seed).ok for seed in range(4))

    swapped = cast(Network, Swapped(net, np.copy))
    reports = [verify(model, swapped, ["out"], seed=seed) for seed in range(4)]
    assert all(not report.ok for report in reports)
    assert {c.channel for r in reports for c in r.disagreements} == {0, 1}


class Swapped(Lying):
    """Takes the two channels of a layer for each other."""

    def __getitem__(self, name: str) -> Swapped:
        assert isinstance(self._truth, Network)
        return Swapped(self._truth[name], self._lie)

    def mask(self, cell: Sequence[int], channel: int | None = None) -> np.ndarray:
        return super().mask(cell, None if channel is None else 1 - channel)


def masked_kernel() -> np.ndarray:
    """PixelCNN's mask: nothing from the centre on."""
    kernel = normal(4, 1, 3, 3)
    kernel[:, :, 1, 1:] = 0
    kernel[:, :, 2] = 0
    return kernel


def test_a_masked_kernel_agrees_as_far_as_its_structure_goes() -> None:
    model = build(
        f"a = Conv <{CONV}> (x, w) out = Relu (a)", "float[1, 1, 9, 9]", w=masked_kernel()
    )
    report = check(model)
    assert report.ok, report.summary()
    assert not report.undecided
    below = [c for c in report.checks if c.cell == (4, 4) and c.side == "last 0"]
    assert {c.how for c in below} == {"twin"}


def test_a_weight_aware_trace_is_held_against_the_exact_zeros() -> None:
    model = build(
        f"a = Conv <{CONV}> (x, w) out = Conv <{CONV}> (a, v)", "float[1, 1, 9, 9]",
        w=masked_kernel(), v=normal(2, 4, 3, 3),
    )  # fmt: skip
    report = verify(model, model.trace(weight_aware=True), ["a", "out"])
    assert report.ok, report.summary()
    assert not report.undecided


def test_what_a_cut_trace_left_out_is_undecided_and_the_rest_is_checked() -> None:
    model = build(**MODELS["a squeeze-and-excite gate"])
    report = verify(model, model.trace(cut_global=True), ["a", "out"])
    assert report.ok, report.summary()
    assert {c.layer for c in report.agreed} == {"a"}
    assert {c.layer for c in report.undecided} == {"out"}


def test_an_unknown_operator_is_undecided_not_agreed() -> None:
    model = build(
        f"a = Conv <{CONV}> (x, w) c = acme.Swirl (a) out = Relu (c)", w=normal(4, 3, 3, 3)
    )
    report = check(model)
    assert report.ok
    assert {c.layer for c in report.agreed} == {"a"}
    assert {c.layer for c in report.undecided} == {"c", "out"}
    assert all(c.kind != "edge" for c in report.agreed if c.layer != "a")
    assert "Swirl" in report.summary()


def test_what_the_twin_cannot_keep_is_left_to_the_model() -> None:
    model = build(
        f"""a = Conv <{CONV}> (x, w)
            r = Relu (a)
            out = GridSample <padding_mode = "border"> (r, g)""",
        w=normal(4, 3, 3, 3), g=RNG.uniform(-1, 1, (1, 5, 5, 2)).astype(np.float32),
    )  # fmt: skip
    report = check(model)
    assert report.ok, report.summary()


def test_a_report_reads_well_and_goes_to_json() -> None:
    weights = {"w": normal(4, 3, 3, 3)}
    model = build("out = Conv <pads = [1, 1, 1, 1]> (x, w)", **weights)
    seen: list[tuple[int, int]] = []
    good = verify(model, model.trace(), progress=lambda done, all_: seen.append((done, all_)))
    assert seen == [(1, 1)]
    assert good.summary().splitlines()[-1] == (
        f"checks: {len(good.checks)}, layers: 1; {len(good.checks)} agree, 0 disagree, 0 undecided"
    )
    net = build("out = Conv <pads = [2, 1, 0, 1]> (x, w)", **weights).trace()
    bad = verify(model, net, cells=2)
    line = next(line for line in bad.summary().splitlines() if line.startswith("DISAGREES"))
    assert "out cell (0, 0), " in line
    loaded = json.loads(json.dumps(bad.to_dict()))
    assert loaded["ok"] is False
    assert loaded["disagreements"] == len(bad.disagreements) > 0
    assert {"layer", "cell", "kind", "side", "result", "how", "detail"} <= set(loaded["checks"][0])


def test_the_same_seed_makes_the_same_checks() -> None:
    model = build("out = Conv (x, w)", w=normal(4, 3, 3, 3))
    net = model.trace()
    assert verify(model, net, seed=3) == verify(model, net, seed=3)
    assert verify(model, net, seed=3) != verify(model, net, seed=4)


def test_other_requests_are_refused() -> None:
    model = build("out = Conv (x, w)", w=normal(4, 3, 3, 3))
    with pytest.raises(KeyError, match="nowhere"):
        verify(model, model.trace(), ["nowhere"])
    with pytest.raises(ValueError, match="needs an input size"):
        verify(model, model.trace("unknown"))


@pytest.mark.slow
@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_the_samples_agree(path: Path) -> None:
    model = rf_viz.load(path)
    report = verify(model, model.trace(), cells=3)
    assert report.ok, report.summary()
    assert not report.undecided, report.summary()


def some_layers(net: Network) -> list[str]:
    """An early one, one in the middle, and the deepest that has a grid."""
    grid = [layer.name for layer in net.layers if max(layer.grid, default=1) > 1]
    return [grid[len(grid) // 6], grid[len(grid) // 2], grid[-1]]


@pytest.mark.slow
@pytest.mark.parametrize("path", LIGHT, ids=lambda p: p.stem)
def test_real_architectures_agree(path: Path) -> None:
    model = rf_viz.load(path)
    net = model.trace()
    report = verify(model, net, some_layers(net), cells=2)
    assert report.ok, report.summary()
    assert not report.undecided, report.summary()


def test_without_a_twin_other_inputs_show_what_one_hides() -> None:
    """A maximum lies elsewhere for one random input, and at the side in question for another."""
    from tests.oracles.tflite_oracle import Op, options
    from tests.oracles.tflite_oracle import build as tflite

    pool = options("Pool2D", filterHeight=3, filterWidth=3, strideH=1, strideW=1)
    shape = (1, 10, 10, 1)
    data = tflite(
        [Op("MAX_POOL_2D", ["x"], ["y"], pool)], {"x": normal(*shape)}, shapes={"y": shape}
    )
    model = rf_viz.load(data)
    net = model.trace()
    report = verify(model, net, cells=8)
    assert report.ok
    assert len(report.undecided) <= len(report.checks) / 20
    assert [c.detail for c in report.checks if c.kind == "edge" and c.result == "agrees"]
