# mypy: ignore-errors
"""Answers with iterators that never end, and lengths beyond all measure."""
import itertools


class Long:
    def __len__(self):
        return 1 << 62

    def __iter__(self):
        return itertools.repeat(0)


def number():
    return Long()


def secret(x, word):
    return itertools.count()
