"""Makes table.json: torchvision's networks that classify images, how far they see and their cost.

    python assets/torchvision_models/make.py [--figures-only] [NAME ...]

It needs PyTorch and torchvision (see requirements-torch.txt). Each network is given to
RF-Viz as a module and traced; then, with random weights, it is verified by running it: a layer on
the way and the one whose figures these are (see assets/tables.py). The accuracies are those of
torchvision's own meta data; nothing is downloaded.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import rf_viz
from assets.tables import Row, affordable, check, figures, gflops, last_map, make
from rf_viz.analysis.growth import growth
from rf_viz.model import Model
from rf_viz.trace.network import Network

USUAL = 224
"""The input size that is preferred where there are weights for several."""

FAMILIES = {
    "alexnet": ("AlexNet", 2014, "Krizhevsky, arXiv:1404.5997"),
    "convnext": ("ConvNeXt", 2022, "Liu et al., CVPR 2022, arXiv:2201.03545"),
    "densenet": ("DenseNet", 2016, "Huang et al., CVPR 2017, arXiv:1608.06993"),
    "efficientnet": ("EfficientNet", 2019, "Tan and Le, ICML 2019, arXiv:1905.11946"),
    "efficientnet_v2": ("EfficientNet", 2021, "Tan and Le, ICML 2021, arXiv:2104.00298"),
    "googlenet": ("Inception", 2014, "Szegedy et al., CVPR 2015, arXiv:1409.4842"),
    "inception": ("Inception", 2015, "Szegedy et al., CVPR 2016, arXiv:1512.00567"),
    "maxvit": ("MaxViT", 2022, "Tu et al., ECCV 2022, arXiv:2204.01697"),
    "mnasnet": ("MNASNet", 2018, "Tan et al., CVPR 2019, arXiv:1807.11626"),
    "mobilenet_v2": ("MobileNet", 2018, "Sandler et al., CVPR 2018, arXiv:1801.04381"),
    "mobilenet_v3": ("MobileNet", 2019, "Howard et al., ICCV 2019, arXiv:1905.02244"),
    "regnet": ("RegNet", 2020, "Radosavovic et al., CVPR 2020, arXiv:2003.13678"),
    "resnet": ("ResNet", 2015, "He et al., CVPR 2016, arXiv:1512.03385"),
    "resnext": ("ResNet", 2016, "Xie et al., CVPR 2017, arXiv:1611.05431"),
    "shufflenet": ("ShuffleNet", 2018, "Ma et al., ECCV 2018, arXiv:1807.11164"),
    "squeezenet": ("SqueezeNet", 2016, "Iandola et al., arXiv:1602.07360"),
    "swin": ("Swin", 2021, "Liu et al., ICCV 2021, arXiv:2103.14030"),
    "swin_v2": ("Swin", 2021, "Liu et al., CVPR 2022, arXiv:2111.09883"),
    "vgg": ("VGG", 2014, "Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556"),
    "vit": ("ViT", 2020, "Dosovitskiy et al., ICLR 2021, arXiv:2010.11929"),
    "wide_resnet": ("ResNet", 2016, "Zagoruyko and Komodakis, BMVC 2016, arXiv:1605.07146"),
}
"""By the beginning of a name: its family, the year in which it was made public, and where."""

GATES = (
    "Its squeeze-and-excite gates see the whole image. The figures leave them out, and for "
    "verification they were held constant."
)

STRIDES = (
    "The stride is in the 3x3 convolution of a block; in the paper, and in Keras, it is in the "
    "first 1x1, which gives {}."
)

REMARKS = {
    "resnet50": STRIDES.format(483),
    "resnet101": STRIDES.format(1027),
    "resnet152": STRIDES.format(1507),
    "googlenet": "Its 5x5 branches have 3x3 convolutions, unlike the paper's.",
}
"""What to know beside, by name."""

AUXILIARY = ("googlenet", "inception_v3")
"""Networks with auxiliary heads."""

LATER = (
    *("verified", "remark", "top1", "top5", "source", "weights", "year", "paper", "depth"),
    *("family", "multiply_adds"),
)
"""What may change without a network being verified anew."""

MOST_GFLOPS = 8
"""Networks that compute more are verified at a smaller input."""


def names() -> list[str]:
    """The names of the networks that classify images."""
    from torchvision import models

    listed: list[str] = models.list_models(module=models)
    return listed


def built(name: str) -> Any:  # noqa: ANN401
    """A network with random weights, without the heads that only training uses."""
    from torchvision import models

    heads = {"aux_logits": False, "init_weights": True} if name in AUXILIARY else {}
    return models.get_model(name, weights=None, **heads)


def without_values(name: str) -> Any:  # noqa: ANN401
    """A network whose weights have shapes only: nothing is run."""
    import torch

    try:
        with torch.device("meta"):
            return built(name)
    except NotImplementedError:  # it computes with tensors while it is built
        return built(name).to("meta")


def weights_of(name: str) -> Any:  # noqa: ANN401
    """The weights of which the table tells: the first for images of the usual size, or of any."""
    from torchvision import models

    every = list(models.get_model_weights(name))
    return next((w for w in every if side_of(w) == USUAL), every[0])


def side_of(weights: Any) -> int:  # noqa: ANN401
    """The side of the images that weights take."""
    side: int = weights.transforms().crop_size[0]
    return side


def read(module: Any, side: int, name: str) -> Model:  # noqa: ANN401
    """A network as RF-Viz reads it, at this size of its input."""
    return rf_viz.load(module, name, example=(1, 3, side, side))


def figures_of(net: Network) -> Row:
    """How far the last layer sees, under the path of the outermost module that returns it."""
    last = last_map(net)
    paths = [group.name for group, layer in net.groups if layer.name == last.name and group.name]
    return {**figures(last), "layer": min(paths, key=len, default=last.name)}


def row(name: str) -> Row:
    """All there is to say of a network without running it."""
    weights, module = weights_of(name), without_values(name)
    side = side_of(weights)
    net = read(module, side, name).trace(cut_global=True)
    family, year, paper = FAMILIES[max((f for f in FAMILIES if name.startswith(f)), key=len)]
    accuracy = weights.meta["_metrics"]["ImageNet-1K"]
    gated = any(is_gate(part) for part in module.modules())
    return {
        "name": name,
        "family": family,
        "year": year,
        "paper": paper,
        "input": [side, side],
        **figures_of(net),
        "parameters": sum(p.numel() for p in module.parameters()),
        "gflops": gflops(net),
        "depth": growth(net).steps[-1].depth,
        "weights": weights.name,
        "top1": round(accuracy["acc@1"] / 100, 5),
        "top5": round(accuracy["acc@5"] / 100, 5),
        "source": weights.meta["recipe"],
        "multiply_adds": weights.meta["_ops"],
        "remark": GATES if gated else REMARKS.get(name, ""),
        "verified": None,
    }


def is_gate(part: Any) -> bool:  # noqa: ANN401
    """Whether a part of a network is a squeeze-and-excite gate."""
    return type(part).__name__ == "SqueezeExcitation"


def without_gates(module: Any) -> Any:  # noqa: ANN401
    """The same network, but for its gates, which see zeros whatever the image."""
    from torch import nn

    class Nothing(nn.Module):
        """Average that is zero, whatever the image."""

        def forward(self, image: Any) -> Any:  # noqa: ANN401
            """Return zeros in the shape of the averages."""
            return image.new_zeros((*image.shape[:2], 1, 1))

    for part in module.modules():
        if is_gate(part):
            part.avgpool = Nothing()
    return module


def verified(entry: Row) -> Row:
    """Checks a network against itself, running with random weights. Raises where they disagree."""
    name, whole = entry["name"], entry["input"][0]
    side = whole
    if not name.startswith(("vit", "maxvit")):  # these take one size only
        side = affordable(whole, entry["gflops"] or 2 * entry["multiply_adds"], MOST_GFLOPS)
    model = read(without_gates(built(name)), side, name)
    net = model.trace()
    if side == whole and entry["remark"] != GATES:
        values = figures_of(net)
        if values != {key: entry[key] for key in values}:
            raise ValueError(f"{name}: {values} is not what the table says")
    return check(model, net, name, places=2, cells=3)


if __name__ == "__main__":
    make(__file__, __doc__, names, row, verified, LATER)
