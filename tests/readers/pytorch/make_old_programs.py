"""Write a small exported program with the release of PyTorch that runs this.

``python tests/readers/pytorch/make_old_programs.py`` writes ``torch_2_5.pt2`` and
``torch_2_5_free.pt2`` (or what the release is called) to ``tests/data/cases/pytorch``, and what the
module computes beside them.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (the usual name)
from torch import Tensor, nn
from torch.export import Dim

OUT = Path(__file__).resolve().parents[2] / "data" / "cases" / "pytorch"


class Net(nn.Module):
    """Convolutions, statistics, an index, a write in place, constants of all kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 2)
        self.fc = nn.Linear(4, 5)
        self.register_buffer("order", torch.tensor([2, 0, 1]))
        self.register_buffer("scale", torch.full((1, 4, 1, 1), 2.0), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """A map and a row."""
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y[:, :, 0] += 1
        y = F.max_pool2d(self.conv2(y), (1, 2), 1) * self.scale
        z = y[:, self.order]
        return self.fc(y.mean((2, 3))) + torch.tensor([1.0, 2, 3, 4, 5]), z


def write(name: str, program: torch.export.ExportedProgram) -> None:
    """Save a program without its example inputs."""
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    with zipfile.ZipFile(buffer) as before, zipfile.ZipFile(OUT / name, "w") as after:
        for entry in before.infolist():
            if "inputs" in entry.filename or "serialization_id" in entry.filename:
                continue
            info = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            form = zipfile.ZIP_DEFLATED if entry.filename.endswith(".json") else zipfile.ZIP_STORED
            after.writestr(info, before.read(entry), form)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    module, image = Net().eval(), torch.linspace(0, 1, 960).reshape(1, 3, 16, 20)
    release = "torch_" + "_".join(torch.__version__.split(".")[:2])
    height, width = Dim("height", min=16, max=512), Dim("width", min=16, max=512)
    write(f"{release}.pt2", torch.export.export(module, (image,)))
    free = torch.export.export(module, (image,), dynamic_shapes={"x": {2: height, 3: width}})
    write(f"{release}_free.pt2", free)
    row, cells = module(image)
    np.savez_compressed(
        OUT / f"{release}.npz", row=row.detach().numpy(), cells=cells.detach().numpy()
    )
