"""Tracing: from described tensors to a network with the regions of all cells."""
