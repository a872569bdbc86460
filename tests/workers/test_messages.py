"""Messages between the app and its workers."""

from __future__ import annotations

import copyreg
import io
import os
import pickle

import numpy as np
import pytest

from rf_viz.errors import ModelError
from rf_viz.workers.messages import answer_of, packed, receive, send, unpacked


class _Call:
    """Something that a pickle calls when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


class _Reach:
    """Something that a pickle reaches for through a module of ours."""

    def __reduce__(self) -> str:
        return "load"


def through(message: object) -> list[bytearray]:
    pipe = io.BytesIO()
    send(pipe, packed(message))
    pipe.seek(0)
    parts = receive(pipe)
    assert parts is not None
    return parts


def test_arrays_arrive_as_they_were_sent() -> None:
    arrays = {
        "plain": np.arange(12.0).reshape(3, 4),
        "turned": np.arange(12).reshape(3, 4).T,
        "empty": np.zeros((0, 3), np.float32),
        "truth": np.array([True, False]),
        "fortran": np.asfortranarray(np.ones((2, 3), np.uint8)),
    }
    for name, array in answer_of(through(arrays)).items():
        assert array.dtype == arrays[name].dtype
        assert np.array_equal(array, arrays[name])


def test_an_answer_that_would_call_something_is_refused() -> None:
    parts = through((0, _Call()))
    with pytest.raises(pickle.UnpicklingError, match="system"):
        answer_of(parts)


@pytest.mark.parametrize(
    "name", ["rf_viz\nload", "rf_viz.trace.network\nimport_module", "rf_viz.errors\ndefect",
             "rf_viz.model\nModel.trace", "builtins\neval", "numpy\nload"],
)  # fmt: skip
def test_an_answer_that_reaches_for_a_function_is_refused(name: str) -> None:
    module, _, function = name.partition("\n")
    head = pickle.PROTO + b"\x04"
    for part in (module, function):
        head += pickle.SHORT_BINUNICODE + bytes([len(part)]) + part.encode()
    head += pickle.STACK_GLOBAL + pickle.STOP
    with pytest.raises(pickle.UnpicklingError):
        answer_of([bytearray(head)])


def test_an_error_arrives_whatever_others_register_for_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As tblib does it, which Keras loads where it is installed."""
    monkeypatch.setitem(copyreg.dispatch_table, ModelError, lambda error: (os.system, ("true",)))
    error = answer_of(through(ModelError("net.onnx is damaged: save it again", "x = 1")))
    assert (error.sentence, error.line) == ("net.onnx is damaged: save it again", "x = 1")


def test_a_request_may_name_functions() -> None:
    function, arguments = unpacked(through((np.add, (1, 2))))
    assert function(*arguments) == 3


def test_a_message_that_is_cut_off_is_the_end() -> None:
    pipe = io.BytesIO()
    send(pipe, packed("message"))
    for length in range(len(pipe.getvalue())):
        assert receive(io.BytesIO(pipe.getvalue()[:length])) is None


def test_a_message_beyond_the_bound_is_not_read() -> None:
    pipe = io.BytesIO()
    send(pipe, packed(np.zeros(1000)))
    pipe.seek(0)
    with pytest.raises(ValueError, match="bytes"):
        receive(pipe, most=1000)
