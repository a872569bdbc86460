"""GraphDef files: a graph by itself, binary (.pb) or as text (.pbtxt)."""

from __future__ import annotations

from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from ...errors import ModelError
from ..content import Content
from . import TensorFlowModel
from .protobuf.messages import GraphDef
from .protobuf.training import without_training

_PROTOBUF_LIMIT = 2**31 - 1
"""The most bytes that a message may have, by the protobuf format itself."""


def load(content: Content) -> TensorFlowModel:
    """Read a graph. Raises ModelError where the file is damaged, or holds no operations."""
    graph, hidden = parse(content), 0
    if not content.training_ops:
        graph, hidden = without_training(graph)
    return TensorFlowModel(graph, content.name, hidden=hidden)


def of_message(message: Any, name: str | None = None) -> TensorFlowModel:  # noqa: ANN401
    """Read a GraphDef that is in memory, of any protobuf class. Raises ModelError."""
    name = name or "graph"
    graph = GraphDef.FromString(message.SerializeToString())
    if not graph.node:
        raise ModelError(f"{name} holds no graph of operations: it is empty")
    graph, hidden = without_training(graph)
    return TensorFlowModel(graph, name, hidden=hidden)


def of_graph(graph: Any, name: str | None = None) -> TensorFlowModel:  # noqa: ANN401
    """Read a ``tf.Graph``. Raises ModelError.

    Its variables have no values: these are in a session.
    """
    return of_message(graph.as_graph_def(), name)


def parse(content: Content) -> Any:  # noqa: ANN401
    """Return the message that a file holds. Raises ModelError."""
    if content.size > _PROTOBUF_LIMIT:
        raise ModelError(f"{content.name} is larger than 2 GB, which a TensorFlow graph cannot be")
    data = content.read()
    graph = GraphDef()
    try:
        if content.extension == ".pbtxt" or content.head.lstrip().startswith(b"node"):
            text_format.Parse(data.decode(), graph, allow_unknown_field=True)
        else:
            graph.ParseFromString(data)
    except (DecodeError, text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            f"{content.name} is a TensorFlow graph that is damaged or cut off: download or export "
            "it again"
        ) from error
    if not graph.node:
        raise ModelError(f"{content.name} holds no graph of operations: it is empty or cut off")
    return graph
