"""Networks that libraries have by name, where those of PyTorch are not installed."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.keras_applications import KERAS_APPLICATIONS

ENTRY = Path(__file__).resolve().parents[2] / "streamlit_app.py"


def opened(**address: str) -> AppTest:
    """The app at an address."""
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def test_the_list_of_models_says_which_packages_would_add_to_it() -> None:
    box = opened().selectbox(key="model")
    assert "pip install torch torchvision timm" in box.help
    assert sum(option.endswith("(Keras)") for option in box.options) == len(KERAS_APPLICATIONS)
    assert not any("torchvision" in option for option in box.options)


def test_a_link_to_a_network_of_torchvision_says_which_package_brings_it() -> None:
    app = opened(model="torchvision:resnet50")
    (error,) = app.error
    assert "resnet50 is a network of torchvision, which is not installed here" in error.value
    assert "pip install torch torchvision" in error.value
    assert app.selectbox(key="model").value == "squeezenet"
