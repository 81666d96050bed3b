# mypy: ignore-errors
"""Hands in what is no Python at all."""
