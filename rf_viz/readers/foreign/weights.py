"""Weights without a graph: what they are called, what network they are likely of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isqrt, prod

from .advice import IMAGE, Foreign, export, printable, quoted
from .architectures import Architecture, Shape, recognise

_PREFIXES = (
    "", "module.", "model.", "net.", "network.", "backbone.", "encoder.", "_orig_mod.",
    "module.model.", "model.model.", "model.module.", "model.backbone.", "module.encoder_q.",
    "model._orig_mod.", "_forward_module.", "ema_model.", "student.", "teacher.",
    "feature_extractor.",
)  # fmt: skip
"""What wrappers put in front of the names of a network's weights."""

_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"\.lora_[AB]\.|\.lora_(up|down)\.", "a LoRA adapter, which holds changes to a network only"),
    (r"model\.diffusion_model\.", "a Stable Diffusion model"),
    (r"image_encoder\.(patch_embed|trunk)\.", "a Segment Anything model"),
    (r"visual\.(conv1\.weight|transformer|trunk)", "a CLIP model"),
    (r"rpn\.head\.", "a detector of torchvision"),
    (r"model\.(\d+)\.(cv1|m\.0|dfl)\.", "a YOLO network"),
    (r"encoder\.block\.\d+\.layer\.", "a T5 model"),
    (r"(vit|deit|dinov2)\.embeddings\.", "a vision transformer of the package transformers"),
    (r"embeddings\.word_embeddings\.", "a BERT of the package transformers"),
    (r"layers\.\d+\.self_attn\.q_proj\.", "a language model of the package transformers"),
    (r"h\.\d+\.attn\.c_attn\.", "a GPT-2"),
    (r"(inc|down1|up1)\.(double_conv|maxpool_conv|conv)\.", "a U-Net"),
    (r"segmentation_head\.", "a network of the package segmentation_models_pytorch"),
    (r"layers\.\d+\.blocks\.\d+\.attn\.relative_position_bias_table", "a Swin transformer of timm"),
    (r"features\.\d+\.\d+\.attn\.relative_position_bias_table", "a Swin transformer"),
    (r"encoder_layer_\d+\.", "a vision transformer of torchvision"),
    (r"blocks\.\d+\.attn\.(qkv|q)\.", "a vision transformer of timm"),
    (r"stages\.\d+\.blocks\.\d+\.", "a network of timm"),
    (r"conv_stem\.", "an EfficientNet or MobileNet of timm"),
    (r"features\.denseblock\d+\.", "a DenseNet"),
    (r"features\.\d+\.squeeze\.", "a SqueezeNet"),
    (r"(Mixed_\d\w|inception\d\w)\.", "an Inception network"),
    (r"trunk_output\.block\d", "a RegNet"),
    (r"layer1\.0\.conv3\.", "a ResNet with bottleneck blocks"),
    (r"layer1\.0\.conv2\.", "a ResNet"),
    (r"features\.\d+\.block\.\d+\.", "an EfficientNet or ConvNeXt of torchvision"),
    (r"features\.\d+\.conv\.\d+\.", "a MobileNet"),
    (r"\A(?=[\s\S]*features\.\d+\.weight)[\s\S]*classifier\.6\.", "a VGG or an AlexNet"),
)
"""What networks are likely whose weights have such names, told by the first that fits."""

_SHOWN = 3
_LONGEST = 200
"""So many letters of a name are looked at."""

_MORE_TOKENS = (0, 1, 2, 5)
"""How many tokens a transformer has besides its patches: classes, registers."""


def counted(weights: Mapping[str, Shape]) -> str:
    """Say how many tensors there are, and the names of the first."""
    telling = [name for name in weights if not name.endswith("num_batches_tracked")]
    names = ", ".join(printable(name) for name in (telling or list(weights))[:_SHOWN])
    more = " ..." if len(weights) > _SHOWN else ""
    return f"{len(weights)} tensor{'s' * (len(weights) != 1)}: {names}{more}"


