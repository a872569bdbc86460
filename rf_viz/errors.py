"""Errors: a model that cannot be used as requested, and a defect of our own."""


class ModelError(ValueError):
    """One sentence for the user: what is wrong with the model or the request, and what to do."""


class DefectError(ModelError):
    """A defect of RF-Viz, met while it read a model that may be quite right.

    The sentence says so; the log of ``rf_viz`` holds the traceback.
    """


def defect(what: str, error: Exception) -> DefectError:
    """Log an error that nobody foresaw with its traceback, and return the one to raise instead.

    ``what`` reads on after "could not": "describe Conv 'stem'".
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
