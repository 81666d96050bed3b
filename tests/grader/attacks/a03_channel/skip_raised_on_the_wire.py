# mypy: ignore-errors
"""Answers with failures that claim to be pytest's own, or to be an error of the test's that travels back."""
import pytest

from grader.boundary import peer, wire

real = peer.Peer._failure


def forged(self, error, incoming):
    return wire.encode(wire.Failure("Skipped", ["_pytest.outcomes:Skipped", "builtins:BaseException"], "", token=1))


peer.Peer._failure = forged


def secret(x, word):
    raise pytest.skip.Exception("nothing to see")


def number():
    raise ValueError
