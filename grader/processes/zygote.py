"""Runs in the zygote: import what every child needs, then fork one for whoever asks.

`python -m grader.processes.zygote FD MODULE…`, where FD is the first control socket. The zygote
says `Ready` once, or `Refused` and ends; then it serves (`forking`).
"""

from __future__ import annotations

import gc
import importlib
import socket
import sys

from grader.boundary.memory import keep_freed_memory
from grader.processes.forking import ForkServer, reply
from grader.processes.requests import Ready, Refused
from grader.processes.roles import run

OWN_MODULES = ("grader.judge.main", "grader.judge.bench", "grader.worker.serve")
"""What a child runs, imported once as well."""


def main() -> None:
    """Be the zygote."""
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        for module in (*sys.argv[2:], *OWN_MODULES):
            importlib.import_module(module)
        from grader.bans.dispatch import prepare  # imports torch, which may be what fails

        prepare()
        keep_freed_memory()
    except BaseException as error:
        reply(control, Refused(f"{type(error).__name__}: {error}"))
        raise SystemExit(1) from error
    gc.collect()
    gc.freeze()  # children share these pages as long as nobody's collector writes into them
    reply(control, Ready())
    ForkServer(control, run).serve()


if __name__ == "__main__":
    main()
