"""Findings about a network in words, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import streamlit as st

from ...analysis import diagnosis
from ...analysis.growth import largest_region
from ...errors import ModelError
from ...trace.network import Layer, Network
from ..sharing import kept_with_it
from ..text import by, count, listed, percent, plain, sentence, side, whole

FINE, NOTE, ODD = ":material/check_circle:", ":material/info:", ":material/warning:"

_MOST_LAYERS = 6
"""Number of layers that are named as evidence, at most."""


@dataclass(frozen=True)
class Finding:
    """Statement about a network, in Markdown.

    Attributes:
        icon: ``FINE``, ``NOTE`` or ``ODD``.
        claim: one sentence that says what is the case.
        evidence: why it is the case.
        layers: the layers that show it.
    """

    icon: str
    claim: str
    evidence: str = ""
    layers: Sequence[Layer] = ()


def findings(net: Network) -> list[Finding]:
    """Findings of all kinds, good and bad, in the order in which they are shown."""
    return [finding for kind in _KINDS for finding in _looked_for(net, kind)]


def _looked_for(net: Network, kind: Callable[[Network], Iterator[Finding]]) -> list[Finding]:
    """Findings of a kind; that they take too much memory or time is one too."""
    try:
        return list(kind(net))
    except ModelError as error:
        return [Finding(NOTE, "Not all could be looked for.", plain(sentence(error)))]


@kept_with_it("Looking at the layers ...")
def cached_findings(net: Network) -> list[Finding]:
    """Findings of a network, computed once."""
    return findings(net)


def draw_finding(finding: Finding, key: str) -> str | None:
    """Draws a finding; returns the name of the layer that was just chosen among its layers."""
    claim = f"**{finding.claim}** {finding.evidence}" if finding.evidence else finding.claim
    with st.container(gap=None):
        st.markdown(f"{finding.icon} {claim}")
        if not finding.layers:
            return None
        titles = {layer.name: layer.title for layer in finding.layers[:_MOST_LAYERS]}
        return st.pills(
            f"Open: {finding.claim}",
            titles,
            format_func=titles.__getitem__,
            key=key,
            label_visibility="collapsed",
        )


def _whole_image(net: Network) -> Iterator[Finding]:
    sight = diagnosis.whole_image(net)
    size = by(net.input.size)
    if sight.layers == 0:
        return
    if sight.every:
        yield Finding(
            NOTE,
            f"From {_code(sight.every)} on every cell sees the whole input of {size}.",
            f"In {whole(sight.seeing)} of {count(sight.layers, 'layer')} every cell does. The "
            f"first with such a cell is {_code(sight.some or sight.every)}.",
            list(dict.fromkeys((sight.some or sight.every, sight.every))),
        )
    elif sight.some:
        yield Finding(
            NOTE,
            f"From {_code(sight.some)} on some cells see the whole input of {size}.",
            "Those at the border see less, because it cuts off their regions.",
            [sight.some],
        )
    else:
        inside = [x for x, own in zip(net.layers, diagnosis.features(net), strict=True) if own]
        deepest = max(inside, key=lambda layer: max(largest_region(layer)))
        yield Finding(
            NOTE,
            f"No cell sees the whole input of {size}.",
            f"The most is {by(largest_region(deepest))}, in {_code(deepest)}.",
            [deepest],
        )
    mixers = dict.fromkeys(name for layer in net.layers for name in layer.global_context)
    if mixers:
        yield Finding(
            NOTE,
            f"{count(len(mixers), 'operation mixes', 'operations mix')} over all positions.",
            f"{listed([_quoted(name) for name in mixers])}. What reaches a cell only through them "
            "is left out here: the sizes on this page are of local paths.",
        )


def _input_range(net: Network) -> Iterator[Finding]:
    sizes = diagnosis.input_range(net)
    if sizes is None:
        return
    least, most = sizes.layers
    left_out = ""
    if sizes.left_out:
        left_out = f" Left out: {count(sizes.left_out, 'layer')} without closed form."
    axes = zip(net.input.size, sizes.least, sizes.most, strict=True)
    fits = all(low <= size <= high for size, low, high in axes)
    if sizes.least == sizes.most:
        sides, why = side(sizes.most), "There, every layer adds something and some cell sees it all"
    else:
        sides = f"{side(sizes.least)} to {side(sizes.most)}"
        why = "Below, some layers add nothing; above, no cell sees it all"
    yield Finding(
        FINE if fits else NOTE,
        f"Best input size: {sides}.",
        f"{why}. By its shortest path {_code(least[0])} sees the most, by its longest "
        f"{_code(most[0])} (Richter et al. 2021). This input has {side(net.input.size)}.{left_out}",
        list(dict.fromkeys((*least, *most))),
    )


def _border(net: Network) -> Iterator[Finding]:
    border = diagnosis.border(net)
    if border is None:
        yield Finding(
            FINE,
            "There is no border layer: what the last convolution takes still sees less than the "
            "image.",
        )
        return
    after = ""
    if border.unproductive:
        after = (
            f" {count(len(border.unproductive), 'convolution comes', 'convolutions come')} after "
            "it, probably unproductive at this input size."
        )
    yield Finding(
        ODD,
        f"{_code(border.layer)} is the border layer.",
        f"It and every convolution after it take cells that already see more than the image, even "
        f"by the shortest path: {side(border.before)} of {side(net.input.size)}.{after}",
        [border.layer, *border.unproductive],
    )


def _misaligned(net: Network) -> Iterator[Finding]:
    joins = diagnosis.misaligned(net)
    if not joins:
        if any(len(layer.inputs) > 1 for layer in net.layers):
            yield Finding(FINE, "No branches are misaligned.")
        return
    affected = sum(layer.aligned is False for layer in net.layers)
    places = dict.fromkeys(plain("; ".join(layer.disagreements)) for layer in joins)
    where = listed(list(places))
    yield Finding(
        ODD,
        f"Branches are misaligned in {count(len(joins), 'place')}.",
        f"{where[:1].upper()}{where[1:]}. {count(affected, 'layer has', 'layers have')} no closed "
        "form because of it. Their exact regions are right all the same.",
        joins,
    )


def _skips(net: Network) -> Iterator[Finding]:
    skips = diagnosis.skips(net)
    between = [skip for skip in skips if skip.between]
    border = [skip for skip in skips if not skip.between]
    if between:
        worst = max(between, key=lambda skip: skip.unseen)
        hidden = (
            f"None of the cells of {_code(worst.layer)} sees {percent(worst.unseen)} of the pixels."
            if worst.unseen
            else "Every pixel of the image is seen all the same, because earlier layers spread it."
        )
        yield Finding(
            ODD if worst.unseen else NOTE,
            f"{count(len(between), 'layer skips', 'layers skip')} positions between windows: the "
            "stride is larger than the kernel, or shares a factor with the dilation.",
            hidden,
            [skip.layer for skip in between],
        )
    if border:
        worst = max(border, key=lambda skip: skip.unseen)
        hidden = f"Up to {percent(worst.unseen)} of the pixels are lost" if worst.unseen else ""
        yield Finding(
            NOTE,
            f"{count(len(border), 'layer leaves', 'layers leave')} out positions at the border.",
            f"{hidden}, by {_code(worst.layer)}." if hidden else "No pixel is lost.",
            [skip.layer for skip in border],
        )
    if not skips:
        yield Finding(FINE, "No kernel skips positions of its input.")
    lost = diagnosis.unseen_by_all(net)
    if lost:
        yield Finding(ODD, f"{percent(lost)} of the pixels reach none of the last layers.")


def _assumed(net: Network) -> Iterator[Finding]:
    layers = diagnosis.assumed(net)
    if not layers:
        yield Finding(FINE, "Every operation is known: all regions are exact.")
        return
    reasons = dict.fromkeys(plain(reason) for layer in layers for reason in layer.assumed)
    what = count(len(layers), "operation was", "operations were")
    yield Finding(
        ODD,
        f"{what} taken to depend on everything.",
        f"{listed(list(reasons), most=6)}. What comes after is assumed, not exact.",
        layers,
    )


_KINDS = (_whole_image, _input_range, _border, _misaligned, _skips, _assumed)


def _code(layer: Layer) -> str:
    return _quoted(layer.title)


def _quoted(name: str) -> str:
    """Name as code in Markdown."""
    return f"`{name.replace('`', '')}`"
