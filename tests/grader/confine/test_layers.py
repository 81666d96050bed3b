"""Which layers are held, which are missing, and that the report says so."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest

from grader.confine import LAYERS, NEEDED, Policy
from tests.grader.confine.attempts import MIB, SECRET, Outcome, attempt

OFF = {
    "descriptors": "os.read(inherited, 4) == b'root'",
    "environment": f"os.environ['TOKEN'] == '{SECRET}'",
    "memory": "import mmap; result = len(mmap.mmap(-1, 2000 * MIB)) > 0",
    "limits": "import resource; result = resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY",
    "filesystem": "len(open('/etc/passwd').read()) > 0",
    "system_calls": "pid = os.fork() or os._exit(0); result = os.waitpid(pid, 0)[1] == 0",
}


def all_but(outcome: Outcome, *missing: str) -> bool:
    return outcome.held == [layer for layer in LAYERS if layer not in missing] and set(outcome.missing) == set(missing)


def test_everything_is_held_here(tmp_path: Path) -> None:
    outcome = attempt("1", tmp_path)
    assert all_but(outcome), outcome
    assert set(NEEDED) < set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_that_is_switched_off_is_off_and_reported(layer: str, tmp_path: Path) -> None:
    outcome = attempt(OFF.get(layer, "True"), tmp_path, off=(layer,))
    assert all_but(outcome, layer)
    assert outcome.missing[layer] == "switched off"
    assert outcome.result is True, outcome


@pytest.mark.parametrize("layer", OFF)
def test_what_shows_that_a_layer_is_off_fails_where_it_is_on(layer: str, tmp_path: Path) -> None:
    outcome = attempt(OFF[layer], tmp_path)
    assert outcome.error or outcome.result is False


def test_layers_have_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such layer: network; there are descriptors, "):
        Policy(scratch="/", memory_bytes=1, cpu_s=1, file_bytes=1, open_files=1, off=("network",))


def test_with_an_accelerator_memory_is_not_limited(tmp_path: Path) -> None:
    outcome = attempt(OFF["memory"], tmp_path, accelerator=True, memory_bytes=MIB)
    assert all_but(outcome, "memory")
    assert outcome.missing["memory"] == "a GPU's driver needs unlimited address space"
    assert outcome.result is True
    code = """
result = []
for op in ("os.fork()", "open('/etc/passwd')", "os.listdir('/proc')", "open('/proc/self/task/../environ')",
           "os.kill(os.getppid(), 0)", "socket.socket()", "socket.socket(socket.AF_UNIX).connect('x')"):
    try:
        import socket
        eval(op)
    except PermissionError:
        result.append(op)
"""
    outcome = attempt(code, tmp_path, accelerator=True)
    assert len(outcome.result) == 7, outcome
    named = "Path(f'/proc/self/task/{os.getpid()}/comm').write_text('x')"
    assert attempt(named, tmp_path, accelerator=True).result


@pytest.mark.parametrize(
    ("before", "layer", "reason"),
    [
        ("def fail(*_): raise OSError(22, 'no')\nmodule.landlock._allow = fail", "filesystem", "refused by the system"),
        ("module.kernel._NUMBERS['landlock_restrict_self'] = (999, 999)", "filesystem", "landlock_restrict_self"),
        ("module.kernel._NUMBERS['landlock_create_ruleset'] = (999, 999)", "filesystem", "has no Landlock"),
        ("module.landlock._version = lambda: 2", "filesystem", "files elsewhere can be emptied; .* Linux 6.2"),
        ("module.kernel._NUMBERS['seccomp'] = (999, 999)", "system_calls", "Function not implemented"),
        ("module.kernel._NUMBERS['capset'] = (999, 999)", "privileges", "Function not implemented"),
        ("def fail(*_): raise OSError(2, 'no /proc')\nmodule.environment._block = fail", "environment", "no /proc"),
    ],
)
def test_a_layer_that_fails_is_missing_with_its_reason(before: str, layer: str, reason: str, tmp_path: Path) -> None:
    modules = (
        "import grader.confine.apply as module\nimport grader.confine.kernel\nmodule.kernel = grader.confine.kernel\n"
    )
    outcome = attempt("1", tmp_path, before=modules + before)
    assert all_but(outcome, layer), outcome
    assert re.search(reason, outcome.missing[layer]), outcome.missing


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
def test_older_landlock_still_confines(version: int, tmp_path: Path) -> None:
    before = f"import grader.confine.landlock as module\nmodule._version = lambda: {version}"
    assert attempt("open('/etc/passwd')", tmp_path, before=before).refused
    assert attempt("open('x', 'w').write('1')", tmp_path, before=before).result == 1


def test_layers_of_a_thread_are_missing_where_others_run(tmp_path: Path) -> None:
    before = "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    outcome = attempt("1", tmp_path, before=before)
    assert all_but(outcome, "privileges", "filesystem", "system_calls")
    assert outcome.missing["filesystem"] == "other threads ran already (1), and are not held"


def test_elsewhere_everything_is_importable_and_missing(tmp_path: Path) -> None:
    code = """
for name in [name for name in sys.modules if name.startswith("grader.confine")]:
    del sys.modules[name]
sys.modules |= dict.fromkeys(("resource", "fcntl", "posix", "pwd"))
sys.platform = "win32"
from grader.confine import Policy, confine
result = confine(Policy(scratch=scratch, memory_bytes=1, cpu_s=1, file_bytes=1, open_files=1)).missing
"""
    missing = attempt(code, tmp_path, off=tuple(LAYERS)).result
    assert list(missing) == list(LAYERS)
    assert all("needs Linux" in reason for reason in missing.values())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_an_ordinary_user_is_confined_as_well() -> None:
    before = "os.setgroups([]); os.setgid(65534); os.setuid(65534)"
    with tempfile.TemporaryDirectory() as scratch:
        os.chown(scratch, 65534, 65534)
        outcome = attempt("open('x', 'w'); open('/etc/passwd')", Path(scratch), before=before)
        assert (Path(scratch) / "x").stat().st_uid == 65534
    assert all_but(outcome), outcome
    assert outcome.refused


def test_without_a_scratch_folder_nothing_starts(tmp_path: Path) -> None:
    outcome = attempt("1", tmp_path / "none")
    assert outcome.held == [] and outcome.result is None
