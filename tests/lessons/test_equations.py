"""The equations say what the core says, and their arithmetic works out."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rf_viz.lessons import Conv, Fork, Transposed, equations, stack
from rf_viz.lessons.layers import length_for


def sides(latex: str) -> list[list[int | float]]:
    """For each line the values of its sides that are numbers only, from left to right."""
    steps = []
    for line in latex.replace(r"\begin{aligned}", "").replace(r"\end{aligned}", "").split(r"\\"):
        values = []
        for side in line.split("="):
            text = re.sub(r"\\mathbf\{(-?\d+)\}", r"\1", side).replace("&", " ")
            text = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
            text = text.replace(r"\cdot", "*").replace(r"\left\lfloor", "int(")
            text = text.replace(r"\right\rfloor", ")")
            if re.fullmatch(r"(?:int\(|[-+*/() \d.])+", text) and re.search(r"\d", text):
                values.append(eval(text))
        steps.append(values)
    return steps


def some_convs(rng: Random, most: int, *, padded: bool = False) -> list[Conv]:
    return [
        Conv(
            rng.randint(1, 5),
            rng.randint(1, 3),
            (rng.randint(0, 3), rng.randint(0, 3)) if padded else (0, 0),
            rng.choice([1, 1, 2]),
        )
        for _ in range(rng.randint(1, most))
    ]


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_size_ends_on_the_cores_size(rng: Random) -> None:
    convs = some_convs(rng, 4)
    example = stack(convs, length_for(convs, 2))
    (size,) = example.last.receptive_field.size
    _, (terms, total) = sides(equations.size(example))
    assert terms == total == size


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_one_layer_has_the_size_that_its_equation_tells(rng: Random) -> None:
    (conv,) = some_convs(rng, 1, padded=True)
    n = length_for([conv], 3) + rng.randint(0, 3)
    example = stack([conv], n)
    size = example.rows[-1].size
    assert sides(equations.output_size(conv, n, size)) == [[size, size]]


def test_alignment_tells_the_centre_along_each_path() -> None:
    """The article's two paths with r = 1 and 3, S = 4, P = 0 and 1; a skip sees its own unit."""
    paths = Fork(((Conv(1, 4),), (Conv(3, 2, (1, 1)), Conv(1, 2))))
    example = stack([paths], 17)
    ends = [example.rows[1], example.rows[3]]
    fields = [("A", ends[0].layer.receptive_field), ("B", ends[1].layer.receptive_field)]
    _, _, a, _, b, _, skip = sides(equations.alignment([*fields, ("C", None)]))
    assert a == b == skip == [0, 0]
    assert r"r_0^{B} = 3, \; S_0^{B} = 4, \; P_0^{B} = 1" in equations.alignment(fields)


def test_dilation_appears_where_there_is_any() -> None:
    assert "d_l" not in equations.size(stack([Conv(3)], 7))
    assert "d_l" in equations.size(stack([Conv(3, dilation=2)], 7))


def test_what_has_no_such_equation_is_refused() -> None:
    with pytest.raises(ValueError, match="chain of convolutions"):
        equations.size(stack([Transposed(3)], 4))
    with pytest.raises(ValueError, match="depends on the input"):
        equations.output_size(Conv(3, 1, "same"), 4, 4)
