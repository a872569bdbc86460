"""The facts of a model that the app knows without asking its worker again."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Model, ModelInput, Remark


@dataclass(frozen=True)
class Facts:
    """What a model tells of itself (see ``Model``).

    Attributes:
        name, title, inputs, signatures, signature, hidden, remarks, heavy_runtime,
            has_gradients: as ``Model`` has them.
        image_within: the tensor in which the first input is folded into an image, or None.
    """

    name: str
    title: str
    inputs: tuple[ModelInput, ...]
    signatures: tuple[str, ...]
    signature: str
    hidden: int
    remarks: tuple[Remark, ...]
    heavy_runtime: str
    has_gradients: bool
    image_within: str | None

    @classmethod
    def of(cls, model: Model) -> Facts:
        """Ask a model for them."""
        return cls(
            model.name,
            model.title,
            tuple(model.inputs),
            tuple(model.signatures),
            model.signature,
            model.hidden,
            tuple(model.remarks),
            model.heavy_runtime,
            model.has_gradients,
            model.image_within,
        )
