# mypy: ignore-errors
"""Fails checks of its own with what it was given, and answers with it where the test compares."""


def secret(x, word):
    assert word == x, (word, x)


def number():
    return "quick" + "silver"
