"""Any image opens as people see it, and becomes exactly the tensor that a network expects."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from rf_viz.inputs.images import (
    PRESETS,
    ImageError,
    Preprocessing,
    fit,
    open_image,
    signal_tensor,
    to_tensor,
)

CHELSEA = SAMPLE_IMAGES["chelsea"].path
PLAIN = Preprocessing()


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds hardly any pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def assert_close(image: Image.Image, colour: tuple[int, int, int], tolerance: int = 4) -> None:
    assert image.mode == "RGB"
    assert np.abs(np.asarray(image, int) - colour).max() <= tolerance


# Opening


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "PPM"])
def test_every_common_format_opens(format: str) -> None:
    data = encoded(Image.new("RGB", (32, 16), (200, 100, 50)), format)
    image = open_image(data)
    assert image.size == (32, 16)
    assert_close(image, (200, 100, 50))


def test_bytes_paths_and_streams_give_the_same_image() -> None:
    data = CHELSEA.read_bytes()
    images = [open_image(source) for source in (data, CHELSEA, str(CHELSEA), BytesIO(data))]
    assert all(image.size == (451, 300) for image in images)
    assert len({image.tobytes() for image in images}) == 1


def test_a_stream_that_was_read_before_opens_again() -> None:
    stream = BytesIO(CHELSEA.read_bytes())
    stream.read()
    assert open_image(stream).size == open_image(stream).size == (451, 300)


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("RGB", (200, 100, 50), (200, 100, 50)),
        ("RGBA", (200, 100, 50, 255), (200, 100, 50)),
        ("RGBA", (200, 100, 50, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 128), (127, 127, 127)),
        ("LA", (0, 128), (127, 127, 127)),
        ("I;16", 65535, (255, 255, 255)),
        ("I;16", 0, (0, 0, 0)),
    ],
)
def test_every_colour_mode_becomes_rgb_on_white(
    mode: str, colour: int | tuple[int, ...], seen: tuple[int, int, int]
) -> None:
    assert_close(open_image(encoded(Image.new(mode, (8, 8), colour))), seen, tolerance=1)


def test_cmyk_jpeg_keeps_its_colours() -> None:
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    assert_close(open_image(encoded(cmyk, "JPEG")), (255, 0, 0), tolerance=8)


def test_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert_close(open_image(encoded(image)), (10, 20, 30))
    assert_close(open_image(encoded(image, transparency=1)), (255, 255, 255))


@pytest.mark.parametrize("top", [255, 4095, 65535])
def test_deep_greyscale_is_scaled_from_its_number_of_bits(top: int) -> None:
    ramp = np.linspace(0, top, 256).astype(np.uint16).reshape(16, 16)
    pixels = np.asarray(open_image(encoded(Image.fromarray(ramp))), int)
    assert np.abs(pixels[..., 0].ravel() - np.arange(256)).max() <= 1


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 5.0), (0.0, 1e6)])
def test_float_greyscale_is_scaled_from_its_range(low: float, high: float) -> None:
    ramp = np.linspace(low, high, 256, dtype=np.float32).reshape(16, 16)
    pixels = np.asarray(open_image(encoded(Image.fromarray(ramp), "TIFF")), int)
    assert np.abs(pixels[..., 0].ravel() - np.arange(256)).max() <= 1


def test_float_greyscale_without_any_number_is_black() -> None:
    nothing = Image.fromarray(np.full((4, 4), np.nan, np.float32))
    assert_close(open_image(encoded(nothing, "TIFF")), (0, 0, 0))


def test_exif_rotation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # To be shown turned by 90 degrees clockwise.
    picture = Image.new("RGB", (40, 20), "black")
    picture.paste("white", (0, 0, 20, 20))
    upright = open_image(encoded(picture, "JPEG", exif=exif, quality=95))
    assert upright.size == (20, 40)
    assert_close(upright.crop((0, 0, 20, 16)), (255, 255, 255), tolerance=8)


def test_unreadable_exif_does_not_hide_the_image() -> None:
    data = encoded(Image.new("RGB", (8, 8), "red"), "JPEG", exif=b"Exif\0\0nonsense")
    assert open_image(data).size == (8, 8)


def test_an_animation_shows_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert_close(open_image(data), (255, 0, 0))


# Refusing


def refusal(source: bytes | str | Path) -> str:
    with pytest.raises(ImageError) as caught:
        open_image(source)
    message = str(caught.value)
    assert "\n" not in message
    assert ". " not in message
    return message


def test_what_is_no_image_is_refused() -> None:
    assert "is empty" in refusal(b"")
    assert "not an image" in refusal(b"Dear Sir or Madam")
    assert "not an image" in refusal(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")


def test_the_file_is_named_when_it_has_a_name(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.png").startswith("gone.png cannot be opened: No such file")
    assert refusal(tmp_path).startswith(f"{tmp_path.name} cannot be opened")
    (tmp_path / "notes.txt").write_text("text")
    assert refusal(str(tmp_path / "notes.txt")).startswith("notes.txt is not an image")


def test_giant_images_are_refused_by_their_header() -> None:
    assert "more than 80 megapixels" in refusal(png_header(9_000, 9_000))
    assert "more than 80 megapixels" in refusal(png_header(60_000, 60_000))


def test_truncated_images_are_refused() -> None:
    data = CHELSEA.read_bytes()
    assert "damaged or incomplete" in refusal(data[: len(data) // 2])
    assert "damaged or incomplete" in refusal(png_header(100, 100))


@given(cut=st.integers(0, 400), at=st.integers(0, 400), noise=st.binary(max_size=8))
def test_damage_anywhere_gives_an_image_or_a_clear_refusal(cut: int, at: int, noise: bytes) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.linear_gradient("L").resize((9, 7)), "PNG", exif=exif)
    damaged = data[:at] + noise + data[at + cut :]
    try:
        image = open_image(damaged)
    except ImageError:
        assert refusal(damaged)
    else:
        assert image.mode == "RGB"


# Fitting

TARGET = (20, 30)


def wide_picture() -> Image.Image:
    """Left third red, middle third green, right third blue; 120 x 40."""
    picture = Image.new("RGB", (120, 40), (0, 255, 0))
    picture.paste((255, 0, 0), (0, 0, 40, 40))
    picture.paste((0, 0, 255), (80, 0, 120, 40))
    return picture


def test_crop_keeps_the_proportions_and_the_centre() -> None:
    pixels = fit(wide_picture(), (20, 20), "crop")
    assert pixels.shape == (20, 20, 3)
    assert (pixels[:, 2:-2] == (0, 255, 0)).all()


@pytest.mark.parametrize(
    ("size", "input_size"), [((116, 158), (224, 224)), ((972, 515), (33, 100))]
)
def test_a_crop_as_wide_as_the_picture_is_not_rounded_out_of_it(
    size: tuple[int, int], input_size: tuple[int, int]
) -> None:
    picture = Image.new("RGB", size, (0, 255, 0))
    assert (fit(picture, input_size, "crop") == (0, 255, 0)).all()


def test_stretch_keeps_the_whole_picture() -> None:
    pixels = fit(wide_picture(), TARGET, "stretch")
    assert pixels.shape == (*TARGET, 3)
    assert (pixels[:, 5, 0] == 255).all()
    assert (pixels[:, 15, 1] == 255).all()
    assert (pixels[:, 25, 2] == 255).all()


def test_pad_keeps_proportions_and_whole_picture_on_black() -> None:
    pixels = fit(wide_picture(), TARGET, "pad")
    assert (pixels[:5] == 0).all()
    assert (pixels[-5:] == 0).all()
    assert (pixels[5:15].sum(-1) >= 254).all()


def test_shrinking_averages_instead_of_skipping_pixels() -> None:
    checkerboard = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)
    pixels = fit(Image.fromarray(checkerboard).convert("RGB"), (16, 16))
    assert np.abs(pixels.astype(int) - 127).max() <= 3


def test_an_image_of_the_right_size_is_left_alone() -> None:
    image = open_image(CHELSEA)
    for how in ("crop", "stretch", "pad"):
        assert (fit(image, (300, 451), how) == np.asarray(image)).all()


@given(
    source=st.tuples(st.integers(1, 3000), st.integers(1, 5)),
    target=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    turned=st.booleans(),
)
def test_any_proportions_fit_any_size(
    source: tuple[int, int], target: tuple[int, int], turned: bool
) -> None:
    image = Image.new("RGB", source[::-1] if turned else source, "white")
    for how in ("crop", "stretch", "pad"):
        pixels = fit(image, target, how)
        assert pixels.shape == (*target, 3)
        assert pixels.dtype == np.uint8
        assert (pixels == 255).all() or how == "pad"


def test_impossible_sizes_and_fits_are_refused() -> None:
    with pytest.raises(ImageError, match="positive size"):
        fit(wide_picture(), (0, 10))
    with pytest.raises(ImageError, match="use crop, stretch or pad"):
        fit(wide_picture(), (10, 10), "squeeze")  # type: ignore[arg-type]


# Tensors

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
GREY = PIXELS @ np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((1, 3, 5, 7), (2, 3), PIXELS.transpose(2, 0, 1)[None]),
        ((1, 5, 7, 3), (1, 2), PIXELS[None]),
        ((3, 5, 7), (-2, -1), PIXELS.transpose(2, 0, 1)),
        ((5, 7, 3), (0, 1), PIXELS),
        ((1, 7, 5, 3), (2, 1), PIXELS.transpose(1, 0, 2)[None]),
        ((1, 1, 5, 7), (2, 3), GREY[None, None]),
        ((1, 5, 7, 1), (1, 2), GREY[None, :, :, None]),
        ((1, 5, 7), (1, 2), GREY[None]),
        ((5, 7), (0, 1), GREY),
        ((2, 3, 5, 7), (2, 3), np.stack([PIXELS.transpose(2, 0, 1)] * 2)),
        ((1, 4, 5, 7), (2, 3), np.insert(PIXELS, 3, 255, axis=2).transpose(2, 0, 1)[None]),
    ],
)
def test_pixels_land_on_the_axes_of_the_input(
    shape: tuple[int, ...], axes: tuple[int, int], expected: np.ndarray
) -> None:
    tensor = to_tensor(PIXELS, shape, axes, PLAIN)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    assert tensor.shape == shape
    np.testing.assert_allclose(tensor, expected, rtol=1e-5)


def colour(preset: str, rgb: tuple[int, int, int]) -> list[float]:
    pixels = np.full((1, 1, 3), rgb, np.uint8)
    return to_tensor(pixels, (1, 3, 1, 1), (2, 3), PRESETS[preset]).ravel().tolist()


@pytest.mark.parametrize(
    ("preset", "rgb", "expected"),
    [
        ("0..1", (0, 51, 255), [0, 0.2, 1]),
        ("-1..1", (0, 255, 51), [-1, 1, -0.6]),
        ("0..255", (1, 2, 3), [1, 2, 3]),
        ("ImageNet mean/std", (255, 0, 127), [2.2489, -2.0357, 0.4091]),
        ("Caffe BGR", (255, 0, 127), [127 - 103.939, -116.779, 255 - 123.68]),
        ("RGB minus mean", (255, 0, 127), [255 - 122.679, -116.669, 127 - 104.006]),
        ("(x - 127) / 128", (255, 127, 63), [1, 0, -0.5]),
    ],
)
def test_presets(preset: str, rgb: tuple[int, int, int], expected: list[float]) -> None:
    assert colour(preset, rgb) == pytest.approx(expected, abs=1e-3)


def test_grey_and_alpha_take_the_average_of_mean_and_std() -> None:
    white = np.full((1, 1, 3), 255, np.uint8)
    for preset, grey in (("0..1", 1), ("-1..1", 1), ("ImageNet mean/std", 2.4381)):
        one = to_tensor(white, (1, 1), (0, 1), PRESETS[preset])
        four = to_tensor(white, (1, 4, 1, 1), (2, 3), PRESETS[preset])
        assert one.item() == pytest.approx(grey, abs=1e-3)
        assert four[0, 3].item() == pytest.approx(grey, abs=1e-3)


def test_inputs_that_an_image_cannot_fill_are_refused() -> None:
    with pytest.raises(ImageError, match="has 16 channels, and an image can fill 1, 3 or 4"):
        to_tensor(PIXELS, (1, 16, 5, 7), (2, 3), PLAIN)
    with pytest.raises(ImageError, match="is 8 x 8, the picture is 5 x 7"):
        to_tensor(PIXELS, (1, 3, 8, 8), (2, 3), PLAIN)


def test_signals_run_along_their_axis() -> None:
    values = [1.0, 2.0, 3.0]
    assert signal_tensor(values, (1, 3), 1).tolist() == [values]
    assert signal_tensor(values, (1, 3, 2), -2).tolist() == [[[1, 1], [2, 2], [3, 3]]]
    assert signal_tensor(values, (3,), 0).dtype == np.float32
    with pytest.raises(ImageError, match="takes a signal of length 4"):
        signal_tensor(values, (1, 4), 1)


# The running networks agree


@pytest.mark.parametrize(
    ("model", "image", "name", "at_least"),
    [
        ("squeezenet", "chelsea", "Egyptian cat", 0.5),
        ("squeezenet", "coffee", "espresso", 0.95),
        ("efficientnet-lite0", "chelsea", "Egyptian cat", 0.3),
        ("efficientnet-lite0", "coffee", "espresso", 0.9),
    ],
)
def test_the_classifiers_recognise_the_sample_images(
    model: str, image: str, name: str, at_least: float
) -> None:
    sample = SAMPLE_MODELS[model]
    assert sample.labels
    assert sample.preprocessing
    picture = fit(open_image(SAMPLE_IMAGES[image].path), (224, 224), "crop")
    tensor = to_tensor(picture, (1, 3, 224, 224), (2, 3), PRESETS[sample.preprocessing])
    session = onnxruntime.InferenceSession(sample.path)
    probabilities = session.run(None, {"image": tensor})[0][0]
    best = int(probabilities.argmax())
    assert sample.labels.read_text().splitlines()[best] == name
    assert probabilities[best] >= at_least


def test_a_jpeg_whose_decoder_would_go_over_it_again_and_again_is_refused() -> None:
    stream = BytesIO()
    Image.new("L", (64, 64)).save(stream, "JPEG", progressive=True)
    content = stream.getvalue()
    assert open_image(content).size == (64, 64)
    last = content[content.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageError, match=r"a JPEG of \d+ scans: save it again"):
        open_image(content[:-2] + last * 60 + content[-2:])


def test_jpeg_2000_which_takes_much_memory_may_have_fewer_pixels() -> None:
    stream = BytesIO()
    Image.new("L", (5100, 5000)).save(stream, "JPEG2000")
    with pytest.raises(ImageError, match=r"more than 25 megapixels: make it smaller"):
        open_image(stream.getvalue())
