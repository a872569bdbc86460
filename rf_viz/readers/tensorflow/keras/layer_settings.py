"""Layers as older versions of Keras wrote them, brought to the classes and settings of today's.

Three rules cover all layers. A class or a setting that was renamed gets its new name. Settings that
matter in training only are left out. Any other setting that the class does not take any more is
left out where it is off, and refused where it is on: so nothing that changes what a layer computes
is lost.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from .keras_1 import of_keras_1

Settings = dict[str, Any]

HARD_SIGMOID = "hard_sigmoid_of_keras_2"
"""The name under which configurations have the hard sigmoid of Keras 1 and 2, 0.2 x + 0.5; that of
Keras 3 is x / 6 + 0.5."""

_CLASSES = {
    "SyncBatchNormalization": "BatchNormalization",
    "TimeDistributedDense": "Dense",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Deconvolution3D": "Conv3DTranspose",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "GroupedQueryAttention": "GroupQueryAttention",
}
"""Classes that have another name today."""

_NAMES = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "CategoryEncoding": {"max_tokens": "num_tokens"},
    "Discretization": {"bins": "bin_boundaries"},
}
"""Settings that have another name today, by the class of today."""

_IN_TRAINING_ONLY = re.split(
    r"\s+",
    """trainable seed rng_type noise_shape implementation fused renorm_clipping renorm_momentum
    virtual_batch_size adjustment synchronized experimental_autocast unit_forget_bias
    input_dim input_length input_dtype batch_input_shape batch_size ragged sparse
    query_shape key_shape value_shape
    auto_vectorize force_generator use_cudnn vocabulary_size
    consume_less dropout dropout_W dropout_U recurrent_dropout""",
)
"""Settings without a bearing on what a trained layer computes: for training, for how the same is
computed, and for shapes that stand elsewhere too."""

_ONE_IS_NONE = ("groups", "dilation_rate", "depth_multiplier")
"""Settings that change nothing where they are 1."""

_VALUES_OF_WEIGHTS = ("_initializer", "_regularizer", "_constraint")
"""How the names of settings end that say how weights begin and what they may become."""

_ACTIVATIONS = {"softmax_v2": "softmax", "relu_v2": "relu", "swish_v1": "swish"}
"""Functions of TensorFlow's that Keras 2 wrote down under a name that is not public."""


IDENTITIES = re.split(
    r"\s+",
    """AddLoss AddMetric AugMix CutMix MixUp RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomElasticTransform RandomErasing RandomFlip
    RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert RandomPerspective
    RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
    RandomTranslation RandomWidth RandomZoom""",
)
"""Layers that pass their input on when a model is not trained, whatever their settings are."""


def modern_layer(kind: str, settings: Settings, *, old: bool) -> tuple[str, Settings]:
    """Bring one layer's class and settings to today's; ``old`` for files of Keras 1 and 2.

    Raises ValueError, with a reason in the third person, where a setting has no counterpart.
    """
    settings = {name: _plain(value) for name, value in settings.items()}
    if kind.endswith(("V1", "V2")):
        kind = kind[:-2]
    kind = _CLASSES.get(kind, kind)
    if old:
        cls = layer_class(kind)
        kind, settings = of_keras_1(kind, settings, accepted(cls) if cls else ())
    if kind not in IDENTITIES and layer_class(kind) is None:
        return kind, settings
    if kind in IDENTITIES:
        kept: Settings = {k: settings[k] for k in ("name", "batch_input_shape") if k in settings}
        kind, settings = "UnchangedAtInference", {**kept, "kind": kind}
    for before, after in _NAMES.get(kind, {}).items():
        if before in settings:
            settings.setdefault(after, settings.pop(before))
    shape = settings.pop("batch_input_shape", None)
    if kind == "InputLayer":
        if shape is not None:
            settings.setdefault("batch_shape", shape)
    elif isinstance(shape, list):
        settings.setdefault("input_shape", shape[1:])
    for rule in (_activations, _dtype, _RULES.get(kind, _unchanged)):
        kind, settings = rule(kind, settings, old)
    cls = layer_class(kind)
    return kind, settings if cls is None else dict(_kept(cls, settings, old))


@cache
def layer_class(kind: str) -> type | None:
    """Return the layer class of that name, Keras's own or of those that it dropped."""
    import keras

    from .retired import retired_layers

    cls = retired_layers().get(kind) or getattr(keras.layers, kind, None)
    return cls if isinstance(cls, type) and issubclass(cls, keras.layers.Layer) else None


@cache
def accepted(cls: type) -> dict[str, inspect.Parameter]:
    """Return the settings that a layer's constructor takes, with those of its bases."""
    parameters: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        own = inspect.signature(vars(base)["__init__"]).parameters.values()
        for parameter in own:
            if parameter.name != "self" and parameter.kind in (
                parameter.POSITIONAL_OR_KEYWORD,
                parameter.KEYWORD_ONLY,
            ):
                parameters.setdefault(parameter.name, parameter)
        if not any(p.kind == p.VAR_KEYWORD for p in own):
            break
    return parameters


def _kept(cls: type, settings: Settings, old: bool) -> Iterator[tuple[str, Any]]:
    """The settings that the class takes. Raises ValueError where one that matters is left."""
    takes = accepted(cls)
    for name, value in settings.items():
        if name.endswith(_VALUES_OF_WEIGHTS):
            if name in takes and (name.endswith("_initializer") and _is_keras_s(value) and not old):
                yield name, value
        elif name in takes or name == "input_shape":
            yield name, value
        elif name not in _IN_TRAINING_ONLY and not _is_off(name, value):
            raise ValueError(
                f"has the setting {name} = {str(value)[:60]}, which {cls.__name__} does not have "
                "in this version of Keras"
            )


