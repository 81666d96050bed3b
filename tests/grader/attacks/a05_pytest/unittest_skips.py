# mypy: ignore-errors
"""Raises the exceptions by which unittest and nose skip a test, and a NotImplementedError of its own making."""
import unittest


class Fake(Exception):
    __module__ = "_pytest.outcomes"
    __qualname__ = "Skipped"


def secret(x, word):
    raise unittest.SkipTest("not today")


def number():
    raise Fake
