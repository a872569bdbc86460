"""The process that examines cases: it reads their numbers and writes what becomes of each.

Started as ``python -m tests.fuzz.worker SEED``. A line of JSON goes out before a case, before its
model is run, and after it. Whoever reads them can tell which case ended the process, and when.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import resource
import signal
import sys
import traceback
import warnings
from typing import Any

SECONDS = 20
"""Processor time for a case; then the process ends. A busy machine is slow, not wrong."""

GIBIBYTES = 3
"""Memory for the process; what asks for more does not get it."""


class _Defects(logging.Handler):
    """Keeps the tracebacks of the defects that RF-Viz logs, told to the user or not."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.tracebacks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.tracebacks.append("".join(traceback.format_exception(*record.exc_info)))


def _outcome(case: Any, defects: _Defects, say: Any) -> dict[str, str]:  # noqa: ANN401
    """What becomes of a case: its class, and the sentence or the traceback."""
    from rf_viz.errors import DefectError, ModelError
    from rf_viz.inputs.images import ImageError
    from tests.fuzz.examine import check_sentence, examine_model, examine_picture
    from tests.fuzz.formats import FORMATS

    defects.tracebacks.clear()
    said = ""
    try:
        if FORMATS[case.form].kind == "model":
            examine_model(case.data, case.name, say if case.runs else None)
        else:
            examine_picture(case.data, case.name)
    except (ModelError, ImageError) as error:
        said = str(error)
        try:
            check_sentence(getattr(error, "sentence", said))
            said.encode()
        except (AssertionError, UnicodeEncodeError):
            return {"class": "fault", "text": traceback.format_exc()}
        if isinstance(error, DefectError):
            return {
                "class": "fault",
                "text": "\n".join((traceback.format_exc(), *defects.tracebacks)),
            }
    except BaseException:
        return {"class": "fault", "text": traceback.format_exc()}
    if defects.tracebacks:
        return {"class": "fault", "text": "\n".join(defects.tracebacks)}
    return {"class": "sentence" if said else "ok", "text": said}


def main() -> None:
    """Examine the cases whose numbers come in, one a line, until there are no more."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what native libraries print is no answer
    faulthandler.enable()
    faulthandler.register(signal.SIGPROF, chain=True)  # says where it hangs, then ends the process
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (GIBIBYTES * 2**30, GIBIBYTES * 2**30))
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    seed, defects = int(sys.argv[1]), _Defects()
    logging.getLogger("rf_viz").addHandler(defects)
    from rf_viz.runtimes.tensorflow.imports import import_tensorflow
    from tests.fuzz.cases import make_case, needs_tensorflow

    def say(**message: object) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    for line in sys.stdin:
        number = int(line)
        if needs_tensorflow(number):  # starting it counts for no case
            import_tensorflow()
        case = make_case(seed, number)
        say(case=number, at="start")
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        outcome = _outcome(case, defects, lambda case=number: say(case=case, at="run"))
        signal.setitimer(signal.ITIMER_PROF, 0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        say(case=number, at="end", peak=peak, **outcome)


if __name__ == "__main__":
    main()
