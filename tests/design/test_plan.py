"""Shapes as ONNX infers them, and mistakes told at the row that is wrong."""

from __future__ import annotations

import onnx
import pytest

from rf_viz import ModelError
from rf_viz.design import Design, Row, check, plan, row, to_keras, to_onnx, to_pytorch

TIMES = "\N{MULTIPLICATION SIGN}"


def conv(channels: int = 4, *sources: int, **settings: int | str) -> Row:
    return row("convolution", *sources, channels=channels, **settings)


def design(*rows: Row, size: tuple[int, ...] = (3, 28, 28)) -> Design:
    return Design(size, rows)


ODD = design(
    conv(8, kernel=4, stride=2),
    row("depthwise convolution", kernel=5, dilation=2),
    row("squeeze-and-excite"),
    row("max pooling", kernel=3, padding="same"),
    row("average pooling", kernel=3, padding="same"),
    row("transposed convolution", channels=8, kernel=5, padding="same"),
    row("transposed convolution", channels=8, kernel=4, stride=3, padding=1),
    row("bilinear upsampling"),
    row("max pooling", kernel=5, padding=2),
    row("average pooling", kernel=4, padding=1),
    conv(8, groups=4, padding=2),
    conv(8, stride=2, dilation=2),
    row("layer normalisation"),
    row("SiLU"),
    row("nearest upsampling", stride=3),
    row("dense", channels=5),
    row("layer normalisation"),
    row("batch normalisation"),
    row("GELU"),
    row("dense", channels=7),
    size=(3, 37, 29),
)
SIGNAL = design(
    conv(8, kernel=4, stride=2),
    row("depthwise convolution", padding="causal"),
    row("max pooling", kernel=3, stride=1, padding="causal"),
    row("causal convolution", channels=8, dilation=3),
    row("max pooling", kernel=3, padding=1),
    row("transposed convolution", channels=6, kernel=3, padding="same"),
    row("squeeze-and-excite", channels=2),
    row("nearest upsampling"),
    row("average pooling"),
    row("batch normalisation"),
    row("window attention", kernel=13, groups=2),
    row("shifted window attention", kernel=13, groups=3),
    row("global pooling"),
    row("dense"),
    size=(2, 50),
)


@pytest.mark.parametrize("whole", [ODD, SIGNAL], ids=["image", "signal"])
def test_shapes_are_those_that_onnx_infers(whole: Design) -> None:
    proto = onnx.load_from_string(to_onnx(whole))
    onnx.checker.check_model(proto, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True)
    inferred = {
        value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in [*inferred.graph.value_info, *inferred.graph.output]
    }
    for step in plan(whole).steps.values():
        assert inferred[step.name] == (1, *step.shape)


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        (
            [conv(padding="valid", kernel=25), conv(padding="valid", kernel=7)],
            [(2, f"kernel 7 is larger than its 4{TIMES}4 input")],
        ),
        (
            [conv(padding="valid", dilation=15)],
            [(1, f"kernel 3 with dilation 15 reaches 31, which is larger than its 28{TIMES}28")],
        ),
        (
            [conv(64), conv(128, stride=2), row("add", 1)],
            [
                (
                    3,
                    f"residual from row 1: 64 channels at 28{TIMES}28 do not fit 128 channels at "
                    f"14{TIMES}14",
                )
            ],
        ),
        (
            [conv(stride=2), row("concatenate", 0)],
            [(2, "concatenation with the input: 3 channels")],
        ),
        ([conv(), row("add")], [(2, "add needs another row: name it under From")]),
        ([conv(), row("add", 3)], [(2, "row 3 does not come before row 2")]),
        ([conv(4, 1)], [(1, "row 1 does not come before row 1")]),
        ([conv(), conv(4, 0, 1)], [(2, "convolution takes one row, not 2")]),
        ([conv(6, groups=4)], [(1, "3 input channels do not divide into 4 groups")]),
        ([conv(4), conv(6, groups=4)], [(2, "6 output channels do not divide into 4 groups")]),
        ([conv(padding="causal")], [(1, "causal padding is for signals")]),
        ([row("masked convolution A", kernel=4)], [(1, "its size is odd, not 4")]),
        ([row("max pooling", kernel=3, padding=2)], [(1, "more than half of the pool's kernel 3")]),
        ([row("transposed convolution", kernel=2, stride=3)], [(1, "smaller than its stride 3")]),
        ([conv(6), row("window attention", kernel=7)], [(2, "6 channels do not divide among 4")]),
        ([conv(4), row("window attention", kernel=5)], [(2, "windows of 5 do not divide a map")]),
        ([row("dense"), row("global pooling")], [(2, "a dense layer leaves only 10 units")]),
        ([conv(4096), row("dense", channels=64)], [(2, "make more than 32 million in all")]),
        ([], [(0, "there is no layer yet")]),
        # Two mistakes are both told; what takes a wrong row is not blamed for it.
        (
            [row("add"), conv(4, 0, groups=3), conv(4, 1), conv(4, 3)],
            [(1, "needs another row"), (2, "4 output channels do not divide")],
        ),
    ],
)
def test_a_mistake_is_told_at_its_row(rows: list[Row], problems: list[tuple[int, str]]) -> None:
    messages = check(design(*rows))
    assert [number for number, _ in messages] == [number for number, _ in problems]
    for (_, message), (_, wanted) in zip(messages, problems, strict=True):
        assert wanted in message


@pytest.mark.parametrize("write", [to_onnx, to_keras, to_pytorch])
def test_nothing_is_written_of_a_network_that_is_wrong(write) -> None:  # noqa: ANN001
    with pytest.raises(ModelError, match=r"^row 2: add needs another row"):
        write(design(conv(), row("add")))


def test_an_input_too_large_is_told_before_anything_is_built() -> None:
    design = Design((4096, 1_000_000), (row("convolution", channels=1),))
    assert [number for number, _ in check(design)] == [0]
    assert "too large" in check(design)[0][1]


def test_attention_too_large_is_told_at_its_row() -> None:
    design = Design((4, 2040, 2040), (row("window attention", kernel=255),))
    assert [number for number, _ in check(design)] == [1]
    assert "too large" in check(design)[0][1]
