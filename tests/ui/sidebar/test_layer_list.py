"""Layers are grouped the way their names are."""

from __future__ import annotations

import pytest

from rf_viz.ui.sidebar.layer_list.layer_list import scopes


@pytest.mark.parametrize(
    ("names", "placed"),
    [
        (["12", "13", "14"], [("", "12"), ("", "13"), ("", "14")]),
        (
            [
                "pool",
                "fire2/squeeze",
                "fire2/expand",
                "fire2/concat",
                "fire3/a",
                "fire3/b",
                "fire3/c",
            ],
            [
                ("", "pool"),
                *(("fire2", name) for name in ("squeeze", "expand", "concat")),
                *(("fire3", name) for name in "abc"),
            ],
        ),
        (
            ["conv1", "conv1/relu", "conv1/bn", "conv2", "conv2/relu", "conv2/bn"],
            [(scope, name) for scope in ("conv1", "conv2") for name in (scope, "relu", "bn")],
        ),
        (
            ["/a/x/Conv_output_0", "/a/y/Conv_output_0", "/a/z/Conv_output_0"],
            [("a", f"{name} / Conv_output_0") for name in "xyz"],
        ),
        (
            ["model.0.conv", "model.0.act", "model.0.bn"],
            [("model / 0", name) for name in ("conv", "act", "bn")],
        ),
        (["a/1", "b/1", "c/1"], [("", "a / 1"), ("", "b / 1"), ("", "c / 1")]),
    ],
    ids=["numbers", "blocks", "named like a scope", "exported", "dotted", "nothing to group"],
)
def test_scopes(names: list[str], placed: list[tuple[str, str]]) -> None:
    assert scopes(names) == placed
