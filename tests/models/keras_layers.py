"""Every layer class of Keras 3, made once or more, and the shape of an input for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.models.keras_models import keras

L = keras.layers

VECTOR, LINE, IMAGE, VOLUME = (6,), (9, 6), (9, 8, 4), (7, 6, 5, 4)
CLIP1, CLIP2, CLIP3 = (4, 7, 3), (3, 7, 6, 2), (2, 5, 4, 5, 2)
PICTURE, WORDS, SOUND, TRACK = (10, 12, 3), (7,), (256,), (256, 1)

Make = Callable[[], Any]

LAYERS: dict[tuple[int, ...], dict[str, Make]] = {
    VECTOR: {
        "Dense": lambda: L.Dense(5, activation="tanh"),
        "ActivityRegularization": lambda: L.ActivityRegularization(l1=0.1),
        "AlphaDropout": lambda: L.AlphaDropout(0.2),
        "GaussianDropout": lambda: L.GaussianDropout(0.2),
        "GaussianNoise": lambda: L.GaussianNoise(0.2),
        "Dropout": lambda: L.Dropout(0.2),
        "RepeatVector": lambda: L.RepeatVector(3),
        "Masking": lambda: L.Masking(0.5),
        "LayerNormalization": lambda: L.LayerNormalization(),
        "RMSNormalization": lambda: L.RMSNormalization(),
        "UnitNormalization": lambda: L.UnitNormalization(),
        "Normalization": lambda: L.Normalization(mean=[0.1] * 6, variance=[0.5] * 6),
        "Discretization": lambda: L.Discretization(bin_boundaries=[-0.5, 0.0, 0.5]),
        "ELU": lambda: L.ELU(0.5),
        "ReLU": lambda: L.ReLU(max_value=0.7, negative_slope=0.1, threshold=0.2),
        "LeakyReLU": lambda: L.LeakyReLU(0.2),
        "PReLU": lambda: L.PReLU(),
        "Softmax": lambda: L.Softmax(),
        "Activation": lambda: L.Activation("hard_sigmoid"),
        "Flatten": lambda: L.Flatten(),
        "Identity": lambda: L.Identity(),
        "SpectralNormalization": lambda: L.SpectralNormalization(L.Dense(3)),
    },
    LINE: {
        "Conv1D": lambda: L.Conv1D(4, 3, strides=2, padding="same"),
        "Conv1DTranspose": lambda: L.Conv1DTranspose(4, 3, strides=2),
        "DepthwiseConv1D": lambda: L.DepthwiseConv1D(3, depth_multiplier=2),
        "SeparableConv1D": lambda: L.SeparableConv1D(4, 3, strides=2, padding="same"),
        "MaxPooling1D": lambda: L.MaxPooling1D(2),
        "AveragePooling1D": lambda: L.AveragePooling1D(3, strides=2, padding="same"),
        "AdaptiveMaxPooling1D": lambda: L.AdaptiveMaxPooling1D(4),
        "AdaptiveAveragePooling1D": lambda: L.AdaptiveAveragePooling1D(4),
        "GlobalMaxPooling1D": lambda: L.GlobalMaxPooling1D(),
        "GlobalAveragePooling1D": lambda: L.GlobalAveragePooling1D(),
        "UpSampling1D": lambda: L.UpSampling1D(2),
        "ZeroPadding1D": lambda: L.ZeroPadding1D((1, 2)),
        "Cropping1D": lambda: L.Cropping1D((1, 2)),
        "SpatialDropout1D": lambda: L.SpatialDropout1D(0.2),
        "Permute": lambda: L.Permute((2, 1)),
        "Reshape": lambda: L.Reshape((-1, 3)),
        "SimpleRNN": lambda: L.SimpleRNN(4, return_sequences=True),
        "LSTM": lambda: L.LSTM(4, return_sequences=True, go_backwards=True),
        "GRU": lambda: L.GRU(4),
        "RNN": lambda: L.RNN(L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(4)])),
        "RNN of SimpleRNNCell": lambda: L.RNN(L.SimpleRNNCell(3), return_sequences=True),
        "Bidirectional": lambda: L.Bidirectional(L.LSTM(3, return_sequences=True)),
        "TimeDistributed": lambda: L.TimeDistributed(L.Dense(3)),
        "EinsumDense": lambda: L.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d"),
        "BatchNormalization": lambda: L.BatchNormalization(),
        "Dot": lambda: L.Dot(2),
        "Add": lambda: L.Add(),
        "Subtract": lambda: L.Subtract(),
        "Multiply": lambda: L.Multiply(),
        "Average": lambda: L.Average(),
        "Maximum": lambda: L.Maximum(),
        "Minimum": lambda: L.Minimum(),
        "Concatenate": lambda: L.Concatenate(1),
        "Attention": lambda: L.Attention(use_scale=True),
        "AdditiveAttention": lambda: L.AdditiveAttention(),
        "MultiHeadAttention": lambda: L.MultiHeadAttention(2, 3),
        "GroupQueryAttention": lambda: L.GroupQueryAttention(4, 4, 2),
    },
    IMAGE: {
        "Conv2D": lambda: L.Conv2D(4, 3, groups=2),
        "Conv2DTranspose": lambda: L.Conv2DTranspose(3, 3, strides=2, padding="same"),
        "DepthwiseConv2D": lambda: L.DepthwiseConv2D(3, strides=2),
        "SeparableConv2D": lambda: L.SeparableConv2D(4, 3),
        "MaxPooling2D": lambda: L.MaxPooling2D(2),
        "AveragePooling2D": lambda: L.AveragePooling2D(3, strides=2, padding="same"),
        "AdaptiveMaxPooling2D": lambda: L.AdaptiveMaxPooling2D(4),
        "AdaptiveAveragePooling2D": lambda: L.AdaptiveAveragePooling2D((4, 3)),
        "GlobalMaxPooling2D": lambda: L.GlobalMaxPooling2D(),
        "GlobalAveragePooling2D": lambda: L.GlobalAveragePooling2D(keepdims=True),
        "UpSampling2D": lambda: L.UpSampling2D((2, 3), interpolation="bilinear"),
        "ZeroPadding2D": lambda: L.ZeroPadding2D(((1, 2), (0, 3))),
        "Cropping2D": lambda: L.Cropping2D(((1, 2), (0, 3))),
        "SpatialDropout2D": lambda: L.SpatialDropout2D(0.2),
        "GroupNormalization": lambda: L.GroupNormalization(2),
        "Rescaling": lambda: L.Rescaling(1 / 127.5, -1),
    },
    VOLUME: {
        "Conv3D": lambda: L.Conv3D(4, 2, groups=2),
        "Conv3DTranspose": lambda: L.Conv3DTranspose(2, 3, strides=2),
        "MaxPooling3D": lambda: L.MaxPooling3D(2),
        "AveragePooling3D": lambda: L.AveragePooling3D(2),
        "AdaptiveMaxPooling3D": lambda: L.AdaptiveMaxPooling3D(3),
        "AdaptiveAveragePooling3D": lambda: L.AdaptiveAveragePooling3D(3),
        "GlobalMaxPooling3D": lambda: L.GlobalMaxPooling3D(),
        "GlobalAveragePooling3D": lambda: L.GlobalAveragePooling3D(),
        "UpSampling3D": lambda: L.UpSampling3D((1, 2, 2)),
        "ZeroPadding3D": lambda: L.ZeroPadding3D(1),
        "Cropping3D": lambda: L.Cropping3D(1),
        "SpatialDropout3D": lambda: L.SpatialDropout3D(0.2),
    },
    CLIP1: {"ConvLSTM1D": lambda: L.ConvLSTM1D(2, 3, return_sequences=True)},
    CLIP2: {"ConvLSTM2D": lambda: L.ConvLSTM2D(2, 3, return_sequences=True)},
    CLIP3: {"ConvLSTM3D": lambda: L.ConvLSTM3D(2, 2)},
    PICTURE: {
        "Resizing": lambda: L.Resizing(5, 6, crop_to_aspect_ratio=True),
        "CenterCrop": lambda: L.CenterCrop(4, 5),
        "RandomCrop": lambda: L.RandomCrop(4, 5),
        "AugMix": lambda: L.AugMix(),
        "AutoContrast": lambda: L.AutoContrast(value_range=(0, 1)),
        "ContrastLimitedAdaptiveHistogramEqualization": lambda: (
            L.ContrastLimitedAdaptiveHistogramEqualization(value_range=(0, 1))
        ),
        "CutMix": lambda: L.CutMix(),
        "MixUp": lambda: L.MixUp(),
        "RandAugment": lambda: L.RandAugment(),
        "RandomBrightness": lambda: L.RandomBrightness(0.2),
        "RandomColorDegeneration": lambda: L.RandomColorDegeneration(0.2),
        "RandomColorJitter": lambda: L.RandomColorJitter(brightness_factor=0.2),
        "RandomContrast": lambda: L.RandomContrast(0.2),
        "RandomElasticTransform": lambda: L.RandomElasticTransform(),
        "RandomErasing": lambda: L.RandomErasing(),
        "RandomFlip": lambda: L.RandomFlip(),
        "RandomGaussianBlur": lambda: L.RandomGaussianBlur(),
        "RandomGrayscale": lambda: L.RandomGrayscale(),
        "RandomHue": lambda: L.RandomHue(0.2, value_range=(0, 1)),
        "RandomInvert": lambda: L.RandomInvert(value_range=(0, 1)),
        "RandomPerspective": lambda: L.RandomPerspective(),
        "RandomPosterization": lambda: L.RandomPosterization(4),
        "RandomRotation": lambda: L.RandomRotation(0.1),
        "RandomSaturation": lambda: L.RandomSaturation(0.2),
        "RandomSharpness": lambda: L.RandomSharpness(0.2),
        "RandomShear": lambda: L.RandomShear(0.1, 0.1),
        "RandomTranslation": lambda: L.RandomTranslation(0.1, 0.1),
        "RandomZoom": lambda: L.RandomZoom(0.1),
        "Solarization": lambda: L.Solarization(value_range=(0, 1)),
        "Pipeline": lambda: L.Pipeline([L.RandomFlip(), L.Rescaling(2.0)]),
    },
    WORDS: {
        "Embedding": lambda: L.Embedding(9, 4),
        "ReversibleEmbedding": lambda: L.ReversibleEmbedding(9, 4),
        "CategoryEncoding": lambda: L.CategoryEncoding(9, output_mode="count"),
        "CategoryEncoding multi_hot": lambda: L.CategoryEncoding(9, output_mode="multi_hot"),
        "CategoryEncoding one_hot": lambda: L.CategoryEncoding(9, output_mode="one_hot"),
        "IntegerLookup": lambda: L.IntegerLookup(vocabulary=[1, 2, 3]),
        "Hashing": lambda: L.Hashing(5),
    },
    SOUND: {
        "MelSpectrogram": lambda: L.MelSpectrogram(
            fft_length=32, sequence_stride=16, num_mel_bins=8, sampling_rate=400
        ),
    },
    TRACK: {
        "STFTSpectrogram": lambda: L.STFTSpectrogram(
            frame_length=32, frame_step=16, fft_length=32, window=None
        ),
    },
}
"""The layers by the shape of their input, without the batch; by their class, and words more."""

PAIRS = {"Dot", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate",
         "Attention", "AdditiveAttention", "HashedCrossing"}  # fmt: skip
"""Layers that take a list of two inputs."""

TWICE = {"MultiHeadAttention", "GroupQueryAttention"}
"""Layers that take two inputs."""


def model_of(shape: tuple[int, ...], names: list[str]) -> Any:  # noqa: ANN401
    """Put layers beside each other on one input, each named after its class."""
    dtype = "int32" if shape == WORDS else "float32"
    image = keras.Input(batch_shape=(1, *shape), name="image", dtype=dtype)
    outputs = []
    for name in names:
        layer = LAYERS[shape][name]()
        layer.name = name.replace(" ", "_")
        if name in PAIRS:
            outputs.append(layer([image, image]))
        else:
            outputs.append(layer(image, image) if name in TWICE else layer(image))
    return keras.Model(image, outputs)


def varied(model: Any) -> Any:  # noqa: ANN401
    """Give a model's weights values of either sign, so that none hides another."""
    for weight in model.weights:
        if "float" in str(weight.dtype):
            values = np.sin(1.3 * np.arange(np.prod(weight.shape))).reshape(weight.shape)
            weight.assign(0.3 + 0.25 * values)
    return model
