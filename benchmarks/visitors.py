"""Visitors of the app without a browser: sessions by Streamlit's own websocket protocol."""

from __future__ import annotations

import asyncio
import json
import random
import time
import urllib.request
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import onnx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from rf_viz.ui.browser.component import unpack

_MODELS = Path("assets/models")
_SAMPLES = ("squeezenet1_1", "blazeface_short", "selfie_segmentation", "efficientnet_lite0_int8w")

_LARGEST = 2**28
"""The most bytes of a message."""

_MOST_RUNS = 2
"""The runs of a page for which a browser keeps a message (global.maxCachedMessageAge)."""


class Visitor:
    """A session on a page, which keeps what a browser would keep of it.

    ``components`` are those that the page has mounted, by the beginnings of their keys, and
    ``uploaders`` its uploaders, by their labels.
    """

    def __init__(self, url: str, page: str = "", query: str = "") -> None:
        """Prepare a session on a page of the server at this http address, with this query."""
        self._url, self._page, self._query = url, page, query
        self._socket: ClientConnection | None = None
        self._states: dict[str, str] = {}
        self._uploads: dict[str, Any] = {}
        self._kept: dict[str, tuple[ForwardMsg, int]] = {}
        self._runs = 0
        self._script = self._session = ""
        self._places: list[Any] = []
        self.components: dict[str, tuple[Any, str]] = {}
        self.uploaders: dict[str, str] = {}
        self.received = 0
        """The bytes of all messages so far."""

    async def open(self) -> float:
        """Connect and wait for the page; returns the seconds. Who was here before comes back."""
        known = [Subprotocol(self._session)] if self._session else []
        self._socket = await connect(
            f"ws{self._url.removeprefix('http')}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit"), Subprotocol("PLACEHOLDER_AUTH_TOKEN"), *known],
            max_size=_LARGEST,
        )
        return await self.run()

    async def go_to(self, page: str, query: str = "") -> float:
        """Open another page of the app in the same session; returns the seconds."""
        self._page, self._query, self._script = page, query, ""
        return await self.run()

    async def close(self) -> None:
        """Leave."""
        if self._socket is not None:
            await self._socket.close()

    async def run(self, fragment: str = "") -> float:
        """Have the page run, or a fragment of it, and wait for its end; returns the seconds."""
        assert self._socket is not None
        message = BackMsg()
        state = message.rerun_script
        state.page_name, state.fragment_id = self._page, fragment
        state.query_string = self._query
        state.page_script_hash = self._script
        state.cached_message_hashes.extend(self._kept)
        for id, text in self._states.items():
            widget = state.widget_states.widgets.add()
            widget.id, widget.json_value = id, text
        for id, upload in self._uploads.items():
            widget = state.widget_states.widgets.add()
            widget.id = id
            widget.file_uploader_state_value.CopyFrom(upload)
        begun = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        while not self._take(await self._socket.recv()):
            pass
        return time.perf_counter() - begun

    def _take(self, data: str | bytes) -> bool:
        """Take in a message; tell whether it is the end of a run."""
        assert isinstance(data, bytes)
        self.received += len(data)
        message = ForwardMsg.FromString(data)
        if message.WhichOneof("type") == "ref_hash":
            message, _ = self._kept[message.ref_hash]
        if message.metadata.cacheable:
            self._kept[message.hash] = message, self._runs
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._script = message.new_session.page_script_hash
            self._session = message.new_session.initialize.session_id
        elif kind == "file_urls_response":
            self._places = list(message.file_urls_response.file_urls)
            return True
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                key = element.bidi_component.id.split("-", 3)[-1]
                name = next((n for n in ("layers", "linked view") if key.startswith(n)), key)
                self.components[name] = element.bidi_component, message.delta.fragment_id
            elif element.WhichOneof("type") == "file_uploader":
                self.uploaders[element.file_uploader.label] = element.file_uploader.id
            elif element.WhichOneof("type") == "exception":
                raise RuntimeError(element.exception.message)
        elif kind == "script_finished":
            ended = message.script_finished
            if ended == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._forget()
            return ended != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False

    def _forget(self) -> None:
        """Forget what a browser forgets: the messages that none of the last runs has sent."""
        self._runs += 1
        self._kept = {
            key: (message, run)
            for key, (message, run) in self._kept.items()
            if self._runs - run <= _MOST_RUNS
        }

    def header(self, name: str) -> dict[str, Any]:
        """What a component was given to draw, without its arrays."""
        header: dict[str, Any] = unpack(self.components[name][0].bytes)[0]
        return header

    async def report(self, name: str, state: dict[str, Any]) -> float:
        """Have a component report a state, and wait for what the page makes of it."""
        component, fragment = self.components[name]
        self._states[component.id] = json.dumps(state)
        return await self.run(fragment)

    async def choose_layer(self, name: str, turn: int) -> float:
        """Choose a layer in the list; returns the seconds until the page has run."""
        return await self.report("layers", {"layer": {"name": name, "turn": turn}})

    async def pin(self, cell: tuple[int, ...], turn: int) -> float:
        """Pin a cell of the map; returns the seconds until the fragment has run."""
        view = self.header("linked view")["view"]
        pinned = {"view": view, "cell": cell, "mode": "box", "turn": turn}
        return await self.report("linked view", {"pinned": pinned})

    async def upload(self, label: str, name: str, content: bytes) -> float:
        """Upload a file; returns the seconds until the page has run with it.

        ``label`` is how the label of the uploader begins.
        """
        assert self._socket is not None
        message = BackMsg()
        message.file_urls_request.request_id = name
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self._session
        begun = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        while not self._take(await self._socket.recv()):
            pass
        await asyncio.to_thread(_put, self._url, self._places[0].upload_url, name, content)
        state = FileUploaderState()
        state.uploaded_file_info.add(
            name=name, size=len(content), file_id=self._places[0].file_id, file_urls=self._places[0]
        )
        uploader = next(id for text, id in self.uploaders.items() if text.startswith(label))
        self._uploads = {uploader: state}
        await self.run()
        self._uploads.clear()
        return time.perf_counter() - begun


