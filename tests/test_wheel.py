"""A wheel built from the tree holds everything that its modules read."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from zipfile import ZipFile

import pytest

from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "rf_viz"

START = """
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
import rf_viz
assert rf_viz.__file__.startswith(sys.argv[1]), rf_viz.__file__
script = Path(rf_viz.__file__).parent / "app" / "streamlit_app.py"
app = AppTest.from_file(str(script), default_timeout=120).run()
assert not app.exception, app.exception
assert app.sidebar.selectbox, "no models to choose from"
"""

IMPORT_ALL = """
import pkgutil, sys
from importlib import import_module
import rf_viz
assert rf_viz.__file__.startswith(sys.argv[1]), rf_viz.__file__
for module in pkgutil.walk_packages(rf_viz.__path__, "rf_viz."):
    if not module.name.endswith(("__main__", "tflite.worker")):
        import_module(module.name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing an earlier build left behind gets in."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "setup.py", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    shutil.copy(ROOT / "streamlit_app.py", tree)
    for name in ("rf_viz", "pages", "assets", ".streamlit"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "static").mkdir()
    shutil.copy(ROOT / "static" / ".gitignore", tree / "static")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", tree / "dist", tree),
        ],
        check=True,
    )
    (built,) = (tree / "dist").glob("rf_viz-*.whl")
    return built


def test_no_file_of_the_package_is_left_behind(wheel: Path) -> None:
    files = {
        file.relative_to(ROOT).as_posix()
        for file in PACKAGE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert len(files) > 200
    assert files - set(ZipFile(wheel).namelist()) == set()


def test_the_app_comes_along_and_nothing_that_only_makes_its_data(wheel: Path) -> None:
    names = {name.removeprefix("rf_viz/app/") for name in ZipFile(wheel).namelist()}
    pages = {file.relative_to(ROOT).as_posix() for file in ROOT.glob("pages/*.py")}
    assert len(pages) > 3
    samples = {*SAMPLE_MODELS.values(), *SAMPLE_IMAGES.values()}
    files = {sample.path.relative_to(ROOT).as_posix() for sample in samples}
    settings = {".streamlit/config.toml", "static/.gitignore"}
    assert {"streamlit_app.py", *pages, *files, *settings} <= names
    assert not [name for name in names if name.endswith(("make.py", "screenshot.png"))]


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed, and nothing else of the tree."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-index", "--no-warn-script-location", "--target", folder, wheel),
        ],
        check=True,
    )
    return folder


def environment(site: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(site), "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"}


def begin(site: Path, folder: Path, port: int, *files: str) -> subprocess.Popen[str]:
    """The command, in a folder, on these files."""
    return subprocess.Popen(
        [site / "bin" / "rf-viz", *files, "--no-browser", "--port", str(port)],
        cwd=folder,
        env=environment(site),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("code", [IMPORT_ALL, START], ids=["every module", "the app"])
def test_what_is_installed_finds_its_files(site: Path, tmp_path: Path, code: str) -> None:
    """Components read their HTML, styles and scripts when they are imported."""
    subprocess.run(
        [sys.executable, "-P", "-c", code, str(site)],
        cwd=tmp_path,
        env=environment(site),
        check=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(url: str, process: subprocess.Popen[str]) -> bytes:
    """What the server answers as soon as it does."""
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as page:
                return bytes(page.read())
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)


def test_the_command_serves_the_app_with_its_settings_until_it_is_interrupted(
    site: Path, tmp_path: Path
) -> None:
    """Started in another folder, which has a module of a name that the server imports."""
    (tmp_path / "json.py").write_text("raise SystemExit('a module from beside a model')")
    shutil.copy(SAMPLE_MODELS["blazeface"].path, tmp_path / "face.onnx")
    port = free_port()
    with begin(site, tmp_path, port, "face.onnx") as process:
        url = f"http://localhost:{port}"
        try:
            assert answer(f"{url}/_stcore/health", process) == b"ok"
            # The app's own settings hold: it serves the folder static/ that is beside it.
            assert b"Plotly.js is put here" in answer(f"{url}/app/static/.gitignore", process)
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.count("\n") <= 1
    assert url in out
    assert "Traceback" not in out + err


def test_the_command_is_interrupted_while_it_starts(site: Path, tmp_path: Path) -> None:
    with begin(site, tmp_path, free_port()) as process:
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    # The one says so in `err`, the server in `out`, beside what it has said before.
    assert {"rf_viz: interrupted", "Stopping..."} & {
        line.strip() for line in (out + err).splitlines()
    }
    assert "Traceback" not in out + err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process so")
def test_the_server_ends_where_the_command_is_killed(site: Path, tmp_path: Path) -> None:
    port = free_port()
    with begin(site, tmp_path, port) as process:
        assert answer(f"http://localhost:{port}/_stcore/health", process) == b"ok"
        process.kill()
        process.communicate(timeout=60)  # the server has let go of its output too
