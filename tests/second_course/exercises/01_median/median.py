"""Median. The lesson is in README.md beside this file."""


def median(numbers: list[float]) -> float:
    """The number in the middle; of an even count, the mean of the two in the middle.

    Args:
        numbers: in any order; the list stays as it was.

    Returns:
        The median.

    Raises:
        ValueError: there are no numbers.

    Example:
        >>> median([4, 1, 3, 2])
        2.5
    """
    raise NotImplementedError("TODO 1: median")


def spread(numbers: list[float]) -> float:
    """The median of the distances from the median.

    Args:
        numbers: in any order, at least one.

    Returns:
        How far from the median the numbers typically lie.

    Example:
        >>> spread([1, 2, 3, 100])
        1.0
    """
    raise NotImplementedError("TODO 2: spread")
