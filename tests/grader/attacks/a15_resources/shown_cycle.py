# mypy: ignore-errors
"""Answers a public test with a list that holds itself."""


def shown(x):
    cycle = []
    cycle.append(cycle)
    return cycle
