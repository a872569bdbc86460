"""Functions, branches and loops: one flat graph that computes the same, and is followed exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from google.protobuf.descriptor import Descriptor

import rf_viz
from rf_viz.readers.tensorflow.protobuf.flatten import flatten, several_outputs
from rf_viz.readers.tensorflow.protobuf.messages import MESSAGES, GraphDef, SavedModel
from tests.oracles.tensorflow_oracle import tf

Function = tf.types.experimental.ConcreteFunction

KERNEL = np.ones((3, 3, 1, 1), np.float32)


def traced_function(compute: Callable[..., tf.Tensor], *shapes: tuple[int, ...]) -> Function:
    """The concrete function of what a person writes, its functions and branches in its library."""
    return tf.function(compute).get_concrete_function(*[tf.TensorSpec(s) for s in shapes])


def graph_of(function: Function) -> GraphDef:
    return GraphDef.FromString(function.graph.as_graph_def().SerializeToString())


def opened(function: Function) -> rf_viz.Network:
    return rf_viz.load(graph_of(function).SerializeToString(), "f.pb").trace()


def last(function: Function, number: int = 0) -> str:
    return str(function.outputs[number].name).removesuffix(":0")


def value(graph_def: GraphDef, name: str, x: np.ndarray) -> np.ndarray:
    """What running the flat graph gives."""
    with tf.Graph().as_default() as graph:
        message = tf.compat.v1.GraphDef.FromString(graph_def.SerializeToString())
        tf.graph_util.import_graph_def(message, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            return np.asarray(session.run(f"{name}:0", {"x:0": x}))


@tf.function
def blur(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(x, KERNEL, 1, "VALID")


@tf.function
def blurred_halves(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    left, right = tf.split(x, 2, axis=2)
    return blur(left), blur(right)


def nested(x: tf.Tensor) -> tf.Tensor:
    left, right = blurred_halves(x)
    return blur(right) + blur(left) * 2


def chosen(x: tf.Tensor) -> tf.Tensor:
    return tf.cond(x[0, 0, 0, 0] > 1.5, lambda: blur(x), lambda: x[:, 1:-1, 1:-1] * 2)


def constant_branches(x: tf.Tensor) -> tf.Tensor:
    return tf.cond(x[0, 0, 0, 0] > 1.5, lambda: 3.0, lambda: 4.0) * x[:, 4:5, 4:5]


def cases(x: tf.Tensor) -> tf.Tensor:
    number = tf.cast(x[0, 0, 0, 0], tf.int32)
    return tf.switch_case(number, [lambda: x, lambda: x[:, ::-1], lambda: x[:, :, ::-1]])


def counted(x: tf.Tensor) -> tf.Tensor:
    return tf.while_loop(
        lambda i, y: i < 3,
        lambda i, y: (i + 1, tf.nn.max_pool2d(y, 3, 1, "SAME")),
        [tf.constant(0), x],
    )[1]


@pytest.mark.parametrize("compute", [nested, chosen, constant_branches, cases, counted])
def test_the_flat_graph_computes_the_same(compute: Callable[..., tf.Tensor]) -> None:
    function = traced_function(compute, (1, 12, 12, 1))
    flat = flatten(graph_of(function))
    names = {node.name for node in flat.node}
    assert {node.name for node in graph_of(function).node} <= names
    kept = {"While", "StatelessWhile"}
    called = {f.signature.name for f in flat.library.function}
    assert not {"PartitionedCall", "StatefulPartitionedCall", "If", "Case"} & {
        node.op for node in flat.node if node.op not in kept
    }
    assert not called & {node.op for node in flat.node}
    for seed, first in enumerate((-1, 0, 1, 2, 5)):
        x = np.random.default_rng(seed).uniform(1, 2, (1, 12, 12, 1)).astype(np.float32)
        x[0, 0, 0, 0] = first
        np.testing.assert_array_equal(value(flat, last(function), x), function(tf.constant(x)))


def test_what_a_function_computes_is_listed_under_the_name_of_its_call() -> None:
    net = opened(traced_function(nested, (1, 12, 12, 1)))
    names = [layer.name for layer in net.layers]
    inner = [n for n in names if n.endswith("PartitionedCall/PartitionedCall/Conv2D")]
    assert len(inner) == 1
    assert net[inner[0]].region((0, 0)) == rf_viz.Region((0, 0), (3, 3))
    right = next(n for n in names if n.endswith("PartitionedCall/PartitionedCall_1/Conv2D"))
    assert net[right].region((0, 0)) == rf_viz.Region((0, 6), (3, 9))


def test_the_parts_of_functions_with_several_results_are_told_apart() -> None:
    function = traced_function(nested, (1, 12, 12, 1))
    layer = opened(function)[last(function)]
    assert layer.exact
    assert layer.shape == (1, 8, 2, 1)
    expected = np.zeros((12, 12), bool)
    expected[:5, :5] = expected[:5, 6:11] = True
    np.testing.assert_array_equal(layer.mask((0, 0)), expected)


def test_a_branch_sees_what_either_does_and_the_condition() -> None:
    function = traced_function(chosen, (1, 8, 8, 1))
    layer = opened(function)[last(function)]
    assert layer.exact
    mask = layer.mask((4, 4))
    assert mask[4:7, 4:7].all()
    assert mask[0, 0]
    assert mask.sum() == 10


def test_branches_that_yield_constants_leave_the_condition() -> None:
    function = traced_function(constant_branches, (1, 8, 8, 1))
    layer = opened(function)[last(function)]
    assert layer.exact
    seen = np.argwhere(layer.mask((0, 0))).tolist()
    assert seen == [[0, 0], [4, 4]]


def test_a_loop_of_known_length_is_followed_turn_by_turn() -> None:
    function = traced_function(counted, (1, 16, 16, 1))
    layer = opened(function)[last(function)]
    assert layer.exact
    assert layer.region((8, 8)) == rf_viz.Region((5, 5), (12, 12))


def test_a_loop_of_unknown_length_is_assumed_by_name() -> None:
    def until(x: tf.Tensor) -> tf.Tensor:
        return tf.while_loop(
            lambda y: tf.reduce_max(y) < 9, lambda y: (tf.nn.max_pool2d(y, 3, 1, "SAME") + 1,), [x]
        )[0]

    function = traced_function(until, (1, 16, 16, 1))
    layer = opened(function)[last(function)]
    assert not layer.exact
    assert layer.shape == (1, 16, 16, 1)  # as TensorFlow's own inference tells
    assert "how often" in layer.note
    assert layer.region((8, 8)) == rf_viz.Region((0, 0), (16, 16))


def version_1(write: Callable[[tf.Tensor], tf.Tensor]) -> rf_viz.Network:
    """What a graph of the form before version 2 makes, its branches and loops written out."""
    tf.compat.v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default() as graph:
            x = tf.compat.v1.placeholder(tf.float32, (1, 16, 16, 1), "x")
            tf.identity(write(x), "y")
    finally:
        tf.compat.v1.enable_control_flow_v2()
    return rf_viz.load(graph.as_graph_def().SerializeToString(), "g.pb").trace(input="x")


def test_a_switch_for_training_is_off() -> None:
    def write(x: tf.Tensor) -> tf.Tensor:
        training = tf.compat.v1.placeholder(tf.bool, (), "is_training")
        return tf.compat.v1.cond(training, lambda: x - tf.reduce_mean(x), lambda: x * 2)

    layer = version_1(write)["y"]
    assert layer.exact
    assert layer.region((3, 4)) == rf_viz.Region((3, 4), (4, 5))


def test_version_1_branches() -> None:
    def write(x: tf.Tensor) -> tf.Tensor:
        return x * tf.compat.v1.cond(
            x[0, 0, 0, 0] > 0, lambda: tf.constant(1.0), lambda: tf.constant(2.0)
        )

    layer = version_1(write)["y"]
    assert layer.exact
    assert np.argwhere(layer.mask((5, 5))).tolist() == [[0, 0], [5, 5]]


def pooled_twice(x: tf.Tensor) -> tf.Tensor:
    return tf.compat.v1.while_loop(
        lambda i, y: i < 2,
        lambda i, y: (i + 1, tf.nn.max_pool2d(y, 3, 1, "SAME")),
        [tf.constant(0), x[:, :8]],
    )[1]


def test_version_1_loops_are_followed() -> None:
    layer = version_1(pooled_twice)["y"]
    assert layer.exact
    assert layer.region((3, 3)) == rf_viz.Region((1, 1), (6, 6))


def test_functions_that_call_themselves_or_are_missing_are_refused() -> None:
    graph = graph_of(traced_function(nested, (1, 12, 12, 1)))
    broken = GraphDef.FromString(graph.SerializeToString())
    del broken.library.function[:]
    with pytest.raises(rf_viz.ModelError, match="that it does not hold"):
        rf_viz.load(broken.SerializeToString(), "f.pb")
    for function in graph.library.function:
        for node in function.node_def:
            if "f" in node.attr:
                node.attr["f"].func.name = function.signature.name
    with pytest.raises(rf_viz.ModelError, match="calls itself"):
        rf_viz.load(graph.SerializeToString(), "f.pb")


def without_a_result(graph: GraphDef) -> None:
    """One branch returns less than the other."""
    name = next(n for n in graph.node if n.op.endswith("If")).attr["then_branch"].func.name
    function = next(f for f in graph.library.function if f.signature.name == name)
    del function.signature.output_arg[:]


def damaged(text: str) -> Callable[[GraphDef], None]:
    """Every reference within a function is put in the place of this one."""

    def damage(graph: GraphDef) -> None:
        for function in graph.library.function:
            for node in function.node_def:
                for i, reference in enumerate(node.input):
                    if ":" in reference:
                        node.input[i] = text.format(reference.partition(":")[0])

    return damage


def by_name(graph: GraphDef) -> None:
    """Functions are called by operators of their names, and asked for a result they do not have."""
    for function in graph.library.function:
        for node in function.node_def:
            if "f" in node.attr:
                node.op = node.attr["f"].func.name
    damaged("{}:nothing:0")(graph)


def without_inputs(graph: GraphDef) -> None:
    """A branch has no condition."""
    for node in graph.node:
        if node.op.endswith("If"):
            del node.input[:]


@pytest.mark.parametrize(
    ("compute", "damage", "said"),
    [
        (nested, by_name, "has no output 'nothing'"),
        (nested, damaged("{}:output:x"), "refers to an output 'x'"),
        (nested, damaged(""), "which nothing makes"),
        (chosen, without_a_result, "unlike numbers of results"),
        (chosen, without_inputs, "types of"),
    ],
)
def test_damaged_functions_are_told_in_a_sentence(
    compute: Callable[..., tf.Tensor], damage: Callable[[GraphDef], None], said: str
) -> None:
    graph = graph_of(traced_function(compute, (1, 12, 12, 1)))
    damage(graph)
    with pytest.raises(rf_viz.ModelError, match=said):
        rf_viz.load(graph.SerializeToString(), "f.pb")


def test_functions_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    graph = GraphDef()
    for depth in range(40):
        function = graph.library.function.add()
        function.signature.name = f"f{depth}"
        function.signature.input_arg.add(name="x", type=1)
        function.signature.output_arg.add(name="y", type=1)
        function.ret["y"] = "b:y:0" if depth else "b:output:0"
        for name, source in (("a", "x"), ("b", "a:y:0" if depth else "a:output:0")):
            op = f"f{depth - 1}" if depth else "Identity"
            function.node_def.add(name=name, op=op, input=[source])
    graph.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    graph.node.add(name="y", op="f39", input=["x"])
    with pytest.raises(rf_viz.ModelError, match="nodes in all"):
        rf_viz.load(graph.SerializeToString(), "f.pb")


def test_the_messages_have_the_fields_that_tensorflow_gives_them() -> None:
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import saved_model_pb2

    def compare(ours: Descriptor, theirs: Descriptor, seen: set[str]) -> None:
        if ours.full_name in seen:
            return
        seen.add(ours.full_name)
        for field in ours.fields:
            other = theirs.fields_by_name[field.name]
            alike = ("number", "type", "is_repeated")
            assert [getattr(field, a) for a in alike] == [getattr(other, a) for a in alike]
            if field.message_type is not None:
                compare(field.message_type, other.message_type, seen)
            if field.enum_type is not None:
                numbers = {v.name: v.number for v in other.enum_type.values}
                assert {v.name: v.number for v in field.enum_type.values}.items() <= numbers.items()

    seen: set[str] = set()
    compare(SavedModel.DESCRIPTOR, saved_model_pb2.SavedModel.DESCRIPTOR, seen)
    compare(GraphDef.DESCRIPTOR, graph_pb2.GraphDef.DESCRIPTOR, seen)
    assert {f"tensorflow.{name}" for name in MESSAGES} <= seen


def test_the_outputs_of_every_operator_with_several_are_known() -> None:
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    buffer = pywrap_tf_session.TF_GetAllOpList()
    registered = op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(buffer)).op
    assert len(registered) > 1000
    for op in registered:
        outputs = [(a.name, a.number_attr or a.type_list_attr) for a in op.output_arg]
        assert several_outputs().get(op.name, outputs if len(outputs) < 2 else None) == outputs
