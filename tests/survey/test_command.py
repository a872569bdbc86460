"""The command line of surveys: what it writes, how it refuses, how it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rf_viz.cli import main
from rf_viz.survey import open_survey

ROOT = Path(__file__).resolve().parents[2]


def test_it_tells_what_was_surveyed_and_what_was_left_out(
    net: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    argv = ["survey", str(net), str(pictures), "--layers", "conv", "head", "--top", "4"]
    argv += ["--workers", "1", "--preprocessing", "0..1", "--fit", "pad", "--out", str(out)]
    argv += ["--fields", "2"]
    assert main(argv) == 0
    answer = capsys.readouterr()
    assert answer.err == ""
    assert answer.out.splitlines() == [
        f"small.onnx over 59 images: 2 layers with 9 channels, in {out}",
        "images prepared: 0..1, pad",
        "effective fields over 2 images: 1 of 2 layers",
        "  head has no grid, so there is no cell in its middle",
        "left out: 1 image",
        "  017.png is not an image that can be read: use PNG, JPEG, WebP, GIF, TIFF or BMP",
    ]
    # The same again, now with pages: no image is looked at again.
    assert main([*argv, "--gallery"]) == 0
    assert capsys.readouterr().out.endswith(f"gallery: {out / 'index.html'}\n")
    assert (out / "layer-001.html").exists()
    result = open_survey(out)
    assert [layer.name for layer in result.layers] == ["conv", "head"]
    assert (result.preparation["preset"], result.preparation["fit"]) == ("0..1", "pad")
    assert len(result.strongest("conv", 2)) == 4
    field = result.field("conv")
    assert field is not None
    assert (field.images, field.mask.sum()) == (2, 9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layers", "hat"], "no layer named 'hat'; did you mean cat"),
        (
            ["--layers", "conv", "--preprocessing", "x"],
            "no preprocessing 'x': choose 0..1",
        ),
        (["--layers", "conv", "--top", "1000"], "top is a number from 1 to 100, not 1000"),
        (["--layers", "conv", "--fields", "-1"], "fields is a number from 0 to 1,000, not -1"),
        (["--layers", "conv", "--input-size", "unknown"], "a survey needs an input size"),
        (["--layers", "conv", "--workers", "2", "--scheduler", "tcp://x:1"], "give only one"),
        ([], "the following arguments are required: --layers"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    net: Path,
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    argv = ["survey", str(net), str(pictures), *options, "--out", str(tmp_path / "out")]
    assert main(argv) == 2
    answer = capsys.readouterr()
    assert answer.out == ""
    assert message in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("model", "layer", "message"),
    [
        ("crepe_tiny.onnx", "conv1/relu", "a survey looks through images, and the input"),
        ("blazeface_short.onnx", "no such", "no layer named 'no such'"),
    ],
)
def test_models_of_sounds_are_refused(
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    model: str,
    layer: str,
    message: str,
) -> None:
    file = ROOT / "assets" / "models" / model
    argv = ["survey", str(file), str(pictures), "--layers", layer, "--out", str(tmp_path / "out")]
    assert main(argv) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_an_interruption_ends_in_good_order_and_says_how_to_go_on(
    net: Path, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    rng = np.random.default_rng(1)
    for number in range(300):
        pixels = rng.integers(0, 256, (150, 150, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(images / f"{number:04}.png", compress_level=0)
    out = tmp_path / "out"
    command = [
        *(sys.executable, "-m", "rf_viz", "survey", str(net), str(images)),
        *("--layers", "conv", "--workers", "2", "--out", str(out)),
    ]
    # A group of its own, as a terminal makes one: Ctrl-C reaches the workers too.
    running = subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,
        text=True,
    )
    end = time.monotonic() + 60
    while not list(out.glob("parts/chunk-*")) and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    answer, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert answer == ""
    assert errors.splitlines() == [
        f"rf_viz: note: what is done is kept in {out}: the same command goes on from there",
        "rf_viz: interrupted",
    ]
    assert not (out / "survey.json").exists()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("small.onnx over 300 images: 1 layer with 4 channels"), done
    assert open_survey(out).statistics("conv").count[0] == 300 * 100
