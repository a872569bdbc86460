"""Activations come out as ONNX Runtime itself computes them, and nothing else is touched."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from rf_viz import ModelError
from rf_viz.runtimes.onnx.runtime import OnnxRuntime

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def small(**weights: np.ndarray) -> onnx.ModelProto:
    """x -> Conv -> Relu -> Conv."""
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[1, 3, 16, 16] x) => (float[1, 4, 16, 16] out) {
          first = Conv <pads = [1, 1, 1, 1]> (x, w1)
          active = Relu (first)
          out = Conv <pads = [1, 1, 1, 1]> (active, w2)
        }""")
    weights = {"w1": normal(64, 3, 3, 3), "w2": normal(4, 64, 3, 3), **weights}
    model.graph.initializer.extend(numpy_helper.from_array(w, n) for n, w in weights.items())
    return model


def reference(model: onnx.ModelProto, feeds: dict, name: str) -> np.ndarray:
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    whole.graph.output.append(onnx.ValueInfoProto(name=name))
    return ort.InferenceSession(whole.SerializeToString()).run([name], feeds)[0]


def test_any_tensor_of_the_graph_can_be_fetched() -> None:
    model = small()
    x = normal(1, 3, 16, 16)
    values = OnnxRuntime(model).activations({"x": x}, ["first", "active", "out"])
    assert list(values) == ["first", "active", "out"]
    for name in ("first", "active"):
        np.testing.assert_allclose(values[name], reference(model, {"x": x}, name), atol=1e-4)
    assert (values["active"] == np.maximum(values["first"], 0)).all()


def test_looking_at_layers_in_turn_gives_what_each_gives_alone() -> None:
    runtime = OnnxRuntime(small())
    x, y = normal(1, 3, 16, 16), normal(1, 3, 16, 16)
    first = runtime.activations({"x": x}, ["active"])["active"]
    runtime.activations({"x": y}, ["out"])
    other = runtime.activations({"x": y}, ["active"])["active"]
    again = runtime.activations({"x": x}, ["active"])["active"]
    assert (again == first).all()
    assert (other != first).any()


def test_another_size_than_the_declared_one_works_as_far_as_the_operations_allow() -> None:
    values = OnnxRuntime(small()).activations({"x": normal(1, 3, 40, 24)}, ["out"])
    assert values["out"].shape == (1, 4, 40, 24)


def test_tuned_for_many_runs_the_values_are_the_same_but_for_rounding() -> None:
    x, model = normal(1, 3, 16, 16), small()
    plain, tuned = OnnxRuntime(model), OnnxRuntime(model)
    tuned.tune()
    names = ["first", "out"]
    expected, values = (runtime.activations({"x": x}, names) for runtime in (plain, tuned))
    for name in names:
        np.testing.assert_allclose(values[name], expected[name], atol=1e-4)
    again = tuned.activations({"x": x}, names)
    assert all(np.array_equal(again[name], values[name]) for name in names)


def test_a_value_that_the_graph_does_not_compute_is_named() -> None:
    with pytest.raises(ModelError, match="nowhere is not a value"):
        OnnxRuntime(small()).activations({"x": normal(1, 3, 16, 16)}, ["nowhere"])


def test_a_size_that_does_not_work_out_is_one_clear_sentence() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[1, 4] x) => (float[2, 2] out) <int64[2] shape = {2, 2}> {
          out = Reshape (x, shape)
        }""")
    with pytest.raises(ModelError) as caught:
        OnnxRuntime(model).activations({"x": normal(1, 5)}, ["out"])
    message = str(caught.value)
    assert message.startswith("ONNX Runtime cannot run this model up to out: Reshape")
    assert "onnxruntime_src" not in message
    assert "\n" not in message


def test_an_unknown_operator_stops_only_what_lies_behind_it() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17, "acme" : 1]>
        net (float[1, 3, 4, 4] x) => (float[1, 3, 4, 4] out) {
          before = Relu (x)
          odd = acme.Swirl (before)
          out = Relu (odd)
        }""")
    runtime = OnnxRuntime(model)
    x = normal(1, 3, 4, 4)
    assert (runtime.activations({"x": x}, ["before"])["before"] == np.maximum(x, 0)).all()
    with pytest.raises(ModelError, match=r"up to out.*Swirl"):
        runtime.activations({"x": x}, ["out"])


@pytest.mark.parametrize(
    ("kind", "numbers", "expected"),
    [
        ("float16", [0.5, 2.0], [0.5, 2.0]),
        ("uint8", [-3.0, 254.6], [0.0, 255.0]),
        ("int32", [-3.4, 7.0], [-3.0, 7.0]),
        ("bool", [0.0, 2.0], [0.0, 1.0]),
        ("double", [0.25, -1.0], [0.25, -1.0]),
    ],
)
def test_inputs_are_cast_to_the_models_type_and_come_back_as_float32(
    kind: str, numbers: list[float], expected: list[float]
) -> None:
    model = parser.parse_model(f"""
        <ir_version: 8, opset_import: ["" : 17]>
        net ({kind}[2] x) => ({kind}[2] out) {{ out = Identity (x) }}""")
    values = OnnxRuntime(model).activations({"x": np.array(numbers)}, ["out"])
    assert values["out"].dtype == np.float32
    assert values["out"].tolist() == expected


