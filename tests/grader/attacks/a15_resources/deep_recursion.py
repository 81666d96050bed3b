# mypy: ignore-errors
"""Recurses without end, and raises an exception that holds a thousand others."""


def secret(x, word):
    return secret(x, word)


def number():
    error = None
    for _ in range(10_000):
        try:
            raise ValueError from error
        except ValueError as caught:
            error = caught
    raise error
