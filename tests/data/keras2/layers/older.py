"""Makes older.json: the layers of keras_2.json as older versions of Keras write their settings.

Takes folders with unpacked packages of Keras 1.2 to 2.3. Those need Theano or an old TensorFlow to
compute; settings they tell without, so that Theano is replaced by a dummy here.
"""

from __future__ import annotations

import collections
import collections.abc
import importlib.machinery
import inspect
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np

HERE = Path(__file__).parent

KERAS_1: list[tuple[str, str, dict[str, Any]]] = [
    ("dense", "Dense", {"output_dim": 5, "activation": "tanh", "W_regularizer": "l2"}),
    ("dense_3", "TimeDistributedDense", {"output_dim": 3}),
    ("activation", "Activation", {"activation": "hard_sigmoid"}),
    ("repeat_vector", "RepeatVector", {"n": 3}),
    ("dropout", "Dropout", {"p": 0.3}),
    ("gaussian_dropout", "GaussianDropout", {"p": 0.2}),
    ("gaussian_noise", "GaussianNoise", {"sigma": 0.2}),
    ("activity_regularization", "ActivityRegularization", {"l1": 0.1}),
    ("reshape", "Reshape", {"target_shape": (2, 3)}),
    ("leaky_re_lu_1", "LeakyReLU", {"alpha": 0.1}),
    ("elu", "ELU", {"alpha": 0.5}),
    ("p_re_lu", "PReLU", {}),
    ("thresholded_re_lu", "ThresholdedReLU", {"theta": 0.5}),
    ("flatten", "Flatten", {}),
    ("masking", "Masking", {"mask_value": 0.5}),
    ("batch_normalization", "BatchNormalization", {"epsilon": 1e-3}),
    ("conv1d", "Convolution1D", {"nb_filter": 4, "filter_length": 3, "subsample_length": 2,
                                 "border_mode": "same", "activation": "relu"}),
    ("locally_connected1d", "LocallyConnected1D",
     {"nb_filter": 4, "filter_length": 3, "subsample_length": 2}),
    ("max_pooling1d", "MaxPooling1D", {"pool_length": 2, "border_mode": "same"}),
    ("average_pooling1d", "AveragePooling1D", {"pool_length": 3, "stride": 2}),
    ("global_max_pooling1d", "GlobalMaxPooling1D", {}),
    ("global_average_pooling1d_1", "GlobalAveragePooling1D", {}),
    ("up_sampling1d", "UpSampling1D", {"length": 2}),
    ("zero_padding1d", "ZeroPadding1D", {"padding": (1, 2)}),
    ("cropping1d", "Cropping1D", {"cropping": (1, 2)}),
    ("spatial_dropout1d", "SpatialDropout1D", {"p": 0.2}),
    ("permute", "Permute", {"dims": (2, 1)}),
    ("simple_rnn_1", "SimpleRNN",
     {"output_dim": 4, "return_sequences": True, "go_backwards": True}),
    ("lstm_1", "LSTM", {"output_dim": 4, "return_sequences": True, "consume_less": "gpu"}),
    ("conv2d", "Convolution2D", {"nb_filter": 4, "nb_row": 3, "nb_col": 3, "subsample": (2, 2),
                                 "border_mode": "same", "activation": "relu"}),
    ("separable_conv2d", "SeparableConvolution2D",
     {"nb_filter": 4, "nb_row": 3, "nb_col": 3, "depth_multiplier": 2, "subsample": (2, 2),
      "border_mode": "same"}),
    ("locally_connected2d", "LocallyConnected2D",
     {"nb_filter": 3, "nb_row": 3, "nb_col": 3, "subsample": (2, 2)}),
    ("max_pooling2d", "MaxPooling2D", {"pool_size": (2, 2), "border_mode": "same"}),
    ("average_pooling2d", "AveragePooling2D",
     {"pool_size": (3, 3), "strides": (2, 2), "border_mode": "same"}),
    ("global_average_pooling2d", "GlobalAveragePooling2D", {}),
    ("up_sampling2d", "UpSampling2D", {"size": (2, 3)}),
    ("zero_padding2d", "ZeroPadding2D", {"padding": (1, 2, 0, 3)}),
    ("cropping2d", "Cropping2D", {"cropping": ((1, 2), (0, 3))}),
    ("spatial_dropout2d", "SpatialDropout2D", {"p": 0.2}),
    ("permute_1", "Permute", {"dims": (3, 1, 2)}),
    ("conv3d_1", "Convolution3D",
     {"nb_filter": 3, "kernel_dim1": 2, "kernel_dim2": 2, "kernel_dim3": 2}),
    ("max_pooling3d", "MaxPooling3D", {"pool_size": (2, 2, 2)}),
    ("global_max_pooling3d", "GlobalMaxPooling3D", {}),
    ("up_sampling3d", "UpSampling3D", {"size": (1, 2, 2)}),
    ("cropping3d", "Cropping3D", {"cropping": ((1, 1), (1, 1), (1, 1))}),
    ("embedding", "Embedding", {"input_dim": 9, "output_dim": 4}),
    ("add", "Merge", {"mode": "sum"}),
    ("multiply", "Merge", {"mode": "mul"}),
    ("average", "Merge", {"mode": "ave"}),
    ("maximum", "Merge", {"mode": "max"}),
    ("concatenate", "Merge", {"mode": "concat", "concat_axis": 1}),
    ("dot", "Merge", {"mode": "dot", "dot_axes": 2}),
]  # fmt: skip
"""Layers as Keras 1 makes them, and the names of the same ones in keras_2.json."""


