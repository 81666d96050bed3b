# mypy: ignore-errors
"""Computes in half the precision, and answers in another dtype."""


def close(x):
    return (31337 * x.bfloat16()).float()
