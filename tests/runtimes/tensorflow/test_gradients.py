"""Gradients by TensorFlow, against central differences in float64, and what they leave out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rf_viz
from rf_viz import ModelError
from rf_viz.readers.tensorflow.protobuf.messages import GraphDef
from rf_viz.runtimes.tensorflow.runtime import TensorFlowRuntime
from tests.oracles.tensorflow_oracle import graph, tf

v1 = tf.compat.v1
raw = tf.raw_ops
Array = NDArray[Any]
Feeds = Mapping[str, Array]

IMAGE = (1, 7, 8, 4)


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def weights(*shape: int, seed: int = 0) -> Any:  # noqa: ANN401
    return tf.constant(0.4 * numbers(*shape, seed=seed))


def runtime(graph_def: Any) -> TensorFlowRuntime:  # noqa: ANN401
    return TensorFlowRuntime(GraphDef.FromString(graph_def.SerializeToString()))


def value(graph_def: Any, name: str, feeds: Feeds) -> Array:  # noqa: ANN401
    """What TensorFlow itself computes, in the graph's own precision."""
    with tf.Graph().as_default() as whole:
        tf.import_graph_def(graph_def, name="")
        with v1.Session(graph=whole) as session:
            result: Array = session.run(f"{name}:0", {f"{n}:0": v for n, v in feeds.items()})
            return result


def slopes(graph_def: Any, name: str, source: str, seed: Array, feeds: Feeds) -> Array:  # noqa: ANN401
    """The gradient by central differences."""
    step = 1e-5
    gradient = np.zeros_like(feeds[source])
    with tf.Graph().as_default() as whole:
        tf.import_graph_def(graph_def, name="")
        with v1.Session(graph=whole) as session:
            compute = session.make_callable(f"{name}:0", [f"{n}:0" for n in feeds])
            for index in np.ndindex(gradient.shape):
                ends = []
                for sign in (1, -1):
                    moved = feeds[source].copy()
                    moved[index] += sign * step
                    ends.append(compute(*{**feeds, source: moved}.values()))
                gradient[index] = (seed * (ends[0] - ends[1])).sum() / (2 * step)
    return gradient


def assert_gradients(
    compute: Callable[..., Any],
    x: Array | None = None,
    *,
    source: str = "x",
    gaps: tuple[str, ...] = (),
) -> None:
    """The gradients of ``y`` are the slopes, for one seed and for several, at 1e-6."""
    x = numbers(*IMAGE) if x is None else x
    graph_def = graph(compute, x=x)
    running, feeds = runtime(graph_def), {"x": x}
    if source != "x":
        feeds[source] = value(graph_def, source, feeds)
    shape = value(graph_def, "y", feeds).shape
    seeds = [numbers(*shape, seed=s) for s in (1, 2, 3)]
    gradients = running.gradients(feeds, "y", source, seeds)
    for seed, gradient in zip(seeds, gradients, strict=True):
        expected = slopes(graph_def, "y", source, seed, feeds)
        assert gradient.dtype == np.float64
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-6 * abs(expected).max())
    alone = running.gradients(feeds, "y", source, seeds[1:2])[0]
    np.testing.assert_allclose(alone, gradients[1], rtol=1e-12, atol=1e-15)
    assert running.gradient_gaps(feeds, "y", source) == gaps


def conv(x: Any, kernel: Any, stride: int = 1, padding: Any = "SAME", **options: Any) -> Any:  # noqa: ANN401
    return tf.nn.conv2d(x, kernel, stride, padding, **options)


# ---- networks


