"""Configurations of Keras models, made safe: Keras's own layers are built, and nothing is run.

A configuration is data that names classes and functions. Those of Keras itself are built; a layer
of any other class, one that holds Python code, and one that would open files or other models when
it is made, is replaced by a stand-in (see ``stand_ins``) of which everything is assumed. Nothing
that a file names is imported, other than from the keras package.

Both forms are read: Keras 3's, and the legacy one of HDF5 files, which Keras 2 wrote too. The
latter is brought to the former.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from ....errors import ModelError
from ..ops.stand_in import NOT_EXECUTED
from .application_layers import application_layer, of_lambda
from .build import SLASH, built
from .counts import MOST_CALLS, calls_of_layers
from .declared import shapes_of_inputs
from .keras_1_models import with_modern_sequences
from .layer_settings import layer_class, modern_layer
from .legacy_calls import with_modern_calls
from .retired import retired_functions
from .stand_ins import is_function_call, name_of_call, stand_in_for_function
from .texts import complaint

Config = dict[str, Any]

LARGEST_CONFIG = 2**26
"""The most bytes that a configuration may have."""

_DATA = {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"}

_REFUSED = {
    "Lambda": "holds Python code",
    "TorchModuleWrapper": "holds a pickled PyTorch module",
    "TFSMLayer": "loads another model when it is made",
    "JaxLayer": "holds a function of JAX",
    "FlaxLayer": "holds a module of Flax",
}

_OPERATIONS = tuple(
    f"keras.src.ops.{name}" for name in ("core", "image", "linalg", "math", "nn", "numpy")
)
"""Modules in which Keras keeps the functions that may be called in the place of layers."""

_DROPPED = ("DenseFeatures", "LinearModel", "WideDeepModel")
"""Layers and models of Keras 2 that have no counterpart and work on no picture."""

_MODELS = ("Functional", "Sequential", "Model")

_NAMES_LAYERS = ("name", "keras_history", "input_layers", "output_layers")
"""Where configurations have the names of layers."""


_MOST_OUTPUTS = 1000
"""The most outputs of a layer; a configuration may name any number."""


class _Refused(Exception):  # noqa: N818  (a finding, not an error)
    """An object of a configuration is not built; the argument says why, after its layer's name."""


class DeclaredOutput(NamedTuple):
    """Shape and type that a configuration says a layer's output has."""

    shape: list[int | None]
    dtype: str


def parse(text: str | bytes, name: str) -> Config:
    """Parse the configuration of a model. Raises ModelError."""
    if len(text) > LARGEST_CONFIG:
        raise ModelError(f"{name} has a configuration of {len(text):,} bytes: that is too large")
    try:
        config = json.loads(text)
        json.dumps(config, ensure_ascii=False).encode()  # an escape may stand for half a letter
    except UnicodeEncodeError as error:
        raise ModelError(
            f"{name} is damaged: its configuration holds a text of letters that do not exist"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is damaged: its configuration is no JSON") from error
    if (
        not isinstance(config, dict)
        or not isinstance(config.get("config"), dict | list)
        or not isinstance(config.get("class_name"), str)
    ):
        raise ModelError(
            f"{name} does not describe a Keras model: its configuration is of something else"
        )
    try:
        calls = calls_of_layers(config)
        if calls > MOST_CALLS:
            raise ModelError(f"{name} calls {calls:,} layers: the limit is {MOST_CALLS:,}")
        return with_modern_sequences(config)
    except RecursionError as error:
        raise ModelError(f"{name} has a configuration that is nested too deeply") from error


def safe_config(config: Config, name: str, *, distrusted: bool = False) -> Config:
    """Rewrite a configuration so that nothing but Keras's own layers and stand-ins is built.

    With ``distrusted`` each layer is made once on its own first, and one that Keras cannot make is
    replaced too. Raises ModelError where the model itself is of a class that is not Keras's own.
    """
    try:
        cleaning = _Cleaning(_declared_outputs(config), distrusted, old=is_legacy(config))
        clean: Config = _renamed(cleaning.object(_as_model(config)))
        return clean
    except _Refused as reason:
        raise ModelError(
            f"{name} is a model that {reason}, which is not run: export it as a SavedModel or as "
            "ONNX and open that, or load it in Python, where its class is at hand, and give the "
            "model itself to rf_viz.load()"
        ) from reason
    except RecursionError as error:
        raise ModelError(f"{name} has a configuration that is nested too deeply") from error


def _as_model(config: Config) -> Config:
    """A model of a class of one's own that was made of layers, as the model it was made as."""
    inner = config["config"]
    if isinstance(inner, dict) and isinstance(inner.get("layers"), list):
        functional = {"input_layers", "output_layers"} <= inner.keys()
        if functional or config.get("class_name") == "Sequential":
            kind = "Functional" if functional else "Sequential"
            kept = ["name", "trainable", "layers", "dtype"]
            kept += ["input_layers", "output_layers"] if functional else ["build_input_shape"]
            return {
                "module": "keras",
                "class_name": kind,
                "config": {"name": kind.lower(), **{k: inner[k] for k in kept if k in inner}},
                "build_config": config.get("build_config"),
            }
    return config


def _renamed(value: Any, *, name: bool = False) -> Any:  # noqa: ANN401
    """A clean configuration whose layers have names that Keras 3 takes; ``name`` where they are."""
    if isinstance(value, dict):
        return {k: _renamed(v, name=name or k in _NAMES_LAYERS) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v, name=name) for v in value]
    return value.replace("/", SLASH) if name and isinstance(value, str) else value


