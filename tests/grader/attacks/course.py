"""The course that is attacked: one exercise, with secrets that nobody may find in anything a student reads.

An attack's file is put behind `HONEST`, so it says only what it does otherwise. Half of what `HONEST`
answers is right; what `secret`, `number` and `close` are asked for, nobody can know but the course.
"""

from __future__ import annotations

from pathlib import Path

WORD, INPUT, EXPECTED, NUMBER = "quicksilver", 8675309, 8679780, 31415926
IN_SUITE, IN_SOLUTION, IN_NEIGHBOUR, IN_HOME, IN_ENVIRONMENT = "osmium", "antimony", "bismuth", "cadmium", "thallium"

SECRETS = (
    *(WORD, str(INPUT), str(EXPECTED), str(NUMBER), "8.675309e", "8.67978e", "3.1415926e"),
    *(IN_SUITE, IN_SOLUTION, IN_NEIGHBOUR, IN_HOME, IN_ENVIRONMENT),
)
"""What no output of the grader may hold. Numbers also as `%g` and torch write them."""

SUITE = f"""
import pytest
import torch
from grader.testing import compare

NOTE = "{IN_SUITE}"

@pytest.mark.public
def test_shown(student):
    assert student.shown(3) == 6

@pytest.mark.public
def test_told(student):
    assert student.told() == "nothing"

def test_double(student):
    x = torch.rand(5)
    compare(student.double(x), 2 * x, rule="2 x")

@pytest.mark.points(4)
@pytest.mark.timeout(2)
def test_secret(student):
    x, expected = torch.tensor([{INPUT}.0]), torch.tensor([{EXPECTED}.0])
    compare(student.secret(x, "{WORD}"), expected, rule="what the lesson says")

@pytest.mark.points(2)
@pytest.mark.forbid("torch.softmax")
def test_softmax(student):
    x = torch.rand(2, 5)
    expected = torch.softmax(x, 1)
    compare(student.softmax(x), expected, rule="softmax over dim 1")

@pytest.mark.points(2)
def test_number(student):
    assert student.number() == {NUMBER}

@pytest.mark.points(2)
def test_close(student):
    x = torch.rand(5)
    expected = 31337 * x
    torch.testing.assert_close(student.close(x), expected)

@pytest.mark.points(2)
def test_sort(student):
    x = torch.rand(5)
    before = x.clone()
    compare(student.sort(x), before.sort().values, rule="x in order")
    compare(x, before, rule="x as it was")

def test_raises(student):
    with pytest.raises(ValueError):
        student.refuse(-1)

@pytest.fixture
def made(student):
    return student.make().shape[0]

def test_made(made):
    assert made == 2

def test_after(student):
    x = torch.rand(5)
    compare(student.double(student.same(x)), 2 * x, rule="2 x")
"""

POINTS = {
    "shown": 1,
    "told": 1,
    "double": 1,
    "secret": 4,
    "softmax": 2,
    "number": 2,
    "close": 2,
    "sort": 2,
    "raises": 1,
    "made": 1,
    "after": 1,
}

HONEST = """
import torch

def shown(x):
    return 2 * x

def told():
    return None

def double(x):
    return 2 * x

def secret(x, word):
    return torch.zeros(1)

def softmax(x):
    powers = torch.exp(x - x.max(dim=1, keepdim=True).values)
    return powers / powers.sum(dim=1, keepdim=True)

def number():
    return 0

def close(x):
    return x

def sort(x):
    return torch.sort(x).values

def refuse(x):
    raise ValueError

def make():
    return torch.zeros(2)

def same(x):
    return x
"""

RIGHT = f"""
def told():
    return "nothing"

def secret(x, word):
    return x + {EXPECTED - INPUT}

def number():
    return {NUMBER}

def close(x):
    return 31337 * x
"""

UNKNOWN = ("told", "secret", "number", "close")

EARNED = {name: "failed" if name in UNKNOWN else "passed" for name in POINTS}
"""What `HONEST` earns."""

SETTINGS = """
[tool.grader]
name = "Under attack"
preload = ["torch"]
timeout_s = 6.0
memory_mb = 512
output_chars = 2000
"""


def write_course(root: Path) -> None:
    """Write the course to the folder `root`."""
    put(root / "pyproject.toml", SETTINGS)
    put(root / "exercises/00_target/README.md", "# The target\n")
    put(root / "exercises/00_target/target.py", "def shown(x):\n    raise NotImplementedError\n")
    put(root / "solutions/00_target/target.py", f"# {IN_SOLUTION}\n{HONEST}{RIGHT}")
    put(root / "tests/suites/test_target.py", SUITE)


def put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
