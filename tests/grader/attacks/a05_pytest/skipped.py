# mypy: ignore-errors
"""Calls pytest.skip, pytest.xfail, pytest.exit and pytest.fail where an answer is asked for."""
import pytest


def secret(x, word):
    pytest.skip("not today")


def number():
    pytest.xfail("known")


def close(x):
    pytest.exit("done", returncode=0)
