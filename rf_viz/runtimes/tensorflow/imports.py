"""Loading TensorFlow, which takes seconds: late, and without its chatter on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from threading import Lock
from typing import Any

from ...errors import ModelError

_CHATTER = (b"WARNING: All log messages before absl::InitializeLog()", b"I0000 ", b"W0000 ")
"""Beginnings of the lines that TensorFlow writes before it can be told to be quiet."""

_lock = Lock()


def import_tensorflow() -> Any:  # noqa: ANN401  (a module)
    """Import the module ``tensorflow`` at the first call. Raises ModelError if there is none.

    Its log level is what TF_CPP_MIN_LOG_LEVEL says, errors only by default.
    """
    with _lock:
        if "tensorflow" not in sys.modules:
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
            try:
                with _without_chatter():
                    import tensorflow
            except ImportError as error:
                raise ModelError(
                    "this needs TensorFlow, which is not installed here: pip install tensorflow"
                ) from error
        import tensorflow

        return tensorflow


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Hold back what C++ code writes to standard error, and write all but chatter after."""
    with TemporaryFile() as held:
        sys.stderr.flush()
        terminal = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            held.seek(0)
            with open(terminal, "wb") as out:
                out.writelines(line for line in held if not line.startswith(_CHATTER))
