"""Layers in the place of Python code that networks of ``keras.applications`` hold."""

from __future__ import annotations

from typing import Any

from .base import retired_base


def layers() -> tuple[Any, ...]:
    """Define the layers of this module, on Keras, and return their classes."""
    from keras import ops

    base: Any = retired_base()

    class GroupSums(base):  # type: ignore[misc]
        """The sums of a ResNeXt's groups: of the first ``count`` elements along the fifth axis."""

        kind = "Lambda"

        def __init__(self, count: int, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.count = count

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Sum up."""
            return ops.sum(x[:, :, :, :, : self.count], 4)

    return (GroupSums,)
