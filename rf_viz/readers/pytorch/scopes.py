"""Where in the module a node comes from, in the words that PyTorch's ONNX exporter writes."""

from __future__ import annotations

from .program import Node

_PREFIX = "pkg.torch.onnx."


def metadata(node: Node, target: str) -> dict[str, str]:
    """A node's module paths, their classes, and the lines of code that called it.

    The keys and the form are those of torch/onnx/_internal/exporter/_core.py.
    """
    paths, classes = [], []
    stack = node.module_stack if node.module_stack.isprintable() else ""
    for entry in filter(None, stack.split(";")):
        path, _, kind = entry.partition(",")[2].rpartition(",")
        paths.append(path)
        classes.append(kind)
    result = {
        f"{_PREFIX}name_scopes": repr([*paths, node.name]),
        f"{_PREFIX}class_hierarchy": repr([*classes, target]),
    }
    if node.stack_trace:
        result[f"{_PREFIX}stack_trace"] = node.stack_trace
    return result
