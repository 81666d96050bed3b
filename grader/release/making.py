"""A release from a course: built, tried, and searched for what must not be in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from grader.errors import CourseError
from grader.grading import switched_off
from grader.packing import below, inside, the_grader
from grader.processes.launch import launched
from grader.release.build import check_whole, parts, released_files
from grader.release.leaks import Leak, Search, Secret, secrets_of
from grader.release.looking import CLOSED, Text, files_below, history, texts
from grader.release.outline import Outline, outlines, prove
from grader.release.writing import fill


@dataclass(frozen=True)
class Release:
    """The files of a release by their places, and the tests of the course that it was made from."""

    files: dict[str, bytes]
    whole: list[Outline]


@dataclass(frozen=True)
class Findings:
    """What was found in a release: how many secrets it was searched for, and what of them it holds."""

    secrets: int
    leaks: list[Leak]


def make(course: Course, *, complete: bool) -> Release:
    """The release of `course`, tried: its stubs win nothing, solutions all of it, and nothing secret is in it.

    Args:
        complete: whether the hidden tests are in it.

    Raises:
        UsageError: `course` is a release itself.
        CourseError: it cannot be released as it is; the message says what is in the way.
    """
    check_whole(course)
    with launched(course.settings.preload, switched_off()) as launcher:
        whole = outlines(course, launcher)
        files = released_files(course, whole, complete=complete)
        leaks = _search(course, whole, files.items(), (), complete).leaks
        if leaks:
            raise CourseError(f"The release would tell what it must not:\n{listed(leaks)}")
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as scratch:
            fill(Path(scratch, "release"), files)
            prove(course, Course.load(Path(scratch, "release")), whole, launcher)
    return Release(files, whole)


def check(course: Course, folder: Path, *, complete: bool) -> Findings:
    """Search the release in `folder`, and its history, for what is secret in `course`.

    Raises:
        UsageError, CourseError: as for `make`.
    """
    check_whole(course)
    with launched(course.settings.preload, switched_off()) as launcher:
        whole = outlines(course, launcher)
    return _search(course, whole, files_below(folder), history(folder), complete)


def listed(leaks: Sequence[Leak], most: int = 20) -> str:
    """The leaks, a line each; of many, the first ones."""
    more = [f"and {len(leaks) - most} more"] if len(leaks) > most else []
    return "\n".join([*map(str, leaks[:most]), *more])


def _search(
    course: Course,
    whole: Sequence[Outline],
    files: Iterable[tuple[str, bytes | Text]],
    past: Iterable[Text],
    complete: bool,
) -> Findings:
    search = Search(_secrets(course, whole, complete), list(_public(course, whole, complete)))
    unopened = _data(course)
    looked_at = ((place, data) for place, data in files if unopened.get(place) != data)
    return Findings(len(search.secrets), [*search.leaks(texts(looked_at)), *search.leaks(past)])


def _data(course: Course) -> dict[str, bytes]:
    """Files of the exercises that cannot be looked into: their author put them there for students."""
    folder = inside(course, "exercises").as_posix()
    return {f"{folder}/{place}": data for place, data in below(course.exercises_folder) if place.endswith(CLOSED)}


def _secrets(course: Course, whole: Sequence[Outline], complete: bool) -> Iterator[Secret]:
    for exercise in course.exercises:
        for folder in (exercise.solution.parent, course.answers_folder / exercise.name):
            yield from (each for path in _files(folder) for each in _of(path, course))
    if complete:
        return
    suites = {each.exercise.suite for each in whole}
    yield from (each for path in _files(course.suites_folder) if path not in suites for each in _of(path, course))
    for each in whole:
        suite = each.exercise.suite
        label = _label(suite, course)
        yield from secrets_of(suite.read_text(encoding="utf-8-sig"), label, parts(each).hidden)
        yield from (Secret(name, label) for name in each.hidden)


def _of(path: Path, course: Course) -> Iterator[Secret]:
    """What is secret in a file of the course, all of which is secret."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        yield from secrets_of(text, _label(path, course), code=path.suffix == ".py")
    except SyntaxError as error:
        raise CourseError(f"{path}, line {error.lineno}: {error.msg}.") from error


def _label(path: Path, course: Course) -> str:
    return path.relative_to(course.root).as_posix() if path.is_relative_to(course.root) else str(path)


def _files(folder: Path) -> list[Path]:
    return [folder / place for place, _ in below(folder)] if folder.is_dir() else []


def _public(course: Course, whole: Sequence[Outline], complete: bool) -> Iterator[str]:
    yield from (data.decode("utf-8", "replace") for _, data in the_grader())
    for each in whole:
        for path in (each.exercise.stub, each.exercise.lesson):
            yield path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        yield "\n".join(test.title for test in each.cases)
        yield each.exercise.suite.read_text(encoding="utf-8-sig") if complete else parts(each).public
