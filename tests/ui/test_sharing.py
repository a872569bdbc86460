"""What is worked out for one visitor serves all, within a bound of memory."""

from __future__ import annotations

import gc
import pickle
import threading
import weakref

from onnx import helper

import rf_viz
from rf_viz.ui.sharing import kept_with_it, shared
from tests.pages.driver import onnx_file


def network() -> rf_viz.Network:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    content = onnx_file([node], {"x": [1, 1, 8, 8]}, "y", {"w": (1, 1, 3, 3)})
    return rf_viz.load(content).trace()


def test_what_was_not_asked_for_longest_makes_room() -> None:
    calls = []

    @shared(10, len)
    def text(length: int) -> str:
        calls.append(length)
        return "x" * length

    for length in (4, 5, 4, 3, 4, 5):
        text(length)
    assert calls == [4, 5, 3, 5]


def test_what_is_too_large_is_kept_alone() -> None:
    calls = []

    @shared(10, len)
    def text(length: int) -> str:
        calls.append(length)
        return "x" * length

    for length in (4, 11, 11, 4, 4):
        assert len(text(length)) == length
    assert calls == [4, 11, 4]


def test_arguments_that_begin_with_an_underscore_tell_nothing_apart() -> None:
    @shared(10, len)
    def text(key: str, _content: list[str]) -> str:
        return _content[0]

    assert text("a", ["one"]) == text("a", ["two"]) == "one"
    assert text("b", ["two"]) == "two"


def test_several_visitors_at_once_wait_for_one_result() -> None:
    begun, go, calls = threading.Event(), threading.Event(), []

    @shared(10, len)
    def text(key: str) -> str:
        calls.append(key)
        begun.set()
        go.wait(60)
        return key

    threads = [threading.Thread(target=text, args=("a",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait(60)
    go.set()
    for thread in threads:
        thread.join(60)
    assert calls == ["a"]


def test_a_failure_is_not_kept() -> None:
    calls = []

    @shared(10, len)
    def text(key: str) -> str:
        calls.append(key)
        if len(calls) == 1:
            raise rf_viz.ModelError("no")
        return key

    try:
        text("a")
    except rf_viz.ModelError:
        assert text("a") == "a"
    assert calls == ["a", "a"]


def test_results_of_a_network_go_with_it_though_they_refer_to_it() -> None:
    calls = []

    @kept_with_it()
    def layers(net: rf_viz.Network, last: int) -> list[rf_viz.Layer]:
        calls.append(last)
        return list(net.layers[-last:])

    net = network()
    assert layers(net, 1) is layers(net, 1)
    assert layers(net, 2) is not layers(network(), 2)
    assert calls == [1, 2, 2]
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None


def test_a_worker_gets_a_network_without_what_pages_keep_of_it() -> None:
    @kept_with_it()
    def lock(net: rf_viz.Network) -> object:
        return threading.Lock()  # cannot be pickled

    net = network()
    lock(net)
    copy = pickle.loads(pickle.dumps(net))
    assert [layer.name for layer in copy.layers] == ["y"]
    assert lock(copy) is not lock(net)
