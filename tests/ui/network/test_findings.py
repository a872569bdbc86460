"""Findings about networks: the claims, and the layers that are their evidence."""

from __future__ import annotations

import rf_viz
from rf_viz import Network
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.ui.network.findings import (
    FINE,
    NOTE,
    ODD,
    Finding,
    findings,
)
from tests.models.small_nets import Net


def sample(key: str, size: int | None = None) -> Network:
    """Traced sample network."""
    model = rf_viz.load(SAMPLE_MODELS[key].path)
    return model.trace(size and (size, size), cut_global=True)


def that_says(net: Network, part: str) -> Finding:
    """The one finding whose text contains ``part``."""
    (finding,) = [f for f in findings(net) if part in f"{f.claim} {f.evidence}"]
    return finding


def test_an_image_beyond_the_longest_path_is_said_so() -> None:
    finding = that_says(sample("squeezenet"), "Best input size")
    assert finding.icon == NOTE
    assert "63 px to 207 px" in finding.claim
    assert "224 px" in finding.evidence
    assert [layer.name for layer in finding.layers] == ["fire6/expand3x3", "fire9/expand3x3"]


def test_misaligned_branches_are_told_with_the_distance() -> None:
    finding = that_says(sample("blazeface"), "misaligned")
    assert finding.icon == ODD
    assert "1 px apart" in finding.evidence
    assert [layer.name for layer in finding.layers] == ["add_2__xeno_compat__1"]


def test_the_border_layer_and_those_after_it_can_be_opened() -> None:
    finding = that_says(sample("crepe"), "border layer")
    assert finding.icon == ODD
    assert [layer.name for layer in finding.layers] == ["conv3", "conv4", "conv5", "conv6"]
    assert "1,028 samples of 1,024 samples" in finding.evidence


def test_lost_pixels_are_told() -> None:
    assert "0.89%" in that_says(sample("squeezenet"), "reach none").claim
    net = Net()
    net.conv("x", 1, 2, name="skipping", pad=0)
    finding = that_says(net.trace(8), "skips positions")
    assert finding.icon == ODD
    assert "75.0% of the pixels" in finding.evidence


def test_global_context_is_named() -> None:
    assert "10 operations mix" in that_says(sample("selfie"), "mix over").claim


def test_good_news_is_news() -> None:
    net = Net()
    net.conv("x", 3, name="a")
    claims = {finding.claim: finding.icon for finding in findings(net.trace(8))}
    assert claims["Every operation is known: all regions are exact."] == FINE
    assert claims["No kernel skips positions of its input."] == FINE