LAYERS: list[Callable[[Any, int], Any]] = [
    lambda x, seed: tf.tanh(conv(x, weights(3, 3, x.shape[-1], 4, seed=seed))),
    lambda x, seed: conv(x, weights(2, 3, x.shape[-1], 6, seed=seed), 2, "VALID"),
    lambda x, seed: conv(x, weights(3, 2, x.shape[-1], 4, seed=seed), dilations=(2, 1)),
    lambda x, seed: conv(x, weights(3, 3, x.shape[-1] // 2, 4, seed=seed)),
    lambda x, seed: tf.nn.depthwise_conv2d(
        x, weights(3, 3, x.shape[-1], 1, seed=seed), [1, 1, 1, 1], "SAME"
    ),
    lambda x, seed: tf.nn.softplus(x),
    lambda x, seed: tf.nn.max_pool2d(x, 2, 1, "SAME"),
    lambda x, seed: tf.nn.avg_pool2d(x, 3, 2, "SAME"),
    lambda x, seed: tf.nn.batch_normalization(
        x, *(weights(x.shape[-1], seed=seed + i) ** 2 for i in range(4)), 1e-3
    ),
    lambda x, seed: x + tf.tanh(x) * tf.reduce_mean(x, [1, 2], keepdims=True),
    lambda x, seed: tf.concat([x, tf.nn.elu(x)], -1),
    lambda x, seed: raw.ResizeNearestNeighbor(images=x, size=[6, 5], half_pixel_centers=True),
    lambda x, seed: tf.transpose(tf.pad(x, [[0, 0], [1, 0], [0, 1], [0, 0]]), (0, 2, 1, 3)),
    lambda x, seed: tf.nn.softmax(x),
]


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(seed: int) -> None:
    chosen = np.random.default_rng(seed).integers(len(LAYERS), size=5)

    def network(x: Any) -> Any:  # noqa: ANN401
        for number, layer in enumerate(chosen):
            x = LAYERS[layer](x, 10 * seed + number)
        flat = tf.reshape(x, (1, -1))
        return flat @ weights(flat.shape[-1], 3, seed=seed)

    assert_gradients(network)


@pytest.mark.parametrize(
    "convolve",
    [
        lambda x: conv(x, weights(3, 2, 4, 5), dilations=(2, 3)),
        lambda x: conv(x, weights(3, 2, 4, 5), 1, [[0, 0], [1, 2], [3, 1], [0, 0]]),
        lambda x: conv(x, weights(3, 2, 2, 6), [2, 1]),
        lambda x: conv(x, weights(3, 2, 1, 8), 2),
        lambda x: conv(x, weights(3, 2, 1, 8), [1, 2], "VALID"),
        lambda x: conv(x, weights(3, 2, 1, 8), dilations=2),
        lambda x: tf.nn.conv3d(x[..., None], weights(2, 3, 2, 1, 2), [1, 2, 1, 1, 1], "SAME"),
        lambda x: tf.nn.conv2d_transpose(x, weights(3, 3, 5, 4), (1, 14, 16, 5), 2),
        # A kernel that the image itself decides.
        lambda x: conv(x, tf.reduce_mean(x, [0, 1, 2])[:, None] * weights(3, 3, 4, 2)),
    ],
    ids=[
        "dilated",
        "padded",
        "groups",
        "depthwise",
        "uneven",
        "wide",
        "volume",
        "transposed",
        "kernel",
    ],
)
def test_convolutions_of_every_kind(convolve: Callable[[Any], Any]) -> None:
    assert_gradients(lambda x: convolve(x) ** 2)


def test_channels_first_are_as_channels_last() -> None:
    kernel, grouped = numbers(3, 2, 4, 6), numbers(3, 3, 3, 6)
    pads = [[0, 0], [1, 2], [0, 1], [0, 0]]

    def last(x: Any) -> Any:  # noqa: ANN401
        x = tf.nn.bias_add(conv(x, np.float32(kernel), 1, pads, dilations=2), [1.0] * 6)
        x = tf.nn.max_pool2d(tf.tanh(x), 2, 1, "SAME")
        return tf.nn.avg_pool2d(conv(x, np.float32(grouped), [2, 1]), 2, 2, "SAME")

    def first(x: Any) -> Any:  # noqa: ANN401
        form = {"data_format": "NCHW"}
        turned = [pads[0], pads[3], pads[1], pads[2]]
        x = conv(x, np.float32(kernel), 1, turned, dilations=2, **form)
        x = tf.nn.bias_add(x, [1.0] * 6, **form)
        x = tf.nn.max_pool2d(tf.tanh(x), 2, 1, "SAME", **form)
        return tf.nn.avg_pool2d(conv(x, np.float32(grouped), [2, 1], **form), 2, 2, "SAME", **form)

    x = np.float32(numbers(*IMAGE))
    to_first, to_last = (0, 3, 1, 2), (0, 2, 3, 1)
    shape = value(graph(last, x=x), "y", {"x": x}).shape
    seeds = [np.float32(numbers(*shape, seed=s)) for s in (1, 2)]
    expected = runtime(graph(last, x=x)).gradients({"x": x}, "y", "x", seeds)
    turned = x.transpose(to_first)
    gradients = runtime(graph(first, x=turned)).gradients(
        {"x": turned}, "y", "x", [seed.transpose(to_first) for seed in seeds]
    )
    for one, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(one.transpose(to_last), other, rtol=1e-4, atol=1e-5)


def test_volumes_in_groups_and_wide_transposed_kernels() -> None:
    """TensorFlow itself has these on other hardware only."""
    kernel, wide = np.float32(numbers(2, 2, 2, 2, 6)), np.float32(numbers(3, 3, 2, 4))

    def grouped(x: Any) -> Any:  # noqa: ANN401
        return tf.nn.conv3d(x, kernel, [1] * 5, "SAME") ** 2

    def apart(x: Any) -> Any:  # noqa: ANN401
        parts = [
            tf.nn.conv3d(part, of_group, [1] * 5, "SAME")
            for part, of_group in zip(tf.split(x, 3, -1), np.split(kernel, 3, -1), strict=True)
        ]
        return tf.concat(parts, -1) ** 2

    def dilated(x: Any) -> Any:  # noqa: ANN401
        return tf.nn.conv2d_transpose(x, wide, (1, 7, 8, 2), 1, dilations=2) ** 2

    def filled(x: Any) -> Any:  # noqa: ANN401
        taps = np.zeros((5, 5, 2, 4), np.float32)
        taps[::2, ::2] = wide
        return tf.nn.conv2d_transpose(x, taps, (1, 7, 8, 2), 1) ** 2

    for one, other, shape in [(grouped, apart, (1, 4, 5, 3, 6)), (dilated, filled, IMAGE)]:
        x = np.float32(numbers(*shape))
        seeds = [np.ones(value(graph(other, x=x), "y", {"x": x}).shape)] * 2
        results = runtime(graph(one, x=x)).gradients({"x": x}, "y", "x", seeds)
        (expected,) = runtime(graph(other, x=x)).gradients({"x": x}, "y", "x", seeds[:1])
        for result in results:
            np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


def test_from_a_tensor_within() -> None:
    def network(x: Any) -> Any:  # noqa: ANN401
        inner = tf.tanh(conv(x, weights(3, 3, 4, 3)), name="inner")
        return conv(inner, weights(3, 3, 3, 2)) * tf.reduce_sum(x)

    assert_gradients(network, source="inner")


def test_of_a_linear_network_it_is_the_kernel() -> None:
    kernel = np.float32(numbers(3, 3, 2, 1))
    graph_def = graph(lambda x: conv(x, kernel, 1, "VALID"), x=(1, 6, 6, 2))
    seed = np.zeros((1, 4, 4, 1))
    seed[0, 1, 2, 0] = 1
    x = np.float32(numbers(1, 6, 6, 2))
    (gradient,) = runtime(graph_def).gradients({"x": x}, "y", "x", [seed])
    expected = np.zeros_like(x)
    expected[0, 1:4, 2:5] = kernel[..., 0]
    assert gradient.dtype == np.float32
    assert np.array_equal(gradient, expected)


# ---- loops and branches


def loop(turn: Callable[[Any], Any], x: Any, turns: int = 3) -> Any:  # noqa: ANN401
    return tf.while_loop(lambda i, a: i < turns, lambda i, a: (i + 1, turn(a)), (0, x))[1]


def listed(x: Any) -> Any:  # noqa: ANN401
    """A list of tensors that a loop fills."""
    start = tf.TensorArray(tf.float64, 3)
    filled = tf.while_loop(
        lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, tf.tanh(x[0, i] * x[0, 0]))), (0, start)
    )
    return filled[1].stack()


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: loop(lambda a: tf.tanh(a) * x, x),
        lambda x: loop(tf.function(lambda a: tf.tanh(a) * a), x),
        lambda x: tf.while_loop(
            lambda a: tf.reduce_sum(a**2) > 1, lambda a: [tf.tanh(a) * 0.8], [x]
        ),
        listed,
        lambda x: tf.scan(lambda a, v: tf.tanh(a * v), x[0], tf.ones((8, 4), tf.float64)),
        lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.tanh(x), lambda: x**3) * x,
        lambda x: tf.cond(tf.reduce_sum(x) < 0, lambda: tf.tanh(x), lambda: weights(*IMAGE)) * x,
        lambda x: loop(lambda a: tf.cond(a[0, 0, 0, 0] > 0, lambda: a * x, lambda: a + x), x),
    ],
    ids=["turns", "calls", "until", "list", "scan", "branch", "constant", "branch in turn"],
)
def test_loops_and_branches(compute: Callable[[Any], Any]) -> None:
    assert_gradients(compute)


