"""Addresses that somebody has typed, cut off or made up: the page opens all the same."""

from __future__ import annotations

import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

from rf_viz.ui.cache import File
from tests.pages.driver import SCRIPT, header, onnx_file, upload

NODE = helper.make_node("Conv", ["x", "w"], ["y"], "y")
NET = onnx_file([NODE], {"x": [1, 3, None, None]}, "y", {"w": (2, 3, 3, 3)})


def opened(address: dict[str, str]) -> AppTest:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    "address",
    [
        {"channel": "99999"},
        {"layer": "fire5/concat", "channel": "x", "cell": "-3,4"},
        {"layer": "no such layer", "cell": "1,2", "pixel": "9999,1"},
        {"layer": "fire5/concat", "cell": "1", "pixel": "5"},
        {"size": "axb", "ask": "What?", "mode": "all", "preset": "?", "fit": "?"},
        {"size": "999999x2", "input": "other", "weights": "?"},
    ],
)
def test_what_makes_no_sense_is_passed_over(address: dict[str, str]) -> None:
    app = opened({"model": "squeezenet", **address})
    assert [message.value for message in (*app.error, *app.warning, *app.info)] == []
    shown = header(app)
    assert shown["grid"] == [27, 27]
    assert app.query_params["layer"] == "fire5/concat"


def test_an_address_of_an_upload_is_followed_once_the_file_is_there() -> None:
    digest = File.uploaded({"net.onnx": NET}).digest
    app = opened({"model": digest, "name": "net.onnx", "size": "40x50", "cell": "3,4"})
    assert f"net.onnx (SHA-256 {digest}" in app.info[0].value
    upload(app, "model", ("other.onnx", NET + b"\x72\x00"))
    assert "another file" in app.error[0].value
    app = opened(
        {"model": digest, "name": "net.onnx", "layer": "y", "size": "40x50", "cell": "3,4"}
    )
    upload(app, "model", ("net.onnx", NET))
    assert not app.info
    assert header(app)["extent"] == [40, 50]
    assert app.query_params["cell"] == "3,4"


def test_a_size_beyond_all_limits_is_not_taken() -> None:
    digest = File.uploaded({"net.onnx": NET}).digest
    app = opened({"model": digest, "layer": "y", "size": "999999x3"})
    upload(app, "model", ("net.onnx", NET))
    assert not app.error
    assert header(app)["extent"][0] == 224
