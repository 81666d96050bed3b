"""What a call across the boundary costs: `python -m tests.benchmarks.boundary` prints it as plain text.

Both processes share the machine's cores. Figures are medians, in brackets the quickest tenth.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch

from grader.boundary.memory import keep_freed_memory
from tests.grader.boundary.conftest import SUBMISSION, CountingWorker, Judge, fork

MEGABYTE = 1 << 20


class Timing(NamedTuple):
    """Seconds."""

    median: float
    best: float  # the quickest tenth: on a busy machine the better figure


def timed(f: Callable[[], Any], times: int) -> Timing:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        f()
        taken.append(time.perf_counter() - start)
    taken.sort()
    return Timing(statistics.median(taken), taken[times // 10])


def line(what: str, timing: Timing, moved: int = 0, local: Timing | None = None) -> None:
    rates = [f"{moved / seconds / 1e9:.2f}" for seconds in timing]
    rate = f"{rates[0]} GB/s ({rates[1]})" if moved else ""
    ratio = f"{timing.median / local.median:.1f} times a local call" if local else ""
    print(f"{what:<44}{timing.median * 1e3:9.3f} ms ({timing.best * 1e3:.3f})  {rate}{ratio}".rstrip())


def main() -> None:
    keep_freed_memory()
    channel, pid = fork(lambda channel: CountingWorker(channel).serve())
    judge = Judge(channel, pid)
    judge.ask("load", SUBMISSION.read_bytes(), str(SUBMISSION), "submission")
    student = judge.begin()
    same, square, product = student.same, student.square, student.product
    small, grad = torch.randn(4, 5), torch.randn(4, 5, requires_grad=True)
    model = student.MLP()

    line("a number there and back", timed(lambda: same(1), 2000))
    line("an attribute", timed(lambda: model.training, 2000))
    line("two small tensors, one result", timed(lambda: product(small, small + 1), 2000))
    line("the same, requiring grad", timed(lambda: product(grad, grad), 1000))

    def backward() -> None:
        square(grad).sum().backward()

    def local() -> None:
        torch.autograd.backward((grad * grad).sum())

    line("a call and backward", timed(backward, 1000), local=timed(local, 1000))
    line("a module's call", timed(lambda: model(torch.ones(2, 3)), 1000))
    line("a callback", timed(lambda: student.apply(lambda x: x, small), 1000))
    parameters = list(model.parameters())
    line(f"a number, while {len(parameters)} parameters are mirrored", timed(lambda: same(1), 1000))

    for megabytes in (0.1, 4, 64):
        x = torch.randn(int(megabytes * MEGABYTE) // 4)
        size, times = x.numel() * 4, 30 if megabytes < 10 else 5
        box = student.Box([x])
        line(f"{megabytes:g} MiB to the worker", timed(partial(student.is_the_same, x, 0), times), size)
        line(f"{megabytes:g} MiB to the judge", timed(partial(box.__getitem__, 0), times), size)
        line(f"{megabytes:g} MiB there, changed and back", timed(partial(student.fill, x, 1.0), times), 2 * size)
    channel.close()
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
