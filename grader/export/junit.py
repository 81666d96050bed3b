"""JUnit XML, which continuous integration reads: Jenkins, GitLab, GitHub's test reporters and others.

There is no one standard. This keeps to the schema of Jenkins that pytest holds its own files against,
https://github.com/pytest-dev/pytest/blob/main/testing/example_scripts/junit-10.xsd (it has no properties
in a test case), with `error` as pytest and everybody else spell it.

    testsuites                        the course
      testsuite                       an exercise of a student
        properties                    title, status, score, max_score, deferred_points, seed
        testcase                      a test
          failure type="failed"       also timeout and crashed
          error                       the grader is at fault
          skipped                     deferred (undecided) and todo (nothing written yet: points lost)
        system-out                    what is wrong with the file as a whole

A failure's text has the test's title, points, message and hint.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from grader.csv_cells import number
from grader.report import OUTCOMES, UNDECIDED, Exercise, Outcome, Report, Test, clean, one_line

FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, not even as a reference: https://www.w3.org/TR/xml/#charsets."""

Tag = Literal["failure", "error", "skipped"]

TAGS: dict[Outcome, Tag] = {
    "failed": "failure",
    "timeout": "failure",
    "crashed": "failure",
    "error": "error",
    "deferred": "skipped",
    "todo": "skipped",
}
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
"""The attributes of a suite that count these."""


def junit(course: str, reports: Iterable[tuple[str, Report]]) -> bytes:
    """One XML file for the `reports` of students, which are read one at a time.

    Args:
        reports: the students' ids, and their reports.
    """
    suites = [
        (Counter({name: int(suite.get(name, "0")) for name in ("tests", *COUNTED.values())}), ET.tostring(suite))
        for student, report in reports
        for suite in _suites(student, report)
    ]
    counts = sum((count for count, _ in suites), Counter())
    totals = _counts(counts)
    del totals["skipped"]  # the schema knows it in a suite alone
    root = ET.Element("testsuites", {"name": _line(course), **totals})
    root.text = "\n"
    opening, closing = ET.tostring(root, encoding="unicode").split("\n")
    lines = [b'<?xml version="1.0" encoding="UTF-8"?>', opening.encode("ascii", "xmlcharrefreplace")]
    return b"\n".join([*lines, *(suite for _, suite in suites), closing.encode(), b""])


def _suites(student: str, report: Report) -> Iterator[ET.Element]:
    for exercise in report.exercises:
        yield _suite(student, exercise, report)


def _suite(student: str, exercise: Exercise, report: Report) -> ET.Element:
    name = f"{_line(student)}.{_line(exercise.name)}"
    cases = list(_cases(name, exercise))
    counts = Counter(COUNTED[child.tag] for case in cases for child in case if child.tag in COUNTED)
    suite = ET.Element(
        "testsuite",
        {
            "name": name,
            **_counts(counts + Counter(tests=len(cases))),
            "time": f"{sum(test.duration_s for test in exercise.tests):.3f}",
            "timestamp": report.started_at,
        },
    )
    suite.append(
        _properties(
            {
                "title": exercise.title,
                "status": exercise.status,
                "score": number(exercise.score),
                "max_score": number(exercise.max_score),
                "deferred_points": number(exercise.deferred_points),
                "seed": str(report.seed),
            }
        )
    )
    suite.extend(cases)
    if remarks := [text for text in (exercise.message, *exercise.notes) if text]:
        ET.SubElement(suite, "system-out").text = _text("\n".join(remarks))
    return suite


def _cases(classname: str, exercise: Exercise) -> Iterator[ET.Element]:
    for test in exercise.tests:
        yield _case(classname, test)
    if exercise.status == "error" and not exercise.tests:  # a suite without cases would look fine
        case = ET.Element("testcase", {"classname": classname, "name": "suite", "time": "0.000"})
        ET.SubElement(case, "error", {"message": "no test was run"}).text = _text(exercise.message or "")
        yield case


def _case(classname: str, test: Test) -> ET.Element:
    attributes = {"classname": classname, "name": _line(test.name), "time": f"{test.duration_s:.3f}"}
    case = ET.Element("testcase", attributes)
    if tag := TAGS.get(test.outcome):
        message = _text(test.message or "")
        why = message.split("\n", 1)[0] or OUTCOMES[test.outcome]
        found = ET.SubElement(case, tag, {"type": test.outcome, "message": why})
        found.text = "\n".join(_told(test, message))
    return case


def _told(test: Test, message: str) -> Iterator[str]:
    points = f"{number(test.points)} points"
    marks = f"{points}, undecided" if test.outcome in UNDECIDED else f"{number(test.score)} of {points}"
    yield f"{_line(test.title)} ({marks})"
    if message:
        yield message
    if test.hint and TAGS[test.outcome] == "failure":
        yield f"Hint: {_text(test.hint)}"


def _properties(values: Mapping[str, str]) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", {"name": name, "value": _line(value)})
    return properties


def _counts(counts: Counter[str]) -> dict[str, str]:
    return {name: str(counts[name]) for name in ("tests", *COUNTED.values())}


def _text(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", clean(text))


def _line(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", one_line(text))
