"""Errors: a model that cannot be used as requested, and a defect of our own."""


class ModelError(ValueError):
    """One sentence for the user: what is wrong with the model or the request, and what to do."""


class DefectError(ModelError):
    """A defect of RF-Viz, met while it read a model that may be quite right.

    The sentence says so; the log of ``rf_viz`` holds the traceback.
    """


def defect(what: str, error: Exception) -> DefectError:
    """The error to raise where RF-Viz could not do ``what`` for an ``error`` that nobody foresaw.

    ``what`` reads on after "could not": "describe Conv 'stem'".
    """
    return DefectError(
        f"RF-Viz could not {what} ({type(error).__name__}): "
        "that is a defect of RF-Viz itself, please report it"
    )
