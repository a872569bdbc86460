"""Weights as Keras 1 and Theano laid them out, brought to Keras 2's layout.

Keras 1 kept a kernel in the order of its image's axes: (filters, channels, rows, columns) where the
channels come first. It kept a recurrent layer's gates apart, in an order of its own. Theano's
convolutions flip the kernel, those of all other backends do not.

Source: ``preprocess_weights_for_loading`` of Keras 2.2, which reads such files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .texts import attribute_text, attribute_texts

_GATES = {"LSTM": (0, 2, 1, 3), "ConvLSTM2D": (0, 2, 1, 3), "GRU": (0, 1, 2)}
"""Keras 2's order of the gates, by their numbers in Keras 1's. It kept three arrays a gate."""

_FLIPPED = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D")
"""Layers whose kernels Theano flips."""


class Origin(NamedTuple):
    """What wrote a file's weights: Keras 1 or a later one, on Theano or on another backend."""

    keras_1: bool
    theano: bool

    @classmethod
    def of(cls, file: Any, weights: Any) -> Origin:  # noqa: ANN401
        """Read what an open HDF5 file, and its group of weights, tell of their origin."""
        version, backend = [
            attribute_text(weights.attrs.get(name, file.attrs.get(name, "")))
            for name in ("keras_version", "backend")
        ]
        keras_1 = not version or version.startswith("1.")
        if not backend and keras_1:  # It did not say; but only TensorFlow's names end in a number.
            names = [
                name
                for group in weights.values()
                if "weight_names" in group.attrs
                for name in attribute_texts(group.attrs["weight_names"])
            ]
            backend = "tensorflow" if any(name.endswith(":0") for name in names) else "theano"
        return cls(keras_1, backend == "theano")

    def correlated(self, kind: str, array: NDArray[Any]) -> NDArray[Any]:
        """Return a weight of a layer of class ``kind`` for convolutions that flip no kernel."""
        if not self.theano or kind not in _FLIPPED or array.ndim < 3:
            return array
        return np.flip(array, tuple(range(array.ndim - 2)))


def of_keras_1(
    kind: str,
    layer: Any,  # noqa: ANN401
    variables: Sequence[Any],
    arrays: list[NDArray[Any]],
) -> Iterator[NDArray[Any]]:
    """Take the weights of one layer of class ``kind`` off a row, and lay them out as Keras 2 does.

    ``variables`` are those of the layer that have their weights here.
    """
    gates, count = _GATES.get(kind, ()), len(variables)
    first = getattr(layer, "data_format", None) == "channels_first"
    if gates and count == 3 and len(arrays) >= 3 * len(gates):
        own, arrays[: 3 * len(gates)] = arrays[: 3 * len(gates)], []
        for part in range(3):
            # Where the channels come first, those that a kernel makes are its first axis.
            axis = 0 if first and own[part].ndim > 2 else -1
            joined = np.concatenate([own[3 * gate + part] for gate in gates], axis)
            yield _kernel(joined, (), kind, first)
        return
    own, arrays[:count] = arrays[:count], []
    for variable, array in zip(variables, own, strict=False):
        shape = tuple(variable.shape)
        if kind == "PReLU" and array.ndim == len(shape):
            # Keras 1 did not write down which axes share a slope: those of which there is one.
            yield np.broadcast_to(array, shape) if _broadcasts(array.shape, shape) else array
        else:
            yield _kernel(array, shape, kind, first)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether each axis has one element, or as many as it should."""
    return all(n in (1, m) for n, m in zip(shape, to, strict=True))


def _kernel(
    array: NDArray[Any], shape: tuple[int, ...], kind: str, channels_first: bool
) -> NDArray[Any]:
    """A weight of Keras 1 in the layout of a variable of this shape."""
    if array.ndim < 4:
        return array
    spatial = tuple(range(2, array.ndim))
    if len(shape) == 3:
        # (length, 1, channels, filters), in Keras 1.0 and 1.1 (filters, channels, length, 1).
        if array.shape[:2] != (shape[0], 1) or array.shape[3] != shape[2]:
            array = array.transpose(*spatial, 1, 0)
        return array[:, 0]
    if kind.endswith("Transpose"):
        return array.transpose(2, 3, 0, 1) if channels_first else array.swapaxes(2, 3)
    return array.transpose(*spatial, 1, 0) if channels_first else array
