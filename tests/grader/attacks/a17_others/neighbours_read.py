# mypy: ignore-errors
"""Reads the neighbours' folders, their reports, the gradebook and the home folder."""
import os


def told():
    tried = 0
    for path in (
        "{CLASS}/0_before/target.py",
        "{CLASS}/m_beside/target.py",
        "{OUT}/0_before.json",
        "{OUT}/summary.json",
        "{HOME}/.token",
    ):
        try:
            with open(path) as file:
                print("GOT", file.read())
        except OSError:
            tried += 1
    for folder in ("{CLASS}", "{OUT}"):
        try:
            print("GOT", os.listdir(folder))
        except OSError:
            tried += 1
    print("tried", tried)
