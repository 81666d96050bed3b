# mypy: ignore-errors
"""Asks the judge for what only a judge may ask: an attribute, an import, a function that no test passed in."""
import gc

from grader.boundary import wire
from grader.boundary.peer import Peer


def ask(op, *args):
    (worker,) = [thing for thing in gc.get_objects() if isinstance(thing, Peer)]
    worker._send(wire.encode(wire.Call(op, list(args))))
    return worker._next()


def secret(x, word):
    return ask("import", "os")


def number():
    return ask("call", wire.Own(1))


def close(x):
    return ask("getattr", wire.Own(1), "__globals__")
