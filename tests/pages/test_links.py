"""Addresses that somebody has typed, cut off or made up: the page opens all the same."""

from __future__ import annotations

import pytest
from onnx import helper
from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.samples import SAMPLE_IMAGES
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
def test_what_makes_no_sense_is_passed_over_with_one_sentence(address: dict[str, str]) -> None:
    app = opened({"model": "squeezenet", **address})
    assert [message.value for message in (*app.error, *app.warning, *app.info)] == []
    (toast,) = app.toast
    assert "they were ignored" in toast.value
    shown = header(app)
    assert shown["grid"] == [27, 27]
    assert app.query_params["layer"] == "fire5/concat"


def test_an_address_of_an_upload_is_followed_once_the_file_is_there() -> None:
    digest = File.uploaded({"net.onnx": NET}).digest
    address = {"model": digest, "name": "net.onnx", "layer": "y", "size": "40x50", "cell": "3,4"}
    app = opened(address)
    assert f"net.onnx (SHA-256 {digest}" in app.info[0].value
    upload(app, "model", ("other.onnx", NET + b"\x72\x00"))
    assert "is not the same file as" in app.error[0].value
    assert dict(app.query_params) == address
    upload(app, "model", ("net.onnx", NET))
    assert not app.info
    assert header(app)["extent"] == [40, 50]
    assert app.query_params["cell"] == "3,4"
    assert app.query_params["model"] == digest


def test_one_can_go_on_without_the_upload() -> None:
    app = opened({"model": "0123456789abcdef", "name": "gone.onnx", "layer": "y", "size": "40x50"})
    assert "gone.onnx" in app.info[0].value
    next(b for b in app.button if b.label == "Go on without it").click().run()
    assert not app.exception
    assert not app.info
    assert app.query_params["model"] == "squeezenet"
    assert not app.toast


def test_an_image_is_asked_for_too_and_the_model_stays() -> None:
    content = SAMPLE_IMAGES["coffee"].path.read_bytes()
    digest = File.uploaded({"": content}).digest
    address = {"model": "blazeface", "image": digest, "image-name": "cup.jpg", "fit": "stretch"}
    app = opened(address)
    assert "cup.jpg" in app.info[0].value
    upload(app, "image", ("cup.jpg", content))
    assert not app.info
    assert app.query_params["model"] == "blazeface"
    assert app.query_params["image"] == digest
    assert app.query_params["fit"] == "stretch"


def test_an_older_link_opens_its_question() -> None:
    app = opened({"model": "squeezenet", "layer": "fire5/concat", "ask": "Take it along"})
    assert any("Anyone who opens this address" in caption.value for caption in app.caption)
    assert app.query_params["ask"] == "export_panel"


def test_a_size_beyond_all_limits_is_not_taken() -> None:
    digest = File.uploaded({"net.onnx": NET}).digest
    app = opened({"model": digest, "layer": "y", "size": "999999x3"})
    upload(app, "model", ("net.onnx", NET))
    assert not app.error
    assert header(app)["extent"][0] == 224
