"""A survey over many images: what it tells of the channel that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ...analysis.effective import EffectiveField
from ...errors import ModelError
from ...figures.histogram import histogram_figure
from ...inputs.images import ImageError
from ...survey.plan import channels_of, content_digest
from ...survey.records import Strong, SurveyedChannel, SurveyedImage, SurveyRecord
from ...survey.remote import WorkerSurvey
from ...trace.network import Layer, Network, Region
from .. import cache, sidebar
from ..cache import File
from ..chart.chart import chart
from ..inspector.scene import Scene
from ..navigation import open_now
from ..pictures import Cell
from ..sharing import shared
from ..text import by, count, listed, number, percent, plain, sentence, whole
from .effective_field import draw_fields
from .strongest_cells import Drawn, picture_of
from .strongest_tiles import strongest_tiles
from .survey_choice import choose_survey

_FITS = {"crop": "cropped to the centre", "stretch": "stretched", "pad": "padded with borders"}


@dataclass(frozen=True)
class Surveyed:
    """One of a survey's strongest cells, with its crop. The extents are those of the input."""

    strong: Strong
    image: SurveyedImage
    crop: NDArray[np.uint8]
    extent: tuple[int, ...]

    @property
    def cell(self) -> Cell:
        """Its position on the grid."""
        return self.strong.cell

    @property
    def value(self) -> float:
        """Its value."""
        return self.strong.value

    @property
    def region(self) -> Region:
        """Its input region."""
        return self.strong.region

    def draw(self) -> Drawn:
        """Draw what is in its region."""
        return picture_of(self.crop)


def survey_panel(scene: Scene) -> None:
    """Draws the choice of a survey, and what it tells of the shown channel."""
    file = choose_survey(scene.layer.name)
    if file is None:
        return
    survey = cache.open_survey(file)
    st.caption(_about(survey))
    layers = _layers_of(survey, scene.net)
    if not layers:
        st.warning(plain(_why_none(survey, scene)), icon=":material/warning:")
        return
    if not _is_of(survey, scene.file):
        st.warning(
            plain(
                f"The survey is of a file called {survey.model}, which is not the same as this "
                "one. Its layers have the same names and shapes, but values may differ."
            ),
            icon=":material/warning:",
        )
    _choose_layer(layers, scene)
    if scene.layer in layers:
        _channel(scene, file, survey)


def _about(survey: SurveyRecord) -> str:
    """What a survey is of, in words, as Markdown."""
    way = survey.preparation
    fitted = _FITS.get(str(way.get("fit")), "fitted")
    out = f", of which {whole(survey.skipped)} could not be used" if survey.skipped else ""
    return (
        f"{plain(survey.model)} over {count(survey.images, 'image')}{out}. Images were {fitted}, "
        f"and their pixels prepared as {plain(str(way.get('preset')))}."
    )


def _layers_of(survey: SurveyRecord, net: Network) -> list[Layer]:
    """The surveyed layers that the network has, with the same shapes at the same input."""
    if (survey.input_name, survey.input_shape) != (net.input.name, tuple(net.input.shape)):
        return []
    shapes = {layer.name: (layer.shape, layer.channels) for layer in survey.layers}
    return [
        layer
        for layer in net.layers
        if shapes.get(layer.name) == (tuple(layer.shape), channels_of(layer))
    ]


def _why_none(survey: SurveyRecord, scene: Scene) -> str:
    """Why none of the surveyed layers can be shown, and what to do."""
    source, size = scene.net.input, tuple(scene.net.input.size)
    names = listed([layer.title for layer in survey.layers])
    if not _is_of(survey, scene.file):
        return (
            f"This survey is of {survey.model}, and looks at {names}. The model that is open has "
            f"no such layers: open {survey.model} in the sidebar."
        )
    if survey.input_name != source.name:
        return (
            f"The survey looks from the input {survey.input_name}, and this page from "
            f"{source.name}: choose that input in the sidebar."
        )
    if survey.size != size:
        return (
            f"The survey was made at an input size of {by(survey.size)}, and the model is shown at "
            f"{by(size)}: choose that size in the sidebar."
        )
    return (
        "The survey traced this model with other options. On this page its layers have other "
        f"shapes or are not there ({names})."
    )


@shared(1000, lambda digest: 1)
def _content_digest(digest: str, _path: Path) -> str:
    return content_digest(str(_path))


def _is_of(survey: SurveyRecord, file: File) -> bool:
    """Whether a survey is of the very file that is open."""
    if not isinstance(file.source, Path):
        return False
    return _content_digest(file.digest, file.source) == survey.digest


