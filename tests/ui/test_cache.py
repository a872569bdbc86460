"""What goes wrong with a model is told about it by name."""

from __future__ import annotations

from pathlib import Path

import pytest

import rf_viz
from rf_viz.ui import cache


class Vanished(type(Path())):
    """A path that fails as none is supposed to."""

    def __fspath__(self) -> str:
        raise RuntimeError("gone")


def test_an_error_that_nobody_foresaw_is_told_with_the_name_of_the_file() -> None:
    with pytest.raises(rf_viz.ModelError, match=r"^net\.onnx could not be read: .* report it$"):
        cache.load(cache.File("net.onnx", "no such digest", Vanished()))


def test_of_several_files_the_model_is_opened_whatever_its_format() -> None:
    files = {"weights.bin": b"1", "Graph.PBTXT": b"2", "labels.txt": b"3"}
    assert cache.File.uploaded(files).name == "Graph.PBTXT"
