"""Fizz, question by question."""


def say(number: int) -> str:
    if number % 15 == 0:
        return "fizzbuzz"
    if number % 5 == 0:
        return "buzz"
    return "fizz" if number % 3 == 0 else str(number)


def fizz(n: int) -> list[str]:
    return [say(number) for number in range(1, n + 1)]
