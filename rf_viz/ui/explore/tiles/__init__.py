"""A grid of small maps: a layer's channels, or the strongest cells."""
