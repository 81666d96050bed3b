# mypy: ignore-errors
"""Reaches into memory that is not there."""
import ctypes


def secret(x, word):
    ctypes.string_at(0)
