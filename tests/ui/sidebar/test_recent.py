"""Recent uploads are found by their browser's token alone, within bounds of size and age."""

from __future__ import annotations

from rf_viz.ui.cache import File
from rf_viz.ui.sidebar.recent import RecentUploads


def upload(name: str, content: bytes) -> File:
    return File.uploaded({name: content})


def test_a_file_is_found_by_the_token_of_its_browser_and_by_no_other() -> None:
    recent = RecentUploads()
    file = recent.keep("a", "model", "1", upload("net.onnx", b"abc"))
    assert recent.files("a", "model") == {"1": file}
    assert recent.files("a", "image") == {}
    assert recent.files("b", "model") == {}
    assert recent.files("", "model") == {}


def test_a_class_that_uploads_the_same_file_holds_it_once() -> None:
    recent = RecentUploads(most_bytes=10)
    for token in map(str, range(50)):
        recent.keep(token, "model", "1", upload("net.onnx", b"six!!!"))
    files = [recent.files(token, "model")["1"] for token in map(str, range(50))]
    assert len({id(file.source) for file in files}) == 1


def test_beyond_the_limit_the_file_that_was_not_asked_for_longest_goes() -> None:
    seconds = iter(range(100))
    recent = RecentUploads(most_bytes=10, now=lambda: float(next(seconds)))
    for key, content in (("1", b"1111"), ("2", b"2222")):
        recent.keep("a", "model", key, upload("net.onnx", content))
    recent.keep("b", "model", "3", upload("net.onnx", b"33"))
    recent.files("a", "model")
    recent.keep("a", "model", "4", upload("net.onnx", b"44"))
    assert list(recent.files("a", "model")) == ["1", "2", "4"]
    assert recent.files("b", "model") == {}
    huge = recent.keep("a", "model", "5", upload("net.onnx", b"5" * 11))
    assert huge.content() == b"5" * 11  # for this session; a reload asks for it
    assert list(recent.files("a", "model")) == ["1", "2", "4"]


def test_what_nobody_asked_for_is_dropped_in_time() -> None:
    clock = [0.0]
    recent = RecentUploads(longest=60, now=lambda: clock[0])
    recent.keep("a", "model", "1", upload("net.onnx", b"1"))
    clock[0] = 50
    assert list(recent.files("a", "model")) == ["1"]
    clock[0] = 100
    assert list(recent.files("a", "model")) == ["1"]
    clock[0] = 161
    assert recent.files("a", "model") == {}


def test_several_files_of_one_model_count_together() -> None:
    assert File.uploaded({"net.onnx": b"12", "net.onnx.data": b"345"}).held == 5
