"""The commands that answer on stdout: layers, the regions of cells, verification, surveys.

Each takes the options that were parsed, writes its answer, and returns the exit code.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from .. import load
from ..analysis.numbers import count
from ..analysis.records import (
    by,
    cell_record,
    csv_text,
    input_record,
    json_text,
    layer_records,
    network_record,
    region_record,
)
from ..trace.network import Index, IndexLike, Layer, Network
from . import output
from .exits import UsageError
from .progress import progress

if TYPE_CHECKING:
    from types import EllipsisType

    from ..model import Model
    from ..survey import Survey


def _index(text: str) -> IndexLike:
    """A NumPy-like index: ints, slices and an ellipsis."""

    def part(entry: str) -> Index | EllipsisType:
        if entry == "...":
            return ...
        ends = [int(e) if e.strip() else None for e in entry.split(":")]
        if len(ends) == 1 and ends[0] is not None:
            return ends[0]
        if len(ends) not in (2, 3) or ends[2:] == [0]:
            raise ValueError
        return slice(*ends)

    try:
        return tuple(part(entry.strip()) for entry in text.split(","))
    except ValueError:
        raise UsageError(f'index {text!r} is not like ":,:,3,4", "0,-1,::2" or "...,3,4"') from None


def _loading(options: argparse.Namespace) -> dict[str, Any]:
    """How a model is loaded, where that is not as usual."""
    chosen = {"signature": options.signature, "training_ops": options.training_ops}
    return {name: value for name, value in chosen.items() if value}


def _tracing(options: argparse.Namespace) -> dict[str, Any]:
    """How a model is traced. Raises UsageError."""
    shapes = dict(options.input_shape)
    if len(shapes) != len(options.input_shape) or ("" in shapes and len(shapes) > 1):
        raise UsageError(
            "several --input-shape need a different input name each, as in name=1,3,8,8"
        )
    feeds = dict(options.feed)
    if len(feeds) != len(options.feed):
        raise UsageError("each input can be fed once: give every --feed another name")
    return {
        "input_size": options.input_size,
        "input_shape": shapes.get("") or shapes or None,
        "input": options.input,
        "stop": options.stop,
        "weight_aware": options.weight_aware,
        "cut_global": options.cut_global,
        "feeds": feeds,
    }


def _trace(options: argparse.Namespace) -> tuple[Model, Network]:
    model = load(options.model, **_loading(options))
    for remark in model.remarks:
        line = f": {remark.line}" if remark.line else ""
        output.note(f"{remark.text}{line}")
    return model, model.trace(**_tracing(options))


def _find(net: Network, name: str) -> Layer:
    try:
        return net[name]
    except KeyError as error:
        raise UsageError(error.args[0]) from None


def layers(options: argparse.Namespace) -> int:
    """Write the layers of a model."""
    output.check_stdout()
    model, net = _trace(options)
    if options.format == "csv":
        text = csv_text(layer_records(net))
        output.write(output.printable(text) if output.is_terminal() else text)
    elif options.format == "json":
        _write_json(network_record(model.name, net))
    else:
        traced = input_record(net)
        head = f"{model.name}: input {traced['name']}, {traced['layout']} {by(traced['shape'])}"
        _write_lines(head, *_from(model, net), *_beside(model, net), "", *_table(net))
    return 0


def _write_json(record: dict[str, Any]) -> None:
    output.write(output.printable(json_text(record)))


def _write_lines(*lines: str) -> None:
    output.write(output.printable("".join(f"{line}\n" for line in lines)))


def _beside(model: Model, net: Network) -> Iterator[str]:
    """Lines on what was read of several, and on the inputs beside the traced one.

    Of an input they tell what the trace takes it to hold.
    """
    if len(model.signatures) > 1:
        yield f"signature {model.signature}, of {', '.join(model.signatures)}"
    if model.hidden:
        yield f"left out: {model.hidden} operations that only train it (--training-ops)"
    for side in model.side_inputs(net.input.shape, input=net.input.name):
        fed = net.feeds.get(side.name)
        if fed is None:
            what = f"{side.default:g}" if side.fixed else "any value"
        else:
            what = f"{fed.reshape(-1)[0]}" if fed.size == 1 else "as fed"
        shape = f" {by(side.shape)}" if side.shape else ""
        yield f"also takes {side.name} ({side.dtype}{shape}): {what}"


def _from(model: Model, net: Network) -> Iterator[str]:
    """Lines on what the traced input is, where it is no input like any other; on what is left out.

    They also name what else may be traced from.
    """
    source = model.source(net.input.name)
    if source.origin:
        yield f"{source.name} is {source.origin}; --input takes any other tensor"
    elif source == model.source() and model.image_within:
        yield (
            f"{source.name} holds an image in a row: --input {model.image_within} traces from the "
            "image that it is folded into"
        )
    if net.stop:
        yield f"stopped: {', '.join(sorted(net.stop)[:_LISTED])}{_more(len(net.stop))}"
    if net.left_out:
        count = len(net.left_out)
        yield f"left out: {count} layer{'s' * (count > 1)} that no counted path leads to"


_LISTED = 4
"""So many names are listed, of more only the number."""


def _more(count: int) -> str:
    return f" and {count - _LISTED} more" if count > _LISTED else ""


def _short(numbers: list[int | None] | None) -> str:
    """One number where all axes agree."""
    if numbers is None:
        return "-"
    return by(numbers[:1] if len(set(numbers)) == 1 else numbers)


def _cut(text: str, width: int) -> str:
    """Leave out the middle of a text that is too long: names differ at their ends."""
    if len(text) <= width:
        return text
    front = (width - 1) // 3
    return f"{text[:front]}…{text[front + 1 - width :]}"


_WIDTH = 100
_NAME, _OP = 36, 18


def _table(net: Network) -> Iterator[str]:
    """The layers in columns; notes are numbered, since many layers share theirs."""
    notes: dict[str, int] = {}
    rows: list[tuple[str, ...]] = [("LAYER", "OP", "SHAPE", "SIZE", "STRIDE", "PADDING", "NOTE")]
    for layer, entry in zip(net.layers, layer_records(net), strict=True):
        note = entry["note"]
        rows.append(
            (
                _cut(layer.title, _NAME),
                _cut(entry["op"], _OP),
                by(entry["shape"]) or "scalar",
                *(_short(entry[key]) for key in ("size", "stride", "padding")),
                f"[{notes.setdefault(note, len(notes) + 1)}]" if note else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            text.ljust(w) if i < 3 else text.rjust(w)
            for i, (text, w) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
    if notes:
        from textwrap import fill

        yield ""
        for note, number in notes.items():
            label = f"[{number}] "
            yield fill(note, _WIDTH, initial_indent=label, subsequent_indent=" " * len(label))


def region(options: argparse.Namespace) -> int:
    """Write the regions of cells of a layer."""
    if not options.cell and not options.index:
        raise UsageError("say which cell: --cell 3,4 (or --index for any part of the tensor)")
    output.check_stdout()
    _, net = _trace(options)
    if net.any_size:
        raise UsageError("regions need an input size: give one, not unknown")
    layer = _find(net, options.layer)
    try:
        cells = [_cell(layer, cell, options.channel, options.pixels) for cell in options.cell]
        cells += [_part(layer, text, options.pixels) for text in options.index]
    except IndexError as error:
        raise UsageError(str(error)) from None
    if options.format == "json":
        _write_json(region_record(layer, cells))
    else:
        _write_lines(*_regions(net, layer, cells))
    return 0


def _cell(layer: Layer, cell: tuple[int, ...], channel: int | None, pixels: bool) -> dict[str, Any]:
    if len(cell) != len(layer.grid):
        cells = f"cells of {len(layer.grid)} coordinates" if layer.grid else "no cells"
        raise UsageError(
            f"{layer.name} of shape {by(layer.shape)} has {cells}, not like "
            f"{','.join(map(str, cell))} (--index takes any part of its tensor)"
        )
    return cell_record(layer, cell, channel, pixels)


def _part(layer: Layer, text: str, pixels: bool) -> dict[str, Any]:
    index = _index(text)
    region = layer.region_of(index)
    return {
        "cell": None,
        "index": text,
        "channel": None,
        "start": list(region.start),
        "stop": list(region.stop),
        "pixels": int(layer.mask_of(index).sum()) if pixels else None,
    }


def _regions(net: Network, layer: Layer, cells: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{layer.title} ({layer.op}), cells {by(layer.grid)}, input {by(net.input.size)}"
    field = layer.receptive_field
    if field is not None:
        numbers = (f"{k} {_short(list(getattr(field, k)))}" for k in ("size", "stride", "padding"))
        yield f"receptive field: {', '.join(numbers)}"
    if layer.note:
        yield f"note: {layer.note}"
    yield "exact" if layer.exact else "assumed: an unknown operation is on the way"
    for entry in cells:
        start, stop = entry["start"], entry["stop"]
        what = (
            f"index {entry['index']}"
            if entry["cell"] is None
            else (f"cell {','.join(map(str, entry['cell']))}")
        )
        if entry["channel"] is not None:
            what += f" channel {entry['channel']}"
        if start == stop:
            yield f"{what}: sees no pixel"
            continue
        size = by(e - b for b, e in zip(start, stop, strict=True))
        ends = f"start {','.join(map(str, start))} stop {','.join(map(str, stop))}"
        count = "" if entry["pixels"] is None else f", {entry['pixels']} pixels"
        yield f"{what}: {ends}, size {size}{count}"


def verify(options: argparse.Namespace) -> int:
    """Write how the theory agrees with the running model; 1 where it does not."""
    from ..verify import report as verification

    output.check_stdout()
    model, net = _trace(options)
    if net.any_size:
        raise UsageError("verify needs an input size: give one, not unknown")
    layers = None
    if options.layer is not None:
        layers = [_find(net, name).name for name in options.layer]
    with progress("verifying", "layers") as show:
        report = verification.verify(model, net, layers=layers, cells=options.cells, progress=show)
    if options.format == "json":
        _write_json(report.to_dict())
    else:
        _write_lines(report.summary())
    return 0 if report.ok else 1


def survey(options: argparse.Namespace) -> int:
    """Survey images, and write what became of it."""
    from ..survey import survey as run

    output.check_stdout()
    if options.workers is not None and options.scheduler is not None:
        raise UsageError("--workers is for this machine, --scheduler for a cluster: give only one")
    try:
        with progress("surveying", "images and fields" if options.fields else "images") as show:
            result = run(
                options.model,
                options.images,
                options.layers,
                options.out,
                top=options.top,
                fields=options.fields,
                workers=options.workers,
                scheduler=options.scheduler,
                preprocessing=options.preprocessing,
                fit=options.fit,
                keep_images=options.keep_images,
                restart=options.restart,
                loading=_loading(options),
                tracing=_tracing(options),
                progress=show,
            )
    except KeyboardInterrupt:
        output.note(f"what is done is kept in {options.out}: the same command goes on from there")
        raise
    _write_lines(*_surveyed(result))
    if options.gallery:
        from ..survey.gallery import write_gallery

        _write_lines(f"gallery: {write_gallery(result)}")
    return 0


def _surveyed(result: Survey) -> Iterator[str]:
    """Lines on a survey that is finished."""
    channels = count(sum(layer.channels for layer in result.layers), "channel")
    images = count(result.images - result.skipped, "image")
    layers = count(len(result.layers), "layer")
    prepared = result.preparation
    yield (f"{result.model} over {images}: {layers} with {channels}, in {result.folder}")
    yield f"images prepared: {prepared['preset']}, {prepared['fit']}"
    yield from _fields(result)
    if result.skipped:
        yield f"left out: {count(result.skipped, 'image')}"
        for sentence in islice(result.left_out(), _LISTED):
            yield f"  {sentence}"
        if result.skipped > _LISTED:
            yield f"  {_more(result.skipped).strip()}: see skipped in images.parquet"


def _fields(result: Survey) -> Iterator[str]:
    """Lines on the effective fields of a survey that has measured some."""
    fields = [layer.field for layer in result.layers if layer.field is not None]
    if not fields:
        return
    able = sum(field.pixels > 0 for field in fields)
    images = max(field.images + field.still + field.failed for field in fields)
    yield (
        f"effective fields over {count(images, 'image')}: {able} of {count(len(fields), 'layer')}"
    )
    reasons = [field.why for field in fields if field.why]
    yield from (f"  {why}" for why in reasons[:_LISTED])
    if len(reasons) > _LISTED:
        yield f"  {_more(len(reasons)).strip()}: see field in survey.json"
