"""Loading PyTorch, which takes seconds."""

from __future__ import annotations

from typing import Any

from ...errors import ModelError
from ..extras import install_line


def import_pytorch() -> Any:  # noqa: ANN401  (a module)
    """Import the module ``torch``. Raises ModelError if there is none."""
    try:
        import torch
    except ImportError as error:
        raise ModelError(
            f"this needs PyTorch, which is not installed here: {install_line('pytorch')} brings it"
        ) from error
    return torch
