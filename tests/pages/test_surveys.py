"""Surveys that are opened in Explore: their crops, what they tell, and where clicks lead."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from onnx import save
from PIL import Image
from streamlit.testing.v1 import AppTest

from rf_viz.survey import survey
from tests.pages.driver import chosen_from, components, texts, upload, visit
from tests.survey.small import network, picture, values

COUNT, CHANNEL = 6, 2


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the network, some images, and surveys with and without images."""
    folder = tmp_path_factory.mktemp("place")
    save(network(), folder / "small.onnx")
    (folder / "images").mkdir()
    for number in range(COUNT):
        Image.fromarray(picture(number)).save(folder / "images" / f"{number:03}.png")
    for name, keeps in (("whole", True), ("bare", False)):
        survey(
            folder / "small.onnx", folder / "images", ["cat"], folder / "surveys" / name,
            top=4, workers=1, preprocessing="0..255", fit="crop", keep_images=keeps,
            fields=2 if keeps else 0,
        )  # fmt: skip
        shutil.make_archive(str(folder / name), "zip", folder / "surveys", name)
    return folder


@pytest.fixture
def app(place: Path) -> AppTest:
    """The page with the network, and no survey."""
    app = upload(visit(), "model", ("small.onnx", (place / "small.onnx").read_bytes()))
    app.segmented_control(key="question").set_value("Strongest cells").run()
    app.segmented_control(key="strongest in").set_value("A survey").run()
    assert not app.exception
    return app


def give(app: AppTest, file: Path) -> AppTest:
    return upload(app, "survey", (file.name, file.read_bytes()))


def open_channel(app: AppTest, layer: str, channel: int) -> AppTest:
    next(box for box in app.selectbox if (box.key or "").startswith("surveyed layer")).select(
        layer
    ).run()
    box = next(box for box in app.selectbox if (box.key or "").startswith("channel "))
    box.select(channel).run()
    assert not app.exception
    return app


def tiles(app: AppTest) -> dict[str, Any]:
    return chosen_from(app, "surveyed cells")


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.warning, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def expected() -> list[tuple[float, int]]:
    """The largest value of the channel in each image, and the image, the highest first."""
    highest = [(float(values(n)["cat"][CHANNEL].max()), n) for n in range(COUNT)]
    return sorted(highest, key=lambda pair: -pair[0])[:4]


def test_a_crop_opens_its_cell_on_its_image_prepared_as_in_the_survey(
    app: AppTest, place: Path
) -> None:
    assert "rf-viz survey" in app.code[0].value
    give(app, place / "whole.zip")
    assert "small.onnx over 6 images" in words(app)
    open_channel(app, "cat", CHANNEL)
    shown = tiles(app)
    figures = [float(figure.replace(",", "")) for figure in texts(shown, "figures")]
    assert figures == [value for value, _ in expected()]
    images = [note.split("<br>")[-1] for note in texts(shown, "notes")]
    assert images == [f"{number:03}.png" for _, number in expected()]
    assert not any(part["current"] for part in shown["parts"])

    (proto,) = components(app, "surveyed cells")
    key = next(e.key for e in app.get("bidi_component") if e.proto is proto)
    app.session_state[key] = {"chosen": {"of": shown["of"], "name": "1"}}
    app.run()
    assert not app.exception
    image = next(box for box in app.selectbox if box.label == "Image")
    assert image.options[-1] == images[1]
    preset = next(box for box in app.selectbox if box.label == "Preprocessing")
    assert preset.value == "0..255"
    cell = texts(shown, "notes")[1].split("<br>")[0]
    assert app.query_params["cell"] == cell.strip("()").replace(" ", "")
    assert [part["current"] for part in tiles(app)["parts"]] == [False, True, False, False]
    # The page's own largest value of the channel, in this image, is the one of the survey.
    channels = next(box for box in app.selectbox if (box.key or "").startswith("channel "))
    assert f"Channel {CHANNEL}, up to {expected()[1][0]:,g}" in channels.options


