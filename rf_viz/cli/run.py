"""One run of the command line: which command it is, and what becomes of its errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..errors import DefectError, ModelError, SizeUnknownError, defect
from . import output
from .exits import UsageError
from .parser import parse


def run(argv: Sequence[str]) -> int:
    """Run a command and return its exit code. Errors go to stderr, in one line."""
    with _log_shown():
        try:
            options = parse(argv)
            code: int = options.run(options)
            return code
        except DefectError as error:
            return output.fail(f"{error}{_where()}")
        except SizeUnknownError as error:
            return output.fail(f"{error.problem}: {_how_to_size(error)}")
        except (UsageError, ModelError, output.OutputError) as error:
            return output.fail(str(error))
        except OSError as error:
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            return output.fail(what)
        except Exception as error:
            problem = defect(f"run {argv[0] if argv else 'the command line'}", error)
            return output.fail(f"{problem}{_where() if isinstance(problem, DefectError) else ''}")


@contextmanager
def _log_shown() -> Iterator[None]:
    """Show the log of ``rf_viz``, tracebacks included, in Python's development mode."""
    if not sys.flags.dev_mode:
        yield
        return
    import logging

    log, handler = logging.getLogger("rf_viz"), logging.StreamHandler()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def _where() -> str:
    """Say how to see where a defect is; empty where that is shown already."""
    return "" if sys.flags.dev_mode else " (python -X dev -m rf_viz ... shows where)"


def _how_to_size(error: SizeUnknownError) -> str:
    """Say by which option an input gets its size."""
    free = [axis for axis, n in enumerate(error.shape) if n is None and axis]
    if len(error.shape) == 4 and len(free) == 2:
        return "say its size with --input-size, as in --input-size 224x224"
    example = ",".join(str(n or (224 if axis else 1)) for axis, n in enumerate(error.shape))
    return f"say its shape with --input-shape, as in --input-shape {error.input}={example}"
