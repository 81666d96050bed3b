"""What a worker may read and write, apart from its submission and its scratch folder.

Found by tracing torch 2.14 through training, saving, tracing, scripting, export, fake tensors
and profiling, with what it imports only then.
"""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from grader.confine.policy import Policy

_SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache",
    "/etc/localtime", "/usr/share/zoneinfo",
    "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom",
    "/proc/cpuinfo", "/sys/devices/system/cpu", "/sys/devices/system/node",
)  # fmt: skip

_FOR_ACCELERATOR = (
    "/proc/driver/nvidia", "/proc/driver/nvidia-uvm", "/proc/devices", "/proc/meminfo", "/proc/sys/vm/mmap_min_addr",
    "/usr/local/cuda", "/usr/local/nvidia", "/opt/rocm", "/usr/share/libdrm",
    "/sys/bus/pci/devices", "/sys/devices/pci*", "/sys/devices/virtual/kfd", "/sys/class/drm", "/sys/class/kfd",
)  # fmt: skip

_DEVICES = ("/dev/nvidiactl", "/dev/nvidia[0-9]*", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
            "/dev/nvidia-modeset", "/dev/nvidia-caps", "/dev/dxg", "/dev/kfd", "/dev/dri")  # fmt: skip

_PACKAGES = ("site-packages", "dist-packages")


def readable(policy: Policy) -> Iterator[str]:
    """Files, and folders with all that is in them. Some may not exist."""
    yield from _SYSTEM
    yield from _python()
    yield from policy.readable
    if policy.accelerator:
        yield from _found(_FOR_ACCELERATOR)


def writable(policy: Policy) -> Iterator[str]:
    """Files and devices to read and write. The scratch folder is not among them."""
    yield "/dev/null"
    if policy.accelerator:
        yield from _found(_DEVICES)
        yield "/proc/self/task"  # cuInit gives up (304) where it cannot name its threads there


def _python() -> Iterator[str]:
    """The Python installation: never a whole prefix, and of `sys.path` only what must be packages.

    With an editable installation `sys.path` has the course's own folder, where the tests and the
    solutions are. Of that, a worker reads the grader's package.
    """
    yield str(Path(__file__).parents[1])
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        yield str(Path(prefix, "lib"))
        yield str(Path(prefix, "lib64"))
    installed = sysconfig.get_paths()
    yield from (installed[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    yield from site.getsitepackages()
    yield from (entry for entry in sys.path if Path(entry).name in _PACKAGES)


def _found(patterns: tuple[str, ...]) -> Iterator[str]:
    for pattern in patterns:
        yield from map(str, Path("/").glob(pattern.lstrip("/")))