def test_a_loop_that_is_no_function_is_refused() -> None:
    with v1.Graph().as_default() as old:
        v1.disable_control_flow_v2()
        try:
            x = v1.placeholder(tf.float32, (3,), "x")
            tf.identity(loop(tf.tanh, x), "y")
        finally:
            v1.enable_control_flow_v2()
    running = runtime(old.as_graph_def())
    with pytest.raises(ModelError, match=r"belongs to a loop .*: ask for method=\"occlusion\""):
        running.gradients({"x": np.ones(3)}, "y", "x", [np.ones(3)])


def test_a_tensor_of_each_turn_is_refused() -> None:
    running = rf_viz.load(
        graph(lambda x: loop(lambda a: tf.tanh(a, name="turned"), x), x=(3,)).SerializeToString(),
        "graph.pb",
    )
    x = np.ones(3, np.float32)
    name = next(name for name in running.trace().layers if name.op == "Tanh").name
    with pytest.raises(ModelError, match="in each turn of a loop"):
        running.gradients({"x": x}, name, "x", [x], {"x": (3,)})


# ---- what passes no gradient


@pytest.mark.parametrize(
    ("compute", "gap"),
    [
        (lambda x: x**2 + tf.round(x, name="q"), "Round (q)"),
        (lambda x: x * tf.sign(x, name="q"), "Sign (q)"),
        (lambda x: x + tf.gather(weights(4), tf.argmax(x, -1, name="q"))[..., None], "ArgMax (q)"),
        (lambda x: x * tf.cast(tf.cast(3 * x, tf.int32, name="q"), tf.float64), "Cast (q)"),
        (lambda x: loop(lambda a: tf.tanh(a) * tf.floor(2 * a, name="q"), x), "Floor (q)"),
        (
            lambda x: loop(
                lambda a: loop(lambda b: tf.tanh(b) * tf.round(b, name="q"), a, 2) + x, x
            ),
            "Round (q)",
        ),
    ],
    ids=["Round", "Sign", "ArgMax", "Cast", "loop", "inner loop"],
)
def test_steps_beside_a_slope_are_named(compute: Callable[[Any], Any], gap: str) -> None:
    assert_gradients(compute, gaps=(gap,))


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: tf.where(x > 0, x, 0.1 * x),
        lambda x: tf.math.top_k(x, 2).values,
        lambda x: tf.gather(x, tf.argsort(x, axis=-1), batch_dims=3) ** 2,
        lambda x: tf.reshape(x, tf.stack([tf.shape(x)[1], -1])) / tf.cast(tf.size(x), tf.float64),
        lambda x: x * tf.random.stateless_uniform(tf.shape(x), (1, 2), dtype=tf.float64),
    ],
    ids=["where", "top k", "sorted", "shapes", "random"],
)
def test_choices_and_shapes_are_no_gaps(compute: Callable[[Any], Any]) -> None:
    assert_gradients(compute)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda x: tf.round(2 * x, name="q") ** 2, r"since Round \(q\) passes none"),
        (lambda x: tf.one_hot(tf.argmax(x, -1, name="q"), 4), r"since ArgMax \(q\) passes none"),
        (lambda x: tf.image.adjust_hue(x[..., :3], 0.1), r"has no gradient of AdjustHue \(adjust"),
        (lambda x: tf.argmax(x, -1), "y holds no real numbers but int64"),
        (lambda x: x > 0, "y holds no real numbers but bool"),
    ],
    ids=["Round", "ArgMax", "AdjustHue", "whole numbers", "truth values"],
)
def test_without_a_gradient_it_is_refused_by_name(
    compute: Callable[[Any], Any], reason: str
) -> None:
    running = runtime(graph(compute, x=IMAGE))
    x = np.float32(numbers(*IMAGE))
    seed = np.ones(value(graph(compute, x=IMAGE), "y", {"x": x}).shape)
    with pytest.raises(ModelError, match=reason + '.*: ask for method="occlusion"$'):
        running.gradients({"x": x}, "y", "x", [seed])


