"""Side inputs: values for a model's inputs other than the one that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ModelError


@dataclass(frozen=True, slots=True)
class SideInput:
    """An input other than the traced one, such as a sample rate, a flag or a state.

    Attributes:
        name: the input's name.
        dtype: NumPy's name of its type.
        declared: its shape as the model declares it, None along axes of any size.
        shape: the shape that it has beside the traced input.
        default: what it is filled with where nothing is fed.
        quantised: whether its whole numbers stand for real ones, which may be fed too.
        fixed: whether the trace takes the default for granted.
    """

    name: str
    dtype: str
    declared: tuple[int | None, ...]
    shape: tuple[int, ...]
    default: float
    quantised: bool = False
    fixed: bool = False

    def fitted(self, value: ArrayLike) -> NDArray[np.generic]:
        """A value in the input's shape: as it is, reshaped, or repeated.

        A value of another size along axes of any size keeps its size. Raises ModelError for what
        is no number, or does not fit.
        """
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise ModelError(f"input {self.name} takes numbers, not {value!r}")
        self._check_type(array)
        fits = len(array.shape) == len(self.declared) and all(
            m in (None, n) for n, m in zip(array.shape, self.declared, strict=True)
        )
        if fits:
            return array
        if array.size == prod(self.shape):
            return array.reshape(self.shape)
        try:
            return np.broadcast_to(array, self.shape)
        except ValueError:
            raise ModelError(
                f"input {self.name} takes {_shape(self.declared)}, not {_shape(array.shape)}"
            ) from None

    def _check_type(self, array: NDArray[np.generic]) -> None:
        """See to it that the numbers are of the input's type. Raises ModelError."""
        if self.dtype == "bool" and not np.isin(array, (0, 1)).all():
            raise ModelError(f"input {self.name} takes true or false, not {array.tolist()}")
        if "int" not in self.dtype or (self.quantised and array.dtype.kind == "f"):
            return
        limits = np.iinfo(self.dtype)
        whole = np.isfinite(array).all() and (array == np.rint(array)).all()
        if not whole or (array.size and not limits.min <= array.min() <= array.max() <= limits.max):
            raise ModelError(
                f"input {self.name} takes whole numbers from {limits.min} to {limits.max} "
                f"({self.dtype}), not {array.tolist()}"
            )


def numbers(text: str) -> NDArray[np.generic]:
    """Read one number or several from a text: "16000", "1,2,3", "true". Raises ModelError."""
    words = {"true": 1.0, "false": 0.0}
    try:
        values = [_number(part.strip().lower(), words) for part in text.split(",")]
    except ValueError:
        raise ModelError(f"{text!r} is neither a number nor a list of numbers like 1,2,3") from None
    return np.array(values[0] if len(values) == 1 else values)


def load_array(path: str) -> NDArray[np.generic]:
    """Read a .npy file, never what it may have pickled. Raises ModelError."""
    try:
        array: NDArray[np.generic] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"{path} is not a .npy file of numbers that can be read") from error
    return array


def _number(text: str, words: dict[str, float]) -> float | int:
    if text in words:
        return bool(words[text])
    try:
        return int(text)
    except ValueError:
        return float(text)


def _shape(shape: Sequence[int | None]) -> str:
    if not shape:
        return "a single number"
    return f"an array of {'x'.join('?' if n is None else str(n) for n in shape)}"