def _put(url: str, path: str, name: str, content: bytes) -> None:
    """Send a file as a browser's form does."""
    with urllib.request.urlopen(f"{url}/_stcore/health") as answer:
        token = SimpleCookie(answer.headers["Set-Cookie"])["_streamlit_xsrf"].value
    head = f'--part\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    request = urllib.request.Request(
        f"{url}{path}",
        head.encode() + content + b"\r\n--part--\r\n",
        {
            "Content-Type": "multipart/form-data; boundary=part",
            "X-Xsrftoken": token,
            "Cookie": f"_streamlit_xsrf={token}",
        },
        method="PUT",
    )
    urllib.request.urlopen(request).close()


def own_model(number: int) -> bytes:
    """A model that nobody else has: one of the samples, marked with a number."""
    model = onnx.load(_MODELS / f"{_SAMPLES[number % len(_SAMPLES)]}.onnx")
    model.doc_string = f"own {number}"
    return bytes(model.SerializeToString())


def layers_of(visitor: Visitor) -> list[str]:
    """The names of the layers in the list."""
    return [row["name"] for row in visitor.header("layers")["layers"]]


async def click(visitor: Visitor, every: float, until: float, seed: int) -> list[float]:
    """Choose layers and pin cells, one or the other each so many seconds, as a person would."""
    chance, spent = random.Random(seed), list[float]()
    await asyncio.sleep(chance.random() * every)
    layers = layers_of(visitor)
    turn = 0
    while time.monotonic() < until:
        turn += 1
        begun = time.monotonic()
        if chance.random() < 0.5:
            spent.append(await visitor.choose_layer(chance.choice(layers), turn))
        else:
            grid = visitor.header("linked view")["grid"]
            spent.append(await visitor.pin(tuple(chance.randrange(n) for n in grid), turn))
        await asyncio.sleep(
            max(0.0, begun + every * (0.7 + 0.6 * chance.random()) - time.monotonic())
        )
    return spent
