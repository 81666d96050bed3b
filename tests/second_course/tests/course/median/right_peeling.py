"""Median, by taking the smallest and the largest away until one or two are left."""


def median(numbers: list[float]) -> float:
    if not numbers:
        raise ValueError("no numbers")
    left = list(numbers)
    while len(left) > 2:
        left.remove(min(left))
        left.remove(max(left))
    return sum(left) / len(left)


def spread(numbers: list[float]) -> float:
    around = median(numbers)
    return median([max(number - around, around - number) for number in numbers])
