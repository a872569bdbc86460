"""Categories of Keras layers: what each class of layer is to a person, and so its colour."""

from __future__ import annotations

from typing import Any

from ....trace.tensors import Category
from ..node import OPERATORS
from ..ops.stand_in import NOT_EXECUTED
from .retired import retired_layers
from .stand_ins import FUNCTION, kind_of, our_layers

_CLASSES: tuple[tuple[Category, str], ...] = (
    (
        "convolution",
        """Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose
        DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D
        ConvLSTM1D ConvLSTM2D ConvLSTM3D
        Convolution1D Convolution2D Convolution3D Convolution1DTranspose Convolution2DTranspose
        Convolution3DTranspose SeparableConvolution1D SeparableConvolution2D
        AtrousConvolution1D AtrousConvolution2D Deconvolution2D Deconvolution3D
        LocallyConnected1D LocallyConnected2D ConvRecurrent2D""",
    ),
    (
        "pooling",
        """MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D
        AveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
        GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D
        AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        MaxPool1D MaxPool2D MaxPool3D AvgPool1D AvgPool2D AvgPool3D
        GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D
        GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D""",
    ),
    ("resize", "UpSampling1D UpSampling2D UpSampling3D Resizing"),
    ("join", "Add Average Concatenate Maximum Minimum Multiply Subtract Merge"),
    (
        "attention, dense",
        """Dense EinsumDense Dot Embedding ReversibleEmbedding Softmax
        Attention AdditiveAttention MultiHeadAttention GroupedQueryAttention GroupQueryAttention
        RNN SimpleRNN GRU LSTM SimpleRNNCell GRUCell LSTMCell StackedRNNCells Bidirectional
        CuDNNGRU CuDNNLSTM Highway MaxoutDense TimeDistributedDense""",
    ),
    (
        "normalisation",
        """BatchNormalization GroupNormalization LayerNormalization RMSNormalization
        SpectralNormalization UnitNormalization Normalization
        BatchNormalizationV1 BatchNormalizationV2 SyncBatchNormalization""",
    ),
    (
        "activation",
        """Activation ReLU LeakyReLU PReLU ELU Rescaling
        Dropout AlphaDropout GaussianDropout SpatialDropout1D SpatialDropout2D SpatialDropout3D
        GaussianNoise ActivityRegularization
        ThresholdedReLU SReLU ParametricSoftplus""",
    ),
    (
        "layout",
        """Reshape Permute Flatten RepeatVector Identity Cropping1D Cropping2D Cropping3D
        CenterCrop RandomCrop ZeroPadding1D ZeroPadding2D ZeroPadding3D""",
    ),
    (
        "other",
        """AddLoss AddMetric Layer InputLayer Lambda Masking Wrapper TimeDistributed Pipeline
        Functional Sequential Model
        FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper
        CategoryEncoding DenseFeatures Discretization HashedCrossing Hashing IntegerLookup
        StringLookup TextVectorization
        MelSpectrogram STFTSpectrogram
        AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization
        MaxNumBoundingBoxes MixUp RandAugment RandomBrightness RandomColorDegeneration
        RandomColorJitter RandomContrast RandomElasticTransform RandomErasing RandomFlip
        RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert RandomPerspective
        RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
        RandomTranslation RandomWidth RandomZoom Solarization""",
    ),
)

CATEGORIES: dict[str, Category] = {
    name: category for category, names in _CLASSES for name in names.split()
}
"""The categories of the layers of Keras 3, 2 and 1, by the names of their classes."""


def category(layer: Any, operation: str) -> Category:  # noqa: ANN401  (Keras has no types)
    """Return a layer's category; ``operation`` is the operator that makes its output.

    The nearest class that is Keras's own decides: a person's kind of ``Conv2D`` is a convolution.
    Of a function of TensorFlow's the operator's own entry decides.
    """
    stand_ins = our_layers()
    if isinstance(layer, stand_ins[FUNCTION]):
        entry = OPERATORS.get(operation)
        return entry.category if entry else "other"
    if isinstance(layer, (stand_ins[NOT_EXECUTED], *retired_layers().values())):
        return CATEGORIES.get(kind_of(layer), "other")
    names = [c.__name__ for c in type(layer).__mro__ if c.__module__.partition(".")[0] == "keras"]
    return next((CATEGORIES[name] for name in names if name in CATEGORIES), "other")
