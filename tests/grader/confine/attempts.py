"""Runs pieces of code in confined processes, each in a fork of one that has imported torch.

    attempt("open('/etc/passwd')", scratch).error == "PermissionError"

The tests' process has threads and cannot be forked safely, so the parent of all attempts is
this file, run as a program: it reads a request a line and answers each with a line.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
SECRET = "swordfish-4711"
MIB = 1 << 20


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt: its `result`, or what it raised, or the signal that ended it."""

    held: list[str]
    missing: dict[str, str]
    result: Any = None
    error: str = ""
    errno: int | None = None
    signal: int | None = None

    @property
    def refused(self) -> bool:
        return self.error == "PermissionError"


def attempt(code: str, scratch: Path, *, before: str = "", off: tuple[str, ...] = (), **variables: Any) -> Outcome:
    """Run `before`, confine, then run `code`: an expression, or statements that set `result`.

    Variables named as a field of Policy change the policy; the code sees the others.
    """
    request = {"code": code, "before": before, "off": off, "scratch": str(scratch), **variables}
    requests, answers = _parent()
    requests.write(json.dumps(request) + "\n")
    requests.flush()
    return Outcome(**json.loads(answers.readline()))


@functools.cache
def _parent() -> tuple[Any, Any]:
    environ = os.environ | {"PYTHONPATH": str(REPOSITORY), "TOKEN": SECRET}
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    )

    @atexit.register
    def stop() -> None:
        with process:
            process.communicate()

    return process.stdin, process.stdout


# --- in the parent of all attempts --------------------------------------------------------------


def _serve() -> None:
    import torch

    torch.set_num_threads(1)
    inherited = os.open("/etc/passwd", os.O_RDONLY)
    for line in sys.stdin:
        request = json.loads(line) | {"inherited": inherited}
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                _run(request, writer)
            os._exit(0)
        os.close(writer)
        with io.FileIO(reader) as answers:
            said: dict[str, Any] = {"held": [], "missing": {}}
            for answer in answers.readall().splitlines():
                said |= json.loads(answer)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            said["signal"] = os.WTERMSIG(status)
        print(json.dumps(said), flush=True)


def _run(request: dict[str, Any], writer: int) -> None:
    def say(**answer: Any) -> None:
        os.write(writer, json.dumps(answer).encode() + b"\n")

    names = _names(request, writer)
    exec(request["before"], names)
    confinement = names["confine"](names["policy"])
    say(held=confinement.held, missing=confinement.missing)
    try:
        try:
            code = compile(request["code"], "<attempt>", "eval")
        except SyntaxError:
            exec(compile(request["code"], "<attempt>", "exec"), names)
            result = names.get("result")
        else:
            result = eval(code, names)
        say(result=result if isinstance(result, (bool, int, float, str, list, dict, type(None))) else repr(result))
    except BaseException as error:
        say(error=type(error).__name__, errno=getattr(error, "errno", None))


def _names(request: dict[str, Any], writer: int) -> dict[str, Any]:
    """What the code of an attempt finds."""
    import ctypes
    import tempfile

    import torch

    from grader.confine import Policy, confine

    libc = ctypes.CDLL(None, use_errno=True)

    def syscall(number: int, *args: int | bytes) -> int:
        wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
        result = int(libc.syscall(ctypes.c_long(number), *wide))
        if result < 0:
            raise OSError(ctypes.get_errno(), "refused")
        return result

    limits = {"memory_bytes": 1024 * MIB, "cpu_s": 20, "file_bytes": 64 * MIB, "open_files": 64}
    settings: dict[str, Any] = limits | {"accelerator": False, "readable": []}
    settings |= {name: value for name, value in request.items() if name in settings}
    settings["readable"] = tuple(settings["readable"])
    tempfile.tempdir = request["scratch"]
    policy = Policy(scratch=request["scratch"], keep=(writer,), off=tuple(request["off"]), **settings)
    names = {"os": os, "sys": sys, "ctypes": ctypes, "torch": torch, "libc": libc, "syscall": syscall, "Path": Path}
    return request | names | {"policy": policy, "confine": confine, "Policy": Policy, "MIB": MIB}


if __name__ == "__main__":
    _serve()
