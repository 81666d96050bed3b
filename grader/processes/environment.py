"""The environment variables of the grader's own processes."""

from __future__ import annotations

import os

PASSED_ON = (
    *("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "TZ"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_HOME", "CUDA_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "GRADER_DEBUG"),
)
"""Environment variables that a process of the grader may need. None of the others reaches it."""

ALWAYS = {
    "OMP_NUM_THREADS": "1",  # one intra-op thread a process: children run side by side, and a fork has no others
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # looking for a GPU must not start CUDA in a process that forks
    "PYTHONSAFEPATH": "1",
}


def environment() -> dict[str, str]:
    """The environment of the grader's own processes."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | ALWAYS
