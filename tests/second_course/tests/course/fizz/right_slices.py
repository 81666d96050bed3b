"""Fizz, written over every third, fifth and fifteenth place."""


def fizz(n: int) -> list[str]:
    texts = [str(number) for number in range(1, n + 1)]
    for step, word in ((3, "fizz"), (5, "buzz"), (15, "fizzbuzz")):
        texts[step - 1 :: step] = [word] * (n // step)
    return texts
