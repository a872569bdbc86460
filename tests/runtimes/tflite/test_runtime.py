"""What LiteRT computes is shown; what it cannot compute, or dies of, is said in one sentence."""

from __future__ import annotations

import gc
import os
import signal
import time
from typing import Any

import ai_edge_litert.schema_py_generated as schema
import numpy as np
import pytest
from flatbuffers import flexbuffers
from numpy.typing import NDArray

import rf_viz
from rf_viz.errors import DefectError
from rf_viz.readers.tensorflow.protobuf.messages import NodeDef
from rf_viz.readers.tflite import TfliteModel
from rf_viz.readers.tflite.file import parse
from rf_viz.runtimes.tflite import inner, runtime
from rf_viz.verify.report import verify
from tests.oracles.tflite_oracle import (
    Op,
    build,
    options,
    packed,
    runner,
    subgraph,
)
from tests.oracles.truth import generic

X = generic((1, 6, 5, 2))
CONSTANTS = {"w": generic((3, 3, 3, 2), 1), "b": generic((3,), 2)}
OPS = [
    Op("CONV_2D", ["x", "w", "b"], ["y"], options("Conv2D", strideH=2, strideW=1)),
    Op("RELU", ["y"], ["z"]),
    Op("MEAN", ["z", "axes"], ["m"], options("Reducer")),
]
AXES = {"axes": np.array([1, 2], np.int32)}


def loaded(data: bytes) -> TfliteModel:
    model = rf_viz.load(data, "m.tflite")
    assert isinstance(model, TfliteModel)
    return model


def refusal(model: rf_viz.Model, fed: NDArray[Any], name: str) -> str:
    with pytest.raises(rf_viz.ModelError) as error:
        model.activations(fed, [name])
    return str(error.value)


@pytest.fixture(scope="module")
def model() -> TfliteModel:
    return loaded(build(OPS, {"x": X}, {**CONSTANTS, **AXES}, outputs=["m"]))


def test_every_tensor_on_the_way_has_its_values(model: TfliteModel) -> None:
    truth = runner(build(OPS, {"x": X}, {**CONSTANTS, **AXES}))({"x": X})
    for name, value in model.activations(X, ["y", "z", "m"]).items():
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, truth[name], rtol=1e-5)


def test_at_another_size(model: TfliteModel) -> None:
    assert model.activations(generic((2, 12, 7, 2)), ["y"])["y"].shape == (2, 6, 7, 3)
    assert model.activations(X, ["y"])["y"].shape == (1, 3, 5, 3)


def test_only_what_an_operation_computes_can_be_shown(model: TfliteModel) -> None:
    assert "pick another layer" in refusal(model, X, "w")
    assert "pick another layer" in refusal(model, X, "nothing")


def test_a_shape_that_does_not_work_out(model: TfliteModel) -> None:
    assert "LiteRT cannot run this model up to y" in refusal(model, generic((1, 6, 5, 3)), "y")
    assert model.activations(X, ["y"])["y"].shape == (1, 3, 5, 3)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_quantised_values_are_told_as_the_real_numbers_they_stand_for(dtype: str) -> None:
    zeros = np.zeros((1, 2, 2, 1), dtype)
    data = build(
        [Op("MAX_POOL_2D", ["x"], ["y"], options("Pool2D", filterHeight=1, filterWidth=1,
                                                strideH=1, strideW=1))],
        {"x": zeros},
        types={"y": dtype},
        quantised={"x": (0.5, 3), "y": (0.5, 3)},
    )  # fmt: skip
    model = loaded(data)
    real = np.array([1.0, -0.6, 100.0, 0.0], np.float32).reshape(1, 2, 2, 1)
    largest = (np.iinfo(dtype).max - 3) / 2
    shown = model.activations(real, ["y"])["y"].reshape(-1)
    assert shown.tolist() == [1.0, -0.5, min(100.0, largest), 0.0]
    stored = np.array([3, 4, 13, 0], dtype).reshape(1, 2, 2, 1)
    assert model.activations(stored, ["y"])["y"].reshape(-1).tolist() == [0, 0.5, 5, -1.5]


def test_layers_before_a_custom_operator_are_shown() -> None:
    ops = [*OPS[:2], Op("Detect", ["z"], ["boxes"]), Op("RELU", ["boxes"], ["end"])]
    model = loaded(build(ops, {"x": X}, CONSTANTS, outputs=["end"]))
    assert model.activations(X, ["z"])["z"].shape == (1, 3, 5, 3)
    assert "Detect, which is not LiteRT's own" in refusal(model, X, "boxes")
    assert "Detect" in refusal(model, X, "end")


@pytest.mark.parametrize("op", ["ReadFile", "GenerateVocabRemapping", "PyFunc", "Abort"])
def test_operations_that_were_left_to_tensorflow_are_not_run(op: str) -> None:
    """Whatever they are: LiteRT runs its own operators only."""
    builder = flexbuffers.Builder()
    with builder.Vector():
        builder.String(op)
        builder.String(NodeDef(name="f", op=op).SerializeToString().decode())
    ops = [*OPS[:2], Op(f"Flex{op}", ["z"], ["f"], custom=bytes(builder.Finish()))]
    model = loaded(build(ops, {"x": X}, CONSTANTS, outputs=["f"]))
    assert model.activations(X, ["z"])["z"].shape == (1, 3, 5, 3)
    with pytest.raises(rf_viz.ModelError):
        model.activations(X, ["f"])


