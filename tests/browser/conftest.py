"""The app as people meet it: a running server and a real Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.driver import settle
from tests.browser.visitors import visit

ROOT = Path(__file__).resolve().parents[2]
OFF = [
    # Two hidden pages for each window, which suggest addresses: as much work as a page of ours.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # What Playwright turns off by the same option, of which the last one holds.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
"""What of Chromium is turned off."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A camera that films a test pattern, and a visitor who allows it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-features=" + ",".join(OFF),
]


expect.set_options(timeout=30_000)  # a busy machine is slow, and not wrong


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def healthy(url: str, process: subprocess.Popen[bytes], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.1)
    return False


@contextmanager
def server(folder: Path, **environment: str) -> Iterator[str]:
    """A server of our own; another process may take the free port first, hence the tries.

    Its log goes into the folder; ``environment`` is what its environment has besides.
    """
    log = folder / "log.txt"
    for _ in range(4):
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
        options = [
            f"--server.port={port}",
            "--server.headless=true",
            "--server.fileWatcherType=none",
            "--browser.serverAddress=127.0.0.1",  # Else it asks the internet for its address.
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command + options,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            )
        address = f"http://127.0.0.1:{port}"
        try:
            if healthy(address, process, 60):
                yield address
                return
        finally:
            process.terminate()
            process.wait(20)
    raise RuntimeError(f"the server does not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server."""
    with server(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS, timeout=60_000
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """The page of a new visitor, to do anything with."""
    with visit(browser, url) as page:
        yield page


@pytest.fixture(scope="module")
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """The page as it opens, to point and click at: nothing else may be chosen."""
    with visit(browser, url) as page:
        yield page


@pytest.fixture(autouse=True)
def rested(request: pytest.FixtureRequest) -> None:
    """A page that tests share rests before each of them: the last one may have left it at work."""
    if "opened" in request.fixturenames:
        settle(request.getfixturevalue("opened"))
