# mypy: ignore-errors
"""Gives inputs back, sorted in place, and views of them."""


def sort(x):
    x.copy_(x.sort().values)
    return x[:]


def close(x):
    x.mul_(31337)
    return x.expand(5)[:] / 31337
