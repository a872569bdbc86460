"""Drives the Explore page without a browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper
from streamlit.runtime.scriptrunner import RerunData
from streamlit.testing.v1 import AppTest, local_script_runner

from rf_viz.ui.browser.component import unpack

SCRIPT = Path(__file__).resolve().parents[2] / "streamlit_app.py"


def visit() -> AppTest:
    """The page as a new visitor sees it."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).run()
    assert not app.exception
    return app


def go_through_history(app: AppTest, address: Mapping[str, str]) -> AppTest:
    """Goes back or forward to an address as the browser's buttons do, which AppTest lacks."""
    app.query_params.clear()
    app.query_params.update(address)
    with pytest.MonkeyPatch.context() as patch:
        moved = partial(RerunData, is_history_navigation=True)
        patch.setattr(local_script_runner, "RerunData", moved)
        app.run()
    assert not app.exception
    return app


def onnx_file(
    nodes: list[NodeProto],
    inputs: dict[str, list[int | None]],
    output: str,
    weights: dict[str, tuple[int, ...]] | None = None,
    kind: int = TensorProto.FLOAT,
) -> bytes:
    """A small ONNX file; its weights are all one."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.ones(shape, np.float32), name)
            for name, shape in (weights or {}).items()
        ],
    )
    domains = {node.domain for node in nodes}
    opsets = [helper.make_opsetid(domain, 1 if domain else 18) for domain in {*domains, ""}]
    return helper.make_model(graph, ir_version=10, opset_imports=opsets).SerializeToString()


def upload(app: AppTest, what: str, *files: tuple[str, bytes]) -> AppTest:
    """Uploads as a person does, and waits for the page."""
    uploader = next(u for u in app.file_uploader if u.key and u.key.startswith(f"{what} upload"))
    uploader.set_value([(name, content, "application/octet-stream") for name, content in files])
    app.run()
    assert not app.exception
    return app


def components(app: AppTest, key: str) -> list[Any]:
    """What is mounted of our own components whose key begins like this."""
    return [
        element.proto
        for element in app.get("bidi_component")
        if (element.key or "").startswith(key)
    ]


def header(app: AppTest, key: str = "linked view") -> dict[str, Any]:
    """The header of the packet that a component gets."""
    (proto,) = components(app, key)
    return unpack(proto.bytes)[0]


def chosen_from(app: AppTest, key: str) -> dict[str, Any]:
    """What a figure with parts to choose from gets: the parts, and the figure as ``figure``."""
    (proto,) = components(app, key)
    data = dict(json.loads(proto.json))
    return {**data, "figure": json.loads(data["figure"])}


def texts(shown: dict[str, Any], name: str) -> list[str]:
    """The texts of a trace of such a figure."""
    (trace,) = (trace for trace in shown["figure"]["data"] if trace["name"] == name)
    return [text.replace("<b>", "").replace("</b>", "") for text in trace["text"]]


def layer_rows(app: AppTest) -> list[dict[str, Any]]:
    """The rows of the list of layers."""
    return list(header(app, "layers")["layers"])
