"""Models, traces, values and pictures, kept between reruns and shared by all sessions.

Arrays are handed out as they are kept, without a copy, and are therefore read-only.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.runtime.scriptrunner import get_script_run_ctx

import rf_viz

from ..catalogue.samples import phantom
from ..errors import DefectError, ModelError
from ..inputs import images, signals, volumes
from ..inputs.feeds import numbers
from ..readers import READERS
from ..readers.content import beside
from ..survey.remote import WorkerSurvey
from ..workers import Kind, Pool, Source, WorkerModel
from ..workers.loaders import load_alone, load_file, load_network
from .sharing import shared

_TITLES: Mapping[Kind, str] = {"tensorflow": "TensorFlow", "torch": "PyTorch"}

_MODELS = tuple(extension for reader in READERS for extension in reader.extensions)
"""How the names of model files end, which other files may come along with."""

_KERAS = (".keras", ".h5", ".hdf5")
"""How the names of files end that only Keras can build, so that TensorFlow has to be there."""


_ALONE = "content"
"""What an upload of one file is called on disk, whatever its name is."""


@dataclass(frozen=True)
class LibraryNetwork:
    """A network that a library has by name, with random weights or ``trained`` ones.

    ``library`` is "keras", or one of ``readers.pytorch.networks.LIBRARIES``.
    """

    library: str
    name: str
    trained: bool

    @property
    def kind(self) -> Kind:
        """What has to be loaded to build it."""
        return "tensorflow" if self.library == "keras" else "torch"


@dataclass(frozen=True)
class File:
    """A file by its content.

    Attributes:
        name: name for people.
        digest: stands for the content.
        source: its path, or its bytes where it was made here; or a network that a library has.
        folder: what has to stay on disk as long as the file is used.
        signature: which of several to read; None for the usual one.
        training_ops: whether to read what only trains a network.
        shapes: the shapes of inputs that a person said, by name, of a model that opens at none of
            the usual sizes.
    """

    name: str
    digest: str
    source: Path | bytes | LibraryNetwork = field(compare=False)
    folder: TemporaryDirectory[str] | None = field(default=None, compare=False, repr=False)
    signature: str | None = None
    training_ops: bool = False
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def with_shape(self, input: str, shape: tuple[int, ...]) -> File:
        """The same file, with that shape of an input."""
        mark = f"{input} of {'x'.join(map(str, shape))}"
        shapes = (*(pair for pair in self.shapes if pair[0] != input), (input, shape))
        return replace(self, digest=f"{self.digest} {mark}", shapes=shapes)

    def read_as(self, signature: str | None, training_ops: bool) -> File:
        """The same file, to be read otherwise."""
        marks = [f"signature {signature}"] if signature else []
        marks += ["training"] if training_ops else []
        digest = " ".join((self.digest, *marks))
        return replace(self, digest=digest, signature=signature, training_ops=training_ops)

    @classmethod
    def at(cls, path: Path, name: str) -> File:
        """A file or a folder on the server: its place, size and time stand for its content."""
        return cls(name, _digest(str(path).encode(), *_stamps(path)), path)

    @classmethod
    def of_library(cls, library: str, name: str, trained: bool) -> File:
        """A network that a library has by name."""
        source = LibraryNetwork(library, name, trained)
        return cls(name, f"{library} {name} {trained}", source)

    @classmethod
    def uploaded(cls, files: Mapping[str, bytes]) -> File:
        """An uploaded file; of several, the model, with the others beside it.

        They are kept in a folder of their own, so that they take no memory.
        """
        names = [Path(name).name for name in files]
        main = next((name for name in names if name.lower().endswith(_MODELS)), names[0])
        contents = sorted(zip(names, files.values(), strict=True))
        if len(files) == 1:
            digest, places = _digest(*files.values()), {main: _ALONE}
        else:
            parts = (part for name, content in contents for part in _named(name, content))
            digest, places = _digest(*parts), dict(zip(names, names, strict=True))
        folder = TemporaryDirectory(prefix="rf_viz_")
        for name, content in contents:
            (Path(folder.name) / places[name]).write_bytes(content)
        return cls(main, digest, Path(folder.name) / places[main], folder)

    @property
    def is_alone(self) -> bool:
        """Whether it was uploaded without any other."""
        return self.folder is not None and self.source == Path(self.folder.name, _ALONE)

    @property
    def random_weights(self) -> bool:
        """Whether it is a network that a library builds, with random weights."""
        return isinstance(self.source, LibraryNetwork) and not self.source.trained

    def content(self) -> bytes:
        """What is in the file. Raises OSError."""
        assert not isinstance(self.source, LibraryNetwork)
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    @cached_property
    def held(self) -> int:
        """The bytes that it takes, in memory or in a folder of its own."""
        if isinstance(self.source, bytes):
            return len(self.source)
        if self.folder is not None:
            return sum(path.stat().st_size for path in Path(self.folder.name).iterdir())
        return 0


@dataclass(frozen=True)
class Fed:
    """A model's input as it is fed.

    Attributes:
        key: stands for the tensor.
        input: the name of the input that takes it.
        make: makes the tensor.
        prepare: makes such a tensor of other values, as people see them (see ``Picture.values``).
        fit: how a picture of another shape fills the input.
        feeds: the values of the model's other inputs that a person chose, by name.
        within: whether the input is a layer of the model, with its own values.
    """

    key: str
    input: str
    make: Callable[[], NDArray[np.float32]] = field(compare=False, repr=False)
    prepare: Callable[[NDArray[Any]], NDArray[np.float32]] = field(compare=False, repr=False)
    fit: images.Fit = "crop"
    feeds: Mapping[str, NDArray[np.generic]] = field(
        default_factory=dict, compare=False, repr=False
    )
    within: bool = False

    @cached_property
    def tensor(self) -> NDArray[np.float32]:
        """The values in the input's own shape, made when the model is run."""
        return self.make()


