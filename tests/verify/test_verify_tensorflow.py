"""What ``verify`` says about TensorFlow models: graphs without weights, and Keras layers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from rf_viz.readers.tensorflow import TensorFlowModel
from rf_viz.readers.tensorflow.keras.reader import of_model
from rf_viz.verify import Report, verify
from tests.oracles.tensorflow_oracle import graph, tf
from tests.oracles.truth import assert_traced, changes

import keras  # isort: skip  (after TensorFlow has been told to be quiet)
from keras import layers as kl  # isort: skip

pytestmark = pytest.mark.slow

SLIM = Path(__file__).resolve().parents[1] / "data/slim"
RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def check(model: rf_viz.Model, **options: object) -> Report:
    """Verify every layer."""
    net = model.trace(**options)
    return verify(model, net, [layer.name for layer in net.layers])


def loaded(compute: Callable[..., tf.Tensor], **inputs: tuple[int, ...]) -> rf_viz.Model:
    return rf_viz.load(graph(compute, **inputs).SerializeToString(), "test.pb")


class TestGraphsWithoutWeights:
    @pytest.mark.parametrize(
        ("name", "layers"),
        [
            ("alexnet_v2", ["conv2/BiasAdd", "pool5/MaxPool"]),
            (
                "resnet_v1_50",
                [
                    "block1/unit_3/bottleneck_v1/add",
                    "block2/unit_4/bottleneck_v1/shortcut/MaxPool",
                    "block4/unit_1/bottleneck_v1/conv2/BatchNorm/FusedBatchNormV3",
                ],
            ),
            ("inception_v2", ["Mixed_3b/concat", "Mixed_4a/concat"]),
        ],
    )
    def test_real_architectures_agree_at_corners_borders_and_within(
        self, name: str, layers: list[str]
    ) -> None:
        model = rf_viz.load(
            gzip.decompress((SLIM / f"{name}_224.pb.gz").read_bytes()), f"{name}.pb"
        )
        net = model.trace()
        scope = {"inception_v2": "InceptionV2"}.get(name, name)
        report = verify(model, net, [f"{scope}/{layer}" for layer in layers], cells=4)
        assert report.ok, report.summary()
        assert not report.undecided, report.summary()
        assert {c.how for c in report.checks} == {"twin"}
        assert f"the twin alone was asked for {len(layers)} of the layers: {name}.pb holds no " in (
            report.summary()
        )
        assert report.to_dict()["twin_alone"].keys() == {f"{scope}/{layer}" for layer in layers}

    def unfrozen(self, dilation: int, padding: str = "SAME") -> rf_viz.Model:
        def compute(x: tf.Tensor) -> tf.Tensor:
            kernel = tf.compat.v1.get_variable("kernel", (3, 3, 2, 4), use_resource=False)
            return tf.nn.relu(tf.nn.conv2d(x, kernel, 1, padding, dilations=dilation))

        return loaded(compute, x=(1, 11, 9, 2))

    def test_a_wrong_window_is_found(self) -> None:
        model = self.unfrozen(1)
        assert verify(model, model.trace()).ok
        report = verify(model, self.unfrozen(2).trace())
        assert {c.kind for c in report.disagreements} == {"edge", "outside"}

    def test_another_shape_is_found(self) -> None:
        report = verify(self.unfrozen(1), self.unfrozen(1, "VALID").trace(), ["y"])
        assert [c.kind for c in report.disagreements] == ["shape"]
        assert "the twin computes (1, 11, 9, 4)" in report.summary()


def attention(x: object) -> object:
    a = kl.MultiHeadAttention(2, 4)(x, x)
    return kl.LayerNormalization()(kl.add([a, x]))


def gate(x: object) -> object:
    g = kl.GlobalAveragePooling2D(keepdims=True)(x)
    return kl.multiply([x, kl.Conv2D(4, 1, activation="sigmoid")(kl.Conv2D(2, 1)(g))])


KERAS: dict[str, tuple[tuple[int, ...], list[Callable[[object], object]]]] = {
    "dilated convolutions": (
        (20, 20, 3),
        [
            kl.Conv2D(4, 3, dilation_rate=2, padding="same"),
            kl.Conv2D(4, 3, dilation_rate=(3, 1), padding="valid"),
        ],
    ),
    "a grouped convolution": ((12, 12, 4), [kl.Conv2D(8, 3, groups=2, padding="same")]),
    "depthwise and separable convolutions": (
        (12, 13, 4),
        [
            kl.DepthwiseConv2D(3, strides=2, padding="same"),
            kl.SeparableConv2D(6, 3, padding="same"),
        ],
    ),
    "a dilated depthwise convolution": (
        (16, 16, 4),
        [kl.DepthwiseConv2D(3, dilation_rate=2, padding="same")],
    ),
    "transposed convolutions": (
        (7, 6, 3),
        [
            kl.Conv2DTranspose(4, 3, strides=2, padding="same"),
            kl.Conv2DTranspose(2, 4, strides=3, padding="valid"),
        ],
    ),
    "upsampling": (
        (6, 6, 3),
        [
            kl.UpSampling2D(2),
            kl.Conv2D(2, 3),
            kl.UpSampling2D(2, interpolation="bilinear"),
            kl.UpSampling2D((3, 2), interpolation="bicubic"),
        ],
    ),
    "swish and gelu": (
        (9, 9, 3),
        [kl.Conv2D(4, 3, activation="swish"), kl.Conv2D(4, 3, activation="gelu")],
    ),
    "normalisations": (
        (9, 9, 4),
        [
            kl.Conv2D(4, 3),
            kl.BatchNormalization(),
            kl.LayerNormalization(),
            kl.GroupNormalization(2),
        ],
    ),
    "pooling, padding, cropping": (
        (13, 14, 3),
        [
            kl.MaxPooling2D(3, 2, padding="same"),
            kl.AveragePooling2D(2, 1, padding="same"),
            kl.ZeroPadding2D(((1, 0), (2, 1))),
            kl.Cropping2D(1),
        ],
    ),
    "attention": ((12, 8), [attention]),
    "squeeze and excite": ((12, 12, 4), [gate]),
    "causal convolutions": (
        (24, 2),
        [
            kl.Conv1D(4, 3, padding="causal", dilation_rate=2),
            kl.Conv1D(4, 3, padding="causal"),
            kl.MaxPooling1D(2),
        ],
    ),
    "three dimensions": (
        (8, 9, 10, 2),
        [kl.Conv3D(4, (3, 2, 3), strides=(1, 2, 1), padding="same"), kl.AveragePooling3D(2)],
    ),
}


def keras_model(shape: tuple[int, ...], steps: list[Callable[[object], object]]) -> TensorFlowModel:
    keras.utils.set_random_seed(0)
    start = end = keras.Input(shape)
    for step in steps:
        end = step(end)
    return of_model(keras.Model(start, end))


@pytest.mark.parametrize(("shape", "steps"), KERAS.values(), ids=KERAS)
def test_keras_layers_agree(
    shape: tuple[int, ...], steps: list[Callable[[object], object]]
) -> None:
    report = check(keras_model(shape, steps))
    assert report.ok, report.summary()
    assert not report.undecided, report.summary()


@pytest.mark.parametrize(("shape", "steps"), KERAS.values(), ids=KERAS)
def test_the_twin_loses_none_of_their_tensors(
    shape: tuple[int, ...], steps: list[Callable[[object], object]]
) -> None:
    model = keras_model(shape, steps)
    net = model.trace()
    shapes = model.shapes() | {layer.name: layer.shape for layer in net.layers}
    twin = model.twin(shapes, net.input.name, False)
    assert dict(twin.lost) == {}
    every = twin.reached(np.ones(net.input.shape, bool), net.layers[-1].name)
    assert every.shape == net.layers[-1].shape


def test_a_dilated_convolution_has_its_holes() -> None:
    model = keras_model((20, 20, 3), [kl.Conv2D(4, 3, dilation_rate=2, padding="same")])
    seen = np.argwhere(model.trace().layers[-1].mask((10, 10)))
    assert seen.tolist() == [[y, x] for y in (8, 10, 12) for x in (8, 10, 12)]


@pytest.mark.parametrize(
    "steps",
    [
        [kl.LSTM(3, return_sequences=True)],
        [kl.GRU(3, return_sequences=True, go_backwards=True)],
        [kl.Bidirectional(kl.SimpleRNN(2, return_sequences=True))],
        [kl.LSTM(2)],
        [kl.Conv1D(2, 2), kl.LSTM(2, return_sequences=True, unroll=True)],
    ],
    ids=["LSTM", "GRU backwards", "both ways", "last state", "unrolled"],
)
def test_recurrent_layers_over_time_see_what_running_them_shows(
    steps: list[Callable[[object], object]],
) -> None:
    model = keras_model((5, 2), steps)
    source = model.inputs[0].name
    net = model.trace(input_shape=(1, 5, 2), spatial_axes=(0, 1, 2))
    out = net.layers[-1].name
    x = 0.1 * normal(1, 5, 2)
    truth = changes(
        lambda feeds: model.activations(feeds[source], [out]),
        {source: x},
        source,
        nudges=(0.3, -0.4),
    )
    assert_traced(net, truth, 3)


def test_a_weight_aware_trace_is_held_against_the_exact_zeros() -> None:
    kernel = normal(3, 3, 2, 4)
    kernel[1, 1:] = kernel[2] = 0
    model = loaded(
        lambda x: tf.nn.conv2d(tf.nn.conv2d(x, kernel, 1, "SAME"), normal(3, 3, 4, 2), 2, "SAME"),
        x=(1, 12, 11, 2),
    )
    report = check(model, weight_aware=True)
    assert report.ok, report.summary()
    assert not report.undecided, report.summary()


def test_where_the_model_is_dead_the_twin_tells() -> None:
    model = loaded(
        lambda x: tf.nn.relu(tf.nn.conv2d(x, normal(3, 3, 2, 4), 1, "SAME") - 1e9), x=(1, 8, 8, 2)
    )
    report = verify(model, model.trace(), ["y"])
    assert report.ok
    assert {c.how for c in report.checks if c.kind == "edge"} == {"twin"}


def test_either_branch_counts() -> None:
    def branching(x: tf.Tensor) -> tf.Tensor:
        flag = tf.compat.v1.placeholder(tf.bool, (), "training")
        wide = normal(3, 3, 2, 4)
        return tf.cond(
            flag, lambda: tf.nn.conv2d(x, wide, 1, "SAME"), lambda: tf.tile(x, [1, 1, 1, 2])
        )

    model = loaded(branching, x=(1, 8, 8, 2))
    report = verify(model, model.trace(), ["y"])
    assert report.ok, report.summary()


def test_an_unknown_operator_is_undecided_not_agreed() -> None:
    graph_def = graph(
        lambda x: tf.nn.conv2d(x, normal(3, 3, 2, 4), 1, "SAME", name="a"), x=(1, 8, 8, 2)
    )
    node = graph_def.node.add(name="swirl", op="AcmeSwirl", input=["a"])
    node.attr["T"].type = 1
    model = rf_viz.load(graph_def.SerializeToString(), "test.pb")
    report = check(model)
    assert report.ok
    assert {c.layer for c in report.undecided} == {"swirl"}
    assert "AcmeSwirl" in report.summary()