class _Cleaning:
    """Pass over a configuration, making a new one; ``declared`` as ``_declared_outputs``.

    ``old`` says that Keras 1 or 2 wrote it.
    """

    def __init__(
        self, declared: dict[str, dict[int, DeclaredOutput]], distrusted: bool, *, old: bool
    ) -> None:
        self._declared, self._distrusted, self._old = declared, distrusted, old

    def value(self, value: Any) -> Any:  # noqa: ANN401
        """Clean any value. Raises _Refused where an object in it is not built."""
        if isinstance(value, list):
            return [self.value(v) for v in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("class_name"), str) and "config" in value:
            return self.object(value)
        return {k: self.value(v) for k, v in value.items()}

    def object(self, entry: Config) -> Config:
        """Clean what describes an object. Raises _Refused where it is not built."""
        kind = entry["class_name"]
        if kind in _DATA:
            return entry
        if kind == "__lambda__":
            raise _Refused("holds Python code")
        if kind == "function":
            _check_function(entry)
            return entry
        replaced = of_lambda(_inner(entry)) if kind == "Lambda" else None
        if replaced is not None:
            kind, settings = replaced
            entry = {**entry, "class_name": kind, "config": settings}
        if kind in _REFUSED and _may_be_keras_s(entry):
            raise _Refused(_REFUSED[kind])
        if kind not in _MODELS and _is_layer(entry):
            try:
                kind, settings = modern_layer(kind, _inner(entry), old=self._old)
            except ValueError as reason:
                raise _Refused(str(reason)) from reason
            entry = {**entry, "class_name": kind, "config": settings}
        cls = _keras_class(entry)
        if cls is None:
            if kind in _DROPPED:
                raise _Refused("reads columns of a table, as Keras 3 does not")
            raise _Refused(f"is of a class of its maker's own, {kind}")
        if cls.__name__ in _REFUSED and _may_be_keras_s(entry):  # by another of its names
            raise _Refused(_REFUSED[cls.__name__])
        inner = _inner(entry)
        if isinstance(inner.get("vocabulary"), str):
            raise _Refused("reads its vocabulary from another file")
        # Keras 2 wrote other arguments of `build`; a layer is built by its first call anyway.
        unused = ("compile_config", *["build_config"] * (self._old and kind != "Sequential"))
        clean = {k: v for k, v in entry.items() if k not in unused}
        clean.update(_address(cls))
        clean["config"] = self._settings(inner, kind)
        if "inbound_nodes" in entry:
            clean.setdefault("name", inner.get("name"))
            clean["inbound_nodes"] = self.value(entry["inbound_nodes"])
        return clean

    def _settings(self, inner: Config, kind: str) -> Config:
        """Clean the settings of an object of class ``kind``."""
        if kind in _MODELS and isinstance(inner.get("layers"), list):
            inner = with_modern_calls(inner)
            layers = [self._layer(entry) for entry in inner["layers"]]
            return {
                **{k: self.value(v) for k, v in inner.items() if k != "layers"},
                "layers": layers,
            }
        return {k: self.value(v) for k, v in inner.items()}

    def _layer(self, entry: Any) -> Config:  # noqa: ANN401
        """Clean a layer of a model; a stand-in where it may not be built. Raises ModelError."""
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("class_name"), str)
            or "config" not in entry
        ):
            raise ModelError("the configuration lists something that is no layer: it is damaged")
        if is_function_call(entry):
            replaced = stand_in_for_function(entry)
            if replaced is not None:
                return replaced
            called = name_of_call(_inner(entry))
            return self._stand_in(entry, f"calls {called}, which is not known here")
        try:
            clean = self.object(_as_model(entry) if entry["class_name"] not in _MODELS else entry)
            for key in ("name", "inbound_nodes"):
                if key in entry and key not in clean:
                    clean[key] = self.value(entry[key])
            if self._distrusted and entry["class_name"] not in _MODELS:
                _try(clean)
            return clean
        except _Refused as reason:
            return self._stand_in(entry, str(reason))

    def _stand_in(self, entry: Config, reason: str) -> Config:
        """Make a stand-in for a layer that is not built, for this reason."""
        inner = _inner(entry)
        name = str(entry.get("name") or inner.get("name") or entry["class_name"].lower())
        declared = self._declared.get(name, {})
        outputs = [declared.get(i) for i in range(max(declared, default=-1) + 1)]
        shape = _plain_shape(inner.get("output_shape"))
        if not outputs and shape is not None:
            outputs = [DeclaredOutput([None, *shape], "")]
        why = f"{entry['class_name']} layer {name!r} is not executed ({reason})"
        replaced: Config = {
            "module": "rf_viz",
            "class_name": NOT_EXECUTED,
            "registered_name": NOT_EXECUTED,
            "config": {"name": name, "reason": why, "kind": entry["class_name"],
                       "outputs": [list(output or (None, "")) for output in outputs]},
        }  # fmt: skip
        first = _plain_shape(inner.get("batch_input_shape"))
        if first:  # of a Sequential, which learns from it what it takes
            replaced["config"]["input_shape"] = first[1:]
        if "inbound_nodes" in entry:
            nodes = entry["inbound_nodes"]
            if not isinstance(nodes, list):
                raise ModelError(f"the layer {name!r} of the configuration is damaged: no calls")
            replaced["name"] = name
            replaced["inbound_nodes"] = [_tensors_only(node) for node in nodes]
        return replaced


