"""Weights as Keras 1 and Theano had them, brought to the shapes and meaning of today's.

Source: ``preprocess_weights_for_loading`` of Keras 2.2, which reads such files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .parts import Part, Run

Arrays = list[NDArray[Any]]

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D",
                 "Convolution1D", "Convolution2D", "Convolution3D", "Deconvolution2D",
                 "AtrousConvolution1D", "AtrousConvolution2D")  # fmt: skip


class Origin(NamedTuple):
    """What wrote a file's weights: Keras 1 or later; on Theano, whose convolutions flip kernels."""

    keras_1: bool
    theano: bool

    @classmethod
    def of(cls, file: Any, root: Any) -> Origin:  # noqa: ANN401
        """Read what a file tells of its origin."""
        version, backend = (
            _text(root.attrs.get(name, file.attrs.get(name, b"")))
            for name in ("keras_version", "backend")
        )
        # Up to Keras 2.0 files do not name the backend; the names of TensorFlow's weights end so.
        old = version.startswith("1.") or not version
        return cls(old, backend == "theano" or (not backend and old and not _of_tensorflow(root)))

    def correlated(self, part: Part, value: Any) -> Any:  # noqa: ANN401
        """The values of a weight for a convolution that does not flip its kernel."""
        if not self.theano or part.kind not in _CONVOLUTIONS or np.ndim(value) < 3:
            return value
        return np.flip(value, tuple(range(np.ndim(value) - 2)))


def _text(value: Any) -> str:  # noqa: ANN401
    """An attribute as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _of_tensorflow(root: Any) -> bool:  # noqa: ANN401
    """Whether a file's weights have names that TensorFlow gave."""
    names = [name for group in root.values() for name in group.attrs.get("weight_names", [])]
    return any(_text(name).endswith(":0") for name in names)


def modern_arrays(runs: Sequence[Run], arrays: Arrays, origin: Origin) -> Arrays:
    """Return the arrays of Keras 1 in the shapes of the variables of these runs."""
    return list(_converted(runs, list(arrays)))


def _converted(runs: Sequence[Run], arrays: Arrays) -> Iterator[NDArray[Any]]:
    """The arrays, run by run, until there are no more."""
    for run in runs:
        kind = run.part.kind
        count = len(run.variables)
        gates = _GATES.get(kind)
        if gates is not None and count == 3:
            count = 3 * len(gates)
            if len(arrays) >= count:
                yield from _joined(arrays[:count], gates, run)
        else:
            for variable, array in zip(run.variables, arrays, strict=False):
                yield _turned(array, tuple(variable.shape), run.part)
        del arrays[:count]


_GATES = {"LSTM": (0, 2, 1, 3), "ConvLSTM2D": (0, 2, 1, 3), "GRU": (0, 1, 2)}
"""For each gate, in today's order, its place in Keras 1's, which kept each gate's weights apart."""


def _joined(arrays: Arrays, gates: Sequence[int], run: Run) -> Iterator[NDArray[Any]]:
    """Matrices and biases of all gates together."""
    for i, variable in enumerate(run.variables):
        shape = tuple(variable.shape)
        parts = [arrays[3 * gate + i] for gate in gates]
        part_shape = (*shape[:-1], shape[-1] // len(gates))
        yield np.concatenate([_turned(p, part_shape, run.part) for p in parts], axis=-1)


def _turned(array: NDArray[Any], shape: tuple[int, ...], part: Part) -> NDArray[Any]:
    """A weight with its axes in today's order."""
    turn = _TURNS.get((part.kind, array.ndim))
    if turn is not None:
        channels_first = part.settings.get("dim_ordering") == "th"
        return turn(array, shape, channels_first)
    return array


def _of_line(array: NDArray[Any], shape: tuple[int, ...], channels_first: bool) -> NDArray[Any]:
    """A kernel along one axis, which Keras 1 had with two."""
    if array.shape[:2] != (shape[0], 1) or array.shape[3] != shape[2]:
        array = np.transpose(array, (2, 3, 1, 0))
    return np.asarray(array[:, 0])


def _of_image(array: NDArray[Any], shape: tuple[int, ...], channels_first: bool) -> NDArray[Any]:
    """A kernel whose channels stood in front where those of the data did."""
    axes = tuple(range(2, array.ndim))
    return np.transpose(array, (*axes, 1, 0)) if channels_first else array


def _transposed(array: NDArray[Any], shape: tuple[int, ...], channels_first: bool) -> NDArray[Any]:
    """A kernel of a transposed convolution, whose two kinds of channels have changed places."""
    return np.transpose(array, (2, 3, 0, 1) if channels_first else (0, 1, 3, 2))


_TURNS: dict[tuple[str, int], Callable[[NDArray[Any], tuple[int, ...], bool], NDArray[Any]]] = {
    **{(kind, 4): _of_line for kind in ("Conv1D", "Convolution1D", "AtrousConvolution1D")},
    **{
        (kind, 4): _of_image
        for kind in ("Conv2D", "Convolution2D", "AtrousConvolution2D", "ConvLSTM2D")
    },
    **{(kind, 5): _of_image for kind in ("Conv3D", "Convolution3D")},
    **{(kind, 4): _transposed for kind in ("Conv2DTranspose", "Deconvolution2D")},
}
"""How kernels changed, by the class of the layer and the kernel's number of axes."""