_identities: WeakKeyDictionary[object, int] = WeakKeyDictionary()
_next_identity, _identifying = count(), threading.Lock()


def identity(thing: object) -> int:
    """The number of an object, which no other gets while the server runs, of the same file or not.

    What is worked out from a loaded model is kept by it: a model that was dropped and is read again
    is another object, and nothing that was kept of the first serves it.
    """
    with _identifying:
        if thing not in _identities:
            _identities[thing] = next(_next_identity)
        return _identities[thing]


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]


_MOST_STAMPS = 1000


def _stamps(path: Path) -> Iterator[bytes]:
    """Sizes and times of a file and its data files, or of all files in a folder."""
    if path.is_dir():
        files = sorted(islice(path.rglob("*"), _MOST_STAMPS))
    else:
        files = [path, *beside(path)]
    for file in files:
        with suppress(OSError):
            facts = file.stat()
            yield f"{file} {facts.st_size} {facts.st_mtime_ns}".encode()


def _named(name: str, content: bytes) -> tuple[bytes, bytes]:
    """A file's name and content by digests of one length: they cannot run into each other."""
    return hashlib.sha256(name.encode()).digest(), hashlib.sha256(content).digest()


@contextmanager
def reported(file: File, done: str) -> Iterator[None]:
    """Reports an unforeseen error as a defect of RF-Viz, and logs its traceback.

    ``done`` says in a participle what is done with the file. A ModelError passes through as it is.

    Raises:
        ModelError: there is not enough memory, which is no defect.
        DefectError: for any other exception.
    """
    try:
        yield
    except ModelError:
        raise
    except MemoryError as error:
        raise ModelError(f"{file.name} could not be {done}: there is not enough memory") from error
    except Exception as error:
        logging.getLogger(__name__).exception("%s could not be %s", file.name, done)
        raise DefectError(
            f"{file.name} could not be {done}: that is a defect of RF-Viz itself "
            f"({type(error).__name__}), please report it"
        ) from error


@st.cache_resource(show_spinner=False)
def _pool() -> Pool:
    return Pool(while_waiting=_is_asked_for)


