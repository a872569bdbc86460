"""Loading PyTorch, which takes seconds."""

from __future__ import annotations

from typing import Any

from ...errors import ModelError


def import_pytorch() -> Any:  # noqa: ANN401  (a module)
    """Import the module ``torch``. Raises ModelError if there is none."""
    try:
        import torch
    except ImportError as error:
        raise ModelError(
            "this needs PyTorch, which is not installed here: pip install torch"
        ) from error
    return torch
