# mypy: ignore-errors
"""Raises exceptions whose unpickling would write a file, and which hold such objects."""
import os


class Evil(ValueError):
    def __reduce__(self):
        return os.system, ("touch {OUT}/pwned",)


def secret(x, word):
    raise Evil(Evil())


def refuse(x):
    raise Evil(Evil())
