# mypy: ignore-errors
"""Hands in two files for one exercise, in case the better one counts."""
