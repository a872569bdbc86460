"""One pinned cell of one layer: the views that show it, and what is said of it."""
