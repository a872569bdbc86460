"""The command line: layers, the regions of cells, and verification against the running model.

Exit code 0: done; 1: ``verify`` found a disagreement; 2: an error, told in one line on stderr. In
Python's development mode (``python -X dev``) the log, tracebacks included, is shown too.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from . import load
from .analysis.records import (
    by,
    cell_record,
    csv_text,
    input_record,
    json_text,
    layer_records,
    network_record,
    region_record,
)
from .errors import DefectError, ModelError, SizeUnknownError, defect
from .inputs.feeds import load_array, numbers
from .trace.network import Index, IndexLike, Layer, Network

if TYPE_CHECKING:
    from types import EllipsisType

    from numpy.typing import NDArray

    from .model import Model

_ABOUT = """\
See exactly which input pixels drive any cell of any layer of a neural network.

A cell is one position of a layer's output, written y,x (1-D: x; 3-D: z,y,x) and counted from 0.
Its region is the smallest box that holds every input pixel it depends on, from start up to but
not including stop."""

_EXAMPLES = """\
examples:
  python -m rf_viz layers net.onnx                        what the layers are called and see
  python -m rf_viz layers net.onnx --input-size 512x512   at another input size
  python -m rf_viz region net.onnx --layer conv5 --cell 3,4
  python -m rf_viz verify net.onnx                        does the running model agree?

"python -m rf_viz COMMAND --help" tells the options of a command.
Exit code: 0 done, 1 verify found a disagreement, 2 an error (told in one line on stderr)."""

_LAYERS_ABOUT = """\
List every layer with its closed-form receptive field.

Cell u begins at u * stride - padding and is size pixels long, padding counted as if it were
image; one number for each spatial axis of the input, in its order. Where the paths from the input
disagree there is no such form, and the note says why; "region" knows the exact answer there too."""

_LAYERS_EXAMPLES = """\
examples:
  python -m rf_viz layers net.onnx
  python -m rf_viz layers net.onnx --input-size unknown   what holds for every size
  python -m rf_viz layers net.onnx --cut-global           leave out squeeze-and-excite gates etc.
  python -m rf_viz layers net.onnx --input pool2          in cells of the layer pool2
  python -m rf_viz layers net.onnx --stop mixed_5b/branch_3   without the paths through a branch
  python -m rf_viz layers net.onnx --format csv > layers.csv"""

_REGION_ABOUT = """\
Say which input pixels one or more cells of a layer depend on.

Regions lie inside the image: padding is not input. A cell that sees only padding has an empty
region (start equals stop). "layers" lists the layers' names."""

_REGION_EXAMPLES = """\
examples:
  python -m rf_viz region net.onnx --layer conv5 --cell 3,4 --cell 5,6
  python -m rf_viz region net.onnx --layer conv5 --cell 3,4 --channel 7 --pixels
  python -m rf_viz region net.onnx --layer tokens --index "0,17,:" --format json
  python -m rf_viz region net.onnx --layer conv5 --index "...,2:6,2:6"   the union of 16 cells"""

_VERIFY_ABOUT = """\
Check the theory against the running model.

Pixels outside a cell's region are changed, and the cell must not move; each side of the region is
changed, and the cell must move. Prints what was checked and what disagreed."""

_VERIFY_EXAMPLES = """\
examples:
  python -m rf_viz verify net.onnx
  python -m rf_viz verify net.onnx --layer conv1 conv5 --cells 20"""


