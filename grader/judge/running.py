"""The plugin's second half: what happens to one test of one submission.

Tests run in an order of their own: an exercise's public tests come first, so that nothing that a
hidden test handed to the submission can turn up in what is shown of a public one; GPU tests come
last, in a worker that may reach the accelerator. Every test that was collected gets a verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from itertools import zip_longest
from typing import Any

import pytest

from grader.events import Collected, Event, Finished, Job, Started, Target, Unconfined
from grader.judge.collection import Collection
from grader.judge.side import NotConfined, Side
from grader.judge.verdict import Happened, Verdict, judge
from grader.worker.state import reset

STAGES = pytest.StashKey[dict[str, dict[str, Any]]]()
UNLOADED = pytest.StashKey[bool]()
ERRORS = pytest.StashKey[dict[str, BaseException]]()


def seed_of(*parts: object) -> int:
    """A seed that depends on nothing but `parts`."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big")


class Judge:
    """The plugin that runs the tests of `job`'s targets, of all that were collected."""

    def __init__(self, job: Job, collection: Collection, side: Side, emit: Callable[[Event], None]) -> None:
        self._job = job
        self._collection = collection
        self._marks = collection.tests
        self._side = collection.side = side
        self._emit = emit
        self._targets = {target.exercise: target for target in job.targets}
        self._open: tuple[str, bool] | None = None  # exercise, and whether its worker may use the accelerator
        self._loads = False  # whether the open file can be used
        self._again: set[pytest.Item] = set()  # tests whose worker was killed, which are run once more

    def run(self, session: pytest.Session) -> None:
        """Say which tests there are, in the suites' order; then run them, in theirs."""
        session.config.pluginmanager.register(self)
        items = [item for item in self._marks if self._is_due(item)]
        broken = {name: why for name, why in self._collection.broken.items() if name in self._targets or not name}
        self._emit(Collected(tests=[self._marks[item].info for item in items], broken=broken))
        run = []
        for item in sorted(items, key=self._turn):
            verdict = self._decided(item)
            if verdict is None:
                run.append(item)
            else:
                self._finish(item, verdict, 0.0)
        for item, following in zip_longest(run, run[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if item in self._again:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)

    def _is_due(self, item: pytest.Item) -> bool:
        info = self._marks[item].info
        target = self._targets.get(info.exercise)
        if target is None or target.only_tests is None:
            return target is not None
        return info.name in target.only_tests or info.name.partition("[")[0] in target.only_tests

    def _turn(self, item: pytest.Item) -> tuple[int, bool, bool]:
        info = self._marks[item].info
        return list(self._targets).index(info.exercise), info.gpu, info.visibility == "hidden"

    def _target_of(self, item: pytest.Item) -> Target:
        return self._targets[self._marks[item].info.exercise]

    def _decided(self, item: pytest.Item) -> Verdict | None:
        """The verdict on a test that need not run; None on all others."""
        target = self._target_of(item)
        if self._marks[item].info.gpu and self._side.device.type == "cpu":
            return Verdict("deferred")
        return Verdict(target.decided) if target.decided is not None else None

    # one test

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        of = self._marks[item]
        name = of.info.exercise, of.info.name
        self._emit(Started(exercise=of.info.exercise, name=of.info.name))
        item.stash[STAGES], item.stash[ERRORS], item.stash[UNLOADED] = {}, {}, False
        item.stash[UNLOADED] = not self._opened(item)
        if item.stash[UNLOADED]:
            pytest.skip("there is nothing to call")  # for pytest, which still tears down what came before
        # Two seeds: with the judge's own, a submission could draw the inputs of its test.
        self._side.begin(seed_of("worker", self._job.seed, *name), of.forbidden, of.info.timeout_s)
        reset(seed_of("judge", self._job.seed, *name))

    def _opened(self, item: pytest.Item) -> bool:
        """Open the submission's file for this test, unless it is open already. False where it cannot be loaded."""
        info, target = self._marks[item].info, self._target_of(item)
        if self._open != (target.exercise, info.gpu):
            self._open = None
            try:
                loaded = self._side.open(target, accelerator=info.gpu)
            except NotConfined as lacking:
                self._emit(Unconfined(missing=lacking.missing))
                pytest.exit(str(lacking))
            self._loads = loaded.problem is None
            self._open = target.exercise, info.gpu
            self._emit(loaded)
        return self._loads

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
        if report.when != "teardown":
            return
        item: pytest.Item = report.item
        duration_s = sum(stage["duration"] for stage in item.stash[STAGES].values())
        if item.stash[UNLOADED]:
            self._finish(item, Verdict("failed"), duration_s)
        else:
            self._side.end()
            if self._was_killed() and item not in self._again:
                self._again.add(item)
                return
            self._finish(item, self._recorded(item, judge(self._happened(item))), duration_s)
        item.stash[ERRORS].clear()  # exceptions hold their frames, and those the submission's objects

    def _was_killed(self) -> bool:
        """Whether the worker was ended from outside: by the system where memory ran out, or by somebody else."""
        return self._side.gone is not None and self._side.gone.killed

    def _happened(self, item: pytest.Item) -> Happened:
        target, errors = self._target_of(item), item.stash[ERRORS]
        return Happened(
            public=self._marks[item].info.visibility == "public",
            errors=errors,
            seen=self._side.seen,
            gone=self._side.gone,
            target=target,
        )

    def _recorded(self, item: pytest.Item, verdict: Verdict) -> Verdict:
        """A test passes only if pytest's own record says so as well."""
        stages = item.stash[STAGES]
        if verdict.outcome == "passed" and [stage["outcome"] for stage in stages.values()] != ["passed"] * 3:
            return Verdict("error", f"pytest's record does not say that the test passed: {stages}")
        return verdict

    def _finish(self, item: pytest.Item, verdict: Verdict, duration_s: float) -> None:
        info = self._marks[item].info
        self._emit(
            Finished(
                exercise=info.exercise,
                name=info.name,
                outcome=verdict.outcome,
                forbidden=verdict.forbidden,
                duration_s=round(duration_s, 6),
                message=verdict.message,
            )
        )
