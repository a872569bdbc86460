"""The app where torchvision and timm are installed."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

ENTRY = Path(__file__).resolve().parents[2] / "streamlit_app.py"


def opened(page: str = "", **address: str) -> AppTest:
    """The app, or a page of it, at an address."""
    app = AppTest.from_file(str(ENTRY), default_timeout=600)
    if page:
        app = app.switch_page(page)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_networks_of_both_libraries_are_on_offer_and_open() -> None:
    app = opened()
    box = app.selectbox(key="model")
    assert "pip install" not in box.help
    assert {"resnet18 (torchvision)", "resnet18 (timm)", "ResNet50 (Keras)"} <= set(box.options)
    box.set_value("torchvision:squeezenet1_1").run()
    assert not app.exception
    assert "1.2 million weights, top-1 accuracy on ImageNet 58" in captions(app)
    assert "Its weights are random here" in captions(app)
    assert "No trained ones are in torchvision's cache" in captions(app)
    preset = next(s for s in app.selectbox if s.label == "Preprocessing")
    assert preset.value == "ImageNet mean/std"


def test_what_timm_expects_of_its_pixels_is_the_preset() -> None:
    app = opened(model="timm:test_vit")
    assert app.selectbox(key="model").value == "timm:test_vit"
    preset = next(s for s in app.selectbox if s.label == "Preprocessing")
    assert preset.value == "-1..1"


def test_a_network_that_cannot_be_built_is_told_and_the_last_one_stays() -> None:
    app = opened()
    app.selectbox(key="model").set_value("torchvision:vit_h_14").run()
    assert not app.exception
    (error,) = app.error
    assert "has 632 million weights, more than are built here" in error.value
    assert app.selectbox(key="model").value == "squeezenet"


def test_its_size_can_be_chosen() -> None:
    app = opened(model="torchvision:squeezenet1_1", size="128x160")
    heights = [n.value for n in app.number_input if n.label in ("Height", "Width")]
    assert heights == [128, 160]
    assert not app.error


def test_networks_of_torchvision_are_compared() -> None:
    app = opened("pages/compare.py")
    app.multiselect(key="compared").set_value(["torchvision:squeezenet1_0"]).run()
    assert not app.exception
    rows = {row["Network"]: row for row in app.dataframe[0].value.to_dict("records")}
    assert "squeezenet1_0 (torchvision)" in rows
