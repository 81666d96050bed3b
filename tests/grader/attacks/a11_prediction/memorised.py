# mypy: ignore-errors
"""Is right for the first input, and gives that answer for all others."""
known = []


def double(x):
    known.append(2 * x)
    return known[0]


def number():
    return len(known)
