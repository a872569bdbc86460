"""Readings of a traced network: growth, coverage, findings, records, categories."""
