"""Figures: functions from results to charts, drawings and encoded pictures."""
