"""The one pass over a graph, shared by all formats."""
