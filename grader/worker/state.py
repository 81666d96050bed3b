"""Runs in the worker. Global state that a submission may leave changed, put back before each test."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import torch


@cache
def _has_accelerator() -> bool:
    return torch.accelerator.is_available()


def _seed(seed: int) -> None:
    """As torch.manual_seed, which takes a millisecond for accelerators that may be there later."""
    if _has_accelerator():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


def reset(seed: int) -> None:
    """Fix the seeds, and put back what torch keeps globally."""
    random.seed(seed)
    np.random.seed(seed % (1 << 32))
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    _seed(seed)
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_num_threads(1)
    if torch.are_deterministic_algorithms_enabled():  # to switch it off imports half of torch, used or not
        torch.use_deterministic_algorithms(False)
    torch.set_flush_denormal(False)
    torch.autograd.set_detect_anomaly(False)
    torch.set_autocast_enabled("cpu", False)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
