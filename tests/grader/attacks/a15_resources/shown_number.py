# mypy: ignore-errors
"""Answers a public test with a number that Python refuses to write out."""


def shown(x):
    return 1 << 60_000
