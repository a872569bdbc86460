"""What is raised for a model that cannot be used as asked."""


class ModelError(ValueError):
    """One sentence for the user: what is wrong with the model or the request, and what to do."""
