# mypy: ignore-errors
"""Leaves an os._exit(0) for the end of the interpreter."""
import atexit
import os

atexit.register(os._exit, 0)
