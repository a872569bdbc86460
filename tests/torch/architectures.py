"""Networks of torchvision and timm that the ways in are compared on."""

from __future__ import annotations

import torch
from torch import nn

TORCHVISION = (
    *("alexnet", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "densenet121"),
    *("googlenet", "inception_v3", "squeezenet1_1", "mobilenet_v2", "mobilenet_v3_small"),
    *("shufflenet_v2_x1_0", "mnasnet1_0", "efficientnet_b0", "regnet_y_400mf", "convnext_tiny"),
    *("vit_b_16", "swin_t", "maxvit_t"),
)
SEGMENTATION = ("fcn_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large")
VIDEO = ("r3d_18", "mc3_18")
TIMM = (
    *("resnet26d", "resnetv2_50", "seresnet50", "skresnet18", "ecaresnet26t", "dla34"),
    *("res2net50_14w_8s", "hrnet_w18_small", "tf_efficientnet_lite0", "mixnet_s", "ghostnet_100"),
    *("convnextv2_atto", "mobilevit_xxs", "coatnet_nano_rw_224", "deit_tiny_patch16_224"),
    *("pvt_v2_b0", "poolformer_s12", "mixer_s32_224", "gmlp_ti16_224", "xcit_nano_12_p8_224"),
    *("edgenext_xx_small", "repvgg_a0", "fastvit_t8", "davit_tiny"),
)

ARCHITECTURES = (*TORCHVISION, *SEGMENTATION, *VIDEO, *TIMM)

Shape = tuple[int, ...]


def build(name: str) -> tuple[nn.Module, Shape]:
    """A network with random weights, always the same, and the shape of its input."""
    torch.manual_seed(0)
    if name in TIMM:
        import timm

        module = timm.create_model(name, pretrained=False)
        return module.eval(), (1, *module.default_cfg["input_size"])
    from torchvision import models

    options: dict[str, object] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False}
    if name in SEGMENTATION:
        options = {"weights_backbone": None}
    module = models.get_model(name, weights=None, **options).eval()
    if name in VIDEO:
        return module, (1, 3, 8, 64, 64)
    side = 299 if name == "inception_v3" else 224
    return module, (1, 3, side, side)
