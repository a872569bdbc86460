"""Makes the files beside it, as PyTorch and its packages write them.

    python tests/data/foreign/make.py

PyTorch, torchvision, timm and safetensors have to be installed. Of large networks the weights are
left out: what is told of them stands in the archive's list of contents.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import timm
import torch
import torchvision
from torch import nn
from torch.package import PackageExporter

HERE = Path(__file__).parent


class Net(nn.Module):
    """A convolution, its normalisation and a matrix."""

    def __init__(self) -> None:
        """Build it."""
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run it."""
        return self.fc(self.bn(self.conv(x)).mean((2, 3)))


def save(name: str, thing: object, *, weights: bool = True, zipped: bool = True) -> None:
    """Save a thing, with its weights or without."""
    buffer = io.BytesIO()
    torch.save(thing, buffer, _use_new_zipfile_serialization=zipped)
    data = buffer.getvalue()
    if not weights:
        packed = io.BytesIO()
        with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(packed, "w", 8) as new:
            for entry in old.namelist():
                if not entry.startswith("archive/data/"):
                    new.writestr(zipfile.ZipInfo(entry, (1980, 1, 1, 0, 0, 0)), old.read(entry), 8)
        data = packed.getvalue()
    (HERE / name).write_bytes(data)


def main() -> None:
    """Make all of them."""
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    net = Net().eval()
    optimiser = torch.optim.Adam(net.parameters())
    net(torch.rand(2, 3, 8, 8)).sum().backward()
    optimiser.step()
    save("old_state_dict.pt", net.state_dict(), zipped=False)
    save("module.pt", net)
    save("old_module.pt", net, zipped=False)
    save("module_in_checkpoint.pt", {"epoch": 1, "model": net, "ema": None})
    save("squeezenet_module.pt", torchvision.models.squeezenet1_1(weights=None), weights=False)
    save("optimiser.pt", optimiser.state_dict())
    save("tensor.pt", torch.rand(3, 4))
    save("list.pt", [torch.rand(2), torch.rand(2), "word"])
    save("half.bin", {name: tensor.half() for name, tensor in net.state_dict().items()})
    resnet = torchvision.models.resnet18(weights=None, num_classes=10).state_dict()
    save("resnet18.pth", resnet, weights=False)
    save(
        "imagenet.pth.tar",
        {
            "epoch": 3,
            "arch": "resnet18",
            "state_dict": {f"module.{name}": tensor for name, tensor in resnet.items()},
            "best_acc1": torch.tensor(0.7),
        },
        weights=False,
    )
    vit = timm.create_model("vit_tiny_patch16_224", img_size=160)
    save("vit_tiny_160.pth", vit.state_dict(), weights=False)
    torch.jit.script(net)._save_for_lite_interpreter(str(HERE / "mobile.ptl"))
    with PackageExporter(HERE / "package.pt") as package:
        package.extern("**")
        package.save_pickle("nets", "net.pkl", net.state_dict())


if __name__ == "__main__":
    main()
