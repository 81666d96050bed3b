"""The pytest plugin: marks, fixtures, and what happens to one test.

Tests are collected, and what each is worth is fixed, before any submission is loaded. They run
in an order of their own: an exercise's public tests come first, so that nothing that a hidden
test handed to the submission can turn up in what is shown of a public one; GPU tests come last,
in a worker that may reach the accelerator. Every test that was collected gets a verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.events import Collected, Event, Finished, Job, Loaded, Started, Target
from grader.judge import marks
from grader.judge.side import Side
from grader.judge.verdict import Happened, Verdict, judge
from grader.worker.state import reset

STAGES = pytest.StashKey[dict[str, dict[str, Any]]]()
DECIDED = pytest.StashKey[Verdict | None]()
ERRORS = pytest.StashKey[dict[str, BaseException]]()


def seed_of(*parts: object) -> int:
    """A seed that depends on nothing but `parts`."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big")


class Judge:
    """The plugin. `internal_error`: what pytest says where it fails itself."""

    def __init__(self, job: Job, side: Side, emit: Callable[[Event], None]) -> None:
        self.internal_error: str | None = None
        self._job = job
        self._side = side
        self._emit = emit
        self._targets = {Path(target.suite).resolve(): target for target in job.targets}
        self._target_of: dict[pytest.Item, Target] = {}
        self._marks: dict[pytest.Item, marks.Marks] = {}
        self._broken: dict[str, str] = {}
        self._open: tuple[str, bool] | None = None  # exercise, and whether its worker may use the accelerator
        self._problem: str | None = None  # why the open file cannot be used

    # collecting

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if not self._job.pdb:  # the debugger needs it
            config.pluginmanager.unregister(name="terminalreporter")
        for line in marks.MARKS.values():
            config.addinivalue_line("markers", line)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            path = Path(self._job.rootdir, report.nodeid.partition("::")[0]).resolve()
            target = self._targets.get(path)
            self._broken[target.exercise if target else ""] = f"The suite cannot be collected: {report.longrepr}"

    @pytest.hookimpl(tryfirst=True)  # before -k takes any away: points are shared by all cases
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self._target_of = {item: self._targets[item.path.resolve()] for item in items}
        for target in self._job.targets:
            mine = [item for item in items if self._target_of[item] is target]
            try:
                self._marks |= marks.read(mine, target.exercise, self._job.timeout_s)
            except ValueError as error:
                self._broken[target.exercise] = f"The suite cannot be used: {error}"
            else:
                if not mine:
                    self._broken.setdefault(target.exercise, "The suite holds no test.")
        only = self._job.only_tests
        items[:] = [item for item in items if item in self._marks and (only is None or _function(item) in only)]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say what was collected, in the suites' order; then put the tests into the order they run in."""
        infos = [self._marks[item].info for item in session.items]
        self._emit(Collected(tests=infos, broken=self._broken))
        order = {target.exercise: number for number, target in enumerate(self._job.targets)}
        session.items.sort(key=lambda item: self._turn(item, order))

    def _turn(self, item: pytest.Item, order: dict[str, int]) -> tuple[int, bool, bool]:
        info = self._marks[item].info
        return order[info.exercise], info.gpu, info.visibility == "hidden"

    # one test

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        of = self._marks[item]
        name = of.info.exercise, of.info.name
        self._emit(Started(exercise=of.info.exercise, name=of.info.name))
        item.stash[STAGES], item.stash[ERRORS], item.stash[DECIDED] = {}, {}, None
        item.stash[DECIDED] = decided = self._decided(item)
        if decided is not None:
            pytest.skip("decided without running it")  # for pytest, which still tears down what came before
        # Two seeds: with the judge's own, a submission could draw the inputs of its test.
        self._side.begin(seed_of("worker", self._job.seed, *name), of.forbidden, of.timeout_s)
        reset(seed_of("judge", self._job.seed, *name))

    def _decided(self, item: pytest.Item) -> Verdict | None:
        """The verdict on a test that need not run; None on all others. Opens the submission's file for these."""
        info, target = self._marks[item].info, self._target_of[item]
        if info.gpu and self._side.device.type == "cpu":
            return Verdict("deferred")
        if target.decided is not None:
            return Verdict(target.decided)
        if self._open != (target.exercise, info.gpu):
            self._open = None
            self._problem = self._side.open(target, accelerator=info.gpu)
            self._open = target.exercise, info.gpu
            self._emit(Loaded(exercise=target.exercise, problem=self._problem))
        return Verdict("failed") if self._problem is not None else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        if call.excinfo is not None:
            item.stash[ERRORS][call.when] = call.excinfo.value
        report = yield
        report.item = item  # type: ignore[attr-defined]  # for pytest_json_runtest_stage
        return report

    @pytest.hookimpl(wrapper=True, optionalhook=True)
    def pytest_json_runtest_stage(self, report: Any) -> Generator[None, dict[str, Any], dict[str, Any]]:
        """Keep what pytest-json-report records of each stage of a test."""
        stage = yield
        report.item.stash[STAGES][report.when] = stage
        return stage

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "teardown":
            item: pytest.Item = report.item
            decided = item.stash[DECIDED]
            if decided is None:
                self._side.end()
            self._finish(item, decided or judge(self._happened(item)))
            item.stash[ERRORS].clear()  # exceptions hold their frames, and those the submission's objects

    def _happened(self, item: pytest.Item) -> Happened:
        target, errors = self._target_of[item], item.stash[ERRORS]
        return Happened(
            public=self._marks[item].info.visibility == "public",
            errors=errors,
            seen=self._side.seen,
            gone=self._side.gone,
            source=target.source,
            filename=target.file,
        )

    def _finish(self, item: pytest.Item, verdict: Verdict) -> None:
        """Pass the verdict on. A test passes only if pytest's own record says so as well."""
        info, stages = self._marks[item].info, item.stash[STAGES]
        if verdict.outcome == "passed" and [stage["outcome"] for stage in stages.values()] != ["passed"] * 3:
            verdict = Verdict("error", f"pytest's record does not say that the test passed: {stages}")
        self._emit(
            Finished(
                exercise=info.exercise,
                name=info.name,
                outcome=verdict.outcome,
                forbidden=verdict.forbidden,
                duration_s=round(sum(stage["duration"] for stage in stages.values()), 6),
                message=verdict.message,
            )
        )

    def pytest_internalerror(self, excrepr: object) -> None:
        self.internal_error = str(excrepr)

    # what a suite may ask for

    @pytest.fixture
    def student(self) -> Any:
        """The submission's module for this suite's exercise."""
        return self._side.module

    @pytest.fixture
    def device(self, request: pytest.FixtureRequest) -> torch.device:
        """The accelerator in tests marked `gpu`, else the CPU."""
        return self._side.device if self._marks[request.node].info.gpu else torch.device("cpu")

    @pytest.fixture
    def remote(self) -> Callable[[str], Any]:
        """`remote("torch.nn")`: a library's module, imported where the submission runs."""
        return self._side.remote

    @pytest.fixture
    def held(self) -> Callable[..., Any]:
        """`held(f, x)`: what `f(x)` returns, left where the submission runs: a tensor keeps its graph."""

        def call(target: Any, *args: Any, **kwargs: Any) -> Any:
            return self._side.call_held(target, args, kwargs)

        return call

    @pytest.fixture
    def fake_cuda(self) -> Callable[..., None]:
        """`fake_cuda(model, x)`: call `model(x)` on a simulated GPU; all that comes back must be there."""

        def check(target: Any, *args: Any, **kwargs: Any) -> None:
            found = self._side.on_fake_device(target, args, kwargs)
            if found["advice"] is None:
                assert found["devices"], "no tensor came back from the call on a simulated GPU"
                there = all(device == "cuda" for device in found["devices"])
                assert there, "not every tensor that came back is on the device of the input"

        return check


def _function(item: pytest.Item) -> str:
    return item.name.partition("[")[0]
