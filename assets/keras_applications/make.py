"""Makes table.json: every network of keras.applications, how far it sees and what it costs.

    .venv/bin/python assets/keras_applications/make.py [--figures-only] [NAME ...]

Each network is built without weights and traced; then, with random ones, it is verified by running
it: three layers on the way and the one whose figures these are. Each does so in a process of its
own. What was verified before stays where the figures are still the same.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rf_viz.analysis.growth import growth
from rf_viz.model import Model
from rf_viz.readers.tensorflow.keras.reader import import_keras, without_weights
from rf_viz.trace.network import Layer, Network
from rf_viz.verify import verify

Row = dict[str, Any]

TABLE = Path(__file__).with_name("table.json")

USUAL = 224
"""The input size of networks that leave it open."""

PAPERS = {
    "convnext": (2022, "Liu et al., CVPR 2022, arXiv:2201.03545"),
    "densenet": (2016, "Huang et al., CVPR 2017, arXiv:1608.06993"),
    "efficientnet": (2019, "Tan and Le, ICML 2019, arXiv:1905.11946"),
    "efficientnet_v2": (2021, "Tan and Le, ICML 2021, arXiv:2104.00298"),
    "inception_resnet_v2": (2016, "Szegedy et al., AAAI 2017, arXiv:1602.07261"),
    "inception_v3": (2015, "Szegedy et al., CVPR 2016, arXiv:1512.00567"),
    "mobilenet": (2017, "Howard et al., arXiv:1704.04861"),
    "mobilenet_v2": (2018, "Sandler et al., CVPR 2018, arXiv:1801.04381"),
    "mobilenet_v3": (2019, "Howard et al., ICCV 2019, arXiv:1905.02244"),
    "nasnet": (2017, "Zoph et al., CVPR 2018, arXiv:1707.07012"),
    "resnet": (2015, "He et al., CVPR 2016, arXiv:1512.03385"),
    "resnet_v2": (2016, "He et al., ECCV 2016, arXiv:1603.05027"),
    "vgg16": (2014, "Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556"),
    "vgg19": (2014, "Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556"),
    "xception": (2016, "Chollet, CVPR 2017, arXiv:1610.02357"),
}
"""By module the year in which it was first made public, and where."""

TOP1 = {
    "ConvNeXtBase": 0.853, "ConvNeXtLarge": 0.863, "ConvNeXtSmall": 0.823, "ConvNeXtTiny": 0.813,
    "ConvNeXtXLarge": 0.867, "DenseNet121": 0.750, "DenseNet169": 0.762, "DenseNet201": 0.773,
    "EfficientNetB0": 0.771, "EfficientNetB1": 0.791, "EfficientNetB2": 0.801,
    "EfficientNetB3": 0.816, "EfficientNetB4": 0.829, "EfficientNetB5": 0.836,
    "EfficientNetB6": 0.840, "EfficientNetB7": 0.843, "EfficientNetV2B0": 0.787,
    "EfficientNetV2B1": 0.798, "EfficientNetV2B2": 0.805, "EfficientNetV2B3": 0.820,
    "EfficientNetV2L": 0.857, "EfficientNetV2M": 0.853, "EfficientNetV2S": 0.839,
    "InceptionResNetV2": 0.803, "InceptionV3": 0.779, "MobileNet": 0.704, "MobileNetV2": 0.713,
    "NASNetLarge": 0.825, "NASNetMobile": 0.744, "ResNet101": 0.764, "ResNet101V2": 0.772,
    "ResNet152": 0.766, "ResNet152V2": 0.780, "ResNet50": 0.749, "ResNet50V2": 0.760,
    "VGG16": 0.713, "VGG19": 0.713, "Xception": 0.790,
}  # fmt: skip
"""Accuracy on ImageNet as the table on keras.io/api/applications gives it; MobileNetV3 is not in
it."""

GATED = ("efficientnet", "efficientnet_v2", "mobilenet_v3")

GATES = (
    "Its squeeze-and-excite gates see the whole image. The figures leave them out, and for "
    "verification they were held constant."
)

ACCURACY = "Keras' table has no accuracy of it; what Keras writes of the function says {}."

STRIDES = (
    "The stride is in the first 1x1 convolution of a block, as in the paper. In torchvision it is "
    "in the 3x3, which gives {}."
)

REMARKS = {
    **dict.fromkeys(GATED, GATES),
    "MobileNetV3Large": f"{GATES} {ACCURACY.format('75.6 %')}",
    "MobileNetV3Small": f"{GATES} {ACCURACY.format('68.1 %')}",
    "ResNet50": STRIDES.format(427),
    "ResNet101": STRIDES.format(971),
    "ResNet152": STRIDES.format(1451),
    "resnet_v2": "The stride is in the 3x3 convolution of a stage's last block, as in TF-slim.",
    "Xception": "Its SAME padding depends on the size: at 295 x 295 the branches meet, and it is "
    "size 1083, stride 32, padding 538.",
}
"""What to know beside, by name, else by module."""

MODES = ("caffe", "tf", "torch")

LATER = ("verified", "remark", "top1", "year", "paper", "depth")
"""What may change without a network being verified anew."""

MOST_GFLOPS = 25
"""Networks that compute more are verified at a smaller input."""


def applications() -> dict[str, Callable[..., Any]]:
    """The functions that build a network, by name."""
    home = import_keras().applications
    return {name: f for name, f in sorted(vars(home).items()) if callable(f)}


def module_of(build: Callable[..., Any]) -> str:
    """Name the module of Keras that a network is in."""
    return build.__module__.rpartition(".")[2]


def built(name: str, size: int | None = None, held: bool = False) -> tuple[Model, Any]:
    """A network as RF-Viz reads it, and Keras' own model of it, neither with weights.

    ``held`` replaces what its gates see by a constant.
    """
    keras = import_keras()
    keras.backend.clear_session()  # so that layers without a name of their own count from 0
    models: list[Any] = []

    def build() -> Any:  # noqa: ANN401
        """Build the network, and keep what Keras made."""
        options = {} if size is None else {"input_shape": (size, size, 3)}
        model = applications()[name](weights=None, **options)
        models.append(without_gates(keras, model) if held else model)
        return models[-1]

    return without_weights(build, name), models[-1]


def without_gates(keras: ModuleType, model: Any) -> Any:  # noqa: ANN401
    """The same network, but for global averages, which are zero whatever the image."""

    class Nothing(keras.layers.GlobalAveragePooling2D):  # type: ignore[name-defined,misc]
        """Global average that is zero, whatever the image."""

        def call(self, inputs: Any) -> Any:  # noqa: ANN401
            """Return zeros in the shape of the averages."""
            return keras.ops.zeros_like(super().call(inputs))

    def copied(layer: Any) -> Any:  # noqa: ANN401
        """Copy a layer; a global average becomes nothing."""
        averages = isinstance(layer, keras.layers.GlobalAveragePooling2D)
        return (Nothing if averages else type(layer)).from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copied)


def last_map(net: Network) -> Layer:
    """The last layer before everything is pooled."""
    return [layer for layer in net.layers if max(layer.grid, default=1) > 1][-1]


def figures(layer: Layer) -> Row:
    """How far a layer sees: its closed form, and the largest region of any of its cells."""
    field = layer.receptive_field
    start, stop = layer.bounds()
    seen = (stop - start).reshape(-1, stop.shape[-1]).max(axis=0)
    return {
        "layer": layer.name,
        "size": None if field is None else list(field.size),
        "stride": None if field is None else list(field.stride),
        "padding": None if field is None else list(field.padding),
        "aligned": layer.aligned,
        "note": layer.note,
        "region": seen.tolist(),
    }


def row(name: str) -> Row:
    """All there is to say of a network without running it."""
    model, keras_model = built(name)
    size = [n or USUAL for n in keras_model.input_shape[1:3]]
    net = model.trace(size, cut_global=True)
    module = module_of(applications()[name])
    year, paper = PAPERS[module]
    products = [layer.multiply_adds for layer in net.layers]
    return {
        "name": name,
        "module": module,
        "preprocessing": preprocessing(module),
        "year": year,
        "paper": paper,
        "input": size,
        **figures(last_map(net)),
        "layers": len(keras_model.layers),
        "parameters": keras_model.count_params(),
        "gflops": None if None in products else round(2 * sum(products) / 1e9, 4),  # type: ignore[arg-type]
        "depth": growth(net).steps[-1].depth,
        "top1": TOP1.get(name),
        "remark": REMARKS.get(name, REMARKS.get(module, "")),
        "verified": None,
    }


def preprocessing(module: str) -> str:
    """The mode that a module's ``preprocess_input`` works in; "none" where it does nothing."""
    home = import_keras().applications
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3)).astype(np.float32)
    processed = getattr(home, module).preprocess_input(pixels.copy())
    ways = {m: home.imagenet_utils.preprocess_input(pixels.copy(), mode=m) for m in MODES}
    return next(
        mode for mode, way in {"none": pixels, **ways}.items() if np.array_equal(processed, way)
    )


