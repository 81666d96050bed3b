"""Median, by the standard library."""

import statistics


def median(numbers: list[float]) -> float:
    return statistics.median(numbers)  # its StatisticsError is a ValueError


def spread(numbers: list[float]) -> float:
    middle = statistics.median(numbers)
    return statistics.median(abs(number - middle) for number in numbers)
