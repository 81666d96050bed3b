# mypy: ignore-errors
"""Starts processes: fork, spawn, subprocess, multiprocessing."""
import multiprocessing
import os
import subprocess


def told():
    tried = 0
    for attempt in (
        os.fork,
        lambda: os.posix_spawn("/bin/sh", ["sh"], {}),
        lambda: subprocess.run(["/bin/true"]),
        lambda: multiprocessing.get_context("fork").Process(target=print).start(),
    ):
        try:
            attempt()
        except OSError:
            tried += 1
    print("tried", tried)