def _is_asked_for() -> None:
    """Ends the run of a page that nobody looks at any more, or that was begun anew.

    Streamlit sees to that whenever a page reaches for the session's state.
    """
    if get_script_run_ctx(suppress_warning=True) is not None:
        st.session_state.get("visit")


def warm_up() -> None:
    """Starts what reads most models, in the background: the first visitor then waits less."""
    Thread(target=_pool().nursery("light").warm, daemon=True).start()


def _start(kind: Kind) -> None:
    """Starts what workers of a kind are copied from, and says so on the page: it takes seconds."""
    nursery = _pool().nursery(kind)
    starts = kind != "light" and not nursery.is_warm
    waiting = (
        st.spinner(f"Starting {_TITLES[kind]}, once per server ...") if starts else nullcontext()
    )
    with waiting, suppress(OSError):  # whoever then needs a worker is told that there is none
        nursery.warm()


def _bytes_of(array: NDArray[np.generic]) -> int:
    return array.nbytes


_MODEL = 2**20
"""The bytes that a model takes at least, beside its file's: what its worker said of it."""

_LAYER = 2**13
"""The bytes that a layer of a traced network takes, beside the bounds of its regions."""


@shared(2**30, lambda model: _MODEL + model[1].held, "Reading the model ...")
def _load(digest: str, _file: File, _kind: Kind) -> tuple[WorkerModel, File]:
    """The model, kept with its file: a worker may read from its folder as late as it is run."""
    source: Source
    if isinstance(_file.source, LibraryNetwork):
        network = _file.source
        source = Source(_file.name, load_network, (network.library, network.name, network.trained))
    else:
        read_as = (_file.source, _file.name, _file.signature, _file.training_ops)
        source = Source(_file.name, load_alone if _file.is_alone else load_file, read_as)
    return WorkerModel(_pool(), source, _kind), _file


def load(file: File) -> WorkerModel:
    """Reads the model in a file. Raises ModelError."""
    kind = _kind(file)
    _start(kind)
    return _load(file.digest, file, kind)[0]


def _kind(file: File) -> Kind:
    """What has to be loaded before a model is read."""
    if isinstance(file.source, LibraryNetwork):
        return file.source.kind
    return "tensorflow" if file.name.lower().endswith(_KERAS) else "light"


def start_runtime(model: WorkerModel) -> None:
    """Starts what a model is run by, where that takes seconds, and says so on the page."""
    if model.facts.heavy_runtime == "tensorflow":
        _start("tensorflow")


def try_again(file: File) -> None:
    """Lets what was ended of a model begin anew when it is next asked for."""
    with suppress(ModelError):  # it could not be read, and is read anew anyway
        load(file).forgive()


_SURVEYED_LAYER = 2**12
"""The bytes that a layer of an open survey takes, about."""


@shared(2**26, lambda survey: _SURVEYED_LAYER * len(survey[0].layers), "Opening the survey ...")
def _open_survey(digest: str, _file: File) -> tuple[WorkerSurvey, File]:
    """The survey, kept with its file, from which a worker reads as late as it is asked."""
    assert isinstance(_file.source, Path)
    return WorkerSurvey(_pool(), _file.source, _file.name), _file


def open_survey(file: File) -> WorkerSurvey:
    """Opens a survey, a folder or an archive of one. Raises ModelError."""
    return _open_survey(file.digest, file)[0]


@dataclass(frozen=True)
class TraceOptions:
    """The options of a trace.

    Attributes:
        input: the input to look from; None for the first, or the image that it is folded into.
        size: the extents of the input's spatial axes; None for the model's own.
        weight_aware: whether kernel positions of zero weights are left out.
        feeds: the values of other inputs, as texts, each with its input's name.
        start: the tensor within the model to look from instead; None for the input.
    """

    input: str | None = None
    size: tuple[int, ...] | None = None
    weight_aware: bool = False
    feeds: tuple[tuple[str, str], ...] = ()
    start: str | None = None


def _size_of(net: rf_viz.Network) -> int:
    bounds = (bound for layer in net.layers for span in layer.spans() for bound in span)
    return _LAYER * len(net.layers) + sum(bound.nbytes for bound in bounds)


