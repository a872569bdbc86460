"""Designs are edited, saved and linked to without losing anything."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64encode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rf_viz import ModelError
from rf_viz.design import LAYER_KINDS, PRESETS, VARIANTS, Design, row

CHAIN = Design((3, 32, 32), tuple(row("convolution", channels=c) for c in (1, 2, 3, 4)))
BRIDGE = Design((3, 32, 32), (*CHAIN.rows, row("add", 1), row("concatenate", 5, 2)))


@pytest.mark.parametrize("key", PRESETS)
def test_a_link_and_json_hold_the_whole_network(key: str) -> None:
    design = PRESETS[key].build()
    link = design.compact()
    assert Design.expand(link) == design
    assert Design.from_json(design.to_json()) == design
    assert len(link) < 600
    assert set(link) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(rng=st.randoms(use_true_random=False))
def test_any_row_survives_a_link(rng: Random) -> None:
    rows = []
    for _ in range(rng.randint(0, 6)):
        kind = rng.choice([*LAYER_KINDS, *VARIANTS])
        settings = {name: rng.randint(1, 9) for name in row(kind).settings()}
        rows.append(row(kind, *rng.sample(range(20), rng.randint(0, 3)), **settings))
    design = Design(rng.choice([(3, 32, 48), (1, 100)]), tuple(rows))
    assert Design.expand(design.compact()) == design


def test_who_takes_a_row_still_takes_it_after_rows_were_inserted_moved_and_removed() -> None:
    """Row 5 adds row 1, row 6 joins rows 5 and 2: told by their channels, 1 and 2."""

    def channels_of_sources(design: Design) -> list[int]:
        joins = [r for r in design.rows if r.kind in ("add", "concatenate")]
        numbers = [joins[0].sources[0], joins[1].sources[1]]
        return [design.rows[n - 1].channels for n in numbers]

    assert channels_of_sources(BRIDGE) == [1, 2]
    assert channels_of_sources(BRIDGE.inserted(0, row("ReLU"))) == [1, 2]
    assert channels_of_sources(BRIDGE.inserted(1, row("ReLU"))) == [1, 2]
    assert channels_of_sources(BRIDGE.moved(1, 2)) == [1, 2]
    assert channels_of_sources(BRIDGE.moved(3, -2)) == [1, 2]
    assert channels_of_sources(BRIDGE.removed(3)) == [1, 2]
    assert channels_of_sources(BRIDGE.removed(2)) == [1, 1]  # what took row 2 takes what row 2 took
    assert BRIDGE.removed(1).rows[3].sources == (0,)


def test_moving_stops_at_the_ends() -> None:
    assert CHAIN.moved(1, -1) == CHAIN
    assert [r.channels for r in CHAIN.moved(1, 99).rows] == [2, 3, 4, 1]


def test_another_kind_keeps_what_means_the_same() -> None:
    conv = row("convolution", 2, channels=64, kernel=5, stride=2, dilation=3)
    assert conv.with_kind("depthwise convolution") == row(
        "depthwise convolution", 2, kernel=5, stride=2, dilation=3
    )
    assert conv.with_kind("squeeze-and-excite").channels == 4  # not the 64 that it would shrink to
    assert conv.with_kind("nearest upsampling").stride == 2
    assert conv.with_kind("ReLU") == row("ReLU", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"input": [3, 8, 8], "rows": [{"kind": "magic"}]}', "'magic'"),
        ('{"input": [3, 8, 8], "rows": [{"kind": "ReLU", "kernel": 3}]}', "ReLU has no kernel"),
        ('{"input": [3, 8, 8], "rows": [{"kind": "convolution", "kernel": 0}]}', "from 1 to 255"),
        ('{"input": [3, 8, 8], "rows": [{"kind": "convolution", "kernel": "9"}]}', "whole number"),
        ('{"input": [3, 8, 8], "rows": [{"kind": "convolution", "padding": "x"}]}', "same, valid"),
        ('{"input": [3, 8, 8], "rows": [{"kind": "add", "from": [-1]}]}', "from other rows"),
        ('{"input": [3, 8, 8], "rows": [5]}', "tells its kind"),
        ('{"input": [3], "rows": []}', "channels, height and width"),
        ('{"input": [3, 99999, 8], "rows": []}', "1 to 2048"),
        ('{"input": [3, true, 8], "rows": []}', "1 to 2048"),
        (json.dumps({"input": [3, 8, 8], "rows": [{"kind": "ReLU"}] * 401}), "at most 400 rows"),
    ],
)
def test_what_is_no_network_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Design.from_json(text)
    with pytest.raises(ModelError, match=said):
        Design.expand(urlsafe_b64encode(zlib.compress(text.encode())).decode())


@pytest.mark.parametrize("link", ["", "%%%", "AAAA", CHAIN.compact()[:-9], "ü"])
def test_a_damaged_link_is_refused(link: str) -> None:
    with pytest.raises(ModelError, match="damaged or cut off"):
        Design.expand(link)


def test_a_link_that_would_fill_the_memory_is_refused() -> None:
    bomb = urlsafe_b64encode(zlib.compress(b" " * 50_000_000, 9)).decode()
    with pytest.raises(ModelError, match="damaged or cut off"):
        Design.expand(bomb)


def test_a_row_in_a_link_cannot_name_itself() -> None:
    with pytest.raises(ModelError):
        Design.from_json('{"input": [3, 8, 8], "rows": [{"kind": "convolution", "name": 1}]}')
