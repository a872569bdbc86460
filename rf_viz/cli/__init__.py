"""The command line: opens the app, lists layers, tells regions, verifies against the running model.

Exit code 0: done; 1: ``verify`` found a disagreement; 2: an error, told in one line on stderr;
130: interrupted by Ctrl-C. In Python's development mode (``python -X dev``) the log, tracebacks
included, is shown too.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from .exits import INTERRUPTED


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line on these arguments (default: those of the process).

    Returns the exit code. Errors go to stderr, in one line.
    """
    try:
        from .run import run  # here, so that Ctrl-C ends the import in good order too

        return run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever presses it again waits no longer
        if sys.stderr is not None:
            print("rf_viz: interrupted", file=sys.stderr)
        return INTERRUPTED
