"""The answers that a course tests itself with.

For each exercise, below the course's `answers` folder:

    <exercise>/right_<style>.py    a whole answer, as right as the solution
    <exercise>/wrong.py            wrong answers, in blocks:

        # --- softmax_ignores_dim: the last dim whatever dim is -> test_softmax_takes_a_dim
        def softmax(x, dim):
            ...

A block's head gives it a name, says what is wrong, and lists the tests (one or more) that are to
reject it. Its definitions follow the solution's, and so take their place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.course import Course, Exercise
from grader.errors import CourseError

HEAD = re.compile(r"# --- (?P<name>\w+): (?P<what>.+) -> (?P<tests>\w+(, \w+)*)")
MARK = "# --- "


@dataclass(frozen=True)
class Answer:
    """A whole file that answers an exercise."""

    name: str
    source: bytes


@dataclass(frozen=True)
class WrongAnswer(Answer):
    """`tests`: the names of the test functions that are to reject it, each of them."""

    what: str
    tests: tuple[str, ...]


def right_answers(course: Course, exercise: Exercise) -> list[Answer]:
    """The reference solution, then the alternatives.

    Raises:
        CourseError: there is no solution.
    """
    if not exercise.solution.is_file():
        raise CourseError(f"The exercise '{exercise.name}' has no solution: {exercise.solution} does not exist.")
    folder = course.answers_folder / exercise.name
    files = [exercise.solution, *sorted(folder.glob("right_*.py"))]
    return [Answer("solution" if file is exercise.solution else file.stem, file.read_bytes()) for file in files]


def wrong_answers(course: Course, exercise: Exercise) -> list[WrongAnswer]:
    """The wrong answers, in the order of the file; none where there is no file.

    Raises:
        CourseError: a block's head cannot be read, or two have one name.
    """
    file = course.answers_folder / exercise.name / "wrong.py"
    if not file.is_file():
        return []
    solution = exercise.solution.read_text(encoding="utf-8")
    found: dict[str, WrongAnswer] = {}
    for block in re.split(f"^(?={MARK})", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        match = HEAD.fullmatch(head.rstrip())
        if match is None:
            raise CourseError(
                f"{file}: '{head}' is no head of a block; write '{MARK}name: what is wrong -> test_name'."
            )
        if match["name"] in found:
            raise CourseError(f"{file}: two blocks are called {match['name']}.")
        source = f"{solution}\n\n{body}".encode()
        tests = tuple(match["tests"].split(", "))
        found[match["name"]] = WrongAnswer(match["name"], source, match["what"], tests)
    return list(found.values())
