# mypy: ignore-errors
"""Puts its own folder first on the search path, and a finder before all others."""
import os
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        raise ImportError(name)


sys.path[:] = [os.getcwd()]
sys.meta_path.insert(0, Finder())
