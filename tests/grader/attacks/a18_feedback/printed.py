# mypy: ignore-errors
"""Prints what it was given, warns of it, logs it, and sends it to standard error past Python."""
import logging
import os
import sys
import warnings


def secret(x, word):
    print(word, x)
    print(word, file=sys.stderr)
    warnings.warn(word, stacklevel=1)
    logging.error(word)
    os.write(1, word.encode())
    os.write(2, word.encode())
    sys.__stdout__ and sys.__stdout__.write(word)
    return x