def verified(entry: Row) -> Row:
    """Checks a network against itself, running with random weights. Raises where they disagree."""
    whole, cost = entry["input"][0], entry["gflops"]
    size = whole if cost <= MOST_GFLOPS else int(whole * (MOST_GFLOPS / cost) ** 0.5) // 32 * 32
    gated = entry["module"] in GATED
    model, _ = built(entry["name"], size, held=gated)
    net = model.trace()
    last = last_map(net)
    if size == whole and figures(last) != {key: entry[key] for key in figures(last)}:
        raise ValueError(f"{entry['name']}: {figures(last)} is not what the table says")
    on_the_way = [layer for layer in net.layers if max(layer.grid, default=1) > 1]
    places = np.linspace(0, len(on_the_way) - 1, 5)[1:].round().astype(int)
    report = verify(model, net, [on_the_way[i].name for i in places], cells=3)
    if not report.ok:
        raise ValueError(f"{entry['name']} disagrees:\n{report.summary()}")
    return {
        "input": [size, size],
        "checks": len(report.checks),
        "agree": len(report.agreed),
        "undecided": len(report.undecided),
    }


def in_a_process(step: str, name: str) -> Row:
    """A row, or what verifying one came to, worked out in a process of its own."""
    command = [sys.executable, __file__, step, name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: Row = json.loads(done.stdout.splitlines()[-1])
    return result


def table() -> dict[str, Row]:
    """The rows there are, by name."""
    return {r["name"]: r for r in json.loads(TABLE.read_text("utf-8"))} if TABLE.exists() else {}


def write(rows: Iterable[Row]) -> None:
    """Write the table, a line for each network."""
    in_order = sorted(rows, key=lambda r: r["name"])
    lines = [json.dumps(r, ensure_ascii=False) for r in in_order]
    TABLE.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


def main() -> None:
    """Work out the rows that are named, or one step of a row in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    parser.add_argument("--figures-only", action="store_true", help="verify nothing")
    for step in ("--row", "--verify"):
        parser.add_argument(step, metavar="NAME", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        print(json.dumps(row(options.row)))
        return
    if options.verify:
        print(json.dumps(verified(table()[options.verify])))
        return
    names = options.names or list(applications())
    rows = table()
    for name in names:
        new, before = in_a_process("--row", name), rows.get(name, {})
        if all(new[key] == before.get(key) for key in new if key not in LATER):
            new["verified"] = before["verified"]
        rows[name] = new
        print(name, new["size"], new["gflops"], flush=True)
        write(rows.values())
    failed = []
    for name in names if not options.figures_only else ():
        if rows[name]["verified"] is None:
            try:
                rows[name]["verified"] = in_a_process("--verify", name)
            except subprocess.CalledProcessError:
                failed.append(name)
            print(name, rows[name]["verified"], flush=True)
            write(rows.values())
    if failed:
        sys.exit(f"not verified: {', '.join(failed)}")


if __name__ == "__main__":
    main()