def _inner(entry: Config) -> Config:
    """The settings of an object; none where they are of another form."""
    return entry["config"] if isinstance(entry["config"], dict) else {}


def _tensors_only(node: Any) -> Any:  # noqa: ANN401
    """A call of a layer on the tensors among its arguments only. Raises ModelError."""
    if isinstance(node, dict):
        tensors = [
            {"class_name": "__keras_tensor__", "config": config} for config in _keras_tensors(node)
        ]
        return {"args": tensors, "kwargs": {}}
    if not isinstance(node, list):
        raise ModelError("the configuration has a call that is of no known form: it is damaged")
    return [tensor[:3] if isinstance(tensor, list) else tensor for tensor in node]


def is_legacy(config: Config) -> bool:
    """Tell whether Keras 1 or 2 wrote a configuration: 3 calls the shape of an input otherwise."""
    version = config.get("keras_version")
    if isinstance(version, str):
        return version.startswith(("1.", "2."))
    pending: list[Any] = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if "batch_input_shape" in value:
                return True
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return False


def _may_be_keras_s(entry: Config) -> bool:
    """Whether an entry may be of a class of Keras's own, and not one that a person registered."""
    import keras

    kind, module = entry["class_name"], entry.get("module")
    registered = keras.saving.get_registered_object(str(entry.get("registered_name") or kind))
    return registered is None and (
        module is None or str(module).split(".")[0] in ("keras", "tf_keras", "tensorflow")
    )


def _is_layer(entry: Config) -> bool:
    """Whether an entry may be of a layer: functions and initializers have some of their names."""
    module = str(entry.get("module") or "layers").split(".")
    home = {"layers", "base_layer"} & set(module)
    return (bool(home) or module == ["keras"]) and _may_be_keras_s(entry)


def _address(cls: type) -> Config:
    """Where Keras looks for a class: by its public name where it has one."""
    from keras.src.api_export import get_name_from_symbol

    home = cls.__module__.split(".")[0]
    if home == "rf_viz":
        return {"module": "rf_viz", "class_name": cls.__name__, "registered_name": cls.__name__}
    if home != "keras":
        return {}
    public = get_name_from_symbol(cls)
    module, _, name = (public or f"{cls.__module__}.{cls.__name__}").rpartition(".")
    return {"module": module, "class_name": name, "registered_name": None}


