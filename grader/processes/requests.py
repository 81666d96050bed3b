"""What a zygote is asked for on a control socket, and what it replies: one reply to each request."""

from __future__ import annotations

import msgspec

from grader.processes.child import Role

MAX_MESSAGE = 1 << 16


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """All is imported."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It could not be done."""

    reason: str


class Start(msgspec.Struct, frozen=True, tag="start"):
    """Fork a child. Its end of the channel comes along as a descriptor, and for a bench also the control
    socket that it is to serve."""

    role: Role


class Started(msgspec.Struct, frozen=True, tag="started"):
    pid: int


class Adopt(msgspec.Struct, frozen=True, tag="adopt"):
    """Serve one more control socket. It comes along as a descriptor."""


class Adopted(msgspec.Struct, frozen=True, tag="adopted"):
    """It is served."""


class End(msgspec.Struct, frozen=True, tag="end"):
    """Say how a child ended. One that still runs is killed, or with `kill=False` left to run."""

    pid: int
    kill: bool = True


class Running(msgspec.Struct, frozen=True, tag="running"):
    """It has not ended yet."""


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """`code`: its exit code, or minus the signal that ended it."""

    code: int


Request = Start | Adopt | End
Reply = Ready | Refused | Started | Adopted | Running | Ended
