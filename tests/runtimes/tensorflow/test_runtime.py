"""TensorFlow's runtime: any tensor of a graph, and nothing that the tensor does not need."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest

import rf_viz
from rf_viz import ModelError
from rf_viz.readers.tensorflow.protobuf.messages import GraphDef
from rf_viz.runtimes.tensorflow.runtime import TensorFlowRuntime
from tests.models.tensorflow_graphs import FLOAT, Graph
from tests.oracles.tensorflow_oracle import Input, graph, tf
from tests.oracles.truth import generic

v1 = tf.compat.v1
RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def runtime(compute: Callable[..., Any], **inputs: Input) -> TensorFlowRuntime:
    """A runtime for what ``compute`` makes of placeholders; it makes ``y``, ``y1``, ..."""
    return TensorFlowRuntime(GraphDef.FromString(graph(compute, **inputs).SerializeToString()))


def deep(x: tf.Tensor) -> tf.Tensor:
    """Three convolutions, with the batch normalisation that Keras traces."""
    for i, (before, after) in enumerate([(3, 32), (32, 32), (32, 8)]):
        w = tf.identity(tf.constant(normal(3, 3, before, after), name=f"w{i}"))
        factor = tf.math.rsqrt(tf.constant(np.abs(normal(after)) + 1e-3)) * normal(after)
        x = tf.nn.relu(tf.nn.conv2d(x, w, 1, "SAME") * factor, name=f"layer{i}")
    return x


def test_any_tensor_is_what_tensorflow_itself_computes() -> None:
    graph_def = graph(deep, x=(1, 12, 12, 3))
    x = normal(1, 12, 12, 3)
    names = ["layer0", "layer2", "y"]
    with tf.Graph().as_default() as whole:
        tf.import_graph_def(graph_def, name="")
        expected = v1.Session(graph=whole).run([f"{n}:0" for n in names], {"x:0": x})
    values = TensorFlowRuntime(graph_def).activations({"x": x}, names)
    for name, value in zip(names, expected, strict=True):
        np.testing.assert_allclose(values[name], value, rtol=1e-4, atol=1e-5 * value.max())


def test_sizes_need_not_be_the_declared_ones() -> None:
    running = runtime(deep, x=(1, 12, 12, 3))
    assert running.activations({"x": normal(1, 9, 20, 3)}, ["y"])["y"].shape == (1, 9, 20, 8)


def test_further_outputs_are_fetched_by_number() -> None:
    running = runtime(lambda x: tf.split(x, 2, axis=1, name="halves"), x=(1, 4))
    values = running.activations({"x": np.arange(4.0)[None]}, ["halves", "halves:1"])
    assert values["halves"].tolist() == [[0, 1]]
    assert values["halves:1"].tolist() == [[2, 3]]


def test_only_what_leads_to_the_tensor_is_run() -> None:
    graph_def = graph(lambda x: tf.nn.relu(x, name="kept"), x=(1, 4))
    graph_def.node.add(name="custom", op="AcmeSwirl").input.append("kept")
    graph_def.node.add(name="file", op="ReadFile").input.append("custom")
    running = TensorFlowRuntime(graph_def)
    assert running.activations({"x": -(normal(1, 4) ** 2)}, ["kept"])["kept"].tolist() == [[0] * 4]
    with pytest.raises(ModelError, match=r"AcmeSwirl \(custom\) is not an operator of TensorFlow"):
        running.activations({"x": normal(1, 4)}, ["custom"])


def aborted(x: tf.Tensor) -> tf.Tensor:
    """A tensor whose function ends the process."""

    @tf.function(autograph=False)
    def ending(x: tf.Tensor) -> tf.Tensor:
        tf.raw_ops.Abort()
        return tf.identity(x)

    return ending(x)


@pytest.mark.parametrize(
    "reach",
    [
        lambda x, path: tf.io.decode_raw(tf.io.read_file(path), tf.float32),
        lambda x, path: v1.py_func(lambda a: Path(path).write_text("run") and a, [x], tf.float32),
        lambda x, path: tf.raw_ops.ImmutableConst(
            dtype=tf.float32, shape=[1], memory_region_name=path
        ),
        lambda x, path: tf.raw_ops.DebugIdentity(input=x, debug_urls=[f"file://{path}"]),
        lambda x, path: tf.strings.length(tf.io.matching_files(path)),
        lambda x, path: (
            tf.raw_ops.GenerateVocabRemapping(
                new_vocab_file=__file__,
                old_vocab_file=__file__,
                new_vocab_offset=0,
                num_new_vocab=3,
            ).remapping
        ),
        lambda x, path: tf.raw_ops.Batch(
            in_tensors=[x],
            num_batch_threads=1,
            max_batch_size=1,
            batch_timeout_micros=0,
            grad_timeout_micros=0,
        )[0][0],
        lambda x, path: tf.queue.FIFOQueue(1, tf.float32).dequeue(),
        lambda x, path: aborted(x),
    ],
    ids=[
        "ReadFile",
        "PyFunc",
        "ImmutableConst",
        "DebugIdentity",
        "MatchingFiles",
        "GenerateVocabRemapping",
        "Batch",
        "QueueDequeueV2",
        "Abort",
    ],
)
def test_what_reaches_beyond_the_graph_is_never_run(
    reach: Callable[[Any, str], Any], tmp_path: Path
) -> None:
    path = tmp_path / "there"
    running = runtime(lambda x: reach(x, str(path)), x=(1,))
    with pytest.raises(ModelError, match="not among the operators that RF-Viz runs"):
        running.activations({"x": normal(1)}, ["y"])
    assert not path.exists()


def test_not_even_inside_a_function(tmp_path: Path) -> None:
    path = tmp_path / "there"

    @tf.function
    def inner(x: tf.Tensor) -> tf.Tensor:
        tf.io.write_file(str(path), "run")
        return x + 1

    running = runtime(lambda x: inner(x), x=(1,))
    with pytest.raises(ModelError, match=r"WriteFile \(.*\) is not among the operators"):
        running.activations({"x": normal(1)}, ["y"])
    assert not path.exists()


@pytest.mark.parametrize("kind", ["resource", "variant", "not written", "variant within"])
def test_handles_and_objects_that_a_file_holds_are_not_run(kind: str) -> None:
    """TensorFlow trusts them: a forged list ends the process."""
    graph_def = v1.GraphDef()
    graph_def.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    forged = graph_def.node.add(name="forged", op="Const")
    number = {"resource": 20, "not written": 0, "variant within": 1}.get(kind, 21)
    if number:
        forged.attr["dtype"].type = number
    tensor = forged.attr["value"].tensor
    tensor.dtype = 20 if kind == "resource" else 21
    tensor.tensor_shape.SetInParent()
    tensor.variant_val.add(type_name="tensorflow::TensorList", metadata=b"\xff" * 20)
    stack = graph_def.node.add(name="y", op="TensorListStack", input=["forged", "shape"])
    stack.attr["element_dtype"].type = 1
    shape = graph_def.node.add(name="shape", op="Const")
    shape.attr["dtype"].type = 3
    shape.attr["value"].tensor.CopyFrom(tf.make_tensor_proto([-1]))
    running = TensorFlowRuntime(GraphDef.FromString(graph_def.SerializeToString()))
    with pytest.raises(ModelError, match=r"Const \(forged\) holds a handle or an object"):
        running.activations({"x": normal(1)}, ["y"])


def test_a_person_s_image_does_not_stay_for_the_next() -> None:
    """Neither in another session nor in one more run of the same graph."""

    @tf.function(autograph=False)
    def stored(x: tf.Tensor) -> tf.Tensor:
        table = tf.raw_ops.MutableHashTableV2(
            key_dtype=tf.int64, value_dtype=tf.float32, shared_name="everybody_s"
        )
        key = tf.constant([1], tf.int64)
        before = tf.raw_ops.LookupTableFindV2(
            table_handle=table, keys=key, default_value=tf.constant(-1.0)
        )
        with tf.control_dependencies([before]):
            store = tf.raw_ops.LookupTableInsertV2(table_handle=table, keys=key, values=x)
        with tf.control_dependencies([store]):
            return tf.identity(before)

    for running in (runtime(stored, x=(1,)), runtime(stored, x=(1,))):
        for person in (7.0, 8.0):
            values = running.activations({"x": np.array([person])}, ["y"])
            assert values["y"].tolist() == [-1]


def test_a_table_that_the_graph_itself_fills_runs() -> None:
    def looked_up(x: tf.Tensor) -> tf.Tensor:
        keys, values = tf.constant([1, 2], tf.int64), tf.constant([10.0, 20.0])
        table = tf.raw_ops.HashTableV2(key_dtype=tf.int64, value_dtype=tf.float32)
        tf.raw_ops.InitializeTableV2(table_handle=table, keys=keys, values=values)
        return tf.raw_ops.LookupTableFindV2(
            table_handle=table, keys=tf.cast(x, tf.int64), default_value=tf.constant(-1.0)
        )

    running = runtime(looked_up, x=(3,))
    for _ in range(2):
        values = running.activations({"x": np.array([1.0, 2.0, 3.0])}, ["y"])
        assert values["y"].tolist() == [10, 20, -1]


def test_a_graph_without_weights_says_so() -> None:
    def unfrozen(x: tf.Tensor) -> tf.Tensor:
        kernel = v1.get_variable("kernel", (4, 2), use_resource=False)
        return tf.nn.relu(tf.nn.relu(x, name="before") @ kernel)

    running = runtime(unfrozen, x=(1, 4))
    with pytest.raises(ModelError, match=r"no weights \(kernel is a variable.*holds all the same"):
        running.activations({"x": normal(1, 4)}, ["y"])
    assert running.activations({"x": normal(1, 4)}, ["before"])["before"].shape == (1, 4)


def test_other_placeholders_are_neutral_unless_given() -> None:
    def several(x: tf.Tensor, state: tf.Tensor, pad_mask: tf.Tensor) -> tf.Tensor:
        training = v1.placeholder(tf.bool, (), "training")
        return tf.where(training, -x, x * pad_mask + state)

    running = runtime(several, x=(1, 4), state=(1, 4), pad_mask=(1, 4))
    x = normal(1, 4)
    assert (running.activations({"x": x}, ["y"])["y"] == x).all()
    assert running.activations({"x": x}, ["y"], {"state": (3, 4)})["y"].shape == (3, 4)
    negated = running.activations({"x": x, "training": np.array(True)}, ["y"])["y"]
    assert (negated == -x).all()


def test_inputs_are_cast_to_the_types_of_the_graph() -> None:
    running = runtime(lambda x: tf.cast(x, tf.float32) + 1, x=np.zeros(3, np.uint8))
    assert running.activations({"x": np.array([-5, 3.6, 300])}, ["y"])["y"].tolist() == [1, 5, 256]


def test_short_floats_and_complex_numbers_come_out_as_float32() -> None:
    running = runtime(
        lambda x: (tf.cast(x, tf.bfloat16), tf.cast(x, tf.float16), tf.complex(x, x)), x=(2,)
    )
    values = running.activations({"x": np.array([1, -2])}, ["y", "y1", "y2"])
    assert [v.dtype for v in values.values()] == [np.float32] * 3
    assert values["y"].tolist() == values["y1"].tolist() == [1, -2]
    np.testing.assert_allclose(values["y2"], np.sqrt([2, 8]), rtol=1e-6)


def test_channels_first_runs_on_a_processor() -> None:
    def channels_first(x: tf.Tensor) -> tf.Tensor:
        x = tf.nn.conv2d(x, normal(3, 3, 3, 4), [1, 1, 2, 2], "SAME", data_format="NCHW")
        x = tf.nn.bias_add(x, normal(4), data_format="NC..")
        return tf.nn.max_pool2d(x, 2, 2, "VALID", data_format="NCHW", name="pooled")

    running = runtime(channels_first, x=(1, 3, 12, 12))
    values = running.activations({"x": normal(1, 3, 12, 12)}, ["pooled"])
    assert values["pooled"].shape == (1, 4, 3, 3)


def test_branches_and_loops_run() -> None:
    def controlled(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        flag = v1.placeholder(tf.bool, (), "flag")
        branched = v1.cond(flag, lambda: x + 1, lambda: tf.constant(normal(4)) * 0 - 1)
        looped = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 2), (0, x))[1]
        return branched, looped

    x = np.arange(4, dtype=np.float32)
    for use_v2 in (False, True):
        (v1.enable_control_flow_v2 if use_v2 else v1.disable_control_flow_v2)()
        try:
            running = runtime(controlled, x=(4,))
        finally:
            v1.enable_control_flow_v2()
        no = running.activations({"x": x}, ["y", "y1"])
        assert no["y"].tolist() == [-1] * 4
        assert no["y1"].tolist() == [0, 8, 16, 24]
        yes = running.activations({"x": x, "flag": np.array(True)}, ["y"])
        assert yes["y"].tolist() == [1, 2, 3, 4]


def test_lists_of_tensors_that_a_loop_fills_run() -> None:
    def collected(x: tf.Tensor) -> tf.Tensor:
        array = tf.TensorArray(tf.float32, 4)
        body = lambda i, a: (i + 1, a.write(i, x * tf.cast(i, tf.float32)))  # noqa: E731
        return tf.while_loop(lambda i, a: i < 4, body, (0, array))[1].stack()

    running = runtime(collected, x=(2,))
    assert running.activations({"x": np.ones(2)}, ["y"])["y"][:, 0].tolist() == [0, 1, 2, 3]


def test_what_cannot_be_shown_is_named() -> None:
    running = runtime(lambda x: tf.strings.as_string(x, name="text"), x=(2,))
    with pytest.raises(ModelError, match="nowhere is not a value that an operation"):
        running.activations({"x": np.ones(2)}, ["nowhere"])
    with pytest.raises(ModelError, match="text is not a tensor of numbers"):
        running.activations({"x": np.ones(2)}, ["text"])


def test_a_size_that_does_not_work_out_is_one_sentence() -> None:
    running = runtime(lambda x: tf.reshape(x, (2, 8)), x=(1, 16))
    with pytest.raises(ModelError) as caught:
        running.activations({"x": np.ones((1, 15))}, ["y"])
    assert str(caught.value).startswith("TensorFlow cannot run this model up to y: ")
    assert "15" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "[[" not in str(caught.value)


def test_weights_that_are_cut_short_are_named() -> None:
    graph_def = graph(deep, x=(1, 12, 12, 3))
    weight = next(n for n in graph_def.node if n.name == "w1").attr["value"].tensor
    weight.tensor_content = weight.tensor_content[:-4]
    with pytest.raises(ModelError, match="w1 does not hold as many numbers"):
        TensorFlowRuntime(graph_def).activations({"x": normal(1, 12, 12, 3)}, ["y"])


def test_a_graph_that_refers_to_what_is_not_there_is_invalid() -> None:
    graph_def = GraphDef()
    graph_def.node.add(name="y", op="Relu").input.append("gone")
    with pytest.raises(ModelError, match="'gone', which nothing makes"):
        TensorFlowRuntime(graph_def).activations({}, ["y"])


def test_threads_may_share_it() -> None:
    running = runtime(deep, x=(1, 12, 12, 3))
    x = generic((1, 12, 12, 3))
    names = ["layer0", "layer1", "layer2"] * 4
    alone = {name: running.activations({"x": x}, [name])[name] for name in names}
    with ThreadPoolExecutor(4) as pool:
        values = pool.map(lambda name: running.activations({"x": x}, [name])[name], names)
    for name, value in zip(names, values, strict=True):
        np.testing.assert_array_equal(value, alone[name])


def test_looking_at_another_layer_feels_immediate() -> None:
    """Of a graph as long as ResNet-50's; what the layers compute is left small. In processor
    time, which other programs on the machine do not lengthen."""

    def long(x: tf.Tensor) -> tf.Tensor:
        for i in range(160):
            w = tf.identity(tf.constant(normal(1, 1, 64, 64)))
            factor = tf.math.rsqrt(tf.constant(np.abs(normal(64)) + 1)) * normal(64)
            x = tf.nn.relu(tf.nn.conv2d(x, w, 1, "SAME") * factor + normal(64), name=f"layer{i}")
        return x

    running = runtime(long, x=(1, 7, 7, 64))
    x = normal(1, 7, 7, 64)
    running.activations({"x": x}, ["layer159"])
    times = []
    for name in ("layer158", "layer10", "layer157"):
        start = process_time()
        running.activations({"x": x}, [name])
        times.append(process_time() - start)
    assert min(times[0], times[2]) < 0.4


@pytest.mark.slow
def test_loading_tensorflow_writes_nothing_to_the_terminal() -> None:
    code = (
        "import os\n"
        "os.environ.pop('TF_CPP_MIN_LOG_LEVEL', None)\n"
        "import numpy as np\n"
        "from rf_viz.readers.tensorflow.protobuf.messages import GraphDef\n"
        "from rf_viz.runtimes.tensorflow.runtime import TensorFlowRuntime\n"
        "graph = GraphDef()\n"
        "graph.node.add(name='x', op='Placeholder').attr['dtype'].type = 1\n"
        "node = graph.node.add(name='y', op='Relu', input=['x'])\n"
        "node.attr['T'].type = 1\n"
        "value = TensorFlowRuntime(graph).activations({'x': np.ones(2)}, ['y'])['y']\n"
        "assert value.tolist() == [1, 1]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""


def test_a_convolution_of_volumes_without_strides_moves_by_one() -> None:
    """As its description says; the settings that TensorFlow requires may be missing in a file."""
    graph = Graph()
    image = graph.placeholder("x", (1, 3, 3, 3, 1))
    kernel = graph.const("kernel", np.ones((2, 2, 2, 1, 1), np.float32))
    graph.add("y", "Conv3D", image, kernel, padding="VALID", strides=[])
    graph.graph.node[-1].attr["T"].type = FLOAT
    model = rf_viz.load(graph.graph.SerializeToString(), "graph.pb")
    layer = model.trace()["y"]
    values = model.activations(np.ones((1, 3, 3, 3, 1), np.float32), ["y"])["y"]
    assert values.shape == layer.shape == (1, 2, 2, 2, 1)
    assert (values == 8).all()
