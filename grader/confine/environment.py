"""Runs in the worker. The layer `environment`: tokens and passwords often live there."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from grader.confine import kernel
from grader.confine.policy import LayerError, Policy

KEPT = (
    "LANG", "LC_ALL", "LC_CTYPE", "TZ",
    "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG", "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF",
)  # fmt: skip
"""Variables that a worker may see: language, time zone, threads, and which GPU."""


def short(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of `environ` that a worker may see. Also for starting a process that forks workers."""
    return {name: environ[name] for name in KEPT if name in environ}


def empty(policy: Policy) -> None:
    """Leave `short(os.environ)` and what points to the scratch folder, and wipe the original."""
    # USER spares a look into /etc/passwd, which torch's compiler and getpass take otherwise.
    variables = short(os.environ) | {"HOME": policy.scratch, "TMPDIR": policy.scratch, "USER": "student"}
    os.environ.clear()
    if sys.platform != "linux":
        os.environ.update(variables)
        raise LayerError("emptied, but the original is still in memory; wiping it needs Linux")
    block = _block()
    kernel.libc().clearenv()
    ctypes.memset(block.start, 0, len(block))
    os.environ.update(variables)


def _block() -> range:
    """Where the kernel put the environment when the program started."""
    stat = Path("/proc/self/stat").read_text()
    fields = stat.rpartition(")")[2].split()  # the second field may contain anything; the third is now at 0
    return range(int(fields[50 - 3]), int(fields[51 - 3]))
