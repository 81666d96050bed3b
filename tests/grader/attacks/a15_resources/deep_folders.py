# mypy: ignore-errors
"""Nests folders deeper than most programs can follow, and closes some to everybody."""
import os
import time


def secret(x, word):
    os.mkdir("closed", 0o000)
    os.mkdir("unreadable", 0o300)
    open("unreadable/file", "w").close()
    for _ in range(1500):
        os.mkdir("d" * 100)
        os.chdir("d" * 100)
    time.sleep(60)
