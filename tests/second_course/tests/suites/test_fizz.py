"""Fizz: counting, both words, texts. The hidden tests try lengths that the lesson does not show."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

# What a cycle of fifteen sounds like; the hidden tests repeat it.
CYCLE = ["_", "_", "fizz", "_", "buzz", "fizz", "_", "_", "fizz", "buzz", "_", "fizz", "_", "_", "fizzbuzz"]

FIRST = ["1", "2", "fizz", "4", "buzz"]


@pytest.fixture
def long() -> int:
    return random.randint(31, 200)


def expected(n: int) -> list[str]:
    """The cycle again and again, with numbers in its gaps."""
    return [str(k) if word == "_" else word for k, word in zip(range(1, n + 1), itertools.cycle(CYCLE))]


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("which numbers does range(1, n) hold?")
@pytest.mark.parametrize("n", [5, 4])
def test_fizz_counts_to_n(student: Any, n: int) -> None:
    """fizz counts from 1 to n, with n."""
    assert student.fizz(n) == FIRST[:n]


@pytest.mark.points(3)
@pytest.mark.hint("what is to be said at 15, and which of your questions does 15 answer first?")
def test_fizz_says_both_words(student: Any, long: int) -> None:
    """fizz says both words where 3 and 5 divide the number."""
    assert student.fizz(long)[14::15] == ["fizzbuzz"] * (long // 15)


# Lengths beside the multiples of fifteen are where slices go wrong.
@pytest.mark.points(2)
@pytest.mark.hint("try lengths that 3 and 5 do not divide, and 0")
@pytest.mark.parametrize("n", [0, 1, 14, 15, 16, 47])
def test_fizz_of_any_length(student: Any, n: int) -> None:
    """fizz takes any length, 0 too."""
    assert student.fizz(n) == expected(n)


@pytest.mark.points(1)
@pytest.mark.hint("of which type is each thing in your list?")
def test_fizz_gives_texts(student: Any, long: int) -> None:
    """fizz gives nothing but texts."""
    assert all(isinstance(word, str) for word in student.fizz(long))