def _is_off(name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether a setting's value says that nothing is done: none, false, empty, or one window."""
    if name in _ONE_IS_NONE:
        return all(n == 1 for n in (value if isinstance(value, list) else [value]))
    return value is None or value is False or value in ("", [], {})


def _is_keras_s(initializer: Any) -> bool:  # noqa: ANN401
    """Whether an initializer is one that Keras has."""
    import keras

    if isinstance(initializer, dict):
        return hasattr(keras.initializers, str(initializer.get("class_name")))
    try:
        return callable(keras.initializers.get(initializer))
    except (TypeError, ValueError):
        return False


def _plain(value: Any) -> Any:  # noqa: ANN401
    """A number or list where Keras 2 wrote an array down as an object."""
    if isinstance(value, dict) and value.keys() == {"type", "value"}:
        return value["value"]
    return value


def _unchanged(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """No rule."""
    return kind, settings


def _activations(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """Activations by the names that they have today."""
    for name in ("activation", "recurrent_activation"):
        value = settings.get(name)
        if isinstance(value, dict) and value.get("class_name") == "function":
            value = value.get("config")
        if not isinstance(value, str):
            continue
        if value == "hard_sigmoid" and old:
            settings[name] = {
                "module": "rf_viz",
                "class_name": "function",
                "config": HARD_SIGMOID,
                "registered_name": HARD_SIGMOID,
            }
        elif value in _ACTIVATIONS:
            settings[name] = _ACTIVATIONS[value]
    return kind, settings


def _dtype(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """A policy of types by its name, as Keras 2 and 3 both read it."""
    policy = settings.get("dtype")
    if old and isinstance(policy, dict):
        inner = policy.get("config")
        name = inner.get("name") if isinstance(inner, dict) else None
        settings["dtype"] = name if isinstance(name, str) else None
    if old and settings.get("dtype") is None:
        settings.pop("dtype", None)
    return kind, settings


def _recurrent(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """A recurrent layer. A GRU that does not say so resets before, as it did up to Keras 2.1."""
    if kind in ("GRU", "GRUCell") and old:
        settings.setdefault("reset_after", False)
    if settings.pop("time_major", False):
        raise ValueError("takes time as its first axis (time_major), which Keras 3 does not do")
    return (f"{kind}OfKeras2" if old and kind.startswith("ConvLSTM") else kind), settings


def _batch_normalization(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """Batch normalisation: over one axis, over several, or with the variables of renorm."""
    mode = settings.pop("mode", 0)
    if mode in (1, 2):
        return "BatchNormalizationByStatistics", {**settings, "mode": mode}
    axis = settings.get("axis")
    if isinstance(axis, list) and settings.get("virtual_batch_size"):
        axis = settings["axis"] = [i - 1 for i in axis]  # Keras 2 counted an axis of its own in
    if isinstance(axis, list) and len(axis) == 1:
        settings["axis"] = axis[0]
    special = settings.get("renorm") or settings.get("virtual_batch_size")
    if isinstance(settings.get("axis"), list) or special:
        return "BatchNormalizationOfKeras2", settings
    return kind, settings


def _attention(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """Attention whose mask was a setting, where today it is an argument of the call."""
    if settings.pop("causal", False):
        return f"Causal{kind}", settings
    return kind, settings


def _resized(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """A layer that resizes, by a method that Keras 3 has, or in its own class of Keras 2's."""
    if old and (kind == "RandomCrop" or _other_method(settings)):
        return f"{kind}OfKeras2", settings
    return kind, settings


def _other_method(settings: Settings) -> bool:
    """Whether a layer resizes by a method that Keras 3 does not have."""
    return settings.get("interpolation", "nearest") not in ("nearest", "bilinear", "bicubic",
                                                            "lanczos3", "lanczos5")  # fmt: skip


def _discretization(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """Discretization by boundaries, which were counted as bins too."""
    if settings.get("bin_boundaries"):
        settings["num_bins"] = None
    if str(settings.get("dtype")).startswith("int"):
        del settings["dtype"]  # the output's; Keras 3 would round the input to it
    return kind, settings


def _causal(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """A separable convolution that may be causal, which Keras 3 refuses."""
    return ("CausalSeparableConv1D" if settings.get("padding") == "causal" else kind), settings


def _lookup(kind: str, settings: Settings, old: bool) -> tuple[str, Settings]:
    """A lookup in a vocabulary, which has to stand in the configuration."""
    settings.pop("has_input_vocabulary", None)
    if settings.get("vocabulary") is None:
        raise ValueError("looks up a vocabulary that its configuration does not hold")
    return kind, settings


Rule = Callable[[str, Settings, bool], tuple[str, Settings]]

_RULES: dict[str, Rule] = {
    **dict.fromkeys(
        ("LSTM", "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "ConvLSTM1D", "ConvLSTM2D",
         "ConvLSTM3D", "CuDNNLSTM", "CuDNNGRU"), _recurrent),
    **dict.fromkeys(("BatchNormalization",), _batch_normalization),
    **dict.fromkeys(("Attention", "AdditiveAttention"), _attention),
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop", "UpSampling2D"), _resized),
    "Discretization": _discretization,
    "SeparableConv1D": _causal,
    **dict.fromkeys(("IntegerLookup", "StringLookup", "TextVectorization"), _lookup),
}  # fmt: skip
