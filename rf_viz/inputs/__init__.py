"""Inputs of models: images and volumes, fitted to the size that a model expects."""
