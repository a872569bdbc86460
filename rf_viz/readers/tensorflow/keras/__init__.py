"""Keras models: files of Keras 3, 2 and 1, models in memory, and the networks that come with it."""
