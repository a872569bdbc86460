"""Figures: pure functions from results to pictures."""