class _UsageError(Exception):
    """Raised for a request that cannot be met; the message says in one sentence why."""


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line on these arguments (default: those of the process).

    Returns the exit code. Errors go to stderr, in one line.
    """
    arguments = sys.argv[1:] if argv is None else argv
    with _log_shown():
        return _run(arguments)


@contextmanager
def _log_shown() -> Iterator[None]:
    """Show the log of ``rf_viz``, tracebacks included, in Python's development mode."""
    if not sys.flags.dev_mode:
        yield
        return
    import logging

    log, handler = logging.getLogger("rf_viz"), logging.StreamHandler()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def _run(arguments: Sequence[str]) -> int:
    try:
        try:
            options = _parser().parse_args(_spell_out(arguments))
            code: int = options.run(options)
        finally:
            sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read us has seen enough, as "head" does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except DefectError as error:
        return _fail(f"{error}{_where()}")
    except SizeUnknownError as error:
        return _fail(f"{error.problem}: {_how_to_size(error)}")
    except (_UsageError, ModelError) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except Exception as error:
        what = f"run {arguments[0] if arguments else 'the command line'}"
        problem = defect(what, error)
        return _fail(f"{problem}{_where() if isinstance(problem, DefectError) else ''}")


def _where() -> str:
    """Say how to see where a defect is; empty where that is shown already."""
    return "" if sys.flags.dev_mode else " (python -X dev -m rf_viz ... shows where)"


def _how_to_size(error: SizeUnknownError) -> str:
    """Say by which option an input gets its size."""
    free = [axis for axis, n in enumerate(error.shape) if n is None and axis]
    if len(error.shape) == 4 and len(free) == 2:
        return "say its size with --input-size, as in --input-size 224x224"
    example = ",".join(str(n or (224 if axis else 1)) for axis, n in enumerate(error.shape))
    return f"say its shape with --input-shape, as in --input-shape {error.input}={example}"


def _fail(message: str) -> int:
    print("rf_viz: error:", " ".join(message.split()), file=sys.stderr)
    return 2


_REPEATED = {
    "layers": ("--stop",),
    "region": ("--cell", "--index", "--stop"),
    "verify": ("--layer", "--stop"),
}


def _spell_out(argv: Sequence[str]) -> list[str]:
    """Write ``--cell 3,4 5,6`` as ``--cell=3,4 --cell=5,6``.

    Values may then begin with a minus, and never swallow a MODEL that comes after them: several
    values are taken only where MODEL came first, which is where the parser looks for it.
    """
    repeated = _REPEATED.get(argv[0], ()) if argv else ()
    several = len(argv) > 1 and not argv[1].startswith("-")
    spelt: list[str] = []
    option = ""
    for part in argv:
        if option and not part.startswith("--"):
            spelt.append(f"{option}={part}")
            option = option if several else ""
        else:
            option = part if part in repeated else ""
            if not option:
                spelt.append(part)
    return spelt


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m rf_viz",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, about: str, examples: str, run: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        subparser: argparse.ArgumentParser = commands.add_parser(
            name,
            help=about.partition("\n")[0],
            description=about,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        subparser.set_defaults(run=run)
        subparser.add_argument("model", metavar="MODEL", help="the model's file")
        return subparser

    layers = command("layers", _LAYERS_ABOUT, _LAYERS_EXAMPLES, _layers)
    _add_format(layers, "table", "json", "csv")

    region = command("region", _REGION_ABOUT, _REGION_EXAMPLES, _region)
    region.add_argument("--layer", metavar="NAME", required=True, help="a tensor or node name")
    region.add_argument(
        "--cell", metavar="Y,X", type=_ints, action="append", default=[], help="may be repeated"
    )
    region.add_argument(
        "--channel", metavar="C", type=int, help="one channel only (default: their union)"
    )
    region.add_argument(
        "--index",
        metavar="INDEX",
        action="append",
        default=[],
        help="any part of the layer's tensor instead of a cell, one entry for each axis as in "
        'NumPy: ":,:,3,4", "0,-1,::2", "...,3,4"; a slice means the union along it; may be '
        "repeated",
    )
    region.add_argument(
        "--pixels", action="store_true", help="also count the pixels of the exact mask"
    )
    _add_format(region, "text", "json")

    verify = command("verify", _VERIFY_ABOUT, _VERIFY_EXAMPLES, _verify)
    verify.add_argument(
        "--layer",
        metavar="NAME",
        action="append",
        help="which layers (default: some, from input to output)",
    )
    verify.add_argument(
        "--cells", metavar="N", type=_positive, default=5, help="cells of each layer (default: 5)"
    )
    _add_format(verify, "text", "json")

    for traced in (layers, region, verify):
        _add_trace_options(traced)
    return parser


