"""Fizz. The lesson is in README.md beside this file."""


def fizz(n: int) -> list[str]:
    """Count to n, with "fizz" for multiples of 3, "buzz" for those of 5, and "fizzbuzz" for those of both.

    Args:
        n: how far; 0 or more.

    Returns:
        n texts.

    Example:
        >>> fizz(5)
        ['1', '2', 'fizz', '4', 'buzz']
    """
    raise NotImplementedError("TODO 1: fizz")
