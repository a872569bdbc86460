"""The small network and its images as files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from onnx import save
from PIL import Image

from tests.survey.small import BROKEN, IMAGES, network, picture


@pytest.fixture(scope="module", autouse=True)
def plain_main() -> Iterator[None]:
    """Lets processes begin: they run what is the main module, which tests of pages leave theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield


@pytest.fixture(scope="session")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network's file."""
    file = tmp_path_factory.mktemp("net") / "small.onnx"
    save(network(), file)
    return file


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images, with what else lies in folders, and one that is broken."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "deep").mkdir()
    for number in range(IMAGES):
        # Those of the folder come first, as theirs are the first names.
        place = folder / "deep" if number >= 50 else folder
        Image.fromarray(picture(number)).save(place / f"{number:03}.png")
    (folder / f"{BROKEN:03}.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (folder / "labels.txt").write_text("cat")
    return folder
