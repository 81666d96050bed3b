# mypy: ignore-errors
"""Gives a fixture what it cannot use, so that the test seems to fail before it began."""


def make():
    return None
