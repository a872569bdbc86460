"""Makes keras_2.json: every layer of Keras 2, as it wrote its settings and what it computes.

Needs the package tf_keras. The layers of one input stand beside each other in one model. A weight's
values are a function of its shape, so that the file holds the shapes only.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import h5py
import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras.src.layers.kernelized import RandomFourierFeatures
from tf_keras.src.layers.normalization.batch_normalization_v1 import (
    BatchNormalization as BatchNormV1,
)
from tf_keras.src.layers.rnn.cell_wrappers import ResidualWrapper
from tf_keras.src.layers.rnn.gru_v1 import GRU as GRUV1
from tf_keras.src.layers.rnn.lstm_v1 import LSTM as LSTMV1
from tf_keras.src.saving.legacy.hdf5_format import preprocess_weights_for_loading

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[3]))

from tests.data.keras2.layers.weights import input_values, weight_values  # noqa: E402

L = keras.layers

LINE, IMAGE, VOLUME = (9, 6), (9, 8, 4), (7, 6, 5, 4)
CLIP1, CLIP2, CLIP3 = (4, 7, 3), (3, 7, 6, 2), (2, 5, 4, 5, 2)
VECTOR, WORDS, NUMBERS = (6,), ("int32", 7), ("int32", 3)

CASES: dict[tuple, list] = {
    VECTOR: [
        L.Dense(5, activation="tanh", kernel_regularizer="l2", kernel_constraint="non_neg"),
        L.Activation("hard_sigmoid"),
        L.Activation("gelu"),
        L.Activation("swish"),
        L.Activation("softsign"),
        L.Activation("exponential"),
        L.Activation("selu"),
        L.Activation("softplus"),
        L.Activation("elu"),
        L.Activation("relu6") if hasattr(keras.activations, "relu6") else L.Activation("relu"),
        L.Activation("mish"),
        L.RepeatVector(3),
        L.Dropout(0.3),
        L.AlphaDropout(0.2),
        L.GaussianDropout(0.2),
        L.GaussianNoise(0.2),
        L.ActivityRegularization(l1=0.1),
        L.Reshape((2, 3)),
        L.Softmax(),
        L.LeakyReLU(),
        L.LeakyReLU(alpha=0.1),
        L.ELU(alpha=0.5),
        L.PReLU(),
        L.ThresholdedReLU(theta=0.5),
        L.ReLU(max_value=0.7, negative_slope=0.1, threshold=0.2),
        L.Identity(),
        L.Flatten(),
        L.Masking(mask_value=0.5),
        L.UnitNormalization(),
        L.LayerNormalization(),
        L.BatchNormalization(),
        L.GroupNormalization(groups=2),
        L.Normalization(mean=[0.1] * 6, variance=[0.5] * 6),
        L.Rescaling(2.0, offset=1.0),
        L.Discretization(bin_boundaries=[-0.5, 0.0, 0.5]),
        RandomFourierFeatures(output_dim=4, scale=1.5, kernel_initializer="gaussian"),
        RandomFourierFeatures(output_dim=4, trainable=True, kernel_initializer="laplacian"),
        L.SpectralNormalization(L.Dense(3)),
    ],
    LINE: [
        L.Conv1D(4, 3, strides=2, padding="same", activation="relu"),
        L.Conv1D(4, 3, dilation_rate=2, padding="causal"),
        L.Conv1D(4, 3, groups=2),
        L.Conv1DTranspose(4, 3, strides=2),
        L.Conv1DTranspose(4, 3, strides=2, padding="same"),
        L.Conv1DTranspose(4, 3, strides=3, padding="same", output_padding=1),
        L.SeparableConv1D(4, 3, depth_multiplier=2, strides=2, padding="same"),
        L.SeparableConv1D(4, 3, dilation_rate=2, padding="causal"),
        L.DepthwiseConv1D(3, depth_multiplier=2, padding="same"),
        L.DepthwiseConv1D(3, strides=2),
        L.LocallyConnected1D(4, 3, strides=2),
        L.LocallyConnected1D(4, 3, implementation=2),
        L.LocallyConnected1D(4, 3, padding="same", implementation=2),
        L.LocallyConnected1D(4, 3, implementation=3),
        L.MaxPooling1D(2, padding="same"),
        L.AveragePooling1D(3, strides=2),
        L.GlobalMaxPooling1D(),
        L.GlobalAveragePooling1D(keepdims=True),
        L.GlobalAveragePooling1D(),
        L.UpSampling1D(2),
        L.ZeroPadding1D((1, 2)),
        L.Cropping1D((1, 2)),
        L.SpatialDropout1D(0.2),
        L.Permute((2, 1)),
        L.Reshape((3, 18)),
        L.Reshape((-1, 3)),
        L.SimpleRNN(4),
        L.SimpleRNN(4, return_sequences=True, go_backwards=True),
        L.LSTM(4),
        L.LSTM(4, return_sequences=True, recurrent_activation="hard_sigmoid"),
        L.LSTM(4, implementation=1, unit_forget_bias=False, use_bias=False),
        L.LSTM(4, return_state=True, unroll=True),
        L.LSTM(4, stateful=False, time_major=False),
        LSTMV1(4),
        GRUV1(4),
        L.GRU(4),
        L.GRU(4, reset_after=False, return_sequences=True),
        L.GRU(4, go_backwards=True),
        keras.src.layers.CuDNNLSTM(4, return_sequences=True),
        keras.src.layers.CuDNNGRU(4),
        keras.src.layers.CuDNNLSTM(4, go_backwards=True),
        L.Bidirectional(L.LSTM(4, return_sequences=True)),
        L.Bidirectional(L.GRU(4, recurrent_activation="hard_sigmoid"), merge_mode="sum"),
        L.Bidirectional(L.SimpleRNN(4), backward_layer=L.LSTM(4, go_backwards=True)),
        L.Bidirectional(keras.src.layers.CuDNNLSTM(3, return_sequences=True)),
        L.RNN(L.LSTMCell(4)),
        L.RNN(L.GRUCell(4), return_sequences=True),
        L.RNN([L.SimpleRNNCell(3), L.LSTMCell(4)]),
        L.RNN(L.StackedRNNCells([L.GRUCell(3)])),
        L.RNN(ResidualWrapper(L.GRUCell(6)), return_sequences=True),
        L.TimeDistributed(L.Dense(3)),
        L.Masking(),
        L.LayerNormalization(axis=[1, 2]),
        L.BatchNormalization(axis=1),
        L.BatchNormalization(),
        L.Dense(3),
        L.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d", activation="relu"),
        L.PReLU(shared_axes=[1]),
        L.Softmax(axis=1),
        L.UnitNormalization(axis=[1, 2]),
        L.MultiHeadAttention(2, 3),
        L.Attention(use_scale=True),
        L.Attention(score_mode="concat"),
        L.AdditiveAttention(),
        L.Attention(),
        L.MultiHeadAttention(2, 3, value_dim=4, output_shape=5),
    ],
    IMAGE: [
        L.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        L.Conv2D(4, (3, 2), dilation_rate=(2, 1)),
        L.Conv2D(4, 3, groups=2, use_bias=False),
        L.Conv2DTranspose(3, 3, strides=2),
        L.Conv2DTranspose(3, 3, strides=2, padding="same"),
        L.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1),
        L.Conv2DTranspose(3, 3, dilation_rate=2),
        L.SeparableConv2D(4, 3, depth_multiplier=2, strides=2, padding="same"),
        L.SeparableConv2D(4, 3, dilation_rate=2),
        L.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
        L.DepthwiseConv2D(3, strides=2),
        L.DepthwiseConv2D(3, dilation_rate=2),
        L.LocallyConnected2D(3, 3, strides=2),
        L.LocallyConnected2D(3, (3, 2), implementation=2),
        L.LocallyConnected2D(2, 3, padding="same", implementation=2, activation="relu"),
        L.LocallyConnected2D(2, 3, padding="same", implementation=3, strides=2),
        L.MaxPooling2D(2, padding="same"),
        L.AveragePooling2D(3, strides=2, padding="same"),
        L.GlobalMaxPooling2D(keepdims=True),
        L.GlobalAveragePooling2D(),
        L.UpSampling2D((2, 3)),
        L.UpSampling2D(2, interpolation="bilinear"),
        L.UpSampling2D(2, interpolation="bicubic"),
        L.UpSampling2D(2, interpolation="area"),
        L.UpSampling2D(2, interpolation="lanczos3"),
        L.UpSampling2D(2, interpolation="gaussian"),
        L.UpSampling2D(2, interpolation="mitchellcubic"),
        L.UpSampling2D(2, interpolation="lanczos5"),
        L.ZeroPadding2D(((1, 2), (0, 3))),
        L.Cropping2D(((1, 2), (0, 3))),
        L.SpatialDropout2D(0.2),
        L.Permute((3, 1, 2)),
        L.Flatten(),
        L.PReLU(shared_axes=[1, 2]),
        L.BatchNormalization(),
        L.BatchNormalization(axis=[1]),
        L.BatchNormalization(scale=False),
        L.BatchNormalization(center=False, momentum=0.9, epsilon=0.01),
        L.BatchNormalization(synchronized=True),
        BatchNormV1(),
        BatchNormV1(fused=False),
        BatchNormV1(renorm=True),
        BatchNormV1(axis=[1, 3]),
        BatchNormV1(virtual_batch_size=1),
        L.experimental.SyncBatchNormalization(),
        L.LayerNormalization(axis=[-1]),
        L.LayerNormalization(axis=(1, 2, 3)),
        L.GroupNormalization(groups=2),
        L.GroupNormalization(groups=-1),
        L.Normalization(),
        L.Normalization(axis=None, mean=0.5, variance=2.0),
        L.Rescaling(1 / 127.5, -1),
        L.Normalization(axis=-1, mean=0.5, variance=2.0, invert=True),
        L.Resizing(5, 6),
        L.Resizing(12, 12, interpolation="nearest"),
        L.Resizing(5, 6, crop_to_aspect_ratio=True),
        L.Resizing(5, 6, interpolation="bicubic"),
        L.Resizing(5, 6, interpolation="area"),
        L.Resizing(5, 6, interpolation="lanczos3"),
        L.Resizing(12, 13, interpolation="gaussian"),
        L.CenterCrop(4, 5),
        L.CenterCrop(12, 12),
        L.CenterCrop(4, 12),
        L.RandomCrop(4, 5),
        L.RandomCrop(12, 12),
        L.RandomFlip("horizontal"),
        L.RandomFlip(),
        L.RandomRotation(0.1),
        L.RandomRotation((-0.1, 0.2)),
        L.RandomTranslation(0.1, (-0.1, 0.2), fill_mode="wrap"),
        L.RandomZoom(0.2),
        L.RandomZoom((-0.1, 0.2), 0.3),
        L.RandomContrast(0.2),
        L.RandomContrast((0.1, 0.2)),
        L.RandomBrightness(0.2),
        L.RandomBrightness((-0.1, 0.2), value_range=(0, 1)),
        L.RandomHeight(0.2),
        L.RandomWidth((-0.1, 0.2)),
        L.TimeDistributed(L.Conv1D(3, 2)),
        L.TimeDistributed(L.LSTM(3)),
        L.UnitNormalization(),
        L.TimeDistributed(L.LocallyConnected1D(2, 3)),
        L.SpectralNormalization(L.Conv2D(2, 3), power_iterations=2),
        L.EinsumDense("...x,xy->...y", output_shape=4),
        L.MultiHeadAttention(2, 3, attention_axes=(1, 2)),
        L.MultiHeadAttention(2, 3, use_bias=False, dropout=0.1),
        L.AlphaDropout(0.1, noise_shape=(None, 1, 1, 4)),
        L.Dropout(0.1, noise_shape=(None, 1, 1, 4), seed=3),
        L.GaussianDropout(0.1),
        L.LeakyReLU(0.2),
        L.Discretization(bin_boundaries=[0.0, 0.5]),
        L.Softmax(axis=[1, 2]),
        L.Reshape((72, 4)),
    ],
    VOLUME: [
        L.Conv3D(3, 3, strides=2, padding="same"),
        L.Conv3D(3, 2),
        L.Conv3D(2, 2, dilation_rate=2),
        L.Conv3D(4, 2, groups=2),
        L.Conv3DTranspose(2, 3, strides=2, padding="same"),
        L.Conv3DTranspose(2, 2, output_padding=1, strides=2),
        L.MaxPooling3D(2),
        L.AveragePooling3D((2, 3, 2), padding="same"),
        L.GlobalMaxPooling3D(),
        L.GlobalAveragePooling3D(keepdims=True),
        L.UpSampling3D((1, 2, 2)),
        L.ZeroPadding3D(((1, 0), (2, 1), (0, 1))),
        L.Cropping3D(1),
        L.SpatialDropout3D(0.2),
        L.BatchNormalization(),
        L.TimeDistributed(L.Conv2D(2, 3)),
        L.TimeDistributed(L.TimeDistributed(L.Conv1D(2, 3))),
        L.PReLU(shared_axes=[1, 2, 3]),
    ],
    CLIP1: [
        L.ConvLSTM1D(2, 3),
        L.ConvLSTM1D(2, 3, return_sequences=True, padding="same", strides=2),
    ],
    CLIP2: [
        L.ConvLSTM2D(2, 3),
        L.ConvLSTM2D(
            2, (3, 2), padding="same", return_sequences=True, recurrent_activation="sigmoid"
        ),
        L.ConvLSTM2D(2, 3, dilation_rate=2, return_sequences=True, go_backwards=True),
        L.Bidirectional(L.ConvLSTM2D(2, 3, padding="same", return_sequences=True)),
    ],
    CLIP3: [L.ConvLSTM3D(2, 2)],
    WORDS: [
        L.Embedding(9, 4),
        L.Embedding(9, 4, mask_zero=True, input_length=7),
        L.CategoryEncoding(num_tokens=10, output_mode="count"),
        L.CategoryEncoding(num_tokens=10, output_mode="multi_hot"),
        L.IntegerLookup(vocabulary=[1, 2, 3]),
        L.IntegerLookup(vocabulary=[1, 2, 3], output_mode="multi_hot", mask_token=0),
        L.Hashing(num_bins=5),
        L.Hashing(num_bins=5, salt=3, output_mode="multi_hot"),
        L.Hashing(num_bins=5, mask_value=0),
    ],
}
MERGES = [
    L.Add(),
    L.Subtract(),
    L.Multiply(),
    L.Average(),
    L.Maximum(),
    L.Minimum(),
    L.Concatenate(axis=1),
    L.Concatenate(),
    L.Dot(axes=2),
    L.Dot(axes=(1, 1), normalize=True),
    L.Attention(use_scale=True),
    L.AdditiveAttention(use_scale=False),
    L.MultiHeadAttention(2, 3),
]


def is_pair(layer: keras.layers.Layer) -> bool:
    """Whether a layer takes a list of two inputs here."""
    return isinstance(layer, L.Attention | L.AdditiveAttention) or layer in MERGES[:10]


def called(layer: keras.layers.Layer, image: object) -> object:
    """Call a layer on an input, twice where it takes two."""
    arguments = [image, image] if isinstance(layer, L.MultiHeadAttention) else [image]
    arguments = [arguments * 2] if is_pair(layer) else arguments
    if "training" in inspect.signature(layer.call).parameters:
        return layer(*arguments, training=False)
    return layer(*arguments)


def model_of(shape: tuple, layers: list) -> keras.Model:
    """Put layers beside each other on one input."""
    dtype, shape = (shape[0], shape[1:]) if shape[0] == "int32" else ("float32", shape)
    image = keras.Input(shape, name="image", dtype=dtype)
    return keras.Model(image, tf.nest.flatten([called(layer, image) for layer in layers]))


def runnable(layer: keras.layers.Layer) -> keras.layers.Layer:
    """The layer, or for one that only runs on a GPU the one that Keras loads its weights into."""
    inner = layer.forward_layer if isinstance(layer, L.Bidirectional) else layer
    if not type(inner).__name__.startswith("CuDNN"):
        return layer
    config = {k: v for k, v in inner.get_config().items() if k not in ("name", "dtype")}
    kind = getattr(L, type(inner).__name__.removeprefix("CuDNN"))
    twin = kind.from_config({**config, "recurrent_activation": "sigmoid"})
    twin = L.Bidirectional(twin) if inner is not layer else twin
    twin.build(layer.input_shape)
    twin.set_weights(preprocess_weights_for_loading(twin, layer.get_weights()))
    return twin


def record(model: keras.Model) -> dict:
    """Tell what Keras 2 writes of a model, and what each of its layers computes."""
    image = input_values(model.input_shape[1:], model.input.dtype.name)
    values = {}
    for layer in model.layers[1:]:
        layer.set_weights([
            weight_values(w.shape, w.dtype.name)
            if "seed" not in w.name and w.dtype.is_floating
            else w.numpy()
            for w in layer.weights
        ])  # fmt: skip
        outputs = called(runnable(layer), image)
        values[layer.name] = [
            [list(np.shape(x)), [float(f"{v:.5g}") for v in np.ravel(np.asarray(x, float))]]
            for x in (outputs if isinstance(outputs, list | tuple) else [outputs])
        ]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/m.h5"
        model.save(path)
        with h5py.File(path) as file:
            config = json.loads(file.attrs["model_config"])
            weights = {
                name: [
                    [str(w), group[w].shape, str(group[w].dtype)]
                    for w in group.attrs["weight_names"]
                ]
                for name, group in file["model_weights"].items()
                if len(group.attrs["weight_names"])
            }
    return {"config": config, "weights": weights, "values": values}


if __name__ == "__main__":
    records = {}
    for shape, layers in [*CASES.items(), (LINE, MERGES)]:
        key = "x".join(map(str, shape)) + (" twice" if layers is MERGES else "")
        keras.backend.clear_session()
        print(key)
        records[key] = record(model_of(shape, layers))
    (HERE / "keras_2.json").write_text(json.dumps(records, separators=(",", ":")))
