"""Where the files of the app are: its pages, settings, samples and tables."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def app_folder() -> Path:
    """Find the folder of the app: within the installed package, or the top of a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "app"  # setup.py puts it there
    return installed if installed.is_dir() else package.parent
