"""The reader of PyTorch's exported programs (.pt2), which needs no PyTorch.

A program is translated to an ONNX model in memory, node by node; the ONNX reader, its runtime and
its twin take that as they take a file. So there is one table of relations for both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from ...errors import ModelError
from ...model import Remark
from ...relation import Shape
from ...trace.tensors import Tensor
from ..content import Content
from ..onnx import OnnxModel
from .archive import Archive
from .declared import declared_shapes
from .guards import broken
from .program import program
from .remarks import kinds_in_training, remarks
from .translation import translate
from .weights import Weights

if TYPE_CHECKING:
    from ...runtimes.onnx.twin import OnnxTwin

_LARGEST_IN_MEMORY = 2**31 - 2**24
"""A message with weights in it holds 2 GB; those of a file stay in the file."""


class ExportedModel(OnnxModel):
    """A program that torch.export wrote.

    ``missing`` are the weights without values, ``trains`` the kinds of operators that are in
    training mode, one for each (see ``kinds_in_training``), ``guards`` what has to be true of the
    sizes of inputs.
    """

    def __init__(
        self,
        proto: ModelProto,
        name: str,
        folder: str | None,
        missing: Sequence[str],
        trains: Sequence[str],
        guards: Sequence[str],
    ) -> None:
        super().__init__(proto, name, folder, declared_shapes)
        self.missing = tuple(missing)
        self.trains = tuple(trains)
        self._guards = tuple(guards)

    def describe(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> list[Tensor]:
        """Describe the tensors as ``Model.describe``.

        Raises ModelError, too, at sizes for which the program is not that of its module.
        """
        condition = broken(self._guards, shapes, [i.name for i in self.inputs if i.batched])
        if condition:
            raise ModelError(
                f"{self.name} was exported for sizes where {condition}, which is not so here: "
                "trace it at such a size, or export it again at this one"
            )
        return super().describe(shapes, source, weight_aware, feeds, stop)

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What is worth knowing of the file, as ``Model.remarks``."""
        shape = self.inputs[0].bound({}, 224) if self.inputs else ()
        return remarks(self.trains, self.name, shape)

    def run(
        self,
        feeds: Mapping[str, NDArray[np.generic]],
        names: Sequence[str],
        shapes: Mapping[str, Shape],
    ) -> dict[str, NDArray[np.float32]]:
        """Compute values as ``Model.run``, by ONNX Runtime. Raises ModelError without weights."""
        if self.missing:
            raise ModelError(
                f"{self.name} holds no values of its weights, such as {self.missing[0]}, that can "
                "be read without running what the file brings along: save it again with "
                "torch.export.save of PyTorch 2.9 or later"
            )
        return super().run(feeds, names, shapes)

    def twin(
        self,
        shapes: Mapping[str, Shape],
        source: str,
        weight_aware: bool,
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
        stop: Collection[str] = (),
    ) -> OnnxTwin | None:
        """Build the twin as ``Model.twin``. There is none without weights, masks among them."""
        return None if self.missing else super().twin(shapes, source, weight_aware, feeds, stop)


def load(content: Content) -> ExportedModel:
    """Read an exported program. Raises ModelError where it is damaged, or something else."""
    if content.path is None and content.size > _LARGEST_IN_MEMORY:
        raise ModelError(
            f"{content.name} has more than 2 GB, which cannot be read from memory: load it by its "
            "path"
        )
    with Archive(content) as archive:
        names = tuple(archive.programs)
        chosen = content.signature if content.signature in names else names[0]
        exported = program(archive.read_json(archive.programs[chosen]), content.name)
        weights = Weights(archive, chosen)
        proto = translate(exported, content.name, weights.tensor, weights.memory)
        model = ExportedModel(
            proto,
            content.name,
            archive.folder,
            sorted(weights.missing),
            kinds_in_training(exported.graph),
            exported.guards,
        )
    if len(names) > 1:
        model.signatures, model.signature = names, chosen
    return model
