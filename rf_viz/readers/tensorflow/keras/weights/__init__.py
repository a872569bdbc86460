"""Weights from a model's file into the layers that were built of its configuration."""