def test_values_of_all_images_are_told(app: AppTest, place: Path) -> None:
    open_channel(give(app, place / "whole.zip"), "cat", CHANNEL)
    every = [values(number)["cat"][CHANNEL] for number in range(COUNT)]
    highest = max(float(one.max()) for one in every)
    assert f"between 0 and {highest:,.0f}" in words(app)
    assert "in 100% of the images" in words(app)
    assert "by occlusion, over 2 images of the survey" in words(app)
    (table,) = (frame.value for frame in app.dataframe if "Field" in frame.value)
    assert table["Field"][0] == "Measured"


def test_without_images_it_is_said_where_a_click_leads(app: AppTest, place: Path) -> None:
    open_channel(give(app, place / "bare.zip"), "cat", CHANNEL)
    assert "--keep-images" in words(app)
    assert "Effective field" not in words(app)


def test_a_survey_of_another_model_is_refused_in_a_sentence(app: AppTest, place: Path) -> None:
    app.selectbox(key="model").select("squeezenet").run()
    give(app, place / "whole.zip")
    assert "This survey is of small.onnx, and looks at cat" in words(app)
    assert components(app, "surveyed cells") == []


@pytest.mark.parametrize(
    ("part", "shape", "why"),
    [
        ("input", [1, 3, 24, 24], "made at an input size of 24 \N{MULTIPLICATION SIGN} 24"),
        ("layer", [1, 7, 9, 9], "traced this model with other options"),
    ],
)
def test_a_survey_that_was_traced_otherwise_says_how(
    app: AppTest, place: Path, tmp_path: Path, part: str, shape: list[int], why: str
) -> None:
    shutil.copytree(place / "surveys" / "bare", tmp_path / "otherwise")
    file = tmp_path / "otherwise" / "survey.json"
    record = json.loads(file.read_text())
    (record["input"] if part == "input" else record["layers"][0])["shape"] = shape
    file.write_text(json.dumps(record))
    give(app, Path(shutil.make_archive(str(tmp_path / "otherwise"), "zip", tmp_path, "otherwise")))
    assert why in words(app)
    assert components(app, "surveyed cells") == []


def test_the_same_layers_of_another_file_are_shown_with_a_warning(
    app: AppTest, place: Path
) -> None:
    other = network()
    other.producer_name = "another"
    upload(app, "model", ("other.onnx", other.SerializeToString()))
    open_channel(give(app, place / "whole.zip"), "cat", CHANNEL)
    assert "which is not the same as this one" in words(app)
    assert len(tiles(app)["parts"]) == 4


def test_what_is_no_survey_is_told_and_the_page_goes_on(app: AppTest, place: Path) -> None:
    give(app, place / "small.onnx")
    assert "small.onnx holds no survey" in words(app)
    give(app, place / "whole.zip")
    assert "small.onnx over 6 images" in words(app)


def test_surveys_of_the_host_are_chosen_and_links_to_them_hold(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RF_VIZ_SURVEYS", str(place / "surveys"))
    monkeypatch.setenv("RF_VIZ_MODEL", str(place / "small.onnx"))
    app = visit()
    app.segmented_control(key="question").set_value("Strongest cells").run()
    app.segmented_control(key="strongest in").set_value("A survey").run()
    box = app.selectbox(key="survey file")
    assert box.options == ["bare", "whole"]
    box.select("folder:whole").run()
    assert app.query_params["survey"] == "folder:whole"
    open_channel(app, "cat", CHANNEL)
    assert len(tiles(app)["parts"]) == 4
    assert str(place) not in words(app)


def test_a_survey_that_is_dropped_on_the_page_opens(app: AppTest, place: Path) -> None:
    archive = place / "whole.zip"
    upload(app, "drop", (archive.name, archive.read_bytes()))
    assert "small.onnx over 6 images" in words(app)
    assert any("whole.zip is open" in note.value for note in app.info)
