"""Side inputs take numbers that fit them, and nothing else without a word."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from rf_viz import ModelError
from rf_viz.inputs.feeds import SideInput, load_array, numbers

RATE = SideInput("sr", "int64", (), (), 0)
STATE = SideInput("state", "float32", (2, None, 4), (2, 1, 4), 0)
FLAG = SideInput("flag", "bool", (1,), (1,), 0)
PIXELS = SideInput("pixels", "int8", (3,), (3,), 0, quantised=True)


@pytest.mark.parametrize(
    ("side", "value", "fitted"),
    [
        (RATE, 16000, np.array(16000)),
        (RATE, [16000], np.array(16000)),
        (RATE, 16000.0, np.array(16000)),
        (STATE, 0, np.zeros((2, 1, 4))),
        (STATE, range(8), np.arange(8).reshape(2, 1, 4)),
        (STATE, np.ones((2, 5, 4)), np.ones((2, 5, 4))),
        (FLAG, True, np.array([True])),
        (FLAG, 1, np.array([True])),
        (PIXELS, 0.3, np.full(3, 0.3)),
    ],
)
def test_a_value_takes_the_inputs_shape(
    side: SideInput, value: ArrayLike, fitted: np.ndarray
) -> None:
    array = side.fitted(value)
    assert array.shape == fitted.shape
    assert (array == fitted).all()


@pytest.mark.parametrize(
    ("side", "value", "complaint"),
    [
        (RATE, 0.5, "whole numbers"),
        (RATE, float("nan"), "whole numbers"),
        (RATE, [1, 2], "a single number, not an array of 2"),
        (RATE, "fast", "takes numbers, not 'fast'"),
        (STATE, np.ones((3, 1, 4)), r"an array of 2x\?x4, not an array of 3x1x4"),
        (FLAG, 2, "true or false"),
        (PIXELS, 200, "from -128 to 127"),
    ],
)
def test_what_does_not_fit_is_one_clear_sentence(
    side: SideInput, value: ArrayLike, complaint: str
) -> None:
    with pytest.raises(ModelError, match=f"input {side.name} takes .*{complaint}|{complaint}"):
        side.fitted(value)


def test_numbers_are_read_from_texts() -> None:
    assert numbers("16000") == 16000
    assert numbers("true") == np.True_
    assert numbers("1, -2.5,1e3").tolist() == [1, -2.5, 1000]
    with pytest.raises(ModelError, match="neither a number nor a list"):
        numbers("1,,2")


def test_an_array_is_read_from_a_file_that_holds_no_pickle(tmp_path) -> None:  # noqa: ANN001
    np.save(tmp_path / "a.npy", np.arange(3))
    assert load_array(str(tmp_path / "a.npy")).tolist() == [0, 1, 2]
    np.save(tmp_path / "b.npy", np.array([{}]), allow_pickle=True)
    for name in ("b.npy", "nowhere.npy"):
        with pytest.raises(ModelError, match=r"is not a \.npy file of numbers"):
            load_array(str(tmp_path / name))
