"""The pages of a survey: complete, without a server, and safe whatever the images are called."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rf_viz.survey import Survey, open_survey, survey
from rf_viz.survey.gallery import write_gallery

HOSTILE = '<img src=x onerror=alert(1)> "quoted" & more.png'


@pytest.fixture(scope="module")
def whole(net: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    folder = tmp_path_factory.mktemp("gallery")
    shutil.copytree(pictures / "deep", folder / "images")
    (folder / "images" / "051.png").rename(folder / "images" / HOSTILE)
    survey(net, folder / "images", ["conv", "cat", "head"], folder / "out", workers=1)
    result = open_survey(folder / "out")
    assert write_gallery(result) == folder / "out" / "index.html"
    return result


def page(result: Survey, name: str) -> str:
    return (result.folder / name).read_text(encoding="utf-8")


def test_every_layer_has_a_page_and_every_channel_its_crops(whole: Survey) -> None:
    first = page(whole, "index.html")
    for index, layer in enumerate(whole.layers):
        assert f'<a href="layer-{index:03}.html">{layer.title}</a>' in first
        text = page(whole, f"layer-{index:03}.html")
        sections = text.split("<section")[1:]
        assert len(sections) == layer.channels
        for channel, section in enumerate(sections):
            strongest = whole.strongest(layer.name, channel)
            assert section.count('class="crop') == len(strongest)
            names = [whole.image(one.image).name for one in strongest]
            assert HOSTILE in names  # nine of ten images are shown
            assert section.count("img src=x") == 2  # its title, and what is read out


def test_bars_show_every_bin_with_values(whole: Survey) -> None:
    (drawings,) = [re.findall(r"<svg.*?</svg>", page(whole, "layer-001.html"), re.DOTALL)]
    counts = whole.statistics("cat").histogram
    assert len(drawings) == len(counts)
    for drawing, its in zip(drawings, counts, strict=True):
        bars = list(ElementTree.fromstring(drawing))
        assert len(bars) == (its > 0).sum()
        heights = [float(bar.attrib["height"]) for bar in bars]
        assert max(heights) == 1
        assert sum(bar.attrib["class"] == "zero" for bar in bars) == (its[81] > 0)


def test_pages_refer_to_nothing_but_files_of_the_folder(whole: Survey) -> None:
    for path in whole.folder.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "http" not in text
        assert "<script" not in text
        for target in re.findall(r'(?:href="|url\()([^")]+)', text):
            assert (whole.folder / target).is_file(), target


def test_names_of_files_are_no_html(whole: Survey) -> None:
    text = page(whole, "layer-000.html")
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt; &quot;quoted&quot; &amp; more.png" in text
