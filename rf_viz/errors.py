"""What is raised for a model that cannot be used as asked, and for a defect of our own."""


class ModelError(ValueError):
    """One sentence for the user: what is wrong with the model or the request, and what to do."""


class DefectError(ModelError):
    """A defect of RF-Viz, met while it read a model that may be quite right.

    The sentence says so; the log of ``rf_viz`` holds the traceback.
    """
