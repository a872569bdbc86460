"""The pages of a survey: complete, without a server, and safe whatever the images are called."""

from __future__ import annotations

import base64
import io
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from rf_viz.survey import Survey, open_survey, survey
from rf_viz.survey.gallery import write_gallery

HOSTILE = '<img src=x onerror=alert(1)> "quoted" & more.png'


@pytest.fixture(scope="module")
def whole(net: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    folder = tmp_path_factory.mktemp("gallery")
    shutil.copytree(pictures / "deep", folder / "images")
    (folder / "images" / "051.png").rename(folder / "images" / HOSTILE)
    survey(
        net, folder / "images", ["conv", "cat", "pool", "head"], folder / "out", workers=1, fields=4
    )
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
        sections = text.split('<section id="c')[1:]
        assert len(sections) == layer.channels
        for channel, section in enumerate(sections):
            strongest = whole.strongest(layer.name, channel)
            assert section.count('class="crop') == len(strongest)
            names = [whole.image(one.image).name for one in strongest]
            assert HOSTILE in names  # nine of ten images are shown
            assert section.count("img src=x") == 2  # its title, and what is read out


def test_bars_show_every_bin_with_values(whole: Survey) -> None:
    (drawings,) = [re.findall(r"<svg.*?</svg>", page(whole, "layer-001.html"), re.DOTALL)]
    drawings = drawings[1:]  # the first is the field's
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
            if target.startswith("data:image/png;base64,"):
                continue
            assert (whole.folder / target).is_file(), target


def test_names_of_files_are_no_html(whole: Survey) -> None:
    text = page(whole, "layer-000.html")
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt; &quot;quoted&quot; &amp; more.png" in text


@pytest.mark.parametrize(("index", "name"), [(1, "cat"), (2, "pool")])
def test_a_layer_with_a_field_shows_it_with_its_sizes(whole: Survey, index: int, name: str) -> None:
    text = page(whole, f"layer-{index:03}.html")
    (part,) = re.findall(r'<section class="field">.*?</section>', text, re.DOTALL)
    field, about = whole.field(name), whole.layer(name).field
    assert field is not None
    assert about is not None
    (drawing,) = re.findall(r"<svg.*?</svg>", part, re.DOTALL)
    image, square = ElementTree.fromstring(drawing)
    _, _, content = image.attrib["href"].partition("base64,")
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("L"))
    rows, columns = np.nonzero(field.mask)
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    influence = field.influence[box]
    assert shown.shape == influence.shape
    # The scale begins black and rises in brightness all along.
    order = influence.reshape(-1).argsort()
    assert (np.diff(shown.reshape(-1)[order].astype(int)) >= 0).all()
    assert shown.max() > 200
    left, top = (float(image.attrib[key]) for key in "xy")
    assert (top, left) == (rows.min(), columns.min())
    # What lies in the square holds half, and what a smaller one would hold does not.
    start, side = (float(square.attrib[key]) for key in ("y", "width"))
    assert start == field.centre[0] + 0.5 - side / 2
    assert side == field.side(0.5)
    cells = re.findall(r'<th scope="row">(.*?)</th><td class="n">(.*?)</td>', part)
    by, px = "\N{MULTIPLICATION SIGN}", "px"
    assert about.expected is not None
    assert dict(cells) == {
        "Region": f"{influence.shape[0]} {by} {influence.shape[1]} {px}",
        "Size": f"{float(f'{field.size:.4g}'):g} {px}",
        "Size to expect of random weights": f"{float(f'{about.expected:.4g}'):g} {px}",
        **{f"Square of {share}%": f"{field.side(share / 100)} {px}" for share in (20, 30, 50, 99)},
    }
    assert "by occlusion, on average over 4 images" in part


def test_a_layer_without_a_field_says_why(whole: Survey) -> None:
    text = page(whole, "layer-003.html")
    assert "No effective field: head has no grid, so there is no cell in its middle." in text
    assert 'class="field"' not in text
