"""The host's models and image: all can choose them, and no address names a path of the server."""

import os
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, helper, numpy_helper, save
from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.samples import ASSETS
from tests.pages.driver import SCRIPT, header, onnx_file, visit


def network(kernel: int) -> bytes:
    """One convolution, padded so that the map is as large as the image."""
    half = kernel // 2
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[half] * 4)
    return onnx_file([node], {"x": [1, 1, 24, 24]}, "y", {"w": (1, 1, kernel, kernel)})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models that the host offers, with things in it that are none."""
    models = tmp_path / "models"
    (models / "deep").mkdir(parents=True)
    (models / "three.onnx").write_bytes(network(3))
    (models / "deep" / "five.onnx").write_bytes(network(5))
    (models / "notes.txt").write_text("no model")
    (models / ".hidden.onnx").write_bytes(network(3))
    (tmp_path / "secret.onnx").write_bytes(network(3))
    (models / "link.onnx").symlink_to(tmp_path / "secret.onnx")
    monkeypatch.setenv("RF_VIZ_MODELS", str(models))
    return models


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    app.query_params.update(address)
    app.run()
    assert not app.exception
    return app


def select(app: AppTest, label: str) -> AppTest:
    return next(box for box in app.selectbox if box.label == label)


def extent(app: AppTest) -> list[int]:
    return list(header(app)["field"]["size"])


@pytest.mark.usefixtures("folder")
def test_models_of_the_folder_are_chosen_without_upload_and_links_to_them_hold() -> None:
    app = visit()
    box = select(app, "Model")
    assert box.options[:2] == ["deep/five.onnx", "three.onnx"]
    assert box.value == "squeezenet"
    assert not {".hidden.onnx", "link.onnx", "notes.txt"} & set(box.options)
    box.select("folder:deep/five.onnx").run()
    assert not app.exception
    assert extent(app) == [5, 5]
    address = dict(app.query_params.items())
    assert address["model"] == "folder:deep/five.onnx"
    again = opened(**address)
    assert select(again, "Model").value == "folder:deep/five.onnx"
    assert dict(again.query_params.items()) == address


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("path", ["../secret.onnx", "link.onnx", ".hidden.onnx", "/etc/passwd"])
def test_no_address_reaches_a_file_that_is_not_on_offer(path: str) -> None:
    app = opened(model=f"folder:{path}")
    assert select(app, "Model").value == "squeezenet"
    assert [e.value for e in app.error] == [f"{path} is not among the models of this server."]


def test_a_file_that_changes_is_read_anew_and_one_that_goes_is_told(folder: Path) -> None:
    app = opened(model="folder:three.onnx")
    assert extent(app) == [3, 3]
    (folder / "three.onnx").write_bytes(network(7))
    assert extent(app.run()) == [7, 7]
    (folder / "three.onnx").unlink()
    app.run()
    assert not app.exception
    assert select(app, "Model").value == "squeezenet"
    (error,) = (e.value for e in app.error)
    assert error == "there is no file three.onnx."
    assert str(folder) not in error


@pytest.mark.usefixtures("folder")
def test_what_is_no_model_is_told_and_the_page_stays(folder: Path) -> None:
    (folder / "broken.onnx").write_bytes(b"nothing of the kind")
    app = opened(model="folder:broken.onnx")
    assert select(app, "Model").value == "squeezenet"
    assert len(app.error) == 1


def test_the_app_opens_on_a_model_and_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.onnx").write_bytes(network(3))
    monkeypatch.setenv("RF_VIZ_MODEL", str(tmp_path / "mine.onnx"))
    monkeypatch.setenv("RF_VIZ_IMAGE", str(ASSETS / "images" / "rocket.jpg"))
    app = visit()
    assert select(app, "Model").value == "start:mine.onnx"
    address = dict(app.query_params.items())
    assert address["image-name"] == "rocket.jpg"
    assert extent(app) == [3, 3]
    # Another person gets the link, and a sample keeps the image.
    again = opened(**address)
    assert dict(again.query_params.items()) == address
    select(again, "Model").select("squeezenet").run()
    assert again.query_params["image"] == address["image"]
    assert os.sep not in "".join(address.values())


def test_a_start_input_may_be_a_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "beat.npy", np.sin(np.arange(2000, dtype=np.float32)))
    monkeypatch.setenv("RF_VIZ_MODEL", str(ASSETS / "models" / "crepe_tiny.onnx"))
    monkeypatch.setenv("RF_VIZ_IMAGE", str(tmp_path / "beat.npy"))
    app = visit()
    assert app.query_params["signal-name"] == "beat.npy"


def test_a_start_input_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cat.txt").write_text("a cat")
    monkeypatch.setenv("RF_VIZ_IMAGE", str(tmp_path / "cat.txt"))
    (error,) = visit().error
    assert error.value == "cat.txt is no image, signal or volume that can be opened."


def test_data_beside_a_model_is_found_and_read_anew_when_it_changes(folder: Path) -> None:
    def write(value: float) -> None:
        weights = numpy_helper.from_array(np.full((1, 1, 3, 3), value, np.float32), "w")
        model = ModelProto.FromString(network(3))
        model.graph.initializer[0].CopyFrom(weights)
        (folder / "big.onnx.data").unlink(missing_ok=True)
        save(
            model,
            folder / "big.onnx",
            save_as_external_data=True,
            location="big.onnx.data",
            size_threshold=0,
        )

    write(1)
    app = opened(model="folder:big.onnx", image="camera", preset="0..255")
    (before,) = (b.options[0] for b in app.selectbox if b.label.startswith("Channel"))
    write(2)
    app.run()
    assert not app.exception
    (after,) = (b.options[0] for b in app.selectbox if b.label.startswith("Channel"))
    assert before != after


def test_a_model_that_needs_a_size_is_asked_for_it(folder: Path) -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "m"], ["y"]),
    ]
    weights = {"m": (3 * 12 * 5, 2)}
    (folder / "open.onnx").write_bytes(onnx_file(nodes, {"x": [1, 3, None, None]}, "y", weights))
    app = opened(model="folder:open.onnx")
    assert "Which size?" in [h.value for h in app.header]
    for field, n in zip(app.number_input, (12, 5), strict=True):
        field.set_value(n)
    next(b for b in app.button if b.label == "Open at this size").click().run()
    assert not app.exception
    assert "Which size?" not in [h.value for h in app.header]
    assert app.query_params["model"] == "folder:open.onnx"
