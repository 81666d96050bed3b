"""`grade watch` for real: a file is saved, and graded again."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.grader.conftest import Write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

SUITE = """
def test_double(student):
    \"\"\"double doubles.\"\"\"
    assert student.double(3) == 6, "not the double"
"""


class Terminal:
    """A `grade watch` at a pseudo-terminal."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor

    def until(self, text: str, seconds: float = 60) -> str:
        """What is shown until `text` is."""
        seen = b""
        deadline = time.monotonic() + seconds
        os.set_blocking(self._descriptor, False)
        while text.encode() not in seen and time.monotonic() < deadline:
            try:
                seen += os.read(self._descriptor, 65536)
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:  # it has ended
                break
        assert text.encode() in seen, seen.decode()
        return seen.decode()

    def press(self, key: str) -> None:
        os.write(self._descriptor, key.encode())


@contextmanager
def watching(root: Path) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "grader", "watch", "exercises"]
    environment = os.environ | {"NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "70", "LINES": "40"}
    process = subprocess.Popen(command, cwd=root, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.fixture
def root(tmp_path: Path, write: Write) -> Path:
    write(tmp_path / "pyproject.toml", '[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n')
    for number, name in enumerate(("double", "triple")):
        write(tmp_path / f"exercises/0{number}_{name}/README.md", f"# To {name}\n")
        write(tmp_path / f"exercises/0{number}_{name}/{name}.py", "def double(x):\n    raise NotImplementedError\n")
        write(tmp_path / f"tests/suites/test_{name}.py", SUITE)
    return tmp_path


def test_a_save_is_graded_and_keys_are_heard(root: Path) -> None:
    with watching(root) as terminal:
        assert "○ double doubles" in terminal.until("q] quit")
        answer = root / "exercises/00_double/double.py"
        answer.write_text("def double(x):\n    return x\n")
        assert "not the double" in terminal.until("q] quit")
        answer.write_text("def double(x):\n    return 2 * x\n")
        text = terminal.until("q] quit")
        assert "Since the last save: double doubles." in text and "1 of 2 exercises done" in text
        terminal.press("n")
        assert "0/1  not started" in terminal.until("q] quit")
        terminal.press("h")
        assert "there are none for triple." in terminal.until("q] quit")
        terminal.press("a")
        assert "not started" in terminal.until("q] quit")
        terminal.press("q")
        assert terminal.process.wait(timeout=30) == 0


def test_a_save_ends_what_still_runs(root: Path) -> None:
    answer = root / "exercises/00_double/double.py"
    answer.write_text("import time\ndef double(x):\n    time.sleep(8)\n")
    with watching(root) as terminal:
        terminal.until("double doubles", seconds=30)  # the bar names the test that runs
        begun = time.monotonic()
        answer.write_text("def double(x):\n    return 2 * x\n")
        terminal.until("All is right here.")
        assert time.monotonic() - begun < 60
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(timeout=30) == 130
