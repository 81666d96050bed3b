# mypy: ignore-errors
"""Answers with objects whose unpickling would write a file."""
import os


class Evil:
    def __reduce__(self):
        return os.system, ("touch {OUT}/pwned",)


def secret(x, word):
    return Evil()


def number():
    return [Evil()]
