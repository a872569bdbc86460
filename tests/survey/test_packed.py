"""Surveys in archives, and as workers read them: the same as the folder, or a sentence."""

from __future__ import annotations

import gc
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rf_viz import ModelError
from rf_viz.survey import open_survey, survey
from rf_viz.survey.remote import WorkerSurvey
from rf_viz.workers import Limits, Pool


@pytest.fixture(scope="module")
def folder(net: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("surveys") / "whole"
    survey(net, pictures / "deep", ["conv"], out, workers=1, keep_images=True)
    return out


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool(Limits(seconds=20, memory_mb=900, workers=1))
    yield pool
    pool.close()


def packed(folder: Path, kind: str, into: Path) -> Path:
    return Path(shutil.make_archive(str(into / "found"), kind, folder.parent, folder.name))


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_an_archive_opens_as_the_folder_does_and_leaves_nothing_behind(
    folder: Path, tmp_path: Path, kind: str
) -> None:
    one, other = open_survey(folder), open_survey(packed(folder, kind, tmp_path))
    assert other.folder != folder
    assert one.strongest("conv", 1) == other.strongest("conv", 1)
    assert (one.crop("conv", 1, 0) == other.crop("conv", 1, 0)).all()
    image = one.strongest("conv", 1)[0].image
    assert one.image_content(image) == other.image_content(image)
    unpacked = other.folder
    del other
    gc.collect()
    assert not unpacked.exists()


def test_a_worker_tells_the_same(folder: Path, tmp_path: Path, pool: Pool) -> None:
    one = open_survey(folder)
    other = WorkerSurvey(pool, packed(folder, "zip", tmp_path), "found.zip")
    assert (one.layers, one.preparation, other.has_images) == (
        other.layers,
        other.preparation,
        True,
    )
    mine, its = one.channel("conv", 2), other.channel("conv", 2)
    assert (mine.strongest, mine.images, mine.mean) == (its.strongest, its.images, its.mean)
    assert all((a == b).all() for a, b in zip(mine.crops, its.crops, strict=True))
    image = mine.strongest[0].image
    assert other.image_content(image) == one.image_content(image)


def test_what_a_worker_cannot_open_is_a_sentence(tmp_path: Path, pool: Pool) -> None:
    (tmp_path / "content").write_bytes(b"no archive")
    with pytest.raises(ModelError, match=r"^mine\.zip holds no survey"):
        WorkerSurvey(pool, tmp_path / "content", "mine.zip")


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["readme.txt"], "holds no survey"),
        (["a/survey.json", "b/survey.json"], "holds several surveys"),
        (["a/survey.json", "a/../../secret"], "leaves its folder"),
        (["a/survey.json", "/etc/secret"], "leaves its folder"),
        (["a/survey.json"], "is damaged"),
    ],
)
def test_archives_that_are_no_survey_are_refused(
    tmp_path: Path, names: list[str], why: str
) -> None:
    with zipfile.ZipFile(tmp_path / "found.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    with pytest.raises(ModelError, match=why):
        open_survey(tmp_path / "found.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["found.zip"]
