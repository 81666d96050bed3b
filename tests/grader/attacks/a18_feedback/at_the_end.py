# mypy: ignore-errors
"""Tells what it was given by its exit code, and at the end of the process."""
import atexit
import os


def secret(x, word):
    atexit.register(print, word)
    print(word)
    os._exit(ord(word[0]))
