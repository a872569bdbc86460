"""Images come from folders, patterns, archives and tables; what is broken there stops nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rf_viz import ModelError
from rf_viz.inputs.images import ImageError
from rf_viz.survey import survey
from rf_viz.survey.image_table import LARGEST_FILE
from rf_viz.survey.sources import Reader, list_images
from tests.survey.small import picture


def encoded(number: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture(number)).save(stream, "PNG")
    return stream.getvalue()


def outcomes(*places: Path | str) -> Iterator[tuple[str, bytes | str]]:
    """What reading gives: for each image its name, and its content or why there is none."""
    listing = list_images(places)
    with closing(Reader(listing.sources)) as reader:
        for ref in listing.refs:
            try:
                yield reader.read(ref)
            except ImageError as error:
                yield reader.name(ref), str(error)


def test_a_folder_is_read_with_all_below_it_but_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.png", "a/z.JPG", ".hidden/c.png", "a/.d.png", "a/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert list(outcomes(tmp_path)) == [("b.png", b"b.png"), ("a/z.JPG", b"a/z.JPG")]
    assert list_images([tmp_path]).ignored == 2


def test_a_pattern_takes_what_it_names_whatever_that_is_called(tmp_path: Path) -> None:
    for name in ("1/a.dat", "2/b.dat", "2/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert [name for name, _ in outcomes(f"{tmp_path}/*/*.dat")] == ["1/a.dat", "2/b.dat"]
    assert [name for name, _ in outcomes(f"{tmp_path}/**/c.*", tmp_path / "1/a.dat")] == [
        "c.png",
        "a.dat",
    ]


def test_places_with_no_images_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no folder or file .*nowhere"):
        list_images([tmp_path / "nowhere"])
    with pytest.raises(ModelError, match=r"no file is called like .*\*\.png"):
        list_images([f"{tmp_path}/*.png"])
    with pytest.raises(ModelError, match="there are no images in"):
        list_images([tmp_path])


def test_an_archive_is_read_entry_by_entry(tmp_path: Path) -> None:
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train/one.png", encoded(1))
        archive.writestr("train/readme.md", "about")
        archive.writestr("__MACOSX/train/._one.png", "finder")
        archive.writestr("train/two.png", encoded(2))
    assert list(outcomes(path)) == [("train/one.png", encoded(1)), ("train/two.png", encoded(2))]
    # A byte of the second image's content is damaged.
    content = bytearray(path.read_bytes())
    content[content.rindex(b"two.png", 0, len(content) - 60) + 40] ^= 255
    path.write_bytes(content)
    first, second = outcomes(path)
    assert first == ("train/one.png", encoded(1))
    assert "damaged" in str(second[1])


def test_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.zip").write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(ModelError, match=r"the archive images\.zip is damaged: unpack it"):
        list_images([tmp_path / "images.zip"])


@pytest.mark.slow
def test_an_entry_that_unpacks_to_too_much_is_never_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fine.png", encoded(3))
        with archive.open("bomb.png", "w", force_zip64=True) as entry:
            block = bytes(2**20)
            for _ in range(LARGEST_FILE // 2**20 + 1):
                entry.write(block)
    assert path.stat().st_size < 2**20
    fine, bomb = outcomes(path)
    assert fine[1] == encoded(3)
    assert str(bomb[1]).startswith("bomb.png is a file of 269,")


@pytest.mark.parametrize("kind", ["struct", "binary"])
def test_a_table_of_images_is_read_row_by_row(tmp_path: Path, kind: str) -> None:
    contents = [encoded(number) for number in range(30)]
    if kind == "struct":
        rows = [{"bytes": c, "path": f"{i}.png"} for i, c in enumerate(contents)]
        column = pa.array(rows, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    else:
        column = pa.array(contents, pa.binary())
    table = pa.table({"label": pa.array(range(30)), "image": column})
    path = tmp_path / "train.parquet"
    pq.write_table(table, path, row_group_size=12)
    read = list(outcomes(path))
    assert [content for _, content in read] == contents
    assert read[13][0] == ("13.png" if kind == "struct" else "row 13 of train.parquet")
    listing = list_images([path])
    with closing(Reader(listing.sources)) as reader:
        for row in (25, 3, 4, 28, 0):  # in any order
            assert reader.read(listing.refs[row])[1] == contents[row]


def test_rows_without_an_image_and_tables_without_a_column_are_told(tmp_path: Path) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    rows = [{"bytes": None, "path": "elsewhere.png"}, None, {"bytes": encoded(1), "path": None}]
    pq.write_table(pa.table({"image": pa.array(rows, kind)}), tmp_path / "rows.parquet")
    first, second, third = outcomes(tmp_path / "rows.parquet")
    assert first[1] == "elsewhere.png has no bytes in the table: write the images into it"
    assert "has no bytes in the table" in str(second[1])
    assert third == ("row 2 of rows.parquet", encoded(1))
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "texts.parquet")
    with pytest.raises(ModelError, match=r"texts\.parquet has no column of images: it needs one"):
        list_images([tmp_path / "texts.parquet"])
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "rows.parquet").read_bytes()[:-20])
    with pytest.raises(ModelError, match=r"the Parquet file cut\.parquet is damaged"):
        list_images([tmp_path / "cut.parquet"])


@pytest.mark.slow
def test_a_table_that_repeats_one_long_value_is_read_a_few_rows_at_a_time(tmp_path: Path) -> None:
    """Its dictionary has one value of 16 MB, which 2,000 rows would take 32 GB to write out."""
    values = pa.DictionaryArray.from_arrays(np.zeros(2000, np.int32), pa.array([bytes(2**24)]))
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"image": values}), path, store_schema=False)
    assert path.stat().st_size < 2**22
    listing = list_images([path])
    with closing(Reader(listing.sources)) as reader:
        before = pa.default_memory_pool().max_memory()
        assert len(reader.read(listing.refs[11])[1]) == 2**24
        assert pa.default_memory_pool().max_memory() - before < 2**29


@pytest.mark.slow
def test_an_image_of_too_many_pixels_is_left_out_and_the_survey_goes_on(
    net: Path, tmp_path: Path
) -> None:
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        stream = io.BytesIO()
        Image.new("1", (20_000, 20_000)).save(stream, "PNG")
        archive.writestr("huge.png", stream.getvalue())
        archive.writestr("fine.png", encoded(5))
    result = survey(net, path, ["conv"], tmp_path / "out", workers=1)
    assert result.image(0).skipped == (
        "huge.png has more than 80 megapixels: make it smaller and try again"
    )
    assert [one.image for one in result.strongest("conv", 0)] == [1]
