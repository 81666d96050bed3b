# mypy: ignore-errors
"""Hands in a notebook with commands for a shell, an exit, and markup."""
