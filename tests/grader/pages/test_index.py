"""The overview of a class: its numbers, its charts, and what of the class is kept in memory."""

from __future__ import annotations

import base64
import gc
import os
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from grader.batch.summary import Student
from grader.intake.person import Person
from grader.pages import index_page
from grader.pages.failing import MAX_MESSAGES, Failures
from grader.report import Exercise, Report
from tests.grader.pages.reading import Element, Page
from tests.grader.pages.school import School, case, exercise, report, row, summary


def read(*made: Report) -> Page:
    return Page(index_page(summary(*made), [(row(one), one) for one in made]))


def scored(id: str, points: float, *more: Exercise) -> Report:
    return report(exercise(case("passed", points=points), case("failed", "test_b", points=10 - points)), *more, id=id)


def students(page: Page) -> Element:
    return next(table for table in page.all("table") if table.attributes.get("class") == "students")


def section(page: Page, id: str) -> str:
    (found,) = [element for element in page.all("section") if element.attributes.get("id") == id]
    return " ".join(found.inside.split())


def test_the_first_numbers_of_a_class() -> None:
    made = [scored("a", 2.0), scored("b", 4.0), report(exercise(case("crashed", points=9.0), case("deferred")), id="c")]
    text = read(*made).text
    assert "Students 3" in text
    assert "Mean 2.0 of 10, 20 %" in text
    assert "Median 2.0 of 10, 20 %" in text
    assert "Points decided 97 %" in text
    assert "Deferred 1 waiting for 1 points in all" in text
    assert "Need a look 1" in text


def test_the_histogram_says_in_words_what_it_shows() -> None:
    (told,) = [one.inside for one in read(scored("a", 2.0), scored("b", 2.2), scored("c", 10.0)).all("desc")][:1]
    assert told == "2 to 2.5 points: 2 students; 9.5 to 10 points: 1 student. Median 2.2 points."


def test_both_charts_have_a_title_and_a_description() -> None:
    page = read(scored("a", 2.0))
    ids = {element.attributes["id"]: element.tag for element in page.elements if "id" in element.attributes}
    charts = page.all("svg")
    assert len(charts) == 2
    for chart in charts:
        assert [ids[name] for name in chart.attributes["aria-labelledby"].split()] == ["title", "desc"]
        assert chart.attributes["role"] == "img"


def test_the_heat_map_has_a_pixel_for_each_exercise_of_each_student() -> None:
    page = Page(index_page(School(300).summary(), School(300).pairs()))
    (image,) = page.all("image")
    assert image.attributes["href"].startswith("data:image/png;base64,")
    assert size_of_png(image.attributes["href"]) == (300, 16)


def size_of_png(address: str) -> tuple[int, int]:
    data = base64.b64decode(address.partition(",")[2])
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_a_class_of_three_hundred_is_a_small_page() -> None:
    assert len(index_page(School(300).summary(), School(300).pairs()).encode()) < 300_000


def test_each_student_has_a_row_that_leads_to_page_and_report() -> None:
    made = scored("ada", 2.5)
    student = row(made, Person(name="Ada Lovelace"))
    page = Page(index_page(summary(made, students=[student]), [(student, made)]))
    assert "Ada Lovelace ada JSON 2.5 10 0 graded 2.5" in " ".join(students(page).inside.split())
    links = [link.attributes["href"] for link in page.all("a") if link.attributes["href"].startswith("./")]
    assert links == ["./ada.html", "./ada.json", *links[2:]]


def test_a_student_without_a_file_is_told_from_one_who_won_nothing() -> None:
    absent = report(exercise(case("todo"), status="missing"), id="b")
    cells = [cell.inside for cell in read(report(exercise(case("failed"))), absent).all("td")]
    assert cells.count("–") == 1 and "no file" in cells


def test_the_tests_that_most_students_lose_come_first_with_what_they_are_told() -> None:
    many = [
        report(
            exercise(
                case("failed" if n < 3 else "passed", "test_a[1]", title="Often lost.", message=f"one\ntwo\n3\n{n}"),
                case("failed" if n < 3 else "passed", "test_a[2]", title="Often lost.", message="other"),
                case("crashed" if n == 0 else "passed", "test_b", title="Seldom lost.", message=None),
                case("passed", "test_c", title="Never lost."),
                case("todo" if n else "timeout", "test_d", title="Tried once.", message="slow"),
            ),
            id=str(n),
        )
        for n in range(5)
    ]
    text = section(read(*many), "failing")
    assert "Often lost 3 × one two 3 3 × other softmax 3 5" in text
    assert text.index("Often lost") < text.index("Tried once 1 × slow softmax 1 1") < text.index("Seldom lost")
    assert "Never lost" not in text


def test_a_file_that_cannot_be_loaded_is_no_try() -> None:
    broken = report(exercise(case("failed", title="Never run."), status="invalid", message="why"))
    assert "Never run" not in section(read(broken), "failing")


