"""The layer `filesystem`: what a submission may read and write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grader.confine.attempts import REPOSITORY, attempt

FOREIGN = [
    "open('/etc/passwd').read()",
    "open('/etc/hostname').read()",
    "os.listdir('/')",
    "os.listdir(home)",
    "os.listdir('/tmp')",
    "os.listdir(repository)",
    "os.listdir(repository + '/tests')",
    "os.listdir(repository + '/solutions')",
    "open(repository + '/pyproject.toml').read()",
    "open(repository + '/tests/grader/confine/attempts.py').read()",
    "os.listdir('/proc')",
    "open('/proc/self/environ').read()",
    "open('/proc/self/mem', 'rb').read(1)",
    "open('/proc/self/maps').read()",
    "os.listdir('/proc/self/fd')",
    "open(f'/proc/{os.getppid()}/environ').read()",
    "open(f'/proc/{os.getppid()}/cmdline').read()",
    "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "os.listdir(f'/proc/{os.getppid()}/fd')",
    "os.readlink(f'/proc/{os.getppid()}/cwd')",
    "os.listdir('/dev')",
    "open('/dev/tty')",
]


@pytest.mark.parametrize("code", FOREIGN)
def test_foreign_files_cannot_be_read(code: str, tmp_path: Path) -> None:
    outcome = attempt(code, tmp_path, repository=str(REPOSITORY), home=str(Path.home()))
    assert outcome.refused, outcome


@pytest.mark.parametrize(
    "code",
    [
        "open(outside + '/new', 'w')",
        "open(outside + '/file', 'a')",
        "open(outside + '/file', 'w')",
        "os.open(outside + '/file', os.O_RDONLY | os.O_TRUNC)",
        "os.truncate(outside + '/file', 0)",
        "os.unlink(outside + '/file')",
        "os.rename(outside + '/file', scratch + '/file')",
        "os.rename(scratch, outside + '/moved')",
        "os.mkdir(outside + '/folder')",
        "os.symlink('/', outside + '/link')",
        "os.link(outside + '/file', scratch + '/file')",
        "os.symlink(outside + '/file', 'link'); open('link').read()",
        "os.symlink(outside + '/new', 'link'); open('link', 'w')",
        "open('../outside/file').read()",
        "os.chmod(outside + '/file', 0)",
        "os.chown(outside + '/file', 1, 1)",
        "os.utime(outside + '/file', (0, 0))",
        "os.setxattr(outside + '/file', 'user.x', b'1')",
        "os.removexattr(outside + '/file', 'user.x')",
    ],
)
@pytest.mark.parametrize("readable", [False, True])
def test_nothing_changes_outside_the_scratch_folder(code: str, readable: bool, tmp_path: Path) -> None:
    scratch, outside = tmp_path / "scratch", tmp_path / "outside"
    scratch.mkdir()
    outside.mkdir()
    (outside / "file").write_text("kept")
    outcome = attempt(code, scratch, readable=[str(outside)] if readable else [], outside=str(outside))
    reads = "'w'" not in code and code.endswith(".read()")
    if readable and reads:
        assert outcome.result in ("kept", None), outcome
        assert not outcome.error
    else:
        assert outcome.error in ("PermissionError", "OSError"), outcome  # OSError: EXDEV
    assert sorted(path.name for path in outside.iterdir()) == ["file"]
    assert (outside / "file").read_text() == "kept"
    assert (outside / "file").stat().st_mode & 0o777 and (outside / "file").stat().st_mtime > 0


def test_the_submission_can_be_read(tmp_path: Path) -> None:
    scratch, submission = tmp_path / "scratch", tmp_path / "submission"
    scratch.mkdir()
    submission.mkdir()
    (submission / "helper.py").write_text("answer = 42")
    (submission / "out").symlink_to("/etc/passwd")
    code = "sys.path.append(folder); import helper; result = [helper.answer, sorted(os.listdir(folder))]"
    outcome = attempt(code, scratch, readable=[str(submission)], folder=str(submission))
    assert outcome.result == [42, ["helper.py", "out"]], outcome
    single = attempt(
        "open(file).read()", scratch, readable=[str(submission / "helper.py")], file=str(submission / "helper.py")
    )
    assert single.result == "answer = 42"
    assert attempt("open(file)", scratch, readable=[str(submission)], file=str(submission / "out")).refused
    assert attempt("os.listdir(folder)", scratch, readable=["/not/there"], folder=str(submission)).refused


def test_the_scratch_folder_can_be_used(tmp_path: Path) -> None:
    code = """
import tempfile
os.makedirs("a/b")
Path("a/b/file").write_text("text")
os.rename("a/b/file", "a/file")
os.symlink("a/file", "link")
with tempfile.TemporaryDirectory() as folder, open(folder + "/x", "wb") as file:
    file.write(b"1")
    file.truncate(0)
result = [Path("link").read_text(), os.getcwd(), tempfile.gettempdir(), os.path.expanduser("~"), sorted(os.listdir())]
"""
    outcome = attempt(code, tmp_path)
    scratch = str(tmp_path)
    assert outcome.result == ["text", scratch, scratch, scratch, ["a", "link"]], outcome


def test_the_grader_itself_can_be_imported_where_it_lies_beside_the_tests(tmp_path: Path) -> None:
    import grader

    file = str(Path(grader.__file__).with_name("report.py"))
    outcome = attempt("import grader.report; result = len(open(file).read())", tmp_path, file=file)
    assert outcome.result == len(Path(file).read_text()), outcome


def test_programs_cannot_be_run_even_without_the_system_call_filter(tmp_path: Path) -> None:
    code = "Path('x').write_text('#!/bin/true'); os.chmod('x', 0o755); os.execv('x', ['x'])"
    assert attempt(code, tmp_path, off=("system_calls",)).refused
    assert attempt("os.execv('/bin/true', ['true'])", tmp_path, off=("system_calls",)).refused
