"""Fizz: the reference solution."""


def fizz(n: int) -> list[str]:
    """Each word has its own question; a number is said where neither answers."""
    said = []
    for number in range(1, n + 1):
        words = "fizz" * (number % 3 == 0) + "buzz" * (number % 5 == 0)
        said.append(words or str(number))
    return said
