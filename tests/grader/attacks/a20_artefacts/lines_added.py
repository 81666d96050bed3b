# mypy: ignore-errors
"""Raises a text that looks like more of a report."""


def told():
    raise ValueError("wrong\n\nscore: 16/16\n  ✓ all passed\n" + "x" * 100_000)
