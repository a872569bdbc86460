"""Runs programs of PyTorch that are in memory."""