def test_no_more_tests_than_can_be_read_are_listed() -> None:
    tests = [case("failed", f"test_{n}") for n in range(40)]
    page = read(report(exercise(*tests)))
    assert section(page, "failing").count("softmax is right") == 15


def test_what_needs_a_look_is_listed_with_the_reasons() -> None:
    broken = report(exercise(status="invalid", message="line 3: invalid syntax"), id="bob")
    assert "bob softmax: line 3: invalid syntax" in section(read(scored("ada", 1.0), broken), "look")
    assert "No submission stands out" in section(read(scored("ada", 1.0)), "look")


def test_a_student_with_many_reasons_takes_a_few_lines() -> None:
    notes = tuple(f"cell {n} raised" for n in range(30))
    text = section(read(report(exercise(case("passed"), notes=notes))), "look")
    assert "cell 5 raised" in text and "cell 6 raised" not in text and "and 24 more reasons" in text


def test_what_was_not_counted_is_listed() -> None:
    made = scored("ada", 1.0)
    student = row(made, earlier=("ada_1.zip", "ada_2.zip"))
    page = Page(index_page(summary(made, students=[student], ignored=("readme.txt",)), [(student, made)]))
    assert "ada: ada_1.zip, ada_2.zip; ada.zip counts." in section(page, "uncounted")
    assert "readme.txt" in section(page, "uncounted")
    assert "Not counted" not in read(made).text


def test_how_it_was_graded_tells_versions_and_what_held() -> None:
    whole, partly = scored("a", 1.0), scored("b", 1.0)
    isolation = msgspec.structs.replace(
        partly.environment.isolation, held=["filesystem"], missing={"system_calls": "no seccomp"}
    )
    partly = msgspec.structs.replace(
        partly, environment=msgspec.structs.replace(partly.environment, isolation=isolation)
    )
    text = section(read(whole, partly), "graded")
    assert "Tiny, 111111111111" in text and "--seed 7" in text
    assert "grader 1.0.0+3f9a12bc, Python 3.11.7, torch 2.14.1, cpu" in text
    assert "✓ filesystem ✓ system_calls in 1 of 2 reports" in text
    assert "✗ system_calls (no seccomp) in 1 of 2 reports" in text


def test_reports_made_in_process_are_called_no_grades() -> None:
    made = scored("a", 1.0)
    isolation = msgspec.structs.replace(made.environment.isolation, processes="none")
    made = msgspec.structs.replace(made, environment=msgspec.structs.replace(made.environment, isolation=isolation))
    assert "1 report made with --in-process" in section(read(made), "graded")


def test_a_batch_that_was_stopped_says_so() -> None:
    made = scored("a", 1.0)
    stopped = msgspec.structs.replace(summary(made), finished_at=None)
    assert "stopped before its end" in index_page(stopped, [(row(made), made)])


def test_a_class_without_students_is_a_page() -> None:
    page = Page(index_page(summary(), []))
    assert "There are no submissions yet." in page.text
    assert not page.all("svg")


def test_an_exercise_where_nothing_is_decided_has_no_share() -> None:
    assert "The softmax – 1 1 1" in section(read(report(exercise(case("deferred")))), "exercises")
    assert "The softmax 10 % 10 0 1" in section(read(scored("a", 1.0)), "exercises")


def test_reports_are_read_one_at_a_time() -> None:
    """However many there are, no more than the last two are there at once."""
    most = 0

    def counted() -> Iterator[tuple[Student, Report]]:
        nonlocal most
        for pair in School(12, exercises=2).pairs():
            most = max(most, sum(type(thing) is Report for thing in gc.get_objects()))
            yield pair

    whole = School(12, exercises=2).summary()
    gc.collect()
    before = sum(type(thing) is Report for thing in gc.get_objects())
    index_page(whole, counted())
    assert 0 < most - before <= 3


def test_what_a_class_writes_does_not_fill_the_memory() -> None:
    failures = Failures()
    for n in range(500):
        failures.add(report(exercise(case("failed", message=f"{n}" + "x" * 10_000))))
    (failing,) = failures.worst(15)
    assert failing.lost == 500
    assert len(failing.messages) == MAX_MESSAGES and max(map(len, failing.messages)) < 300


PRINT = (
    "import hashlib; from grader.pages import index_page, feedback_page; from tests.grader.pages.school import School\n"
    "page = index_page(School(4).summary(), School(4).pairs()) + feedback_page(School(4).report(3), 'Tiny')\n"
    "print(hashlib.sha256(page.encode()).hexdigest())"
)


def test_the_same_class_is_the_same_page_each_time() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PRINT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("name", ["日本", "$x^{$", "_hidden", "a\\b"])
def test_a_chart_draws_any_name(name: str) -> None:
    assert name in [text.inside for text in read(scored(name, 1.0)).all("text")]
