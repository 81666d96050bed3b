"""Median: the reference solution."""


def median(numbers: list[float]) -> float:
    """The two places at the middle are one where the count is odd."""
    if not numbers:
        raise ValueError("a median of nothing is not defined")
    ordered = sorted(numbers)
    upper = len(ordered) // 2
    lower = (len(ordered) - 1) // 2
    return (ordered[lower] + ordered[upper]) / 2


def spread(numbers: list[float]) -> float:
    """Distances have a median like other numbers."""
    centre = median(numbers)
    return median([abs(number - centre) for number in numbers])