def _choose_layer(layers: Sequence[Layer], scene: Scene) -> None:
    """Draws the surveyed layers; choosing another one opens it."""
    names = [layer.name for layer in layers]
    current = scene.layer.name if scene.layer.name in names else None
    titles = {layer.name: layer.title for layer in layers}
    name = st.selectbox(
        "Layer" if len(names) == 1 else f"Layer, of {len(names)} that were surveyed",
        names,
        index=None if current is None else names.index(current),
        format_func=titles.__getitem__,
        placeholder="Choose a layer that was surveyed",
        key=f"surveyed layer {scene.file.digest} {scene.layer.name}",
    )
    if name is not None and name != scene.layer.name:
        open_now(name)


def _channel(scene: Scene, file: File, survey: WorkerSurvey) -> None:
    """Draws what a survey tells of the shown channel; a click on a crop opens its cell."""
    its = _read(file.digest, scene.layer.name, scene.shown, survey)
    cells = [
        Surveyed(strong, image, crop, survey.size)
        for strong, image, crop in zip(its.strongest, its.images, its.crops, strict=True)
    ]
    names = [PurePosixPath(one.image.name).name for one in cells]
    pinned = (scene.cell, scene.picture.title)
    chosen = strongest_tiles(
        cells,
        names,
        None,
        of=f"{file.digest} {scene.layer.name} {scene.shown} {pinned}",
        key="surveyed cells",
        current=next((i for i, one in enumerate(cells) if (one.cell, names[i]) == pinned), None),
        note=_note(cells, scene, survey),
    )
    words, picture = st.columns([2, 3], gap="medium", vertical_alignment="center")
    words.markdown(_values(its, scene.shown))
    with picture:
        chart(
            histogram_figure(its.histogram, survey.bin_edges.tolist()),
            "Values of the channel in all images",
            key="surveyed values",
        )
    _field(scene, file, survey)
    if chosen is not None:
        _open(cells[chosen], names[chosen], scene, survey)


@shared(2**26, lambda its: sum(crop.nbytes for crop in its.crops) + its.histogram.nbytes)
def _read(digest: str, layer: str, channel: int, _survey: WorkerSurvey) -> SurveyedChannel:
    return _survey.channel(layer, channel)


@shared(2**26, lambda field: 0 if field is None else 9 * field.influence.size)
def _read_field(digest: str, layer: str, _survey: WorkerSurvey) -> EffectiveField | None:
    return _survey.field(layer)


def _field(scene: Scene, file: File, survey: WorkerSurvey) -> None:
    """Draws the layer's effective field, where the survey has measured it."""
    about = survey.layer(scene.layer.name).field
    if about is None:
        return
    st.markdown("**Effective field of the layer**")
    field = _read_field(file.digest, scene.layer.name, survey)
    if field is None:
        st.caption(plain(f"There is none: {about.why}."))
        return
    notes = [
        f"The influence on the cell in the middle, all channels together, by {about.method}, over "
        f"{count(about.images, 'image')} of the survey."
    ]
    if about.still:
        notes.append(f"{count(about.still, 'image')} more had no influence on it.")
    if about.failed:
        notes.append(f"{count(about.failed, 'image')} could not be measured: {about.why}.")
    st.caption(plain(" ".join(notes)))
    draw_fields(scene, field)


def _note(cells: Sequence[Surveyed], scene: Scene, survey: WorkerSurvey) -> str:
    """What is to be said of the crops."""
    if not cells:
        return ""
    channel = scene.feature_map.channel
    notes = ["At most one cell of each image."]
    if any(one.region != scene.layer.region(one.cell, channel) for one in cells):
        notes.append(
            "Crops show the regions that the survey recorded; this page shows others, since it "
            "leaves out global context or has other options."
        )
    if not survey.has_images:
        notes.append(
            "The survey has no images of its own (it was made without --keep-images), so a click "
            "opens the cell on the image that is shown."
        )
    return " ".join(notes)


def _values(its: SurveyedChannel, channel: int) -> str:
    """How a channel's values lie, in words, as Markdown."""
    if not its.count or its.min is None or its.max is None or its.mean is None or its.std is None:
        return f"Channel {channel} has no finite value."
    invalid = f" {count(its.invalid, 'value')} more are no finite numbers." if its.invalid else ""
    return (
        f"**Channel {channel}** is above zero in {percent(its.fires_in_cells or 0)} of all cells, "
        f"and in {percent(its.fires_in_images or 0)} of the images.\n\nIts "
        f"{whole(its.count)} values lie between {number(its.min)} and {number(its.max)}; mean "
        f"{number(its.mean)}, standard deviation {number(its.std)}.{invalid}"
    )


def _open(one: Surveyed, name: str, scene: Scene, survey: WorkerSurvey) -> None:
    """Opens a cell, with its image prepared as the survey did where it has that."""
    if survey.has_images:
        try:
            sidebar.show_image({name: survey.image_content(one.strong.image)})
        except ModelError as error:
            st.warning(sentence(error))
            return
        except ImageError as error:
            st.warning(plain(str(error)))
            return
        way = survey.preparation
        sidebar.prepare_by(str(way.get("preset")), str(way.get("fit")))
    open_now(scene.layer.name, one.cell, scene.shown)
