"""Effective fields in a survey: those of the library over the same images, and of brute force."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from onnx import helper, save
from PIL import Image

import rf_viz
from rf_viz import ModelError
from rf_viz.analysis.effective import EffectiveField, expected_field
from rf_viz.influence.effective import effective_field
from rf_viz.inputs.images import PRESETS, fit, to_tensor
from rf_viz.survey import Survey, open_survey, survey
from rf_viz.survey.measure import Series
from rf_viz.survey.plan import Plan
from rf_viz.survey.processes import Here, P, Task
from rf_viz.survey.remote import WorkerSurvey
from rf_viz.workers import Pool
from tests.oracles.onnx_oracle import build
from tests.survey.small import SIZE, picture, weights

CHOSEN = [5, 18, 30, 42, 54]
"""Five images, evenly among those of the small network that can be used: 17 is broken."""


@pytest.fixture(scope="module")
def whole(net: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    out = tmp_path_factory.mktemp("surveys") / "whole"
    layers = ["conv", "cat", "pool", "head"]
    return survey(net, pictures, layers, out, preprocessing="0..255", workers=1, fields=5)


@pytest.fixture
def folder(whole: Survey, tmp_path: Path) -> Path:
    """A copy, to be damaged."""
    shutil.copytree(whole.folder, tmp_path / "copy")
    return tmp_path / "copy"


def tensor_of(image: Image.Image, preset: str, shape: tuple[int, ...]) -> np.ndarray:
    axes = (2, 3) if shape[1] == 3 else (1, 2)
    pixels = fit(image, tuple(shape[axis] for axis in axes), "crop")
    return to_tensor(pixels, shape, axes, PRESETS[preset])


def assert_alike(ours: EffectiveField | None, other: EffectiveField) -> None:
    assert ours is not None
    np.testing.assert_allclose(ours.influence, other.influence, rtol=1e-5, atol=1e-9)
    assert np.array_equal(ours.mask, other.mask)
    assert ours.centre == other.centre
    assert (ours.images, ours.still) == (other.images, other.still)


@pytest.mark.parametrize("name", ["conv", "cat", "pool"])
def test_by_occlusion_it_is_the_field_of_the_same_images(
    net: Path, whole: Survey, name: str
) -> None:
    model = rf_viz.load(net)
    layer = model.trace()[name]
    images = [
        tensor_of(Image.fromarray(picture(number)), "0..255", (1, 3, SIZE, SIZE))
        for number in CHOSEN
    ]
    expected = effective_field(model, layer, images, method="occlusion")
    assert_alike(whole.field(name), expected)
    about = whole.layer(name).field
    assert about is not None
    assert (about.images, about.failed, about.why, about.method) == (5, 0, "", "occlusion")
    assert about.expected == pytest.approx(expected_field(layer).size)


def test_brute_force_tells_the_same(whole: Survey) -> None:
    """The middle cell of cat sees 3 x 3 pixels; each is covered by the mean of the image."""
    known = weights()
    shares = np.zeros((3, 3))
    for number in CHOSEN:
        pixels = fit(Image.fromarray(picture(number)), (SIZE, SIZE), "crop").astype(float)

        def cell(window: np.ndarray) -> np.ndarray:
            conv = np.maximum(np.einsum("ocyx,yxc->o", known["w1"], window), 0)
            return np.concatenate([conv, known["w2"][:, :, 0, 0] @ conv])

        window, mean = pixels[9:12, 9:12], pixels.mean(axis=(0, 1))
        moves = np.zeros((3, 3))
        for y, x in np.ndindex(3, 3):
            covered = window.copy()
            covered[y, x] = mean
            moves[y, x] = np.linalg.norm(cell(window) - cell(covered))
        shares += moves / moves.sum()
    field = whole.field("cat")
    assert field is not None
    np.testing.assert_allclose(field.influence[9:12, 9:12], shares / 5, rtol=1e-4)
    assert field.influence.sum() == pytest.approx(1)
    assert field.mask.sum() == 9


def test_a_layer_without_a_grid_has_no_field_and_says_so(whole: Survey) -> None:
    assert whole.field("head") is None
    about = whole.layer("head").field
    assert about is not None
    assert about.why == "head has no grid, so there is no cell in its middle"
    assert pq.ParquetFile(whole.folder / "fields.parquet").num_row_groups == 4


def test_the_table_is_read_by_whoever_reads_parquet(whole: Survey) -> None:
    rows = pq.read_table(whole.folder / "fields.parquet").to_pylist()
    cat = [row for row in rows if row["layer"] == 1]
    assert [(row["y"], row["x"]) for row in cat] == [
        (y, x) for y in (9, 10, 11) for x in (9, 10, 11)
    ]
    assert sum(row["influence"] for row in cat) == pytest.approx(1)


@pytest.mark.slow
def test_a_worker_tells_the_same(whole: Survey) -> None:
    pool = Pool()
    try:
        remote = WorkerSurvey(pool, whole.folder, "a survey")
        field = whole.field("pool")
        assert field is not None
        assert_alike(remote.field("pool"), field)
        assert remote.field("head") is None
    finally:
        pool.close()


def test_a_survey_without_fields_has_none(net: Path, pictures: Path, tmp_path: Path) -> None:
    plain = survey(net, pictures / "deep", ["conv"], tmp_path / "out", workers=1)
    assert plain.field("conv") is None
    assert plain.layer("conv").field is None
    assert not (plain.folder / "fields.parquet").exists()
    assert "field" not in plain.record["layers"][0]


@pytest.mark.slow
def test_where_gradients_pass_they_are_taken(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(3)
    image = keras.Input((9, 9, 3))
    smooth = keras.layers.Conv2D(4, 5, activation="tanh", name="smooth")(image)
    steps = keras.layers.Conv2D(2, 1, name="steps")(keras.ops.round(smooth))
    keras.Model(image, steps).save(tmp_path / "net.keras")
    (tmp_path / "images").mkdir()
    for number in range(5):
        Image.fromarray(picture(number)).save(tmp_path / "images" / f"{number}.png")
    options: dict[str, Any] = {"preprocessing": "0..1", "fields": 3}
    result = survey(
        tmp_path / "net.keras",
        tmp_path / "images",
        ["smooth", "steps"],
        tmp_path / "out",
        workers=1,
        **options,
    )
    model = rf_viz.load(tmp_path / "net.keras")
    net = model.trace()
    images = [
        tensor_of(Image.fromarray(picture(number)), "0..1", net.input.shape) for number in (0, 2, 4)
    ]
    # What is rounded passes no gradient, so there the field is measured by occlusion.
    for name, method in (("smooth", "gradient"), ("steps", "occlusion")):
        layer = net[name]
        about = result.layer(layer.name).field
        assert about is not None
        assert (about.method, about.why) == (method, "")
        expected = effective_field(model, layer, images, method=method)
        assert_alike(result.field(layer.name), expected)


def test_images_that_move_nothing_or_cannot_be_measured_are_counted(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Log", ["c"], ["log"]),  # -inf where all pixels are black
        helper.make_node("Log", ["zero"], ["never"]),
        helper.make_node("Mul", ["c", "nought"], ["zero"]),
    ]
    nodes = [nodes[0], nodes[1], nodes[3], nodes[2]]
    constants = {"w": np.ones((1, 1, 3, 3), np.float32), "nought": np.zeros(1, np.float32)}
    save(build(nodes, {"x": [1, 1, 5, 5]}, constants), tmp_path / "n.onnx")
    images = tmp_path / "images"
    images.mkdir()
    slope = np.arange(25, dtype=np.uint8).reshape(5, 5)
    for name, pixels in {"dark": 0 * slope, "even": 0 * slope + 9, "slope": slope}.items():
        Image.fromarray(pixels).save(images / f"{name}.png")
    result = survey(
        *(tmp_path / "n.onnx", images, ["c", "log", "never"], tmp_path / "out"),
        preprocessing="0..255",
        workers=1,
        fields=9,
    )
    counts = {}
    for layer in result.layers:
        about = layer.field
        assert about is not None
        counts[layer.name] = about.images, about.still, about.failed
        assert about.why.startswith("the value of this cell of") == (about.failed > 0)
    assert counts == {"c": (1, 2, 0), "log": (1, 1, 1), "never": (0, 0, 3)}
    field = result.field("log")
    assert field is not None
    assert (field.images, field.still) == (1, 1)
    assert result.field("never") is None


def interrupted(net: Path, images: Path, out: Path, at: int) -> None:
    """Begin a survey of two fields over five of ten images, which ends at so much progress."""

    def stop(done: int, count: int) -> None:
        assert count == 10 + 2 * 5
        if done == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey(net, images, ["conv", "cat"], out, workers=1, fields=5, progress=stop)


def test_a_sum_that_is_damaged_is_refused(net: Path, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(net, pictures / "deep", out, 14)
    (out / "parts" / "sum-00000001.npz").write_bytes(b"PK and so on")
    with pytest.raises(ModelError, match=r"sum-00000001\.npz is damaged: start the survey anew"):
        survey(net, pictures / "deep", ["conv", "cat"], out, workers=1, fields=5)


def test_an_image_that_is_gone_before_it_is_measured_is_named(
    net: Path, pictures: Path, tmp_path: Path
) -> None:
    shutil.copytree(pictures / "deep", tmp_path / "deep")

    def remove(done: int, count: int) -> None:
        if done == 10:
            (tmp_path / "deep" / "055.png").unlink(missing_ok=True)

    with pytest.raises(ModelError, match=r"055\.png cannot be read any more .*start the survey"):
        survey(
            *(net, tmp_path / "deep", ["conv"], tmp_path / "out"),
            workers=1,
            fields=10,
            progress=remove,
        )


class Losing(Here):
    """Workers whose processes end at some series, as where there is too little memory."""

    def __init__(self, *lost: int) -> None:
        self._lost = lost

    def results(
        self, task: Task[P], plan: Plan, parts: Iterable[P]
    ) -> Iterator[tuple[P, bytes | None]]:
        for part, result in super().results(task, plan, parts):
            lost = isinstance(part, Series) and part.number in self._lost
            yield part, None if lost else result


def test_images_that_end_the_process_are_left_out(
    net: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Series 0 to 2 are of the first layer, with two images each and one; 3 to 5 of the other.
    monkeypatch.setattr("rf_viz.survey.run.Here", lambda: Losing(1, 3, 4, 5))
    result = survey(net, pictures / "deep", ["conv", "cat"], tmp_path / "out", workers=1, fields=5)
    some, none = (layer.field for layer in result.layers)
    assert some is not None
    assert none is not None
    assert (some.images, some.failed) == (3, 2)
    assert some.why == "images ended the process that measured the field of conv on them, 3 times"
    assert (none.images, none.failed, none.pixels) == (0, 5, 0)
    field = result.field("conv")
    assert field is not None
    assert field.influence.sum() == pytest.approx(1)
    assert result.field("cat") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fields": -1}, "fields is a number from 0 to 1,000, not -1"),
        ({"fields": 1001}, "fields is a number from 0 to 1,000, not 1001"),
        (
            {"fields": 1, "tracing": {"input_shape": (1, 3, 2100, 2100)}},
            "at most 4,194,304 pixels, and this one has 4,410,000: choose a smaller input size",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    net: Path, pictures: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        survey(net, pictures, ["conv"], tmp_path / "out", workers=1, **options)
    assert not (tmp_path / "out").exists()


def rewritten(folder: Path, edit: Callable[[list[dict[str, Any]]], object]) -> Survey:
    """A survey whose rows of the first layer's field are others."""
    file = pq.ParquetFile(folder / "fields.parquet")
    groups = [file.read_row_group(i).to_pylist() for i in range(file.num_row_groups)]
    edit(groups[0])
    with pq.ParquetWriter(folder / "fields.parquet", file.schema_arrow) as writer:
        for rows in groups:
            writer.write_table(pa.Table.from_pylist(rows, file.schema_arrow))
    return open_survey(folder)


