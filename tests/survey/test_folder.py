"""The folder of a survey may come from anywhere: what is wrong with it is told in a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rf_viz import ModelError
from rf_viz.survey import open_survey, survey


@pytest.fixture(scope="module")
def whole(net: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("surveys") / "whole"
    survey(net, pictures / "deep", ["conv", "cat"], out, workers=1, keep_images=True)
    return out


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy, to be damaged."""
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_folder_that_is_moved_opens_as_before(whole: Path, folder: Path) -> None:
    one, other = open_survey(whole), open_survey(folder)
    assert one.strongest("cat", 2) == other.strongest("cat", 2)
    assert (one.crop("cat", 2, 0) == other.crop("cat", 2, 0)).all()


def test_no_survey_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no survey"):
        open_survey(tmp_path)


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads((folder / "survey.json").read_text())
    edit(record)
    (folder / "survey.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    "edit",
    [
        lambda r: r.update(survey=2),
        lambda r: r.update(top=10**12),
        lambda r: r.pop("layers"),
        lambda r: r.update(layers=[]),
        lambda r: r["layers"][0].update(channels=-1),
        lambda r: r["layers"][0].update(channels=10**9),
        lambda r: r["layers"][0].update(grid=[2**31] * 3),
        lambda r: r["layers"][0].update(grid="10"),
        lambda r: r["layers"][0]["sheets"][0].update(name="../../secret.png"),
        lambda r: r["images"].update(number="many"),
        lambda r: r["input"].update(spatial_axes=[7, 8]),
        lambda r: r.update(bin_edges=[0.0]),
        lambda r: r.update(model=None),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(
    folder: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    change(folder, edit)
    with pytest.raises(ModelError, match=r"survey\.json of .* is damaged, or of another version"):
        open_survey(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{" * 100_000, b"0" * 2**25])
def test_a_record_that_is_no_json_is_refused(folder: Path, content: bytes) -> None:
    (folder / "survey.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"survey\.json"):
        open_survey(folder)


def test_tables_of_another_make_are_refused_when_they_are_read(folder: Path) -> None:
    path = folder / "strongest.parquet"
    table = pq.read_table(path)
    for other in (
        table.slice(0, 5),
        table.drop_columns("value"),
        table.set_column(4, "image", pa.array(["x"] * len(table))),
    ):
        pq.write_table(other, path)
        opened = open_survey(folder)
        with pytest.raises(ModelError, match=r"strongest\.parquet of the survey is damaged"):
            opened.strongest("conv", 0)
    path.write_bytes(b"PAR1 and so on")
    with pytest.raises(ModelError, match=r"strongest\.parquet of the survey is damaged"):
        open_survey(folder).strongest("conv", 0)
    path.unlink()
    with pytest.raises(ModelError, match=r"has no file strongest\.parquet"):
        open_survey(folder).strongest("conv", 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [("cell", 10**6), ("sheet", 7), ("image", -4), ("bottom", 999), ("top", -1)],
)
def test_rows_that_point_outside_are_refused(folder: Path, column: str, value: int) -> None:
    path = folder / "strongest.parquet"
    table = pq.read_table(path)
    number = table.schema.get_field_index(column)
    field = table.schema.field(number)
    changed = table.set_column(number, field, pa.array([value] * len(table), field.type))
    layers = [4 * 9, 7 * 9]
    with pq.ParquetWriter(path, table.schema) as writer:
        for first, rows in zip((0, layers[0]), layers, strict=True):
            writer.write_table(changed.slice(first, rows))
    with pytest.raises(ModelError, match=r"strongest\.parquet of .* is damaged"):
        open_survey(folder).strongest("conv", 0)


def test_files_outside_the_folder_are_not_read(folder: Path, tmp_path: Path) -> None:
    opened = open_survey(folder)
    sheet = folder / "atlas" / opened.layers[0].sheets[0].name
    sheet.unlink()
    Image.new("RGB", (500, 500)).save(tmp_path / "secret.png")
    sheet.symlink_to(tmp_path / "secret.png")
    with pytest.raises(ModelError, match=r"has no file atlas/000-000\.png"):
        opened.crop("conv", 0, 0)
    image = opened.strongest("conv", 0)[0].image
    kept = folder / "images" / f"{image:08}"
    kept.unlink()
    kept.symlink_to("/etc/hostname")
    with pytest.raises(ModelError, match="has no file images/"):
        opened.image_content(image)


def test_a_sheet_that_is_too_small_or_no_image_is_told(folder: Path) -> None:
    opened = open_survey(folder)
    sheet = folder / "atlas" / opened.layers[0].sheets[0].name
    Image.new("RGB", (1, 1)).save(sheet)
    with pytest.raises(ModelError, match="a sheet of the survey is damaged"):
        opened.crop("conv", 3, 2)
    sheet.write_bytes(b"no image")
    with pytest.raises(ModelError, match="a sheet of the survey cannot be shown"):
        open_survey(folder).crop("conv", 3, 2)


def test_layers_channels_and_images_that_are_not_there_are_named(whole: Path) -> None:
    opened = open_survey(whole)
    with pytest.raises(KeyError, match="hat was not surveyed; conv, cat were"):
        opened.strongest("hat", 0)
    with pytest.raises(IndexError, match="conv has channels 0 to 3, not 4"):
        opened.strongest("conv", 4)
    with pytest.raises(IndexError, match="there are images 0 to 9, not 10"):
        opened.image(10)