@shared(2**26, _size_of, "Tracing the model ...")
def _trace(of: int, options: TraceOptions, _model: WorkerModel, _file: File) -> rf_viz.Network:
    size, shapes = options.size, dict(_file.shapes)
    source = options.input or _model.facts.image_within
    if options.start is not None:  # its size follows from that of the input
        whole = _trace(of, replace(options, start=None), _model, _file).input
        size, shapes, source = None, {whole.name: whole.shape}, options.start
    return _model.trace(
        size,
        input_shape=shapes or None,
        input=source,
        weight_aware=options.weight_aware,
        cut_global=True,
        feeds={name: numbers(text) for name, text in options.feeds},
    )


def trace(file: File, options: TraceOptions) -> rf_viz.Network:
    """Traces a model, global context cut so that the local regions show. Raises ModelError."""
    model = load(file)
    return _trace(identity(model), options, model, file)


@shared(2**26, _bytes_of, "Running the model ...")
def _activations(
    of: int, input: str, fed: str, name: str, _model: WorkerModel, _fed: Fed
) -> NDArray[np.float32]:
    values = _model.activations(_fed.tensor, [name], input=_fed.input, feeds=_fed.feeds)[name]
    values.flags.writeable = False
    return values


def activations(file: File, fed: Fed, name: str) -> NDArray[np.float32]:
    """Runs the model for the values of one layer, in the layer's shape. Raises ModelError."""
    model = load(file)
    start_runtime(model)
    return _activations(identity(model), fed.input, fed.key, name, model, fed)


@shared(
    2**25, lambda image: image.width * image.height * len(image.getbands()), "Opening the image ..."
)
def _open_image(digest: str, _file: File) -> Image.Image:
    hosted = isinstance(_file.source, Path) and _file.folder is None  # messages name its path
    return images.open_image(str(_file.source) if hosted else _file.content())


def open_image(file: File) -> Image.Image:
    """Opens the picture in a file. Raises ImageError."""
    return _open_image(file.digest, file)


@shared(2**25, _bytes_of)
def _pixels(digest: str, size: tuple[int, int], how: images.Fit, _file: File) -> NDArray[np.uint8]:
    pixels = images.fit(open_image(_file), size, how)
    pixels.flags.writeable = False
    return pixels


def pixels(file: File, size: tuple[int, int], how: images.Fit) -> NDArray[np.uint8]:
    """Fits the picture in a file to a network's input size (height, width): (*size, 3)."""
    return _pixels(file.digest, size, how, file)


@st.cache_resource(max_entries=8, show_spinner="Opening the signal ...")
def _open_signal(digest: str, _file: File) -> signals.Signal:
    return signals.open_signal(_file.content(), _file.name)


def open_signal(file: File) -> signals.Signal:
    """Opens the signal in an uploaded file. Raises ImageError."""
    return _open_signal(file.digest, file)


@st.cache_resource(max_entries=3, show_spinner="Opening the volume ...")
def _open_volume(digest: str, _file: File) -> NDArray[np.float32]:
    return volumes.open_volume(_file.content(), _file.name)


def open_volume(file: File) -> NDArray[np.float32]:
    """Opens the volume in an uploaded file, (depth, height, width). Raises ImageError."""
    return _open_volume(file.digest, file)


@shared(2**28, _bytes_of, "Fitting the volume to the input ...")
def _volume(digest: str, size: tuple[int, ...], _file: File) -> NDArray[np.float32]:
    values = volumes.fit_volume(open_volume(_file), size)
    values.flags.writeable = False
    return values


def volume(file: File, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Fits the volume in a file to a network's input size (depth, height, width)."""
    return _volume(file.digest, size, file)


@shared(2**28, _bytes_of)
def phantom_volume(size: tuple[int, ...]) -> NDArray[np.float32]:
    """Makes the sample volume at that size (depth, height, width)."""
    values = volumes.fit_volume(phantom((size[0], size[1], size[2])), size)
    values.flags.writeable = False
    return values
