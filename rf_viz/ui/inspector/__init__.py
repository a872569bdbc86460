"""The pinned cell of a layer: the views that show it, and the panel on it."""
