"""Wrong answers to `fizz`: blocks that, put behind the solution, replace a part of it."""

# ruff: noqa
# mypy: ignore-errors


# --- fizz_short: forgets the last number -> test_fizz_counts_to_n, test_fizz_of_any_length
def fizz(n):
    return [("fizz" * (k % 3 == 0) + "buzz" * (k % 5 == 0)) or str(k) for k in range(1, n)]


# --- fizz_first_word: never says both words -> test_fizz_says_both_words
def fizz(n):
    return ["fizz" if k % 3 == 0 else "buzz" if k % 5 == 0 else str(k) for k in range(1, n + 1)]


# --- fizz_numbers: numbers where texts belong -> test_fizz_gives_texts
def fizz(n):
    return [("fizz" * (k % 3 == 0) + "buzz" * (k % 5 == 0)) or k for k in range(1, n + 1)]