def test_other_inputs_are_neutral_unless_given() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[1, 4] x, float[n, 4] state, float[1, 4] pad_mask) => (float[n, 4] out) {
          masked = Mul (x, pad_mask)
          out = Add (masked, state)
        }""")
    x = normal(1, 4)
    runtime = OnnxRuntime(model)
    assert (runtime.activations({"x": x}, ["out"])["out"] == x).all()
    assert runtime.activations({"x": x}, ["out"], {"state": (3, 4)})["out"].shape == (3, 4)
    fed = runtime.activations({"x": x, "state": np.ones((2, 4))}, ["out"])["out"]
    assert (fed == x + np.ones((2, 4), np.float32)).all()


def test_an_input_may_be_a_single_number() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[4] x, float scale) => (float[4] out) { out = Mul (x, scale) }""")
    runtime = OnnxRuntime(model)
    x = normal(4)
    assert (runtime.activations({"x": x, "scale": np.float32(2)}, ["out"])["out"] == 2 * x).all()
    assert not runtime.activations({"x": x}, ["out"])["out"].any()


def test_what_is_computed_from_constants_only_is_right_wherever_it_comes_from() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[1, 8, 6, 6] x) => (float[1, 64, 4, 4] out)
        <int64[4] shape = {64, 8, 3, 3}, float scale = {0.25}, uint8 zero = {3}> {
          filled = ConstantOfShape <value = float[1] {2.0}> (shape)
          one = Constant <value = float[1] {1.0}> ()
          coded = QuantizeLinear (filled, scale, zero)
          weight = DequantizeLinear (coded, scale, zero)
          larger = Add (weight, one)
          size = Shape (x)
          same = Reshape (x, size)
          out = Conv (same, larger)
        }""")
    values = OnnxRuntime(model).activations({"x": np.ones((1, 8, 6, 6))}, ["out", "larger"])
    assert (values["larger"] == 3).all()
    assert (values["out"] == 3 * 8 * 9).all()


def test_a_branch_may_use_weights_of_the_graph_around_it() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[1, 3, 8, 8] x, bool[] pick) => (float[1, 64, 6, 6] out) {
          made = Relu (x)
          out = If (pick) <
            then_branch = yes () => (float[1, 64, 6, 6] a) { a = Conv (made, w) },
            else_branch = no () => (float[1, 64, 6, 6] b) { c = Conv (made, w)  b = Neg (c) }
          >
        }""")
    model.graph.initializer.append(numpy_helper.from_array(normal(64, 3, 3, 3), "w"))
    x = normal(1, 3, 8, 8)
    runtime = OnnxRuntime(model)
    no = runtime.activations({"x": x}, ["out"])["out"]
    yes = runtime.activations({"x": x, "pick": np.array(True)}, ["out"])["out"]
    assert (yes == -no).all()
    assert yes.any()


