"""Makes table.json: path counts and measured effective fields of layers of the sample networks.

    .venv/bin/python assets/fields/make.py

It takes a quarter of an hour, or more. For each layer the middle cell is looked at. Its region is
cut into at most 16 by 16 patches, and each patch has a share of the whole, in millionths:

- "paths": the share of all paths from the pixels of the patch to the cell;
- "trained": the share of the influence, measured by occlusion with the network's own weights, on
  average over the sample photographs;
- "random": the same with weights drawn anew for each photograph (see ``lessons.redrawn``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import rf_viz
from rf_viz.analysis.effective import central_cell
from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS, SampleModel
from rf_viz.influence.depth import widening
from rf_viz.influence.effective import Averaging, of_image
from rf_viz.influence.occlusion import Patches
from rf_viz.influence.subject import Subject
from rf_viz.inputs import images
from rf_viz.lessons.redrawn import redrawn
from rf_viz.model import Model
from rf_viz.trace.network import Layer

NETWORKS = ("squeezenet", "efficientnet-lite0", "blazeface")
LAYERS = 8
TABLE = Path(__file__).with_name("table.json")

Values = NDArray[np.float64]


def photographs(sample: SampleModel, layer: Layer) -> list[NDArray[np.float32]]:
    """The sample photographs as the network's input."""
    source = layer.net.input
    height, width = source.size
    assert sample.preprocessing is not None
    assert sample.fit is not None
    way = images.PRESETS[sample.preprocessing]
    fitted = [
        images.fit(images.open_image(image.path), (height, width), sample.fit)
        for image in SAMPLE_IMAGES.values()
    ]
    axes = (source.spatial_axes[0], source.spatial_axes[1])
    return [images.to_tensor(pixels, source.shape, axes, way) for pixels in fitted]


def measured(
    layer: Layer, inputs: list[NDArray[np.float32]], model_of: Callable[[int], Model]
) -> Values:
    """The influence on the middle cell, on average over photographs, as shares of the whole.

    ``model_of`` is the model that each photograph, counted from 1, is fed to.
    """
    cell = central_cell(layer)
    at = layer.index(cell)
    averaging = Averaging(layer, cell, None)
    patches = Patches.over(layer.region_of(at))
    for number, tensor in enumerate(inputs, 1):
        model = model_of(number)
        subject = Subject.of(model, layer, at, tensor)
        averaging.add(of_image(model, subject, averaging.mask, patches, number))
    return averaging.field.influence


def by_patch(layer: Layer, influence: Values) -> list[list[int]]:
    """The shares of the patches, in millionths, row by row."""
    patches = Patches.over(layer.region(central_cell(layer)))
    rows: dict[int, list[int]] = {}
    for box in patches:
        rows.setdefault(box[0].start, []).append(round(1e6 * float(influence[box].sum())))
    return list(rows.values())


def row(key: str, name: str) -> dict[str, Any]:
    """The row of a layer of a sample network."""
    sample = SAMPLE_MODELS[key]
    model, file = rf_viz.load(sample.path), onnx.load(sample.path)

    def random(seed: int) -> Model:
        return rf_viz.load(redrawn(file, seed))

    layer = model.trace()[name]
    inputs = photographs(sample, layer)
    region = layer.region(central_cell(layer))
    field = layer.receptive_field
    return {
        "network": key,
        "layer": name,
        "size": None if field is None else list(field.size),
        "region": [list(region.start), list(region.stop)],
        "patch": list(Patches.over(region).size),
        "photographs": len(inputs),
        "paths": by_patch(layer, layer.paths(central_cell(layer))),
        "trained": by_patch(layer, measured(layer, inputs, lambda _: model)),
        "random": by_patch(layer, measured(layer, inputs, random)),
    }


def main() -> None:
    """Measure everything anew."""
    rows = []
    for key in NETWORKS:
        layers = widening(rf_viz.load(SAMPLE_MODELS[key].path).trace(), LAYERS)
        for layer in layers:
            rows.append(row(key, layer.name))
            print(key, layer.name, flush=True)
    TABLE.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
