"""Reading Keras models: ``.keras`` archives, legacy HDF5 files, configurations, and in memory.

Of a file only the configuration is read at first, and the model is built without weights. They are
made, and filled from the file, when somebody asks for a value.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....runtimes.tensorflow.imports import import_tensorflow
from ...archive import Archive
from ...content import Content
from .. import TensorFlowModel
from .build import ONE_AT_A_TIME, built, made_by
from .config import (
    LARGEST_CONFIG,
    Config,
    is_legacy,
    parse,
    safe_config,
)
from .legacy_weights import fill_from_objects, fill_from_rows
from .texts import HDF5_COMPLAINTS, complaint
from .trace import Fetch, trace

LARGEST_WEIGHTS = 2**35
"""The most weights that a model may have."""

_CONFIG = "config.json"
_WEIGHTS = "model.weights.h5"

_OF_HDF5 = (
    OSError, RuntimeError, ValueError, KeyError, TypeError, IndexError, OverflowError, MemoryError,
)  # fmt: skip
"""What h5py raises where a file is damaged."""

_SPARE = 2**30
"""Bytes of weights that a small file may make, beyond what it holds."""

_EXPANSION = 8
"""The most times the size of its file that a model's weights may have."""


def load(content: Content) -> TensorFlowModel:
    """Read a Keras model's file. Raises ModelError where it is none, or damaged, or unsafe."""
    if content.head.startswith(b"PK"):
        text = _of_archive(content)
    elif content.head.startswith(b"\x89HDF"):
        text = _of_hdf5(content)
    else:
        text = content.read()
    config = parse(text, content.name)
    with_weights = not content.head.lstrip().startswith(b"{")
    with ONE_AT_A_TIME:
        model = _built(config, content.name)
        weights = _Weights(model, content if with_weights else None, config)
        return _opened(model, content.name, weights.of, is_legacy(config))


def of_model(model: Any, name: str | None = None) -> TensorFlowModel:  # noqa: ANN401
    """Take over a Keras model that is in memory. Raises ModelError."""
    import_keras()
    return _opened(model, name or model.name, None)


def without_weights(build: Callable[[], Any], name: str) -> TensorFlowModel:
    """Build a model by calling a function.

    Its weights are random, and made when somebody asks for a value.
    """
    with ONE_AT_A_TIME:
        model = made_by(build)
        return _opened(model, name, _Weights(model, None, {}).of)


def _opened(
    model: Any,  # noqa: ANN401
    name: str,
    fetch: Fetch | None,
    legacy: bool = False,
) -> TensorFlowModel:
    """A Keras model as one of ours; ``fetch`` and ``legacy`` as in ``trace``."""
    traced = trace(model, name, fetch, legacy)
    opened = TensorFlowModel(
        traced.graph, name, traced.inputs, held=traced.held, groups=traced.groups
    )
    opened.title = model.name
    return opened


