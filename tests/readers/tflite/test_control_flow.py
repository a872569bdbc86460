"""Loops and branches of TFLite files, against LiteRT."""

from __future__ import annotations

from typing import Any

import ai_edge_litert.schema_py_generated as schema
import numpy as np
import pytest

import rf_viz
from tests.oracles.tflite_oracle import Op, assert_agrees, build, options, packed, subgraph
from tests.oracles.truth import generic

NUDGES = (0.7, -0.7)
INT = {"i": "int32", "next": "int32", "count": "int32", "go": "bool"}


def file_of(
    *graphs: tuple[list[Op], dict[str, Any], dict[str, Any], dict[str, Any], list[str]],
) -> bytes:
    """Graphs of operators, inputs, constants, shapes of what is computed, and outputs."""
    model = schema.ModelT()
    model.version, model.buffers, model.operatorCodes = 3, [schema.BufferT()], []
    model.subgraphs = [
        subgraph(model, ops, inputs, constants, INT, shapes, outputs)
        for ops, inputs, constants, shapes, outputs in graphs
    ]
    return packed(model)


def scan(turns: int) -> bytes:
    """The sum of rows, each halved at every turn after it."""
    x, i, h = generic((turns, 2)), np.array(0, np.int32), np.zeros((1, 2), np.float32)
    main = [Op("WHILE", ["first", "x", "h0"], ["count", "same", "y"],
               options("While", condSubgraphIndex=1, bodySubgraphIndex=2))]  # fmt: skip
    shapes = {"count": (), "same": (turns, 2), "y": (1, 2)}
    condition = [Op("LESS", ["i", "limit"], ["go"])]
    body = [
        Op("GATHER", ["x", "i"], ["row"], options("Gather", axis=0)),
        Op("MUL", ["h", "half"], ["less"], options("Mul")),
        Op("ADD", ["less", "row"], ["h2"], options("Add")),
        Op("ADD", ["i", "one"], ["next"], options("Add")),
    ]
    state = {"i": i, "x": x, "h": h}
    half = {"half": np.array([0.5], np.float32), "one": np.array(1, np.int32)}
    return file_of(
        (main, {"x": x}, {"first": i, "h0": h}, shapes, ["y"]),
        (condition, state, {"limit": np.array(turns - 1, np.int32)}, {"go": ()}, ["go"]),
        (body, state, half, {"row": (2,), "less": (1, 2), "h2": (1, 2), "next": ()},
         ["next", "x", "h2"]),
    )  # fmt: skip


@pytest.mark.parametrize("turns", [4, 14])
def test_a_loop_of_constant_length(turns: int) -> None:
    net = assert_agrees(scan(turns), nudges=NUDGES)
    assert net["y"].region_of(np.s_[0, 1]) == rf_viz.Region((0, 1), (turns - 1, 2))
    ((group, layer),) = net.groups
    assert (group.name, group.kind, layer.name) == ("count", "WHILE", "y")


@pytest.mark.parametrize("turns", [4, 14])
def test_tensors_within_a_loop_have_the_values_of_each_turn(turns: int) -> None:
    model = rf_viz.load(scan(turns))
    net = model.trace(spatial_axes=(0, 1))
    rows = np.arange(2 * turns, dtype=np.float32).reshape(turns, 2)
    names = [layer.name for layer in net.layers]
    values = model.activations(rows, names)
    assert [values[name].shape for name in names] == [layer.shape for layer in net.layers]
    states = [np.zeros((1, 2), np.float32)]
    for row in rows[:-1]:
        states.append(states[-1] / 2 + row)
    together = model.activations(rows, ["count/state_2", "count/h2", "count/2/h2"])
    np.testing.assert_allclose(together["count/state_2"], states[:-1], rtol=1e-6)
    np.testing.assert_allclose(together["count/h2"], states[1:], rtol=1e-6)
    np.testing.assert_allclose(together["count/2/h2"], states[3], rtol=1e-6)
    np.testing.assert_allclose(values["y"], states[-1], rtol=1e-6)
    with pytest.raises(rf_viz.ModelError, match=f"ends after {turns - 1} turns"):
        model.activations(rows, ["count/99/h2"])
    with pytest.raises(rf_viz.ModelError, match="h7 is not a value that an operation"):
        model.activations(rows, ["count/1/h7"])


def branch(condition: dict[str, Any], first: list[Op]) -> bytes:
    """Either the row before, or the row itself doubled."""
    x = generic((3, 2))
    main = [*first, Op("IF", ["go", "x"], ["y"],
                       options("If", thenSubgraphIndex=1, elseSubgraphIndex=2))]  # fmt: skip
    return file_of(
        (main, {"x": x}, condition, {"y": (3, 2), "go": ()}, ["y"]),
        ([Op("REVERSE_V2", ["x", "zero"], ["z"], options("ReverseV2"))], {"x": x},
         {"zero": np.array([0], np.int32)}, {"z": (3, 2)}, ["z"]),
        ([Op("ADD", ["x", "x"], ["z"], options("Add"))], {"x": x}, {}, {"z": (3, 2)}, ["z"]),
    )  # fmt: skip


@pytest.mark.parametrize("way", [True, False])
def test_a_branch_that_is_known_is_the_one_followed(way: bool) -> None:
    # LiteRT does not run an IF by a constant.
    net = rf_viz.load(branch({"go": np.array(way)}, []), "m.tflite").trace(spatial_axes=(0, 1))
    assert net["y"].exact
    row = 2 if way else 0
    assert net["y"].region_of(np.s_[0, 1]) == rf_viz.Region((row, 1), (row + 1, 2))


def test_a_branch_that_the_data_decides_is_either() -> None:
    constants = {"two": np.array([0, 1], np.int32), "limit": np.array(11, np.float32)}
    first = [
        Op("SUM", ["x", "two"], ["all"], options("Reducer")),
        Op("GREATER", ["all", "limit"], ["go"]),
    ]
    net = rf_viz.load(branch(constants, first), "m.tflite").trace(spatial_axes=(0, 1))
    assert net["y"].shape == (3, 2)
    assert net["y"].mask_of(np.s_[0, 1]).all()


def test_a_graph_that_is_part_of_itself_is_refused() -> None:
    x = generic((2,))
    endless = [
        Op("WHILE", ["x"], ["y"], options("While", condSubgraphIndex=1, bodySubgraphIndex=1))
    ]
    data = file_of((endless, {"x": x}, {}, {"y": (2,)}, ["y"]), (endless, {"x": x}, {}, {}, ["y"]))
    with pytest.raises(rf_viz.ModelError, match="part of itself"):
        rf_viz.load(data, "m.tflite")


@pytest.mark.parametrize("op", ["IF", "WHILE", "CALL"])
def test_a_graph_that_is_left_out_is_the_first_which_is_part_of_itself(op: str) -> None:
    data = build([Op(op, ["x"], ["y"])], {"x": generic((2,))})
    with pytest.raises(rf_viz.ModelError, match="part of itself"):
        rf_viz.load(data, "m.tflite")