class _Version(argparse.Action):
    """The action that prints the version, looked up only when needed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version
        from pathlib import Path

        source = Path(__file__).parents[1] / "pyproject.toml"
        if source.exists():
            import tomllib

            number = tomllib.loads(source.read_text())["project"]["version"]
        else:
            number = version("rf-viz")
        print("rf_viz", number)
        parser.exit()


def _add_format(parser: argparse.ArgumentParser, *formats: str) -> None:
    parser.add_argument(
        "--format", choices=formats, default=formats[0], help=f"default: {formats[0]}"
    )


def _add_trace_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how the model is traced")
    group.add_argument(
        "--input-size",
        metavar="HxW",
        type=_size,
        help="pixels along the input's spatial axes, or unknown (default: the model's own size)",
    )
    group.add_argument(
        "--input-shape",
        metavar="[NAME=]N,C,H,W",
        type=_shape,
        action="append",
        default=[],
        help="the whole shape; may be repeated for several inputs by name",
    )
    group.add_argument(
        "--input",
        metavar="NAME",
        help="the input to trace (default: the first, images first), or any tensor, node or layer "
        "of the model: regions are then made of its own cells",
    )
    group.add_argument(
        "--stop",
        metavar="NAME",
        action="append",
        default=[],
        help="a tensor, node, layer or scope through which no path counts; may be repeated",
    )
    group.add_argument(
        "--signature",
        metavar="NAME",
        help="which signature of a SavedModel or TFLite file (default: the usual one)",
    )
    group.add_argument(
        "--training-ops",
        action="store_true",
        help="list the gradients, optimisers and summaries of a TensorFlow graph too",
    )
    group.add_argument(
        "--feed",
        metavar="NAME=VALUE",
        type=_feed,
        action="append",
        default=[],
        help="the value of another input, such as a sample rate or a flag: a number, a list like "
        "1,2,3, true or false, or a .npy file; one number fills the input; may be repeated "
        "(default: 0, and 1 for a mask)",
    )
    group.add_argument(
        "--weight-aware",
        action="store_true",
        help="leave out kernel positions whose weights are all exactly zero",
    )
    group.add_argument(
        "--cut-global",
        action="store_true",
        help="leave out what comes only through a mix over the whole image",
    )


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def _ints(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers like 3,4") from None


def _size(text: str) -> tuple[int, ...] | str:
    if text == "unknown":
        return text
    try:
        return tuple(int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a size like 224x224 nor unknown"
        ) from None


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    name, _, shape = text.rpartition("=")
    try:
        return name, tuple(int(part) for part in shape.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a shape like 1,3,224,224 or name=1,3,224,224"
        ) from None


def _feed(text: str) -> tuple[str, NDArray[Any]]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not like sr=16000 or state=state.npy")
    try:
        return name, load_array(value) if value.endswith(".npy") else numbers(value)
    except ModelError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


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
        raise _UsageError(
            f'index {text!r} is not like ":,:,3,4", "0,-1,::2" or "...,3,4"'
        ) from None


def _trace(options: argparse.Namespace) -> tuple[Model, Network]:
    chosen = {"signature": options.signature, "training_ops": options.training_ops}
    model = load(options.model, **{name: value for name, value in chosen.items() if value})
    for remark in model.remarks:
        line = f": {remark.line}" if remark.line else ""
        print(f"rf_viz: note: {remark.text}{line}", file=sys.stderr)
    shapes = dict(options.input_shape)
    if len(shapes) != len(options.input_shape) or ("" in shapes and len(shapes) > 1):
        raise _UsageError(
            "several --input-shape need a different input name each, as in name=1,3,8,8"
        )
    feeds = dict(options.feed)
    if len(feeds) != len(options.feed):
        raise _UsageError("each input can be fed once: give every --feed another name")
    net = model.trace(
        options.input_size,
        input_shape=shapes.get("") or shapes or None,
        input=options.input,
        stop=options.stop,
        weight_aware=options.weight_aware,
        cut_global=options.cut_global,
        feeds=feeds,
    )
    return model, net


def _find(net: Network, name: str) -> Layer:
    try:
        return net[name]
    except KeyError as error:
        raise _UsageError(error.args[0]) from None


def _layers(options: argparse.Namespace) -> int:
    model, net = _trace(options)
    if options.format == "csv":
        print(csv_text(layer_records(net)), end="")
    elif options.format == "json":
        print(json_text(network_record(model.name, net)), end="")
    else:
        traced = input_record(net)
        print(f"{model.name}: input {traced['name']}, {traced['layout']} {by(traced['shape'])}")
        for line in (*_from(model, net), *_beside(model, net)):
            print(line)
        print()
        _print_table(net)
    return 0


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


def _print_table(net: Network) -> None:
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
        print("  ".join(cells).rstrip())
    if notes:
        from textwrap import fill

        print()
        for note, number in notes.items():
            label = f"[{number}] "
            print(fill(note, _WIDTH, initial_indent=label, subsequent_indent=" " * len(label)))


def _region(options: argparse.Namespace) -> int:
    if not options.cell and not options.index:
        raise _UsageError("say which cell: --cell 3,4 (or --index for any part of the tensor)")
    _, net = _trace(options)
    if net.any_size:
        raise _UsageError("regions need an input size: give one, not unknown")
    layer = _find(net, options.layer)
    try:
        cells = [_cell(layer, cell, options.channel, options.pixels) for cell in options.cell]
        cells += [_part(layer, text, options.pixels) for text in options.index]
    except IndexError as error:
        raise _UsageError(str(error)) from None
    if options.format == "json":
        print(json_text(region_record(layer, cells)), end="")
    else:
        _print_regions(net, layer, cells)
    return 0


def _cell(layer: Layer, cell: tuple[int, ...], channel: int | None, pixels: bool) -> dict[str, Any]:
    if len(cell) != len(layer.grid):
        cells = f"cells of {len(layer.grid)} coordinates" if layer.grid else "no cells"
        raise _UsageError(
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


def _print_regions(net: Network, layer: Layer, cells: list[dict[str, Any]]) -> None:
    print(f"{layer.title} ({layer.op}), cells {by(layer.grid)}, input {by(net.input.size)}")
    field = layer.receptive_field
    if field is not None:
        numbers = (f"{k} {_short(list(getattr(field, k)))}" for k in ("size", "stride", "padding"))
        print("receptive field:", ", ".join(numbers))
    if layer.note:
        print("note:", layer.note)
    print("exact" if layer.exact else "assumed: an unknown operation is on the way")
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
            print(f"{what}: sees no pixel")
            continue
        size = by(e - b for b, e in zip(start, stop, strict=True))
        ends = f"start {','.join(map(str, start))} stop {','.join(map(str, stop))}"
        count = "" if entry["pixels"] is None else f", {entry['pixels']} pixels"
        print(f"{what}: {ends}, size {size}{count}")


def _verify(options: argparse.Namespace) -> int:
    from .verify.report import verify

    model, net = _trace(options)
    if net.any_size:
        raise _UsageError("verify needs an input size: give one, not unknown")
    layers = None
    if options.layer is not None:
        layers = [_find(net, name).name for name in options.layer]
    report = verify(model, net, layers=layers, cells=options.cells)
    if options.format == "json":
        print(json_text(report.to_dict()), end="")
    else:
        print(report.summary())
    return 0 if report.ok else 1
