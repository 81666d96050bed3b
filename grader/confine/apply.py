"""Runs in the worker. All layers, in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from grader.confine import descriptors, environment, landlock, limits, privileges, seccomp
from grader.confine.policy import LAYERS, Confinement, LayerError, Policy

_APPLY: dict[str, Callable[[Policy], None]] = {
    "descriptors": descriptors.close_others,
    "environment": environment.empty,
    "privileges": privileges.drop,
    "memory": limits.limit_memory,
    "limits": limits.limit,
    "filesystem": landlock.restrict,
    "system_calls": seccomp.filter_calls,
}

_OF_A_THREAD = ("privileges", "filesystem", "system_calls")
"""Layers that bind the calling thread and those that it starts, not those that run already."""


def confine(policy: Policy) -> Confinement:
    """Apply every layer to this process, irreversibly, and say which of them hold.

    Call it while the process has one thread. A layer that cannot be had is no error here: whoever
    called decides whether the ones in force are enough.

    Raises:
        OSError: the scratch folder is not there. The process is then half confined, and of no use.
    """
    os.chdir(policy.scratch)
    os.umask(0o077)
    crowd = _other_threads()
    confinement = Confinement()
    for layer in LAYERS:
        reason = _apply(layer, policy)
        if not reason and layer in _OF_A_THREAD:
            reason = crowd
        if reason:
            confinement.missing[layer] = reason
        else:
            confinement.held.append(layer)
    return confinement


def _apply(layer: str, policy: Policy) -> str:
    """The reason why the layer is missing; "" where it holds."""
    if layer in policy.off:
        return "switched off"
    try:
        _APPLY[layer](policy)
    except LayerError as error:
        return str(error)
    except OSError as error:
        return f"refused by the system: {error}"
    return ""


def _other_threads() -> str:
    """Why a layer of a single thread would not hold the process; "" where there is one thread."""
    if sys.platform != "linux":
        return ""  # no such layer there
    try:
        count = len(list(Path("/proc/self/task").iterdir())) - 1
    except OSError as error:
        return f"cannot tell whether other threads run: {error}"
    return f"other threads ran already ({count}), and are not held" if count else ""
