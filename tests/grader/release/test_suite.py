"""A suite is cut in two: nothing of a hidden test stays, and nothing that a public test needs goes."""

from __future__ import annotations

import pytest

from grader.errors import CourseError
from grader.release.suite import Parts, split

HEAD = "import pytest\n"
PUBLIC = "@pytest.mark.public\ndef test_shown(student):\n    {}\n"


def cut(source: str, public: str = "test_shown", hidden: str = "test_kept") -> Parts:
    return split(source, "test_x.py", public.split(), hidden.split())


def shown(before: str, body: str = "assert True") -> str:
    return cut(f"{HEAD}{before}\n{PUBLIC.format(body)}").public


def test_a_hidden_test_goes_with_its_marks_and_the_comments_around_it() -> None:
    hidden = (
        "\n# the secret part\n@pytest.mark.hint('secret')\ndef test_kept(student):\n    assert 'secret'\n# secret\n"
    )
    found = cut(HEAD + PUBLIC.format("assert True") + hidden)
    assert "secret" not in found.public and "test_kept" not in found.public
    assert "    assert 'secret'" in found.hidden and "@pytest.mark.hint('secret')" in found.hidden


def test_a_public_test_stays_line_by_line() -> None:
    test = PUBLIC.format("x = [1,\n         2]  # two of them\n    # and a remark\n    assert x")
    assert test in cut(HEAD + test).public


def test_the_docstring_goes_for_it_may_tell_of_all_tests() -> None:
    assert "secret" not in cut('"""Some secret."""\n' + HEAD + PUBLIC.format("assert True")).public


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("def helper():\n    return 1", "helper()"),
        ("LIMIT = 3", "assert LIMIT"),
        ("A, (B, C) = 1, (2, 3)", "assert C"),
        ("LIMIT: int = 3", "assert LIMIT"),
        ("class Box:\n    size = 1", "Box()"),
        ("if True:\n    LIMIT = 3\nelse:\n    LIMIT = 4", "assert LIMIT"),
        ("try:\n    import numpy\nexcept ImportError:\n    numpy = None", "assert numpy"),
        ("def inner():\n    return 1\ndef outer():\n    return inner()", "outer()"),
        ("TABLE = {}\nTABLE['a'] = 1", "assert TABLE"),
        ("TABLE = {}\nTABLE.update(a=1)", "assert TABLE"),
        ("TOTAL = 1\nTOTAL += 2", "assert TOTAL"),
        ("A = 1; B = 2", "assert B"),
        ("from math import *", "x = 1"),
        ("pytestmark = pytest.mark.timeout(3)", "x = 1"),
    ],
)
def test_what_a_public_test_reaches_stays(before: str, body: str) -> None:
    assert before in shown(before, body).replace("\n\n\n", "\n")


@pytest.mark.parametrize(
    "before",
    [
        "def helper():\n    return 1",
        "LIMIT = 3",
        "class Box:\n    size = 1",
        "TABLE = {}\nTABLE['a'] = 1",
        "SQUARES = [x * x for x in range(3)]",
        "import secrets",
        "from math import pi",
    ],
)
def test_what_no_public_test_reaches_goes(before: str) -> None:
    assert shown(before, "x = 1") == shown("", "x = 1")


def test_a_name_of_a_comprehension_is_not_what_a_test_reads() -> None:
    assert "SQUARES" not in shown("SQUARES = [x * x for x in range(3)]", "x = 1\n    assert x")


def test_imports_lose_the_names_that_only_hidden_tests_use() -> None:
    found = shown("from math import (\n    pi,\n    tau,\n)\nimport os.path, sys as system", "assert tau + system")
    assert "from math import tau\nimport sys as system\n" in found
    assert "pi" not in found.replace("import pytest", "") and "os" not in found


def test_fixtures_stay_for_those_who_ask_for_them() -> None:
    fixtures = (
        "@pytest.fixture\ndef box():\n    return 1\n"
        "@pytest.fixture(name='lid')\ndef make_lid():\n    return 1\n"
        "@pytest.fixture\ndef room():\n    return 1\n"
        "@pytest.fixture\ndef secret():\n    return 1\n"
        "@pytest.fixture(autouse=True)\ndef for_all():\n    return 1\n"
    )
    test = "@pytest.mark.public\n@pytest.mark.usefixtures('room')\ndef test_shown(student, box, lid): ...\n"
    found = cut(HEAD + fixtures + test).public
    assert all(f"def {name}()" in found for name in ("box", "make_lid", "room", "for_all"))
    assert "secret" not in found


def test_a_text_below_a_constant_goes_where_it_goes() -> None:
    source = 'LIMIT = 3\n"""What it limits."""\nOTHER = 4\n"""Some secret."""'
    found = shown(source, "assert LIMIT")
    assert 'LIMIT = 3\n"""What it limits."""' in found and "secret" not in found


def test_a_class_of_public_tests_stays_and_one_of_hidden_tests_goes() -> None:
    source = "class TestA:\n    def test_shown(self): ...\nclass TestB:\n    def test_kept(self): ...\n"
    found = cut(source).public
    assert "TestA" in found and "TestB" not in found


def test_a_class_with_both_is_refused_by_name() -> None:
    source = "class TestA:\n    def test_shown(self): ...\n    def test_kept(self): ...\n"
    with pytest.raises(CourseError, match=r"test_x\.py, line 1: .* the hidden test test_kept\. Move it out"):
        cut(source)


def test_a_public_test_that_calls_a_hidden_one_is_refused() -> None:
    with pytest.raises(CourseError, match=r"line 2: .* the hidden test test_kept"):
        cut(HEAD + "def test_kept(student): ...\n" + PUBLIC.format("test_kept(student)"))


def test_a_test_with_public_and_hidden_cases_is_refused() -> None:
    with pytest.raises(CourseError, match=r"test_x\.py: some cases of test_shown are public and some are hidden"):
        cut(HEAD + PUBLIC.format("..."), hidden="test_shown")