def test_a_sequence_cannot_be_shown_but_what_is_taken_from_it_can() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[4] x) => (float[2] out) <int64 second = {1}, int64[2] halves = {2, 2}> {
          parts = SplitToSequence (x, halves)
          out = SequenceAt (parts, second)
        }""")
    runtime = OnnxRuntime(model)
    assert runtime.activations({"x": np.arange(4.0)}, ["out"])["out"].tolist() == [2, 3]
    with pytest.raises(ModelError, match="parts is not a tensor of numbers"):
        runtime.activations({"x": np.arange(4.0)}, ["parts"])


class TestExternalData:
    def saved(self, folder: Path) -> onnx.ModelProto:
        onnx.save(
            small(),
            folder / "net.onnx",
            save_as_external_data=True,
            size_threshold=0,
            location="weights.bin",
        )
        return onnx.load(folder / "net.onnx", load_external_data=False)

    def test_is_read_from_the_models_folder(self, tmp_path: Path) -> None:
        model = self.saved(tmp_path)
        x = normal(1, 3, 16, 16)
        inside = onnx.load(tmp_path / "net.onnx")
        files = sorted(tmp_path.iterdir())
        out = OnnxRuntime(model, tmp_path).activations({"x": x}, ["out"])["out"]
        assert (out == OnnxRuntime(inside).activations({"x": x}, ["out"])["out"]).all()
        assert sorted(tmp_path.iterdir()) == files

    def test_elsewhere_is_refused(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir()
        model = self.saved(tmp_path)
        for weight in model.graph.initializer:
            weight.external_data[0].value = "../weights.bin"
        with pytest.raises(ModelError, match="outside the model's folder"):
            OnnxRuntime(model, home).activations({"x": normal(1, 3, 16, 16)}, ["out"])

    def test_behind_a_link_elsewhere_is_refused(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir()
        model = self.saved(tmp_path)
        (home / "weights.bin").symlink_to(tmp_path / "weights.bin")
        with pytest.raises(ModelError, match="outside the model's folder"):
            OnnxRuntime(model, home).activations({"x": normal(1, 3, 16, 16)}, ["out"])

    def test_inside_a_constant_is_refused_like_any_other(self, tmp_path: Path) -> None:
        (tmp_path / "secret.bin").write_bytes(bytes(16))
        home = tmp_path / "home"
        home.mkdir()
        value = TensorProto(
            name="v", dims=[4], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL
        )
        value.external_data.add(key="location", value=str(tmp_path / "secret.bin"))
        graph = helper.make_graph(
            [
                helper.make_node("Constant", [], ["c"], value=value),
                helper.make_node("Add", ["x", "c"], ["out"]),
            ],
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, [4])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        with pytest.raises(ModelError, match="outside the model's folder"):
            OnnxRuntime(model, home).activations({"x": np.zeros(4)}, ["out"])

    def test_that_is_missing_is_named(self, tmp_path: Path) -> None:
        model = self.saved(tmp_path)
        (tmp_path / "weights.bin").unlink()
        with pytest.raises(ModelError, match=r"weights\.bin.*missing"):
            OnnxRuntime(model, tmp_path).activations({"x": normal(1, 3, 16, 16)}, ["out"])

    def test_of_an_uploaded_model_is_asked_for(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="save it with its weights inside"):
            OnnxRuntime(self.saved(tmp_path)).activations({"x": normal(1, 3, 16, 16)}, ["out"])


def test_weights_that_are_cut_short_are_named() -> None:
    model = small()
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-40]
    with pytest.raises(ModelError, match="w1 does not hold as many numbers"):
        OnnxRuntime(model).activations({"x": normal(1, 3, 16, 16)}, ["out"])


@pytest.mark.parametrize("name", ["squeezenet", "shufflenet"])
def test_old_models_with_weights_made_in_the_graph_run(name: str) -> None:
    model = onnx.load(LIGHT / f"light_{name}.onnx")
    weights = {t.name for t in model.graph.initializer}
    (source,) = [i.name for i in model.graph.input if i.name not in weights]
    x = normal(1, 3, 224, 224)
    out = model.graph.output[0].name
    value = OnnxRuntime(model).activations({source: x}, [out])[out]
    np.testing.assert_allclose(value, reference(model, {source: x}, out), rtol=1e-4, atol=1e-6)


def test_an_input_of_no_type_is_told() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[4] x, float scale) => (float[4] out) { out = Mul (x, scale) }""")
    runtime = OnnxRuntime(model)
    model.graph.input[1].type.tensor_type.elem_type = 0
    with pytest.raises(ModelError):
        runtime.activations({"x": normal(4)}, ["out"])


def test_another_input_that_claims_to_be_huge_is_told() -> None:
    model = parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17]>
        net (float[4] x, float[n] state) => (float[4] out, float m) {
          out = Relu (x)
          m = ReduceSum (state)
        }""")
    with pytest.raises(ModelError, match="too large to be filled"):
        OnnxRuntime(model).activations({"x": normal(4)}, ["m"], {"state": (2**62,)})


def test_no_operator_of_onnx_runtime_opens_a_file() -> None:
    """But one, which other hardware has, and which has no implementation on a processor."""
    from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

    outside = re.compile("file|filename|path|url|host|port|library|python|module")
    opening = set()
    for schema in get_all_operator_schema():
        names = [schema.name, *schema.attributes, *(argument.name for argument in schema.inputs)]
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", " ".join(names))
        if any(outside.fullmatch(word.lower()) for word in words):
            opening.add(schema.name)
    # Copies between the memories of a processor and of a graphics card.
    assert opening == {"EPContext", "MemcpyFromHost", "MemcpyToHost"}


@pytest.mark.parametrize(
    ("domain", "op"),
    [("com.microsoft", "EPContext"), ("ai.onnx.contrib", "PyCustomOp"), ("acme", "Swirl")],
)
def test_operators_of_other_makers_are_not_run(domain: str, op: str, tmp_path: Path) -> None:
    (tmp_path / "context.bin").write_bytes(b"context")
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in ("x", "y"))
    node = helper.make_node(op, ["before"], ["y"], domain=domain)
    if op == "EPContext":
        file = str(tmp_path / "context.bin")
        node.attribute.append(helper.make_attribute("embed_mode", 0))
        node.attribute.append(helper.make_attribute("ep_cache_context", file))
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["before"]), node], "net", [x], [y])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(domain, 1)]
    runtime = OnnxRuntime(helper.make_model(graph, opset_imports=opsets, ir_version=9))
    assert runtime.activations({"x": np.ones(4)}, ["before"])["before"].tolist() == [1] * 4
    with pytest.raises(ModelError, match="ONNX Runtime cannot run this model up to y"):
        runtime.activations({"x": np.ones(4)}, ["y"])


def test_nothing_is_reported_to_the_maker_of_onnx_runtime(tmp_path: Path) -> None:
    """It would keep what it reports in the user's folder."""
    program = "import rf_viz.runtimes.onnx.runtime as r; r.ort.InferenceSession(r.ort.__file__)"
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True)
    assert list(tmp_path.iterdir()) == []
