"""Packages that only some files need, and how to install them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

_PACKAGES = {
    "tflite": "ai-edge-litert",
    "pytorch": "torch torchvision timm",
    "cluster": "distributed",
}
"""The packages of each extra of the project (see pyproject.toml), without their versions."""


@cache
def install_line(extra: str) -> str:
    """Write the line that installs an extra: by its name, or its packages.

    pip knows nothing of a checkout, and would look for the project elsewhere.
    """
    try:
        distribution("rf-viz")
    except PackageNotFoundError:
        return f"pip install {_PACKAGES[extra]}"
    return f'pip install "rf-viz[{extra}]"'
