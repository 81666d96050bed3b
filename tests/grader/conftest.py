"""A course small enough to read at a glance, built anew for each test that asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Course

Write = Callable[[Path, str | bytes], Path]

STUB = '"""Write softmax."""\n\n\ndef softmax(x):\n    raise NotImplementedError("task 1")\n'
SOLUTION = "def softmax(x):\n    return x\n"


@pytest.fixture
def write() -> Write:
    """Writes a file, and the folders above it, and returns its path."""

    def write(path: Path, content: str | bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def course_folder(tmp_path: Path, write: Write) -> Path:
    """Two exercises, softmax and attention, each with a lesson, a stub, a solution, a suite and a wrong answer."""
    root = tmp_path / "course"
    write(root / "pyproject.toml", '[tool.grader]\nname = "Tiny"\n')
    write(root / "exercises/README.md", "# Start here\n")
    for folder, title in (("01_softmax", "The softmax"), ("02_attention", "Attention")):
        name = folder[3:]
        write(root / f"exercises/{folder}/README.md", f"# {title}\n\nThe lesson.\n")
        write(root / f"exercises/{folder}/{name}.py", STUB.replace("softmax", name))
        write(root / f"solutions/{folder}/{name}.py", SOLUTION.replace("softmax", name))
        write(root / f"tests/suites/test_{name}.py", f"def test_{name}(student): ...\n")
        write(root / f"tests/course/{name}/{name}.py", f"def {name}(x): return 0\n")
    return root


@pytest.fixture
def course(course_folder: Path) -> Course:
    return Course.load(course_folder)