def _keras_class(entry: Config) -> type | None:
    """The class of Keras's own, or registered by the person, that a configuration names."""
    import keras
    from keras.src.models.functional import Functional

    kind, module = entry["class_name"], entry.get("module")
    registered = keras.saving.get_registered_object(str(entry.get("registered_name") or kind))
    if registered is not None:
        return registered if isinstance(registered, type) else None
    if not _may_be_keras_s(entry):
        return None
    layer = layer_class(kind) if _is_layer(entry) else None
    layer = layer or application_layer(kind, _inner(entry))
    if layer is not None:
        return layer
    if kind == "Functional":
        return Functional  # type: ignore[no-any-return]
    homes = [_keras_module(module), keras, keras.layers, keras.initializers, keras.regularizers,
             keras.constraints, keras.dtype_policies, keras.quantizers,
             *map(_keras_module, _OPERATIONS)]  # fmt: skip
    for home in homes:
        cls = getattr(home, kind, None)
        if (
            isinstance(cls, type)
            and cls.__module__.split(".")[0] == "keras"
            and hasattr(cls, "from_config")
        ):
            return cls
    return None


def _keras_module(path: Any) -> Any:  # noqa: ANN401
    """A module of the keras package that is there already; None for any other."""
    if not isinstance(path, str) or path.split(".")[0] != "keras":
        return None
    home: Any = sys.modules["keras"]
    for part in path.split(".")[1:]:
        home = getattr(home, part, None)
    return home if home is not None else sys.modules.get(path)


def _check_function(entry: Config) -> None:
    """Raise _Refused unless a function is one that Keras names by a word, as activations are."""
    import keras

    name, module = entry["config"], entry.get("module")
    if name in retired_functions():
        return
    if isinstance(name, str) and (module == "builtins" or module is None):
        for home in (keras.activations, keras.losses, keras.metrics):
            if callable(getattr(home, name, None)):
                return
    home = _keras_module(module)
    if home in (keras.activations, keras.ops) and isinstance(name, str):
        return
    if keras.saving.get_registered_object(str(entry.get("registered_name") or name)) is None:
        raise _Refused(f"calls a function of its maker's own, {name}")


def _try(clean: Config) -> None:
    """Make a layer on its own. Raises _Refused where Keras cannot."""
    try:
        built(_renamed(json.loads(json.dumps(clean))))
    except Exception as error:  # whatever Keras makes of settings it does not know
        why = complaint(error).strip().splitlines()[0]
        raise _Refused(f"Keras cannot make it: {why[:200]}") from error


def _declared_outputs(config: Config) -> dict[str, dict[int, DeclaredOutput]]:
    """Outputs as other layers say that they take them, by layer name and number of the output."""
    declared: dict[str, dict[int, DeclaredOutput]] = {}

    def declare(layer: Any, number: Any, shape: Any, dtype: Any = "") -> None:  # noqa: ANN401
        plain = _plain_shape(shape)
        if (
            isinstance(layer, str)
            and isinstance(number, int)
            and 0 <= number < _MOST_OUTPUTS
            and plain is not None
        ):
            output = DeclaredOutput(plain, dtype if isinstance(dtype, str) else "")
            declared.setdefault(layer, {}).setdefault(number, output)

    for inner in _keras_tensors(config):
        history = inner.get("keras_history")
        if isinstance(history, list) and len(history) == 3:
            declare(history[0], history[2], inner.get("shape"), inner.get("dtype"))
    for layer, number, shape in shapes_of_inputs(config):
        declare(layer, number, shape)
    return declared


def _keras_tensors(config: Any) -> Iterator[Config]:  # noqa: ANN401
    """The tensors that a value of a configuration names, however deep."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            inner = value.get("config")
            if value.get("class_name") == "__keras_tensor__" and isinstance(inner, dict):
                yield inner
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _plain_shape(value: Any) -> list[int | None] | None:  # noqa: ANN401
    """A shape as a list; None for what is none: a function, or shapes of several outputs."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        value = value.get("items")
    if isinstance(value, list) and all(n is None or type(n) is int for n in value):
        return list(value)
    return None
