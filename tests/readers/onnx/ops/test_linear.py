"""Products, transforms and attention, against the running operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper

import rf_viz
from tests.oracles.onnx_oracle import assert_agrees, build, generic

NUDGE = (0.25,)


def one(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> Any:  # noqa: ANN401
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


SHAPES = [
    ((2, 3), (3, 4)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((3,), (3,)),
    ((2, 1, 2, 3), (3, 3, 2)),
    ((2, 3), (2, 3, 2)),
    ((1, 3), (3, 1)),
]


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_each_factor_of_a_product(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    for source in "ab":
        model = build([one("MatMul", "a b")], {"a": a, "b": b})
        assert_agrees(model, source=source)


def test_a_square_product_keeps_its_axes_apart() -> None:
    """Tokens stay tokens after a product whose output is as wide as it has tokens."""
    nodes = [one("Conv", "x w", "c"), one("MatMul", "c m")]
    constants = {"w": generic((4, 4, 3)), "m": generic((6, 6))}
    net = rf_viz.load(build(nodes, {"x": (1, 4, 8)}, constants).SerializeToString()).trace()
    layer = net["y"]
    assert layer.grid == ()
    assert layer.region(()).size == (8,)
    turned = [one("Conv", "x w", "c"), one("Transpose", "c", "t", perm=[0, 2, 1])]
    turned.append(one("MatMul", "t m"))
    constants["m"] = generic((4, 6))
    net = rf_viz.load(build(turned, {"x": (1, 4, 8)}, constants).SerializeToString()).trace()
    assert net["y"].grid_axes == (1,)
    assert net["y"].receptive_field == rf_viz.ReceptiveField((3,), (1,), (0,))


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
@pytest.mark.parametrize("c", [(2, 4), (4,), (2, 1), ()])
def test_every_operand_of_a_gemm(trans_a: int, trans_b: int, c: tuple[int, ...]) -> None:
    a, b = ((3, 2) if trans_a else (2, 3)), ((4, 3) if trans_b else (3, 4))
    model = build([one("Gemm", "a b c", transA=trans_a, transB=trans_b)], {"a": a, "b": b, "c": c})
    for source in "abc" if c else "ab":
        assert_agrees(model, source=source)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("...ij,...jk->...ik", [(2, 2, 3), (2, 3, 2)]),
        ("bhqd,bhkd->bhqk", [(1, 2, 3, 2), (1, 2, 4, 2)]),
        ("ii->i", [(3, 3)]),
        ("iji->j", [(2, 3, 2)]),
        ("ij->ji", [(2, 3)]),
        ("ij->", [(2, 3)]),
        ("i,j->ij", [(2,), (3,)]),
        ("...i->...", [(2, 3, 2)]),
        ("b a", [(2, 3)]),
        ("nchw,kc->nkhw", [(1, 2, 3, 3), (4, 2)]),
    ],
)
def test_einsum(equation: str, shapes: list[tuple[int, ...]]) -> None:
    names = "abc"[: len(shapes)]
    inputs = dict(zip(names, shapes, strict=True))
    model = build([one("Einsum", " ".join(names), equation=equation)], inputs)
    for source in names:
        assert_agrees(model, source=source)


def test_an_equation_that_does_not_fit_is_named() -> None:
    model = build([one("Einsum", "a", equation="ijk->i")], {"a": (2, 3)})
    with pytest.raises(rf_viz.ModelError, match="'ijk' is not for a tensor of 2 axes"):
        rf_viz.load(model.SerializeToString()).trace()


def test_a_determinant_sees_its_matrix() -> None:
    assert_agrees(build([one("Det", "x")], {"x": (2, 3, 3)}), reference=True)


@pytest.mark.parametrize(
    ("axis", "length", "onesided", "inverse", "parts"),
    [
        (1, None, 0, 0, 1),
        (1, None, 1, 0, 1),
        (-2, None, 0, 1, 2),
        (1, 3, 0, 0, 1),
        (2, 6, 1, 0, 1),
    ],
)
def test_a_fourier_transform_mixes_its_axis(
    axis: int, length: int | None, onesided: int, inverse: int, parts: int
) -> None:
    constants = {"a": np.array(axis)}
    if length is not None:
        constants["n"] = np.array(length)
    inputs = f"x {'n' if length else ''} a".split(" ")
    node = helper.make_node("DFT", inputs, ["y"], onesided=onesided, inverse=inverse)
    model = build([node], {"x": (1, 5, 4, parts)}, constants, opset=20)
    net = assert_agrees(model, exact=False)  # single frequencies may miss single samples
    assert net["y"].exact


def test_a_short_time_fourier_transform_slides_over_the_signal() -> None:
    constants = {"s": np.array(2), "n": np.array(4), "w": generic((4,))}
    model = build([one("STFT", "x s w n")], {"x": (1, 12, 1)}, constants, opset=17)
    assert_agrees(model, exact=False)
    net = rf_viz.load(model.SerializeToString()).trace()
    assert net.input.spatial_axes == (1,)
    assert net["y"].receptive_field == rf_viz.ReceptiveField((4,), (2,), (0,))


@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize("length", [2, 5])
def test_a_causal_convolution_and_its_state(past: bool, length: int) -> None:
    inputs = {"x": (1, 2, length)} | ({"p": (1, 2, 3)} if past else {})
    node = one("CausalConvWithState", f"x w {'b p' if past else ''}", "y s")
    constants = {"w": generic((2, 1, 4), 1), "b": generic((2,), 2)}
    model = build([node], inputs, constants, opset=27)
    for source in inputs:
        assert_agrees(model, source=source, reference=True)


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("turned", [0, 2])
def test_rotary_embeddings_turn_pairs(interleaved: int, turned: int) -> None:
    angles = generic((1, 2, (turned or 4) // 2), 3)
    node = one("RotaryEmbedding", "x c s", interleaved=interleaved, rotary_embedding_dim=turned)
    constants = {"c": angles, "s": angles}
    model = build([node], {"x": (1, 2, 2, 4)}, constants, opset=23)
    assert_agrees(model, reference=True)
    node = one(
        "RotaryEmbedding",
        "x c s",
        interleaved=interleaved,
        num_heads=2,
        rotary_embedding_dim=turned,
    )
    assert_agrees(build([node], {"x": (1, 2, 8)}, constants, opset=23), reference=True)


def attention(
    outputs: str = "y",
    mask: tuple[int, ...] | None = None,
    past: int = 0,
    flat: bool = False,
    queries: int = 3,
    keys: int = 4,
    **attributes: int,
) -> Any:  # noqa: ANN401
    inputs: dict[str, tuple[int, ...]] = {
        "q": (1, 4, queries, 2), "k": (1, 2, keys, 2), "v": (1, 2, keys, 3)
    }  # fmt: skip
    if flat:
        inputs = {"q": (1, queries, 8), "k": (1, keys, 4), "v": (1, keys, 6)}
        attributes |= {"q_num_heads": 4, "kv_num_heads": 2}
    names = ["q", "k", "v", "", "", ""]
    if mask is not None:
        inputs["m"], names[3] = mask, "m"
    if past:
        inputs |= {"pk": (1, 2, past, 2), "pv": (1, 2, past, 3)}
        names[4:] = ["pk", "pv"]
    node = helper.make_node("Attention", names, outputs.split(" "), **attributes)
    return build([node], inputs, opset=24)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("past", [0, 2])
def test_attention_by_grouped_heads(flat: bool, past: int) -> None:
    model = attention("y pk_ pv_" if past else "y", flat=flat, past=past)
    for source in model.graph.input:
        assert_agrees(model, source=source.name, nudges=NUDGE, reference=True)


def test_a_causal_query_sees_no_later_key() -> None:
    model = attention(past=1, is_causal=1, queries=3, keys=3)
    model.graph.node[0].output.extend(["a", "b"])
    for source in model.graph.input:
        assert_agrees(model, source=source.name, nudges=NUDGE, reference=True)


@pytest.mark.parametrize("mask", [(3, 4), (1, 1, 3, 4), (1, 4)])
def test_an_attention_mask_may_depend_on_the_input(mask: tuple[int, ...]) -> None:
    model = attention(mask=mask)
    assert_agrees(model, source="m", nudges=NUDGE, reference=True)


@pytest.mark.parametrize("mode", [0, 2, 3])
def test_attention_weights_are_an_output_too(mode: int) -> None:
    model = attention("y   w", mask=(3, 4), qk_matmul_output_mode=mode)
    for source in ("q", "k", "m"):
        assert_agrees(model, source=source, nudges=NUDGE, reference=True)


@pytest.mark.parametrize("rule", ["linear", "gated", "delta", "gated_delta"])
@pytest.mark.parametrize("per_key", [False, True])
def test_linear_attention_and_its_state(rule: str, per_key: bool) -> None:
    inputs = {"q": (1, 3, 8), "k": (1, 3, 4), "v": (1, 3, 6), "p": (1, 2, 2, 3)}
    names = ["q", "k", "v", "p", "", ""]
    if rule.startswith("gated"):
        inputs["d"], names[4] = (1, 3, 4 if per_key else 2), "d"
    if rule.endswith("delta"):
        inputs["b"], names[5] = (1, 3, 1 if per_key else 2), "b"
    node = helper.make_node(
        "LinearAttention", names, ["y", "s"], update_rule=rule, q_num_heads=4, kv_num_heads=2
    )
    model = build([node], inputs, opset=27)
    for source in inputs:
        assert_agrees(model, source=source, nudges=NUDGE, reference=True)
