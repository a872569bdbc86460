"""The graph of a model, drawn from its scopes."""
