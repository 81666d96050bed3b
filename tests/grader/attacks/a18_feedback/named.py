# mypy: ignore-errors
"""Puts what it was given into names: of functions, classes, attributes, files and threads."""
import os
import threading


def secret(x, word):
    threading.current_thread().name = word
    os.mkdir(word)
    answer = type(word, (), {"__doc__": word, word: word})()
    shown.__name__ = shown.__qualname__ = word
    globals()["__name__"] = globals()["__file__"] = word
    return answer


def number():
    exec(compile("def quick():\n    raise ValueError('quick' + 'silver')\n", "quick" + "silver.py", "exec"), globals())
    globals()["quick"]()
