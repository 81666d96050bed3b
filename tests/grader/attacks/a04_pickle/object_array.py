# mypy: ignore-errors
"""Answers with a numpy array of objects, and with pickled bytes."""
import pickle

import numpy


class Evil:
    def __reduce__(self):
        return open, ("{OUT}/pwned", "w")


def secret(x, word):
    return numpy.array([Evil()], dtype=object)


def close(x):
    return pickle.dumps(Evil())
