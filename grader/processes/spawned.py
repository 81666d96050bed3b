"""Starts children as fresh interpreters, where there is no `fork` or it is switched off.

A child's channel is its standard input and output.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO, Literal

from grader.boundary.channel import Channel
from grader.errors import GraderError
from grader.processes.child import Role
from grader.processes.environment import environment
from grader.processes.parent import die_with_parent
from grader.processes.roles import run


class Spawner:
    """Starts each child as a fresh interpreter."""

    processes: Literal["fork", "spawn"] = "spawn"

    def start(self, role: Role) -> SpawnedChild:
        """Raises GraderError where no process can be started."""
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "grader.processes.spawned", role],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if os.environ.get("GRADER_DEBUG") else subprocess.DEVNULL,
                env=environment(),
                bufsize=0,
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            raise GraderError(f"No {role} process could be started: {error.strerror or error}.") from error
        return SpawnedChild(process)

    def close(self) -> None:
        """Nothing to do: children end with their channels."""


class SpawnedChild:
    """A fresh interpreter."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.channel = Channel(_taken(process.stdout), _taken(process.stdin))

    def kill(self) -> None:
        self._process.kill()

    def end(self, grace_s: float = 0.0) -> int:
        self.channel.close()
        try:
            return self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _taken(stream: IO[bytes] | None) -> int:
    """A descriptor of our own for a pipe of the child's."""
    assert stream is not None
    with stream:
        return os.dup(stream.fileno())


def main() -> None:
    """Runs in the child: keep the two pipes for the channel, and take them from everybody else."""
    die_with_parent()
    channel = Channel(os.dup(0), os.dup(1))
    if sys.platform == "win32":
        import msvcrt

        for descriptor in channel.descriptors:
            msvcrt.setmode(descriptor, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    os.close(nothing)
    role: Role = "judge" if sys.argv[1] == "judge" else "worker"
    run(role, channel, Spawner())


if __name__ == "__main__":
    main()
