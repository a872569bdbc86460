"""What folders are that hold no SavedModel."""

from __future__ import annotations

import os
from pathlib import Path

from .advice import Foreign, export, install, quoted

_MODELS = (
    ".onnx",
    ".keras",
    ".h5",
    ".tflite",
    ".pb",
    ".pt2",
    ".safetensors",
    ".pt",
    ".pth",
    ".bin",
)
"""How the names of files end that may be the model in a folder, the likeliest first."""

_MOST = 10_000


def name_of_folder(path: Path) -> Foreign:
    """Say what a folder is, to complete a sentence that starts with its name."""
    names = set()
    with os.scandir(path) as entries:
        for entry, _ in zip(entries, range(_MOST), strict=False):
            names.add(entry.name)
    if ".metadata" in names and any(name.endswith(".distcp") for name in names):
        target = f"{path.name}.pt"
        return Foreign(
            "is a distributed checkpoint of PyTorch: it holds weights, but no architecture; this "
            f"line makes one file of them, {target}, which tells more",
            install(
                "from torch.distributed.checkpoint.format_utils import dcp_to_torch_save; "
                f"dcp_to_torch_save({quoted(path.name)}, {quoted(target)})",
                "torch",
            ),
        )
    if "Manifest.json" in names and (path / "Data" / "com.apple.CoreML").is_dir():
        return Foreign(
            "is a Core ML package: it holds the architecture, but in Apple's own form, which "
            "RF-Viz does not read; export the model that it was converted from",
            export("model", path.name),
        )
    inside = sorted(n for n in names if n.lower().endswith(_MODELS))
    inside.sort(key=lambda n: next(i for i, end in enumerate(_MODELS) if n.lower().endswith(end)))
    such = f", such as {inside[0]}" if inside else ""
    return Foreign(f"is a folder: open the model file in it{such}")
