"""Runs in the worker. The layers `memory` and `limits`.

What a submission sees when it reaches one:

    memory            MemoryError; from torch RuntimeError ("can't allocate memory")
    processor time    the process ends with SIGXCPU; with SIGKILL a second later, if it ignored that
    file size         OSError EFBIG ("File too large")
    open files        OSError EMFILE ("Too many open files")
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import time
from pathlib import Path

from grader.confine import kernel
from grader.confine.policy import LayerError, Policy

if sys.platform != "win32":
    import resource


def limit_memory(policy: Policy) -> None:
    """Limit the address space to its present size and the allowance.

    The present size counts: torch alone maps several gigabytes, most of them never touched.
    """
    if sys.platform != "linux":
        raise LayerError("needs Linux")
    with contextlib.suppress(OSError):  # not for safety: where memory runs out, the kernel takes this process first
        Path("/proc/self/oom_score_adj").write_text("1000")
    if policy.accelerator:
        raise LayerError("a GPU's driver needs unlimited address space")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    present = pages * os.sysconf("SC_PAGE_SIZE")
    _lower(resource.RLIMIT_AS, present + policy.memory_bytes)


def limit(policy: Policy) -> None:
    """Limit processor time, the size of files and their number, and core dumps to none."""
    if sys.platform == "win32":
        raise LayerError("needs Linux or macOS")
    # A limit of one's own is a signal's default action, which a parent may have changed or blocked.
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error rather than the end
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    seconds = math.ceil(time.process_time()) + policy.cpu_s
    _lower(resource.RLIMIT_CPU, seconds, seconds + 1)
    _lower(resource.RLIMIT_FSIZE, policy.file_bytes)
    _lower(resource.RLIMIT_NOFILE, policy.open_files)
    _lower(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux" and not policy.accelerator:
        # A core pattern that names a program ignores RLIMIT_CORE; this it cannot. It also makes
        # /proc/self root's, where a GPU's driver has to write.
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def _lower(which: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, or keep the one in force where that is lower."""
    if sys.platform == "win32":
        return
    _, ceiling = resource.getrlimit(which)
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        hard = min(hard, ceiling)
    resource.setrlimit(which, (min(soft, hard), hard))