def test_a_table_that_is_written_again_is_read(folder: Path, whole: Survey) -> None:
    field = whole.field("conv")
    assert field is not None
    assert_alike(rewritten(folder, lambda rows: None).field("conv"), field)


@pytest.mark.parametrize(
    "edit",
    [
        lambda rows: rows[3].update(y=SIZE),
        lambda rows: rows[3].update(x=-1),
        lambda rows: rows[3].update(x=2**31 - 1),
        lambda rows: rows[3].update(x=None),
        lambda rows: rows[3].update(rows[2]),
        lambda rows: rows.reverse(),
        lambda rows: rows.pop(),
        lambda rows: rows[3].update(influence=2.0),
        lambda rows: rows[3].update(influence=float("nan")),
        lambda rows: rows[3].update(influence=-rows[3]["influence"]),
        lambda rows: [row.update(influence=0.0) for row in rows],
    ],
)
def test_rows_that_are_of_no_field_are_refused(
    folder: Path, edit: Callable[[list[dict[str, Any]]], object]
) -> None:
    opened = rewritten(folder, edit)
    with pytest.raises(ModelError, match=r"fields\.parquet of the survey is damaged"):
        opened.field("conv")
    assert opened.field("cat") is not None


def test_a_table_that_is_missing_or_no_table_is_refused(folder: Path) -> None:
    (folder / "fields.parquet").write_bytes(b"PAR1 and so on")
    with pytest.raises(ModelError, match=r"fields\.parquet of the survey is damaged"):
        open_survey(folder).field("conv")
    (folder / "fields.parquet").unlink()
    with pytest.raises(ModelError, match=r"has no file fields\.parquet"):
        open_survey(folder).field("conv")


@pytest.mark.parametrize(
    "edit",
    [
        lambda field: field.update(pixels=SIZE * SIZE + 1),
        lambda field: field.update(pixels=-1),
        lambda field: field.update(images=-1),
        lambda field: field.update(images=0),
        lambda field: field.update(method="guess"),
        lambda field: field.update(why=None),
        lambda field: field.update(expected="large"),
        lambda field: field.update(expected=float("nan")),
        lambda field: field.pop("still"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(
    folder: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    record = json.loads((folder / "survey.json").read_text())
    edit(record["layers"][0]["field"])
    (folder / "survey.json").write_text(json.dumps(record))
    with pytest.raises(ModelError, match=r"survey\.json of .* is damaged"):
        open_survey(folder)