def identified(weights: Mapping[str, Shape]) -> tuple[Architecture | None, str]:
    """Find the network that has these weights, and what stands in front of its names."""
    for prefix in _PREFIXES:
        own = {n.removeprefix(prefix): s for n, s in weights.items() if n.startswith(prefix)}
        if len(own) == len(weights) or (prefix and own):
            architecture = recognise(own)
            if architecture is not None:
                return architecture, prefix
    return None, ""


def family(weights: Mapping[str, Shape]) -> str:
    """Say what network is likely by the names of its weights; empty where they do not tell."""
    names = "\n".join(name[:_LONGEST] for name in list(weights)[:5000])
    return next((what for pattern, what in _FAMILIES if re.search(pattern, names)), "")


def example_input(weights: Mapping[str, Shape]) -> Shape:
    """Work out the shape of an input from the first weights that a window slides.

    Windows over three channels are those over an image, whatever comes first.
    """
    over_images = {n: s for n, s in weights.items() if len(s) == 4 and s[0] > 1}
    rgb = {n: s for n, s in over_images.items() if s[1] == 3}
    for name, shape in (rgb or over_images or weights).items():
        if name.endswith(("pos_embed", "position_embeddings", "num_batches_tracked")):
            continue
        if len(shape) == 4 and shape[0] > 1:
            side = _side(weights, shape[-1])
            return (1, shape[1], side, side)
        if len(shape) == 5 and shape[0] > 1:
            return (1, shape[1], 16, 112, 112)
        if len(shape) == 3 and shape[0] > 1 and name.endswith("weight"):
            return (1, shape[1], 16000)
        if len(shape) == 2 and name.endswith("weight") and "embed" not in name:
            return (1, shape[1])
    return IMAGE


def _side(weights: Mapping[str, Shape], patch: int) -> int:
    """The side of an image: a multiple of the patch where places of patches are learnt."""
    for name, shape in weights.items():
        if name.endswith(("pos_embed", "pos_embedding", "position_embeddings")) and len(shape) == 3:
            for more in _MORE_TOKENS:
                patches = shape[1] - more
                if patches > 0 and isqrt(patches) ** 2 == patches:
                    return isqrt(patches) * patch
    return IMAGE[-1]


def of_weights(
    weights: Mapping[str, Shape],
    file: str,
    load: str,
    *,
    holder: str,
    imports: Sequence[str] = (),
    packages: Sequence[str] = (),
    trusted: bool = False,
) -> Foreign:
    """Say what network weights are of, and how to export it.

    ``holder`` says what holds them, as in "holds the weights"; ``load`` is the expression that
    reads them, which runs code of a file that has to be ``trusted``.
    """
    trust = " (it runs code of the file, so only if you trust that)" if trusted else ""
    architecture, prefix = identified(weights)
    state = load
    if prefix:
        state = f"{{k.removeprefix({quoted(prefix)}): v for k, v in {load}.items()"
        others = any(not name.startswith(prefix) for name in weights)
        state += f" if k.startswith({quoted(prefix)})}}" if others else "}"
    about = counted(weights)
    if any(weights.values()):  # their shapes are told
        about += f"; {_millions(sum(prod(shape) for shape in weights.values()))} numbers"
    if architecture is not None:
        package = architecture.package
        line = export(
            "model",
            file,
            architecture.input,
            before=[f"model = {architecture.call}", f"model.load_state_dict({state})"],
            imports="; ".join([f"import torch, {package}", *imports]),
            packages=["torch", package, *packages],
        )
        return Foreign(
            f"{holder} of {package}'s {architecture.name} ({about}), but no architecture: this "
            f"line builds the network, loads them and exports it{trust}",
            line,
        )
    likely = family(weights)
    if likely:
        holder = f"{holder.removesuffix('the weights')}weights that look like those of {likely}"
    line = export(
        "model",
        file,
        example_input(weights),
        before=[f"model.load_state_dict({load})"],
        imports="; ".join(["import torch", *imports]),
        packages=["torch", *packages],
    )
    return Foreign(
        f"{holder} ({about}), but no architecture: build the network, named model here, "
        f"with its own code; this line then loads the weights and exports it{trust}",
        line,
    )


def _millions(count: int) -> str:
    return f"{count / 1e6:.3g} million" if count >= 1e6 else f"{count:,}"
