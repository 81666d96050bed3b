"""Median and spread, against the standard library."""

from __future__ import annotations

import random
import statistics
from typing import Any

import pytest


def draw(count: int) -> list[float]:
    return [random.uniform(-10, 10) for _ in range(count)]


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("in which order are the numbers when you look for the middle?")
def test_median_is_in_the_middle(student: Any) -> None:
    """median is the number in the middle, whatever the order."""
    assert student.median([5, 1, 3]) == 3


@pytest.mark.points(3)
@pytest.mark.hint("is there one middle, or are there two?")
@pytest.mark.parametrize("count", [1, 2, 7, 8])
def test_median_of_any_numbers(student: Any, count: int) -> None:
    """median takes odd and even counts."""
    numbers = draw(count)
    assert student.median(numbers) == pytest.approx(statistics.median(numbers))


@pytest.mark.points(2)
@pytest.mark.hint("print the list before and after the call")
def test_median_leaves_the_list_alone(student: Any, remote: Any) -> None:
    """median leaves the list as it was."""
    there = remote("builtins").list(draw(9))
    before = [float(number) for number in there]
    student.median(there)
    assert [float(number) for number in there] == before


@pytest.mark.points(1)
@pytest.mark.hint("what is in the middle of nothing?")
def test_median_of_nothing_is_an_error(student: Any) -> None:
    """median of nothing is a ValueError."""
    with pytest.raises(ValueError):
        student.median([])


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("of what do you take the median the second time?")
def test_spread_is_a_median_of_distances(student: Any) -> None:
    """spread is the median of the distances from the median."""
    assert student.spread([1, 2, 3, 100]) == 1


@pytest.mark.points(2)
@pytest.mark.hint("may a distance be negative?")
def test_spread_of_any_numbers(student: Any) -> None:
    """spread takes any numbers."""
    numbers = draw(9)
    middle = statistics.median(numbers)
    assert student.spread(numbers) == pytest.approx(statistics.median(abs(number - middle) for number in numbers))
