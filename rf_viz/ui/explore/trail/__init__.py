"""The way through the layers: which cells of each feed the pinned one."""
