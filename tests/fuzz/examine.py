"""What the app does with a file that is uploaded: with a model on all its pages, with a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

import rf_viz
from rf_viz import Layer, Network
from rf_viz.analysis import coverage, diagnosis, growth, records
from rf_viz.errors import SizeUnknownError
from rf_viz.inputs import images, signals, volumes
from rf_viz.model import Model
from rf_viz.readers import looks_like_model
from rf_viz.ui.network.findings import findings
from rf_viz.ui.network.graph.graph import content
from rf_viz.ui.network.scopes import first_unfolded, scope_tree

_MOST = 2**18
"""Pixels of the largest input that masks are made of and that a model is run with."""


def examine_model(data: bytes, name: str, before_run: Callable[[], None] | None) -> None:
    """Open a model, trace it and look at it from all sides.

    ``before_run`` is called before the model is run; where it is None it is not run. Raises
    ModelError where one of these does not work out, whatever else where RF-Viz has a defect.
    """
    looks_like_model(data, name)
    model = rf_viz.load(data, name)
    _write(model.title, model.name, *model.signatures, *(i.name for i in model.inputs))
    for remark in model.remarks:
        _write(*remark)
    net = _trace(model)
    _look_at(net)
    _write(*model.parameters())
    for layer in _some(net.layers):
        _look_at_cells(layer)
    for side in model.side_inputs(net.shapes, input=net.input.name):
        _write(side.name)
    if model.hidden:
        rf_viz.load(data, name, training_ops=True).trace(cut_global=True)
    if before_run is not None:
        before_run()
        _run(model, net)


def _trace(model: Model) -> Network:
    """The network as the app traces it; at a size that a person may say where none is known."""
    source = model.image_within
    try:
        net = model.trace(input=source, cut_global=True)
    except SizeUnknownError as error:
        shape = tuple(n or 16 for n in error.shape)
        net = model.trace(input=source, input_shape={error.input: shape}, cut_global=True)
    for layer in net.layers:
        layer.spans()
    return net


def _look_at(net: Network) -> None:
    """What the pages Network and Compare show, and what can be saved of it."""
    record = records.network_record("file", net)
    _write(records.json_text(record), records.csv_text(record["layers"]))
    for layer in net.layers:
        _write(layer.title, layer.note, *layer.reasons, *layer.recurrence_texts)
        _write(layer.multiply_adds, layer.global_context, layer.settings, layer.layout)
    for finding in findings(net):
        _write(finding.claim, finding.evidence)
    growth.growth(net)
    diagnosis.unseen_by_all(net)
    tree = scope_tree(net)
    _write(*content(net, tree, first_unfolded(tree)).values())


def _look_at_cells(layer: Layer) -> None:
    """What the page Explore shows of the first cell, one in the middle and the last."""
    if prod(layer.net.input.size) > _MOST or 0 in layer.extents:
        return
    ends = [tuple(n - 1 for n in layer.extents), tuple(n // 2 for n in layer.extents)]
    for cell in dict.fromkeys([(0,) * len(layer.extents), *ends]):
        region, mask = layer.region(cell), layer.mask(cell)
        assert not mask.any() or not region.empty, f"{layer.name} {cell}: pixels beside the region"
        layer.paths(cell)
    if prod(layer.extents) <= coverage.MOST // 100:
        coverage.coverage(layer)
    layer.net.seen_by((0,) * len(layer.net.input.size))


def _some(layers: Sequence[Layer]) -> Sequence[Layer]:
    """A few layers of a network, the last among them."""
    return layers[:: -max(1, len(layers) // 3)]


def _run(model: Model, net: Network) -> None:
    source = net.input
    if prod(source.shape) > _MOST or not net.layers:
        return
    tensor = np.linspace(0, 1, prod(source.shape), dtype=np.float32).reshape(source.shape)
    name = net.layers[-1].name
    model.activations(tensor, [name], input=source.name, feeds=net.feeds)


def _write(*texts: object) -> None:
    """Sends texts to the browser, as far as that can fail here."""
    for text in texts:
        str(text).encode()


def examine_picture(data: bytes, name: str) -> None:
    """Open a file as a picture, a signal and a volume, and fit what comes of it to a network.

    Raises ImageError where it is none of these, whatever else where RF-Viz has a defect.
    """
    looks_like_model(data, name)
    opened, problem = False, None
    for attempt in (_image, _signal, _volume):
        try:
            attempt(data, name)
            opened = True
        except images.ImageError as error:
            check_sentence(str(error))
            problem = error
    if not opened and problem:
        raise problem


def _image(data: bytes, name: str) -> None:
    image = images.open_image(data)
    for how in ("crop", "stretch", "pad"):
        pixels = images.fit(image, (16, 12), how)  # type: ignore[arg-type]
        preset = images.PRESETS["Caffe BGR"]
        images.to_tensor(pixels, (1, 3, 16, 12), (2, 3), preset)


def _signal(data: bytes, name: str) -> None:
    signal = signals.open_signal(data, name)
    _write(signal.note)
    values = signals.fit_signal(signal.values, 64)
    images.signal_tensor(values, (1, 1, 64), 2)


def _volume(data: bytes, name: str) -> None:
    values = volumes.fit_volume(volumes.open_volume(data, name), (4, 5, 6))
    volumes.volume_tensor(values, (1, 1, 4, 5, 6), (2, 3, 4))


_INTERNAL = ("Traceback", "Error:", "Exception", "<class", "object at 0x", "NoneType")
"""What betrays that a sentence was not written for people."""

_LONGEST = 1500


def check_sentence(text: Any) -> None:  # noqa: ANN401
    """See to it that a refusal is one clear sentence. Raises AssertionError."""
    assert text, "the sentence is empty"
    assert text.isprintable(), f"the sentence breaks its line: {text!r}"
    assert len(text) <= _LONGEST, f"the sentence has {len(text)} letters"
    telling = [mark for mark in _INTERNAL if mark in text]
    assert not telling, f"the sentence names Python's own: {text!r}"
