"""Layers that ``keras.applications`` defines for its own networks; no other module names them."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from typing import Any

from .layer_settings import accepted

_MODULES = {
    "LayerScale": "convnext",
    "StochasticDepth": "convnext",
    "CustomScaleLayer": "inception_resnet_v2",
}
"""The classes, and the modules of ``keras.applications`` in which Keras keeps them."""


def application_layer(kind: str, settings: Collection[str]) -> Any | None:  # noqa: ANN401
    """Return the class of that name, if these are the names of its settings; None otherwise.

    People give classes of their own the same names: theirs have other settings.
    """
    if kind not in _MODULES:
        return None
    from importlib import import_module

    cls = getattr(import_module(f"keras.src.applications.{_MODULES[kind]}"), kind, None)
    if cls is None:
        return None
    takes = accepted(cls)
    needs = {n for n, p in takes.items() if p.default is p.empty}
    return cls if needs <= set(settings) <= takes.keys() else None


def of_lambda(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return class and settings of the layer that computes what a known Lambda does.

    Up to Keras 2.11 InceptionResNetV2 added its branches up so, and ResNeXt in all of Keras 2 its
    groups. The Python code in the file is not run: the names that it mentions, among them that of
    the file it was compiled from, and what it took along tell which it is. None for any other.
    """
    code, closure = _code(settings.get("function"))
    arguments = settings.get("arguments") or {}
    name = {"name": settings["name"]} if "name" in settings else {}
    if arguments.keys() == {"scale"} and _mentions(code, "inception_resnet_v2.py", "inputs"):
        return "CustomScaleLayer", {**name, "scale": arguments["scale"]}
    counts = len(closure) == 1 and type(closure[0]) is int and not arguments
    if counts and _mentions(code, "resnet", "<genexpr>", "range", "sum", "x", "c"):
        return "GroupSums", {**name, "count": closure[0]}
    return None


def _mentions(code: bytes, *names: str) -> bool:
    """Whether compiled code mentions all of these names."""
    return all(name.encode() in code for name in names)


def _code(function: Any) -> tuple[bytes, list[Any]]:  # noqa: ANN401
    """The compiled code of a function in a file, and the values that it took along."""
    if isinstance(function, dict) and isinstance(function.get("config"), dict):
        inner = function["config"]  # as archives have it
        function = [inner.get("code"), inner.get("defaults"), inner.get("closure")]
    if not isinstance(function, list) or len(function) != 3 or not isinstance(function[0], str):
        return b"", []
    try:
        return base64.b64decode(function[0]), function[2] or []
    except ValueError:
        return b"", []
