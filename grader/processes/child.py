"""A process that was started for us, however it was started."""

from __future__ import annotations

from typing import Literal, Protocol

from grader.boundary.channel import Channel

Role = Literal["judge", "bench", "worker"]
"""What a child is to be."""


class Child(Protocol):
    """A running process, and the channel to it."""

    channel: Channel

    def kill(self) -> None:
        """End it at once. Safe to call from another thread, more than once, and when it has ended."""

    def end(self, grace_s: float = 0.0) -> int:
        """Close the channel, and say how it ended. If it still runs after `grace_s`, it is killed.

        Returns:
            Its exit code, or minus the number of the signal that ended it.
        """


class Launcher(Protocol):
    """A way of starting children. `processes`: what the report calls it."""

    processes: Literal["fork", "spawn"]

    def start(self, role: Role) -> Child:
        """Start a child that waits for its first message.

        Raises:
            GraderError: it cannot be started.
        """
