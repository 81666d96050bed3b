# mypy: ignore-errors
"""Raises what it was given: as text, as a class's name, as notes, causes and groups."""


def secret(x, word):
    error = type(word, (ValueError,), {})(f"{word} {x.item():.0f}")
    error.add_note(word)
    raise ExceptionGroup(word, [error]) from KeyError(word)


def close(x):
    raise type("quick" + "silver", (AssertionError,), {})("quick" + "silver")
