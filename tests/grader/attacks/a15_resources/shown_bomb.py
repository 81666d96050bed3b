# mypy: ignore-errors
"""Answers a public test with a few lists that hold one another, whose text would fill every disk."""


def shown(x):
    bomb = [0]
    for _ in range(25):
        bomb = [bomb] * 6
    return bomb