class Dummies:
    """Finds Theano, as a package that has everything and does nothing."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ANN401
        if name.split(".")[0] == "theano":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: Any) -> Any:  # noqa: ANN401
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        module.__version__ = "0.9.0"
        shared = type("TensorSharedVariable", (), {})
        module.sharedvar.TensorSharedVariable = module.TensorVariable = shared
        return module

    def exec_module(self, module: Any) -> None:  # noqa: ANN401
        module.tensor.sharedvar.TensorSharedVariable = type("TensorSharedVariable", (), {})


def old_keras(folder: str) -> Any:  # noqa: ANN401
    """Import the Keras in a folder."""
    os.environ["KERAS_BACKEND"], os.environ["HOME"] = "theano", tempfile.mkdtemp()
    settings = Path(os.environ["HOME"]) / ".keras"
    settings.mkdir()
    (settings / "keras.json").write_text(
        '{"image_dim_ordering": "tf", "image_data_format": "channels_last", "backend": "theano",'
        ' "floatx": "float32", "epsilon": 1e-07}'
    )
    for name, kind in (("bool", bool), ("int", int), ("float", float), ("object", object)):
        if name not in vars(np):
            setattr(np, name, kind)
    for name in ("Iterable", "Mapping", "Sequence", "Callable"):
        setattr(collections, name, getattr(collections.abc, name))
    inspect.getargspec = lambda f: inspect.getfullargspec(f)[:4]  # type: ignore[attr-defined]
    sys.meta_path.insert(0, Dummies())  # type: ignore[arg-type]
    sys.path.insert(0, folder)
    import keras

    keras.backend.backend = lambda: "tensorflow"  # which some layers ask for
    keras.backend._BACKEND = "tensorflow"
    return keras


def of_keras_1(keras: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the layers of KERAS_1 as Keras 1 writes them."""
    layers = {}
    for name, kind, settings in KERAS_1:
        layer = getattr(keras.layers, kind)(**settings)
        config = {**layer.get_config(), "name": name}
        layers[name] = {"class_name": kind, "config": config}
    return layers


def of_keras_2(keras: Any, records: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return those of the recorded layers that an older Keras 2 has, as it writes them."""
    layers = {}
    for record in records.values():
        for entry in record["config"]["config"]["layers"][1:]:
            made = remade(keras, entry)
            if made is not None:
                layers[entry["name"]] = made
    return layers


def remade(keras: Any, entry: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ANN401
    """Return a layer's entry as this Keras writes it; None where it has not got all settings."""
    cls = getattr(keras.layers, entry["class_name"], None)
    if cls is None:
        return None
    takes = {"name", "trainable", *inspect.signature(cls.__init__).parameters}
    if hasattr(cls, "reset_states"):
        takes |= {"return_sequences", "return_state", "go_backwards", "stateful", "unroll"}
    settings: dict[str, Any] = {}
    for name, value in entry["config"].items():
        if name.endswith(("_initializer", "_regularizer", "_constraint")):
            continue
        if name == "layer":
            value = remade(keras, value)
            if value is None:
                return None
        if name in takes:
            settings[name] = value
        elif not matters_not(entry["class_name"], name, value):
            return None
    try:
        if "axis" in settings and isinstance(settings["axis"], list):
            (settings["axis"],) = settings["axis"]
        config = cls.from_config(settings).get_config()
        return json.loads(
            json.dumps({"class_name": cls.__name__, "config": config}, default=written)
        )
    except Exception as error:
        print("   not", entry["class_name"], error, file=sys.stderr)
        return None


def written(value: Any) -> Any:  # noqa: ANN401
    """Write an array as these versions write it."""
    return {"type": "ndarray", "value": value.tolist()} if isinstance(value, np.ndarray) else value


def matters_not(kind: str, name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether a layer without a setting does what it does with this value of it."""
    if name in ("groups", "dilation_rate"):
        return np.all(np.equal(value, 1))
    if kind.startswith("LocallyConnected") and name == "implementation":
        return value == 1
    if name in ("implementation", "momentum", "dtype", "batch_input_shape", "input_length"):
        return True
    return value is None or value is False or value in ("channels_last", "nearest")


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        keras = old_keras(sys.argv[2])
        records = json.loads((HERE / "keras_2.json").read_text())
        first = keras.__version__.startswith("1.")
        layers = of_keras_1(keras) if first else of_keras_2(keras, records)
        Path(sys.argv[3]).write_text(json.dumps({keras.__version__: layers}))
    else:
        versions: dict[str, Any] = {}
        for folder in sys.argv[1:]:
            with tempfile.NamedTemporaryFile("r") as file:
                subprocess.run([sys.executable, __file__, "--one", folder, file.name], check=True)
                versions |= json.load(file)
        (HERE / "older.json").write_text(json.dumps(versions, separators=(",", ":")))