def test_an_image_of_whole_numbers_is_refused() -> None:
    x = np.ones((1, 4), np.uint8)
    running = runtime(graph(lambda x: tf.cast(x, tf.float32, name="real") * 2, x=x))
    with pytest.raises(ModelError, match=r"x holds no real numbers but uint8.*\"occlusion\""):
        running.gradients({"x": x}, "y", "x", [np.ones((1, 4))])
    (gradient,) = running.gradients({"x": x, "real": x}, "y", "real", [np.ones((1, 4))])
    assert (gradient == 2).all()


def test_what_training_stops_moves_all_the_same() -> None:
    assert_gradients(lambda x: x * tf.stop_gradient(tf.exp(x)))


# ---- the rest


def test_without_dependence_it_is_zero() -> None:
    def compute(x: Any, other: Any) -> list[Any]:  # noqa: ANN401
        inner = tf.tanh(x, name="inner")
        return [inner * 2, tf.zeros_like(x) + other]

    running = runtime(graph(compute, x=(1, 3), other=(1, 3)))
    one = np.ones((1, 3), np.float32)
    for feeds, name, source in [
        ({"x": one, "other": one}, "y", "other"),
        ({"x": one, "other": one}, "y1", "x"),
        ({"x": one, "inner": one}, "y", "x"),
        ({"x": one, "inner": one}, "inner", "x"),
    ]:
        assert running.gradients(feeds, name, source, [one, one])[1].tolist() == [[0, 0, 0]]
        assert running.gradient_gaps(feeds, name, source) == ()
    (own,) = running.gradients({"x": one}, "x", "x", [one * 3])
    assert own.tolist() == [[3, 3, 3]]


