# mypy: ignore-errors
"""Hands in a report, a gradebook and a summary of its own."""
