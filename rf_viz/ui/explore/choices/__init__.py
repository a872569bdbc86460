"""Figures with parts to choose from."""
