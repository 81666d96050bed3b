"""The layers `memory`, `limits`, `environment` and `descriptors`."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import pytest

from tests.grader.confine.attempts import MIB, SECRET, attempt


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("bytearray(512 * MIB)", "MemoryError"),
        ("torch.empty(512 * MIB, dtype=torch.uint8)", "RuntimeError"),
        ("import numpy; numpy.empty(512 * MIB, dtype='uint8')", "MemoryError"),
        ("import mmap; mmap.mmap(-1, 512 * MIB)", "OSError"),
        ("hoard = []\nwhile True: hoard.append(torch.ones(8 * MIB))", "RuntimeError"),
    ],
)
def test_memory_runs_out(code: str, error: str, tmp_path: Path) -> None:
    assert attempt(code, tmp_path, memory_bytes=256 * MIB).error == error


def test_the_allowance_can_be_used_up(tmp_path: Path) -> None:
    assert attempt("torch.ones(50 * MIB).sum().item()", tmp_path, memory_bytes=256 * MIB).result


def test_processor_time_runs_out(tmp_path: Path) -> None:
    assert attempt("while True: pass", tmp_path, cpu_s=0).signal == signal.SIGXCPU


def test_processor_time_cannot_be_ignored(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    assert attempt(code, tmp_path, cpu_s=0).signal == signal.SIGKILL


def test_files_have_a_largest_size(tmp_path: Path) -> None:
    assert attempt("open('x', 'wb').write(bytes(2 * MIB))", tmp_path, file_bytes=MIB).errno == errno.EFBIG
    assert attempt("os.truncate('x', 2 * MIB)", tmp_path, file_bytes=MIB).errno == errno.EFBIG
    code = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); open('x', 'wb').write(bytes(2 * MIB))"
    assert attempt(code, tmp_path, file_bytes=MIB).signal == signal.SIGXFSZ


def test_descriptors_run_out(tmp_path: Path) -> None:
    code = "files = [open('/dev/null') for _ in range(100)]"
    assert attempt(code, tmp_path, open_files=32).errno == errno.EMFILE
    assert not attempt(code, tmp_path, open_files=200).error


def test_limits_are_what_the_policy_says(tmp_path: Path) -> None:
    code = "import resource as r; result = [r.getrlimit(x) for x in (r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CORE)]"
    outcome = attempt(code, tmp_path, file_bytes=MIB, open_files=32)
    assert outcome.result == [[MIB, MIB], [32, 32], [0, 0]], outcome


def test_a_lower_limit_stays(tmp_path: Path) -> None:
    before = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (20, 24))"
    code = "import resource; result = list(resource.getrlimit(resource.RLIMIT_NOFILE))"
    assert attempt(code, tmp_path, before=before, open_files=32).result == [24, 24]


def test_the_environment_is_short(tmp_path: Path) -> None:
    code = "import posix; result = [dict(os.environ), sorted(map(os.fsdecode, posix.environ))]"
    before = "os.environ.update(LANG='C.UTF-8', PGPASSWORD='x')"
    home = str(tmp_path)
    variables, inherited = attempt(code, tmp_path, before=before).result
    assert {name: variables[name] for name in ("HOME", "TMPDIR", "USER", "LANG")} == {
        "HOME": home, "TMPDIR": home, "USER": "student", "LANG": "C.UTF-8",
    }  # fmt: skip
    assert not {"TOKEN", "PGPASSWORD", "PYTHONPATH", "PATH"} & set(variables)
    assert inherited == sorted(variables)
    assert (
        attempt("ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_char_p)(('getenv', libc))(b'TOKEN')", tmp_path).result
        is None
    )


def test_the_environment_is_wiped_from_memory(tmp_path: Path) -> None:
    off = ("filesystem", "limits")  # to see /proc/self
    code = "open('/proc/self/environ').read().strip('\\0')"
    assert attempt(code, tmp_path, off=off).result == ""
    assert SECRET in attempt(code, tmp_path, off=(*off, "environment")).result


def test_inherited_descriptors_are_closed(tmp_path: Path) -> None:
    outcome = attempt("os.read(inherited, 1)", tmp_path)
    assert outcome.errno == errno.EBADF
    code = "sorted(fd for fd in range(64) if libc.fcntl(fd, 1) >= 0 and fd != policy.keep[0])"
    assert attempt(code, tmp_path).result == [0, 1, 2]
    assert attempt("[os.read(0, 9).decode(), os.write(1, b'x'), os.write(2, b'x')]", tmp_path).result == ["", 1, 1]
    assert (
        attempt("[os.fstat(fd).st_rdev == os.stat('/dev/null').st_rdev for fd in range(3)]", tmp_path).result
        == [True] * 3
    )