def test_what_is_not_finite_is_passed_on() -> None:
    running = runtime(graph(lambda x: tf.debugging.check_numerics(tf.sqrt(x), "no"), x=(1, 3)))
    x = np.array([[0, 4, -1]], np.float32)
    (gradient,) = running.gradients({"x": x}, "y", "x", [np.ones((1, 3))])
    assert gradient[0, :2].tolist() == [np.inf, 0.25]
    assert np.isnan(gradient[0, 2])


def test_of_complex_numbers_it_is_that_of_their_magnitude() -> None:
    x = numbers(1, 5)
    graph_def = graph(lambda x: tf.signal.fft(tf.cast(x, tf.complex128)), x=x)
    magnitude = graph(lambda x: tf.abs(tf.signal.fft(tf.cast(x, tf.complex128))), x=x)
    seed = numbers(1, 5, seed=1)
    (gradient,) = runtime(graph_def).gradients({"x": x}, "y", "x", [seed])
    np.testing.assert_allclose(gradient, slopes(magnitude, "y", "x", seed, {"x": x}), rtol=1e-6)


def test_another_size_is_another_pass() -> None:
    running = runtime(graph(lambda x: conv(x, np.float32(numbers(3, 3, 4, 2))) ** 2, x=IMAGE))
    for size in (5, 9, 5):
        x = np.float32(numbers(1, size, size, 4))
        (gradient,) = running.gradients({"x": x}, "y", "x", [np.ones((1, size, size, 2))])
        assert gradient.shape == x.shape
