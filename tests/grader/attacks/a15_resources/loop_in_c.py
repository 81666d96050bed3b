# mypy: ignore-errors
"""Never returns, in C, where no signal handler of Python's could end it."""
import itertools
import re


def secret(x, word):
    return sum(itertools.repeat(1))


def number():
    return re.match("(a+)+$", "a" * 50 + "b")
