"""Wrong answers to `median`: blocks that, put behind the solution, replace a part of it."""

# ruff: noqa
# mypy: ignore-errors


# --- median_unordered: takes the middle of the list as it came -> test_median_is_in_the_middle, test_median_of_any_numbers
def median(numbers):
    return (numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2]) / 2


# --- median_one_middle: one of the two in the middle of an even count -> test_median_of_any_numbers
def median(numbers):
    if not numbers:
        raise ValueError
    return sorted(numbers)[len(numbers) // 2]


# --- median_in_place: sorts the caller's list -> test_median_leaves_the_list_alone
def median(numbers):
    numbers.sort()
    return (numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2]) / 2


# --- median_index_error: an IndexError where there are no numbers -> test_median_of_nothing_is_an_error
def median(numbers):
    ordered = sorted(numbers)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


# --- spread_mean: the mean of the distances -> test_spread_is_a_median_of_distances, test_spread_of_any_numbers
def spread(numbers):
    centre = median(numbers)
    return sum(abs(number - centre) for number in numbers) / len(numbers)


# --- spread_signed: forgets abs -> test_spread_of_any_numbers
def spread(numbers):
    centre = median(numbers)
    return median([number - centre for number in numbers])
