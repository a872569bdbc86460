"""Opens the app: Streamlit's server in a process of its own, and the browser."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

from ..catalogue.app_folder import app_folder
from ..catalogue.host_files import HostFiles
from .exits import INTERRUPTED, UsageError

_PR_SET_PDEATHSIG = 1
"""The option of Linux' prctl(2) that says which signal a process gets when its parent ends."""


def launch(files: HostFiles, host: str | None, port: int | None, browser: bool) -> int:
    """Serve the app until it is stopped, and return the exit code of the server.

    ``host`` is the address to listen at, ``port`` its port; None leaves them to Streamlit's own
    settings, and to localhost. Raises UsageError for a file that is not there.
    """
    _check(files)
    command = [
        # Modules that lie where somebody keeps models are none of ours: -P leaves them alone.
        *(sys.executable, "-P", "-m", "streamlit", "run", str(app_folder() / "streamlit_app.py")),
        *_settings(host, port, browser),
    ]
    # The server hears of signals from here alone: it is told once to end, in good order.
    group = 0 if os.name == "posix" else None
    environment = {**os.environ, **files.to_environment()}
    with subprocess.Popen(
        command, env=environment, process_group=group, preexec_fn=_ends_with_parent()
    ) as server:
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: server.terminate())
        try:
            code = server.wait()
        except KeyboardInterrupt:
            server.terminate()
            try:
                code = server.wait()
            finally:
                server.kill()  # Ctrl-C once more
            if code:
                raise  # it was only starting, and has not said that it stops
            return INTERRUPTED
        if code < 0:
            return 128 - code  # as shells tell of signals
        return 2 if code else 0  # Streamlit has said what is wrong, such as a port that is taken


def _ends_with_parent() -> Callable[[], object] | None:
    """What has Linux stop the server where this process is killed and cannot; None elsewhere."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: a copy of a process should do little
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _check(files: HostFiles) -> None:
    """Raise UsageError for what is not there."""
    if files.model and not files.model.exists():
        commands = "layers, region and verify"
        raise UsageError(
            f"there is no file {files.model}"
            + ("" if files.model.suffix else f", and no such command: there are {commands}")
        )
    if files.image and not files.image.is_file():
        raise UsageError(f"there is no file {files.image}")
    for folder in (files.models, files.surveys):
        if folder and not folder.is_dir():
            raise UsageError(f"there is no folder {folder}")


def _settings(host: str | None, port: int | None, browser: bool) -> Iterator[str]:
    """Streamlit's options; what does not depend on the person is in .streamlit/config.toml."""
    if host or "STREAMLIT_SERVER_ADDRESS" not in os.environ:
        yield f"--server.address={host or 'localhost'}"
    if host and host not in ("0.0.0.0", "::"):
        yield f"--browser.serverAddress={host}"
    if port:
        yield f"--server.port={port}"
    if not browser:
        yield "--server.headless=true"
