"""What is kept of models and inputs, and how errors about them are told."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import rf_viz
from rf_viz.errors import DefectError
from rf_viz.ui import cache
from tests.pages.driver import onnx_file


class Vanished(type(Path())):
    """A path that fails as none is supposed to."""

    def __fspath__(self) -> str:
        raise RuntimeError("gone")


def test_an_error_that_nobody_foresaw_is_told_with_the_name_of_the_file() -> None:
    with pytest.raises(rf_viz.ModelError, match=r"^net\.onnx could not be read: .* report it$"):
        cache.load(cache.File("net.onnx", "no such digest", Vanished()))


def test_such_an_error_is_our_defect_and_the_log_has_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        pytest.raises(DefectError, match="defect of RF-Viz itself"),
        cache.reported(cache.File("net.onnx", "", b""), "traced"),
    ):
        raise RuntimeError("gone")
    assert "RuntimeError: gone" in caplog.text


def test_want_of_memory_is_no_defect_of_ours() -> None:
    file = cache.File("net.onnx", "", b"")
    with (
        pytest.raises(rf_viz.ModelError, match=r"net\.onnx .* not enough memory$") as raised,
        cache.reported(file, "followed"),
    ):
        raise MemoryError
    assert not isinstance(raised.value, DefectError)


@pytest.mark.parametrize("kind", [DefectError, rf_viz.ModelError])
def test_what_is_told_of_a_model_already_passes_through(
    kind: type[rf_viz.ModelError], caplog: pytest.LogCaptureFixture
) -> None:
    error = kind("one sentence")
    with pytest.raises(kind) as raised, cache.reported(cache.File("net.onnx", "", b""), "read"):
        raise error
    assert raised.value is error
    assert caplog.text == ""


def test_of_several_files_the_model_is_opened_whatever_its_format() -> None:
    files = {"weights.bin": b"1", "Graph.PBTXT": b"2", "labels.txt": b"3"}
    assert cache.File.uploaded(files).name == "Graph.PBTXT"


def test_the_same_picture_in_another_input_gives_other_values() -> None:
    node = helper.make_node("Sub", ["a", "b"], ["y"])
    file = cache.File.uploaded(
        {"net.onnx": onnx_file([node], {"a": [1, 1, 4, 4], "b": [1, 1, 4, 4]}, "y")}
    )
    ones = np.ones((1, 1, 4, 4), np.float32)
    for name, value in (("a", 1), ("b", -1)):
        fed = cache.Fed("ones", name, lambda: ones, lambda values: values)
        assert (cache.activations(file, fed, "y") == value).all()


def _in_two_files(folder: Path) -> dict[str, bytes]:
    content = onnx_file(
        [helper.make_node("Conv", ["x", "w"], ["y"])], {"x": [1, 1, 8, 8]}, "y", {"w": (1, 1, 3, 3)}
    )
    onnx.save(
        onnx.load_from_string(content),
        folder / "net.onnx",
        save_as_external_data=True,
        location="net.data",
        size_threshold=0,
    )
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_data_files_stay_as_long_as_the_model_that_reads_them(tmp_path: Path) -> None:
    files = _in_two_files(tmp_path)
    cache.load(cache.File.uploaded(files))
    gc.collect()  # the first visitor has gone
    fed = cache.Fed("ones", "x", lambda: np.ones((1, 1, 8, 8), np.float32), lambda values: values)
    assert (cache.activations(cache.File.uploaded(files), fed, "y") == 9).all()


def test_several_files_are_known_by_name_and_content_in_any_order() -> None:
    files = {"net.onnx": b"1", "a.data": b"2", "b.data": b"3"}
    digest = cache.File.uploaded(files).digest
    assert cache.File.uploaded(dict(reversed(files.items()))).digest == digest
    swapped = {"net.onnx": b"1", "b.data": b"2", "a.data": b"3"}
    assert cache.File.uploaded(swapped).digest != digest


def _small(weights: tuple[int, ...]) -> cache.File:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    return cache.File.uploaded(
        {"net.onnx": onnx_file([node], {"x": [1, 1, 8, 8]}, "y", {"w": weights})}
    )


def drop_models() -> None:
    """Let all loaded models go, as when others need the room."""
    vars(cache)["_load"].cache_clear()


def test_nothing_that_is_kept_of_a_model_serves_another_load_of_its_file() -> None:
    file = _small((1, 1, 3, 3))
    fed = cache.Fed("ones", "x", lambda: np.ones((1, 1, 8, 8), np.float32), lambda values: values)
    model, net = cache.load(file), cache.trace(file, cache.TraceOptions())
    values = cache.activations(file, fed, "y")
    assert cache.trace(file, cache.TraceOptions()) is net
    assert cache.activations(file, fed, "y") is values
    drop_models()
    assert cache.load(file) is not model
    assert cache.trace(file, cache.TraceOptions()) is not net
    assert cache.activations(file, fed, "y") is not values
    assert cache.identity(cache.load(file)) != cache.identity(model)
