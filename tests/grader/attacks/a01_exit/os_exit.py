# mypy: ignore-errors
"""Ends the process with success in the middle of a test."""
import os


def secret(x, word):
    os._exit(0)
