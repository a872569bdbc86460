"""The table of TensorFlow's ops, one module a family; importing it fills ``node.OPERATORS``.

To add an op, put a function that takes its ``Node`` into the module of its family, decorated with
``@operator`` and the op's name or names. It asks the node for its inputs' shapes
(``node.shape(0)``), for values that shapes or constants make known (``node.ints(1)``, which raises
DataDependent where they are not), and for attributes (``node.attribute("strides")``). It returns
its ``Output``, or a list of them: the shape, and one ``Edge`` for each input that it depends on,
with the relation from ``rf_viz.operators``, ``tables``, ``linear`` or ``resampling``; what the
formats share is in ``readers.outputs``. Inputs for which ``node.depends(i)`` is false need no edge.
An op that is computed on shapes gets its NumPy counterpart in ``fold.COMPUTE`` too. What no
relation describes goes by name, with the reason, into the opaque ones.
"""

from . import (
    blocks,
    control_flow,
    elementwise,
    fused,
    generate,
    linear,
    lists,
    matrices,
    moves,
    opaque,
    quantised,
    recurrent,
    reductions,
    resize,
    sampling,
    select,
    slicing,
    sources,
    stand_in,
    windows,
)

__all__ = [
    "blocks",
    "control_flow",
    "elementwise",
    "fused",
    "generate",
    "linear",
    "lists",
    "matrices",
    "moves",
    "opaque",
    "quantised",
    "recurrent",
    "reductions",
    "resize",
    "sampling",
    "select",
    "slicing",
    "sources",
    "stand_in",
    "windows",
]
