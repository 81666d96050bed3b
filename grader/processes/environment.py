"""The environment variables of the grader's own processes."""

from __future__ import annotations

import os

from grader.confine.environment import short

PASSED_ON = (
    *("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "CUDA_HOME", "CUDA_PATH", "OPENBLAS_CORETYPE", "GRADER_DEBUG"),
)
"""What the grader's own processes need beside what a worker may see. None of the other variables reaches them."""

ALWAYS = {
    "OMP_NUM_THREADS": "1",  # one intra-op thread a process: children run side by side, and a fork has no others
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # looking for a GPU must not start CUDA in a process that forks
    "PYTHONSAFEPATH": "1",
}


def environment() -> dict[str, str]:
    """The environment of the grader's own processes."""
    return short(os.environ) | {name: os.environ[name] for name in PASSED_ON if name in os.environ} | ALWAYS
