"""That a worker is confined before the first line of a submission runs, on the way that a grade really takes."""

from __future__ import annotations

import sys

import pytest

from grader.confine import LAYERS, NEEDED
from tests.grader.judge.conftest import Grader

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="confinement is for Linux")

ANSWER = """
    import os, socket, subprocess, sys

    def attempt(what, *args):
        try:
            return {"read": read, "list": os.listdir, "socket": socket.socket, "run": run, "kill": kill}[what](*args)
        except OSError as error:
            return "refused"

    def read(path):
        return open(path).read()

    def run():
        return subprocess.run(["/bin/true"]).returncode

    def kill():
        return os.kill(os.getppid(), 0)

    try:
        at_import = open("/etc/passwd").read()
    except OSError:
        at_import = "refused"

    def scratch():
        with open("mine.txt", "w") as file:
            file.write("mine")
        return open("mine.txt").read()

    def environment():
        return sorted(os.environ)

    def memory():
        return bytearray(1 << 40)

    def stderr():
        print("seen")
        os.write(1, b"not seen")
"""

SUITE = """
    import os

    def test_layers(student):
        assert student.at_import == "refused"
    def test_files(student):
        for path in (__file__, "/etc/passwd", os.path.expanduser("~/.bashrc")):
            assert student.attempt("read", path) == "refused"
        assert student.attempt("list", os.path.dirname(__file__)) == "refused"
        assert student.attempt("read", f"/proc/{os.getpid()}/environ") == "refused"
    def test_system(student):
        for what in ("socket", "run", "kill"):
            assert student.attempt(what) == "refused"
    def test_scratch(student):
        assert student.scratch() == "mine"
    def test_environment(student):
        assert "PATH" not in student.environment()
    def test_memory(student):
        with pytest.raises(MemoryError):
            student.memory()
"""


def test_a_submission_is_confined(run: Grader) -> None:
    graded = run(SUITE, ANSWER)
    assert set(graded.outcomes.values()) == {"passed"}, graded.tests
    isolation = graded.report.environment.isolation
    assert set(isolation.held) >= set(NEEDED) and not isolation.missing


def test_layers_that_are_switched_off_are_named(run: Grader) -> None:
    graded = run(SUITE, ANSWER, off=tuple(LAYERS))
    assert graded.outcomes["layers"] == graded.outcomes["files"] == "failed"
    isolation = graded.report.environment.isolation
    assert isolation.held == [] and set(isolation.missing) == set(LAYERS)


def test_a_submission_reads_its_own_folder_alone(run: Grader) -> None:
    """In these tests it has none: the source is handed over, and the file's folder stays closed."""
    answer = """
        import os
        def here():
            try:
                return os.listdir("/tmp")
            except OSError:
                return None
    """
    assert run("def test_here(student):\n    assert student.here() is None\n", answer).outcomes == {"here": "passed"}
