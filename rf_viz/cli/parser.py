"""The arguments of the command line, parsed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from . import output, texts
from .exits import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PROG = "python -m rf_viz" if Path(sys.argv[0]).name == "__main__.py" else "rf-viz"
"""How the command line was called."""


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise the error."""
        raise UsageError(f"{message} (see {self.prog} --help)")

    def print_help(self, file: object = None) -> None:
        """Write the help as an answer is written."""
        output.write(self.format_help())


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse arguments; ``run`` of the result takes it, does what it says, and returns a code.

    Raises UsageError, or SystemExit after a help text.
    """
    if argv and argv[0] in _COMMANDS:
        return _command(argv[0]).parse_args(_spell_out(argv)[1:])
    return _parser().parse_args(argv)


_REPEATED = {
    "layers": ("--stop",),
    "region": ("--cell", "--index", "--stop"),
    "verify": ("--layer", "--stop"),
    "survey": ("--layers", "--stop"),
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
    """The parser of what opens the app; its help names the commands too."""
    parser = _Parser(
        prog=_PROG,
        usage=texts.USAGE,
        description=texts.ABOUT,
        epilog=texts.EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=_open)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=Path,
        nargs="?",
        help="open the app on this file or SavedModel folder",
    )
    parser.add_argument(
        "image", metavar="IMAGE", type=Path, nargs="?", help="and on this image, sound or volume"
    )
    parser.add_argument(
        "--models",
        metavar="DIR",
        type=Path,
        help="a folder of models that everybody can choose",
    )
    parser.add_argument(
        "--surveys",
        metavar="DIR",
        type=Path,
        help="a folder of surveys that everybody can open",
    )
    parser.add_argument("--port", type=_port, help="default: 8501, or the next one that is free")
    parser.add_argument(
        "--host", help="the address to listen at; 0.0.0.0 for all (default: localhost)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address of the app"
    )
    return parser


def _command(name: str) -> argparse.ArgumentParser:
    """The parser of a command."""
    about, examples, add_options = _COMMANDS[name]
    parser = _Parser(
        prog=f"{_PROG} {name}",
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=partial(_answer, name))
    parser.add_argument("model", metavar="MODEL", help="the model's file")
    add_options(parser)
    _add_trace_options(parser)
    return parser


def _open(options: argparse.Namespace) -> int:
    from ..catalogue.host_files import HostFiles
    from .launch import launch

    files = HostFiles(options.model, options.image, options.models, options.surveys)
    return launch(files, options.host, options.port, browser=not options.no_browser)


def _answer(name: str, options: argparse.Namespace) -> int:
    from . import commands  # they bring the library, which takes a moment

    code: int = getattr(commands, name)(options)
    return code


def _add_layers_options(parser: argparse.ArgumentParser) -> None:
    _add_format(parser, "table", "json", "csv")


def _add_region_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--layer", metavar="NAME", required=True, help="a tensor or node name")
    parser.add_argument(
        "--cell", metavar="Y,X", type=_ints, action="append", default=[], help="may be repeated"
    )
    parser.add_argument(
        "--channel", metavar="C", type=int, help="one channel only (default: their union)"
    )
    parser.add_argument(
        "--index",
        metavar="INDEX",
        action="append",
        default=[],
        help="any part of the layer's tensor instead of a cell, one entry for each axis as in "
        'NumPy: ":,:,3,4", "0,-1,::2", "...,3,4"; a slice means the union along it; may be '
        "repeated",
    )
    parser.add_argument(
        "--pixels", action="store_true", help="also count the pixels of the exact mask"
    )
    _add_format(parser, "text", "json")


def _add_verify_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--layer",
        metavar="NAME",
        action="append",
        help="which layers (default: some, from input to output)",
    )
    parser.add_argument(
        "--cells", metavar="N", type=_positive, default=5, help="cells of each layer (default: 5)"
    )
    _add_format(parser, "text", "json")


def _add_survey_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "images",
        metavar="IMAGES",
        nargs="+",
        help="a folder with all below it, a pattern in quotes, a zip archive, or a Parquet file "
        "with a column of images; several are taken in turn",
    )
    parser.add_argument(
        "--layers",
        metavar="NAME",
        action="append",
        required=True,
        help='names of layers or nodes, patterns like "conv*" in quotes, or all; may be repeated',
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder for the result")
    parser.add_argument(
        "--top",
        metavar="N",
        type=_positive,
        default=9,
        help="so many strongest cells of each channel, each of another image (default: 9)",
    )
    parser.add_argument(
        "--fields",
        metavar="N",
        type=int,
        default=0,
        help="also measure the effective receptive field of each layer's middle cell over N of the "
        "images, by gradients where the model's runtime computes them, else by occlusion, which "
        "takes seconds for each image and layer (default: 0)",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=_positive,
        help="so many processes (default: one for each core)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="the Dask scheduler whose workers look at images instead, as in tcp://host:8786; "
        "they see MODEL and IMAGES under the same paths",
    )
    parser.add_argument(
        "--preprocessing",
        metavar="NAME",
        help="what becomes of pixels, as the app names it: 0..1, -1..1, 0..255, ImageNet mean/std, "
        "Caffe BGR, RGB minus mean, (x - 127) / 128 (default: what the network is known to want, "
        "else ImageNet mean/std)",
    )
    parser.add_argument(
        "--fit",
        choices=("crop", "stretch", "pad"),
        help="how an image of another shape fills the input (default: crop)",
    )
    parser.add_argument(
        "--gallery",
        action="store_true",
        help="also write pages for the web, one a layer, that begin with index.html in DIR; they "
        "need no server",
    )
    parser.add_argument(
        "--keep-images",
        action="store_true",
        help="copy the images that crops are of into DIR, to be shown wherever it goes",
    )
    parser.add_argument(
        "--restart", action="store_true", help="drop what an earlier survey left in DIR"
    )


class _Version(argparse.Action):
    """The action that prints the version, looked up only when needed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        from ..catalogue.app_folder import app_folder

        source = app_folder() / "pyproject.toml"
        if source.exists():
            import tomllib

            number = tomllib.loads(source.read_text("utf-8"))["project"]["version"]
        else:
            number = version("rf-viz")
        output.write(f"rf_viz {number}\n")
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
    from ..errors import ModelError
    from ..inputs.feeds import load_array, numbers

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not like sr=16000 or state=state.npy")
    try:
        return name, load_array(value) if value.endswith(".npy") else numbers(value)
    except ModelError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 1 to 65535")
    return int(text)


_COMMANDS: Mapping[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "layers": (texts.LAYERS_ABOUT, texts.LAYERS_EXAMPLES, _add_layers_options),
    "region": (texts.REGION_ABOUT, texts.REGION_EXAMPLES, _add_region_options),
    "verify": (texts.VERIFY_ABOUT, texts.VERIFY_EXAMPLES, _add_verify_options),
    "survey": (texts.SURVEY_ABOUT, texts.SURVEY_EXAMPLES, _add_survey_options),
}
"""For each command its description, its examples, and what adds its own options."""
