"""The one pass over a graph, whatever its format."""
