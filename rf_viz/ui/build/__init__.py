"""The Build page: a network put together row by row."""
