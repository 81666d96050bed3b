"""A job in, events out: one run of pytest over the suites."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from grader.boundary.channel import Channel, ChannelClosed
from grader.events import Broken, Done, Event, Job
from grader.judge.collection import Collection
from grader.judge.in_process import InProcess
from grader.judge.in_worker import InWorker
from grader.judge.running import Judge
from grader.judge.side import Side
from grader.processes.child import Launcher

SETTLED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


def serve(channel: Channel, job: Job, launcher: Launcher) -> None:
    """Judge in a process of its own: events go out on `channel`."""
    encoder = msgspec.msgpack.Encoder()
    try:
        judge(job, InWorker(job, launcher), lambda event: channel.send(encoder.encode(event)))
    except ChannelClosed:
        return  # nobody listens any more


def judge_in_process(job: Job, emit: Callable[[Event], None]) -> None:
    """Judge in this very process, with a plain import of the submission."""
    judge(job, InProcess(), emit)


def judge(job: Job, side: Side, emit: Callable[[Event], None]) -> None:
    """Run the suites of `job`; every test that was collected gets a verdict."""
    broken = run_pytest(job, lambda collection, session: Judge(job, collection, side, emit).run(session))
    finish(side, emit, broken)


def finish(side: Side, emit: Callable[[Event], None], broken: str | None) -> None:
    """Let go of the submission, and say how it went. `broken`: how the run failed, None where it did not."""
    side.close()
    if broken is not None:
        emit(Broken(reason=broken))
    else:
        emit(Done(torch=_torch_version(), device=side.device.type, held=side.held, missing=side.missing))


def run_pytest(job: Job, then: Callable[[Collection, pytest.Session], None]) -> str | None:
    """Collect the suites of `job`, then do `then`. Returns what went wrong in pytest itself, if anything.

    Raises:
        KeyboardInterrupt: Ctrl-C, or `q` in the debugger, with `in_process`.
    """
    collection = Collection(job, lambda session: then(collection, session))
    with _only_our_plugins():
        code = pytest.main(_arguments(job), plugins=[collection])
    if code == pytest.ExitCode.INTERRUPTED and job.in_process:
        raise KeyboardInterrupt
    if code in SETTLED:
        return None
    return collection.internal_error or f"pytest ended with exit code {int(code)}"


def _arguments(job: Job) -> list[str]:
    ini = Path(job.scratch, "pytest.ini")
    ini.write_text("[pytest]\n")  # settings of the course's own tests are not for the suites
    arguments = [
        *(f"--config-file={ini}", f"--rootdir={job.rootdir}", "--strict-markers"),
        *("-p", "no:cacheprovider", "-p", "no:warnings", "-p", "no:logging", "-p", "pytest_jsonreport.plugin"),
        *("--json-report", "--json-report-file=none"),
        *("--json-report-omit", "log", "collectors", "keywords", "traceback"),
        f"--confcutdir={Path(job.targets[0].suite).parent}",
        *("--continue-on-collection-errors", "--capture=no", "--assert=rewrite"),
        *([] if job.pdb else ["--tb=native"]),  # others parse the whole suite for each failure, and none is shown
    ]
    if job.select:
        arguments.append(f"-k={job.select}")
    if job.pdb:
        arguments += ["--pdb", "--no-header", "--no-summary", "-q"]
    return [*arguments, "--", *(target.suite for target in job.targets)]


@contextmanager
def _only_our_plugins() -> Iterator[None]:
    """Keep out of the run whatever else is installed or set for pytest."""
    before = {name: os.environ.get(name) for name in ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _torch_version() -> str:
    import torch

    return str(torch.__version__)
