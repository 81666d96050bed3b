# mypy: ignore-errors
"""Hands in a course of its own, with a suite that passes whatever comes."""
