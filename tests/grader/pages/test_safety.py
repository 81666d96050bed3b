"""Whatever a submission wrote is text on a page: no element, no attribute, no script, no address."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache

import msgspec
import pytest

from grader.intake.person import Person
from grader.pages import feedback_page, index_page
from grader.report import Report, one_line
from tests.grader.pages.reading import Page
from tests.grader.pages.school import OUTCOMES, School, case, exercise, report, row, summary

Make = Callable[[str], str]

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style></title></pre></textarea><h1>won</h1>",
    "<img src=x onerror=alert(1)>",
    '"onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)//",
    "../../etc/passwd#?",
    "--><!-- ]]><svg onload=alert(1)>",
    "&lt;script&gt;&#60;b&#62;",
    r"$\frac{1}{0}$ $x^{",
    "\x1b[31mred\x1b[0m\x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "\u202egnp.exe\u2066\u200b",
    "=cmd|' /C calc'!A0",
    "\ufffe\uffff\x00\x08",
    "漢字 עברית 😀",
]


def written_by(text: str) -> Report:
    """A report with `text` wherever something can be written."""
    tests = [case(outcome, f"test_{outcome}[{text}]", text, message=text, hint=text) for outcome in OUTCOMES]
    public = [msgspec.structs.replace(test, visibility="public", name=f"{test.name} 2[{text}]") for test in tests]
    exercises = [
        exercise(*tests, *public, name=text, title=text, message=text, notes=(text, text)),
        exercise(name=text + "2", title=text, message=text, status="invalid"),
    ]
    made = report(*exercises, id=text, missing={text: text})
    environment = msgspec.structs.replace(made.environment, grader=text, python=text, torch=text, device=text)
    return msgspec.structs.replace(made, environment=environment, started_at=text)


@cache
def feedback(text: str) -> str:
    return feedback_page(written_by(text), text)


@cache
def index(text: str) -> str:
    made = written_by(text)
    student = row(made, Person(name=text, email=text), earlier=(text, text))
    whole = summary(made, students=[student], ignored=(text,))
    course = msgspec.structs.replace(whole.course, name=text, sha256=text)
    whole = msgspec.structs.replace(whole, course=course, started_at=text, finished_at=text)
    return index_page(whole, [(student, made)])


@pytest.mark.parametrize("make", [feedback, index])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_element_and_no_attribute_comes_from_a_submission(make: Make, text: str) -> None:
    assert Page(make(text)).skeleton() == Page(make("plain")).skeleton()


@pytest.mark.parametrize("make", [feedback, index])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_as_it_is_but_for_what_cannot_be_seen(make: Make, text: str) -> None:
    page = make(text)
    assert one_line(text) in Page(page).text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", page)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_link_leads_beside_the_page_or_into_it(text: str) -> None:
    links = [element.attributes["href"] for element in Page(index(text)).all("a")]
    assert links
    assert all(re.fullmatch(r"#[\w-]+|\./[\w.~%-]+", link) for link in links)


@pytest.mark.parametrize("make", [feedback, index])
def test_a_page_names_no_address_outside_itself(make: Make) -> None:
    assert "://" not in make("plain")
    for element in Page(make("plain")).elements:
        assert not {"src", "srcset", "action", "formaction", "background"} & element.attributes.keys()
        assert not any(value.startswith("//") for value in element.attributes.values())


def test_the_policy_allows_the_one_script_and_nothing_else() -> None:
    page = Page(index_page(School(2).summary(), School(2).pairs()))
    (script,) = page.all("script")
    digest = base64.b64encode(hashlib.sha256(script.inside.encode()).digest()).decode()
    assert policy(page) == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_feedback_has_no_script_and_allows_none() -> None:
    page = Page(feedback("plain"))
    assert not page.all("script")
    assert "script-src 'none'" in policy(page)


def test_the_policy_comes_before_whatever_it_is_to_hold_for() -> None:
    tags = [element.tag for element in Page(index("plain")).elements]
    assert tags[:5] == ["html", "head", "meta", "meta", "meta"]
    assert tags.index("style") > 3


def policy(page: Page) -> str:
    (found,) = [
        element.attributes["content"]
        for element in page.all("meta")
        if element.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    return found