def import_keras() -> Any:  # noqa: ANN401
    """Import Keras, running on TensorFlow. Raises ModelError where it is missing."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import_tensorflow()
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"Keras runs on {keras.backend.backend()} here: set KERAS_BACKEND=tensorflow in the "
            "environment and start again"
        )
    return keras


def _of_archive(content: Content) -> bytes:
    """The configuration that a ``.keras`` archive holds."""
    with Archive.open(content) as archive:
        if _CONFIG not in archive.names:
            raise ModelError(
                f"{content.name} is a Keras archive without {_CONFIG}: it holds weights but no "
                "model; save it with model.save()"
            )
        return archive.read(_CONFIG, LARGEST_CONFIG)


def _of_hdf5(content: Content) -> bytes:
    """The configuration that a legacy file holds."""
    import_keras()
    import h5py

    try:
        with content.open() as source, h5py.File(source, "r") as file:
            text = file.attrs.get("model_config")
            weights_only = "layer_names" in file.attrs or "model_weights" in file
    except _OF_HDF5 as error:
        raise ModelError(
            f"{content.name} is an HDF5 file that is damaged or cut off: download or save it again"
        ) from error
    if text is None:
        what = "the weights of a Keras model but not the model" if weights_only else "no model"
        raise ModelError(
            f"{content.name} is an HDF5 file that holds {what}: save it with model.save(), not "
            "save_weights()"
        )
    # What is no UTF-8 comes as it is, and is no JSON then.
    return text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape")


def _built(config: Config, name: str) -> Any:  # noqa: ANN401
    """The model of a configuration, its weights not made yet. Raises ModelError."""
    import_keras()
    # Made safe outside of the try: what fails there is ours, and no complaint of Keras.
    safe = safe_config(config, name)
    try:
        model = built(safe)
    except Exception:
        # Some layer has settings that this Keras does not know: the others can be shown.
        safe = safe_config(config, name, distrusted=True)
        try:
            model = built(safe)
        except Exception as error:
            raise ModelError(
                f"Keras {_keras_version()} cannot build {name}: {_reason(error)}; export the model "
                "as a SavedModel or as ONNX where it can be loaded, and open that"
            ) from error
    if not _is_model(model):
        raise ModelError(
            f"{name} holds the configuration of a {type(model).__name__} and no model: save the "
            "whole model with model.save()"
        )
    count = sum(int(np.prod(v.shape, dtype=object)) for v in model.variables)
    if count > LARGEST_WEIGHTS:
        raise ModelError(f"{name} declares {count:,} weights: the limit is {LARGEST_WEIGHTS:,}")
    return model


def _is_model(thing: object) -> bool:
    import keras

    return isinstance(thing, keras.Model)


def _keras_version() -> str:
    """The version of Keras that builds models here."""
    import keras

    return str(keras.__version__)


def _reason(error: Exception) -> str:
    """What went wrong, from an exception of Keras: which wraps it in what it was doing."""
    text = complaint(error).rpartition("Exception encountered: ")[2]
    if "either has loops or disconnected nodes" in text:
        return "its layers are called in a circle, or on outputs that no layer makes"
    lines = (line.strip() for line in text.splitlines())
    wraps = ("type ", "Arguments received")
    said = [line for line in lines if line and not line.startswith(wraps)]
    return said[0].rstrip(".")[:300]


class _Weights:
    """Values of a built model's variables: from its file, random where it holds none.

    ``config`` is the file's configuration.
    """

    def __init__(self, model: Any, content: Content | None, config: Config) -> None:  # noqa: ANN401
        self._model, self._content, self._config = model, content, config
        self._have_values = False

    def of(self, variable: Any) -> NDArray[Any]:  # noqa: ANN401
        """Return the values of one variable, which makes all of them at first.

        Raises ModelError where the file does not give them.
        """
        with ONE_AT_A_TIME:
            if not self._have_values:
                self._make()
            return np.asarray(variable.numpy())

    def _make(self) -> None:
        """Give the variables their values. Raises ModelError where they are too many."""
        import keras

        # Keras makes deferred variables all at once and at random, or not at all: to make them
        # without values, and only where somebody asks, takes attributes of its own.
        variables = [v for v in self._model.variables if v._value is None]
        size = sum(int(np.prod(v.shape, dtype=object)) * 4 for v in variables)
        if self._content is None:
            if size > 16 * _SPARE:
                raise ModelError(f"random weights would take {size:,} bytes: that is too much")
        elif size > _EXPANSION * self._content.size + _SPARE:
            raise ModelError(
                f"{self._content.name} declares weights of {size:,} bytes, and has "
                f"{self._content.size:,} itself: refused"
            )
        for variable in variables:
            if self._content is not None:
                variable._initializer = keras.initializers.Zeros()
            variable._deferred_initialize()
        if self._content is not None and is_legacy(self._config):
            _fill_legacy(self._model, self._config, self._content)
        elif self._content is not None:
            _on_disk(self._content, partial(_fill, self._model, self._content.name))
        self._have_values = True


def _fill(model: Any, name: str, path: str) -> None:  # noqa: ANN401
    """Fill a model's variables from the file at ``path``. Raises ModelError."""
    try:
        model.load_weights(path)
    except Exception as error:  # whatever Keras makes of a file that does not fit
        lines = complaint(error).strip().splitlines()
        raise ModelError(
            f"the weights of {name} do not fit its layers: {lines[0][:300]}"
        ) from error


def _fill_legacy(model: Any, config: Config, content: Content) -> None:  # noqa: ANN401
    """Fill a model's variables from a file of Keras 1 or 2. Raises ModelError."""
    import h5py

    try:
        if content.head.startswith(b"\x89HDF"):
            with content.open() as source, h5py.File(source, "r") as file:
                fill_from_rows(model, config, file, content.name)
        else:
            with Archive.open(content) as archive:
                weights = BytesIO(archive.read(_WEIGHTS, _EXPANSION * content.size + _SPARE))
            with h5py.File(weights, "r") as file:
                fill_from_objects(model, config, file, content.name)
    except ModelError:
        raise
    except HDF5_COMPLAINTS as error:
        raise ModelError(
            f"the weights of {content.name} are damaged or cut off: download or save it again"
        ) from error


def _on_disk(content: Content, use: Callable[[str], None]) -> None:
    """Call ``use`` with the path of a file, named so that Keras knows the format."""
    extension = ".h5" if content.head.startswith(b"\x89HDF") else ".keras"
    if content.path is not None and content.path.endswith(extension):
        return use(content.path)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"model{extension}")
        with open(path, "wb") as file:
            file.write(content.read())
        return use(path)
