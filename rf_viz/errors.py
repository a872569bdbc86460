"""Errors: a model that cannot be used as requested, and a defect of RF-Viz itself."""


class ModelError(ValueError):
    """Raised for a model or a request that cannot be used.

    The message is one sentence for the user: what is wrong, and what to do.
    """


class DefectError(ModelError):
    """Raised for a defect of RF-Viz, met while it reads a model that may be correct.

    The message says so; the log of ``rf_viz`` holds the traceback.
    """


def defect(what: str, error: Exception) -> DefectError:
    """Log an unforeseen error with its traceback, and return the error to raise instead.

    ``what`` completes the sentence "RF-Viz could not ...", as in "describe Conv 'stem'".
    """
    import logging  # rarely needed, and a cold start is short

    log = logging.getLogger("rf_viz")
    if not log.handlers:  # a library is silent unless somebody listens
        log.addHandler(logging.NullHandler())
    log.error("RF-Viz could not %s", what, exc_info=error)
    return DefectError(
        f"RF-Viz could not {what} ({type(error).__name__}): "
        "that is a defect of RF-Viz itself, please report it"
    )
