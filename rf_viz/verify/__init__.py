"""Verification: computed regions held against the running model."""

from .report import Check, Report, Result, verify

__all__ = ["Check", "Report", "Result", "verify"]