def test_states_do_not_pass_from_one_run_to_the_next() -> None:
    op = Op("UNIDIRECTIONAL_SEQUENCE_RNN", ["x", "w", "r", "b", "h"], ["y"], options("SequenceRNN"))
    constants = {"w": generic((2, 3)), "r": generic((2, 2)), "b": generic((2,))}
    series = generic((1, 4, 3))
    model = loaded(build([op], {"x": series}, constants, variables={"h": (1, 2)}))
    first = model.activations(series, ["y"])["y"]
    assert np.array_equal(model.activations(series, ["y"])["y"], first)


def test_a_model_that_takes_litert_down_is_named_and_others_go_on(model: TfliteModel) -> None:
    broken = loaded(build(OPS[:2], {"x": X}, CONSTANTS))
    before = broken.activations(X, ["y"])["y"]
    worker = broken._runtime._worker
    assert worker is not None
    os.kill(worker[0].pid, signal.SIGSEGV)
    assert "LiteRT broke down on this model" in refusal(broken, X, "y")
    assert np.array_equal(broken.activations(X, ["y"])["y"], before)
    assert model.activations(X, ["y"])["y"].shape == (1, 3, 5, 3)


def test_a_defect_of_ours_is_not_told_as_litert_s(caplog: pytest.LogCaptureFixture) -> None:
    data = build(OPS[:1], {"x": X}, CONSTANTS)
    numbers = {tensor.name: i for i, tensor in enumerate(parse(data, "m.tflite")[0].tensors)}
    slot = inner.TensorSlot(numbers["y"], "float32", None)
    without_inputs = inner.Graph(0, (), ("y",), {"y": slot}, frozenset({"y"}), {}, {}, False)
    forgets_inputs = runtime.TfliteRuntime(data, without_inputs, {"y"})
    with pytest.raises(DefectError, match=r"could not run this model with LiteRT .*: .* report it"):
        forgets_inputs.activations({"x": X}, ["y"], {})
    assert "KeyError" in caplog.text


def endless() -> bytes:
    """A loop whose condition is always true."""
    whole = schema.ModelT()
    whole.version, whole.buffers, whole.operatorCodes = 3, [schema.BufferT()], []
    true = {"true": np.array(True)}
    loop = options("While", condSubgraphIndex=1, bodySubgraphIndex=2)
    main = subgraph(whole, [Op("WHILE", ["x"], ["y"], loop)], {"x": X}, {}, {}, {"y": X.shape})
    always = subgraph(
        whole, [Op("LOGICAL_NOT", ["false"], ["go"])], {"x": X}, {"false": ~true["true"]},
        {"go": "bool"}, {},
    )  # fmt: skip
    body = subgraph(whole, [Op("ABS", ["x"], ["next"])], {"x": X}, {}, {}, {"next": X.shape})
    whole.subgraphs = [main, always, body]
    return packed(whole)


@pytest.mark.slow
def test_a_model_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "PATIENCE", 2.0)
    model = loaded(endless())
    assert "y turns more than" in model.trace(spatial_axes=(1, 2))["y"].assumed[0]
    assert "did not finish this model in 2 seconds" in refusal(model, X, "y")


@pytest.mark.slow
def test_the_process_ends_with_its_model() -> None:
    model = loaded(build(OPS[:1], {"x": X}, CONSTANTS))
    model.activations(X, ["y"])
    worker = model._runtime._worker
    assert worker is not None
    process = worker[0]
    del model, worker
    gc.collect()
    for _ in range(100):
        if process.poll() is not None:
            return
        time.sleep(0.05)
    raise AssertionError("it still runs")


ROUND = [
    Op("CONV_2D", ["x", "w", "b"], ["y"], options("Conv2D", strideH=2, strideW=1)),
    Op("RELU", ["y"], ["z"]),
    Op("CONV_2D", ["z", "v", "b"], ["q"], options("Conv2D", strideH=1, strideW=1)),
    Op("ADD", ["q", "y"], ["s"], options("Add")),
    Op("MEAN", ["s", "axes"], ["m"], options("Reducer")),
]
"""A path goes round ``z`` and ``q``."""


@pytest.mark.parametrize("source", ["y", "z", "q", "s"])
def test_a_tensor_of_the_graph_is_fed_and_what_leads_to_it_is_not_run(source: str) -> None:
    constants = {**CONSTANTS, **AXES, "v": generic((3, 1, 1, 3), 4)}
    model = loaded(build(ROUND, {"x": X}, constants, outputs=["m"]))
    values = model.activations(X, ["y", "z", "q", "s", "m"])
    again = model.activations(values[source], ["m", source], input=source, feeds={"x": X})
    np.testing.assert_array_equal(again["m"], values["m"])
    np.testing.assert_array_equal(again[source], values[source])
    fed = {name: values[name] for name in ("z", "y", "q")}
    np.testing.assert_array_equal(model.activations(X, ["m"], feeds=fed)["m"], values["m"])
    assert (model.activations(X, ["m"], feeds={"y": values["y"] + 1})["m"] > values["m"]).all()


def test_the_theory_holds_from_a_tensor_of_the_graph_and_behind_a_stop() -> None:
    constants = {**CONSTANTS, **AXES, "v": np.abs(generic((3, 1, 1, 3), 4))}
    model = loaded(build(ROUND, {"x": X}, constants, outputs=["m"]))
    for options_of_trace in ({"input": "z"}, {"stop": ["q"]}, {"input": "y", "stop": ["z"]}):
        net = model.trace(**options_of_trace)
        report = verify(model, net, cells=2)
        assert report.ok, report.summary()
        assert report.agreed
    assert [layer.name for layer in model.trace(input="z").layers] == ["q", "s", "m"]
