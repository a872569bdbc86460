"""A survey tells what brute force tells, however many processes look, and whatever befalls them."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, save
from PIL import Image

import rf_viz
from rf_viz import ModelError
from rf_viz.survey import Survey, open_survey, survey
from rf_viz.survey.plan import content_digest
from tests.oracles.onnx_oracle import build
from tests.survey.small import BROKEN, IMAGES, SIZE, picture, values

LAYERS = ["conv", "cat", "head"]
USED = [number for number in range(IMAGES) if number != BROKEN]


def surveyed(net: Path, images: Path, out: Path, **options: object) -> Survey:
    usual = {"preprocessing": "0..255", "workers": 1, "chunk": 7, "fields": 5}
    return survey(net, images, LAYERS, out, **{**usual, **options})


@pytest.fixture(scope="module")
def whole(net: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """The survey that all others are held against: in one process, without interruption."""
    return surveyed(net, pictures, tmp_path_factory.mktemp("surveys") / "whole")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@cache
def brute_force(layer: str, channel: int) -> list[tuple[float, int, int]]:
    """Value, image and cell of the strongest cell of each image, the highest first."""
    best = []
    for number in USED:
        row = values(number)[layer][channel]
        cell = int(row.argmax())
        best.append((float(row[cell]), number, cell))
    return sorted(best, key=lambda one: (-one[0], one[1]))


@pytest.mark.parametrize("layer", LAYERS)
def test_the_strongest_cells_are_those_of_brute_force(whole: Survey, layer: str) -> None:
    its = whole.layer(layer)
    for channel in range(its.channels):
        strongest = whole.strongest(layer, channel)
        expected = brute_force(layer, channel)[:9]
        assert [(one.value, one.image) for one in strongest] == [e[:2] for e in expected]
        cells = [np.ravel_multi_index(s.cell, its.grid) if its.grid else 0 for s in strongest]
        assert cells == [e[2] for e in expected]


def test_images_that_are_alike_stand_in_their_order(whole: Survey) -> None:
    ties = 0
    for channel in range(7):
        strongest = whole.strongest("cat", channel)
        for one, after in pairwise(strongest):
            if one.value == after.value:
                ties += 1
                assert one.image < after.image
    assert ties, "no two of the strongest are alike: the test shows nothing"


def test_regions_are_exact_and_crops_show_them(net: Path, whole: Survey) -> None:
    traced = rf_viz.load(net).trace()
    for layer, channel in (("conv", 1), ("cat", 5)):
        for rank, one in enumerate(whole.strongest(layer, channel)):
            assert one.region == traced[layer].region(one.cell, channel)
            expected = values(one.image)["pixels"][one.region.slices]
            assert np.array_equal(whole.crop(layer, channel, rank), expected)


def test_a_head_has_the_whole_image_as_its_region(whole: Survey) -> None:
    (one, *_) = whole.strongest("head", 2)
    assert one.region.size == (SIZE, SIZE)
    assert one.cell == (0,) * len(whole.layer("head").grid)


@pytest.mark.parametrize("layer", LAYERS)
def test_statistics_are_those_of_all_values(whole: Survey, layer: str) -> None:
    every = np.stack([values(number)[layer] for number in USED])
    told = whole.statistics(layer)
    assert (told.count == every.shape[0] * every.shape[2]).all()
    assert (told.invalid == 0).all()
    assert np.array_equal(told.min, every.min(axis=(0, 2)))
    assert np.array_equal(told.max, every.max(axis=(0, 2)))
    np.testing.assert_allclose(told.mean, every.mean(axis=(0, 2)), rtol=1e-12)
    np.testing.assert_allclose(told.std, every.std(axis=(0, 2)), rtol=1e-9)
    np.testing.assert_allclose(told.fires_in_cells, (every > 0).mean(axis=(0, 2)))
    np.testing.assert_allclose(told.fires_in_images, (every > 0).any(axis=2).mean(axis=0))
    edges = whole.bin_edges
    for channel, counts in enumerate(told.histogram):
        its = every[:, channel].reshape(-1)
        # A number on an edge counts with those farther from zero.
        bins = np.where(
            its > 0, np.searchsorted(edges, its, "right"), np.searchsorted(edges, its, "left")
        )
        assert np.array_equal(counts, np.bincount(bins, minlength=len(edges) + 1))


def test_broken_images_are_left_out_in_a_sentence(whole: Survey) -> None:
    assert (whole.images, whole.skipped) == (IMAGES, 1)
    assert whole.record["images"]["ignored"] == 1
    broken = whole.image(BROKEN)
    assert broken.name == "017.png"
    assert broken.skipped.startswith("017.png is not an image that can be read: use PNG")
    deep = whole.image(55)
    assert (deep.name, deep.skipped) == ("deep/055.png", "")
    assert (deep.height, deep.width) == picture(55).shape[:2]


@pytest.mark.slow
def test_two_processes_tell_the_same_to_the_last_bit(
    net: Path, pictures: Path, whole: Survey, tmp_path: Path
) -> None:
    other = surveyed(net, pictures, tmp_path / "two", workers=2)
    assert contents(other.folder) == contents(whole.folder)


@pytest.mark.slow
def test_a_process_that_is_killed_is_replaced(
    net: Path, pictures: Path, whole: Survey, tmp_path: Path
) -> None:
    killed = []

    def kill_one(done: int, count: int) -> None:
        if done and not killed:
            (first, *_) = multiprocessing.active_children()
            os.kill(first.pid or 0, signal.SIGKILL)
            killed.append(first.pid)

    other = surveyed(net, pictures, tmp_path / "killed", workers=2, progress=kill_one)
    assert killed
    assert contents(other.folder) == contents(whole.folder)


def test_a_survey_that_was_stopped_goes_on(
    net: Path, pictures: Path, whole: Survey, tmp_path: Path
) -> None:
    seen: list[int] = []

    def stop(done: int, count: int) -> None:
        seen.append(done)
        if done > 20:
            raise KeyboardInterrupt

    out = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        surveyed(net, pictures, out, progress=stop)
    with pytest.raises(ModelError, match="a survey that is not finished: call it again to go on"):
        open_survey(out)
    stopped = seen.copy()
    seen.clear()
    other = surveyed(net, pictures, out, progress=lambda done, count: seen.append(done))
    assert seen[0] == stopped[-1] > 20
    assert contents(other.folder) == contents(whole.folder)


def test_fields_that_were_measured_are_not_measured_again_after_a_stop(
    net: Path, pictures: Path, whole: Survey, tmp_path: Path
) -> None:
    seen: list[int] = []

    def stop(done: int, count: int) -> None:
        assert count == IMAGES + 5 * 2  # the head has no field
        if done == IMAGES + 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        surveyed(net, pictures, tmp_path / "out", progress=stop)
    other = surveyed(net, pictures, tmp_path / "out", progress=lambda done, _: seen.append(done))
    assert seen == [IMAGES, IMAGES + 4, IMAGES + 5, IMAGES + 7, IMAGES + 9, IMAGES + 10]
    assert contents(other.folder) == contents(whole.folder)


def test_only_the_same_survey_goes_on(net: Path, pictures: Path, tmp_path: Path) -> None:
    def stop(done: int, count: int) -> None:
        if done:
            raise KeyboardInterrupt

    out = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        surveyed(net, pictures, out, progress=stop)
    refusal = "holds a survey of other images, or one with other options"
    with pytest.raises(ModelError, match=refusal):
        surveyed(net, pictures, out, top=3)
    with pytest.raises(ModelError, match=refusal):
        surveyed(net, pictures / "deep", out)
    with pytest.raises(ModelError, match=refusal):
        surveyed(net, pictures, out, fit="pad")
    with pytest.raises(ModelError, match=refusal):
        surveyed(net, pictures, out, fields=6)
    fresh = surveyed(net, pictures / "deep", out, top=3, restart=True)
    assert (fresh.images, fresh.top) == (10, 3)
    with pytest.raises(ModelError, match=refusal):
        surveyed(net, pictures, out)
    # What is finished is opened: no image is looked at again.
    again = surveyed(net, pictures / "deep", out, top=3, progress=stop)
    assert again.record == fresh.record


def test_a_folder_with_something_else_is_left_alone(
    net: Path, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for restart in (False, True):
        with pytest.raises(ModelError, match="holds something else: choose a folder that is new"):
            surveyed(net, pictures, tmp_path, restart=restart)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_values_that_are_no_numbers_are_counted_and_never_the_strongest(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Log", ["c"], ["log"]),  # -inf where a pixel is black
    ]
    model = build(nodes, {"x": [1, 1, 4, 4]}, {"w": np.ones((1, 1, 1, 1), np.float32)})
    save(model, tmp_path / "n.onnx")
    images = tmp_path / "images"
    images.mkdir()
    dark, light = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 100, np.uint8)
    light[0] = 0
    Image.fromarray(dark).save(images / "dark.png")
    Image.fromarray(light).save(images / "light.png")
    result = survey(
        tmp_path / "n.onnx", images, ["log"], tmp_path / "out", preprocessing="0..255", workers=1
    )
    (only,) = result.strongest("log", 0)
    assert (only.image, only.cell) == (1, (1, 0))
    told = result.statistics("log")
    assert (told.count[0], told.invalid[0]) == (12, 20)
    assert told.max[0] == pytest.approx(np.log(100))
    assert told.fires_in_images[0] == 0.5


def test_images_are_kept_as_they_are_where_that_is_asked(
    net: Path, pictures: Path, whole: Survey, tmp_path: Path
) -> None:
    kept = surveyed(net, pictures / "deep", tmp_path / "kept", keep_images=True)
    (one, *_) = kept.strongest("cat", 4)
    name = Path(kept.image(one.image).name).name
    assert kept.image_content(one.image) == (pictures / "deep" / name).read_bytes()
    with pytest.raises(ModelError, match="survey with --keep-images"):
        whole.image_content(one.image)


def test_layers_are_chosen_by_name_by_pattern_or_all(
    net: Path, pictures: Path, tmp_path: Path
) -> None:
    def names(*layers: str) -> list[str]:
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        result = survey(net, pictures / "deep", layers, tmp_path / "out", workers=1)
        return [layer.name for layer in result.layers]

    assert names("c*", "head") == ["c", "conv", "cat", "head"]
    assert names("all") == ["c", "conv", "point", "cat", "pool", "flat", "head"]
    with pytest.raises(ModelError, match="no layer named 'hat'; did you mean cat"):
        names("hat")
    with pytest.raises(ModelError, match=r"no layer is called like z\*"):
        names("z*")


@pytest.mark.parametrize("name", ["net.onnx.data", "net.onnx_data", "net.data", "net_data"])
def test_a_model_whose_data_file_has_changed_is_another_one(tmp_path: Path, name: str) -> None:
    model, data = tmp_path / "net.onnx", tmp_path / name
    model.write_bytes(b"a graph")
    digests = [content_digest(str(model))]
    for content in (b"weights", b"other weights"):
        data.write_bytes(content)
        digests.append(content_digest(str(model)))
    assert len(set(digests)) == 3
    (tmp_path / "net2.onnx.data").write_bytes(b"of another model")
    (tmp_path / "net.txt").write_bytes(b"notes")
    assert content_digest(str(model)) == digests[-1]
