"""The plugin's first half: which tests there are, what each is worth, and what a suite may ask for.

All of it is settled before any submission is loaded. `tests` then is what a judge runs; one
collection serves one judge, or every judge that is forked after it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.events import Job, Target
from grader.judge import marks
from grader.judge.side import Side


class Collection:
    """The plugin that collects.

    Attributes:
        tests: the tests with their marks, in the suites' order.
        broken: exercise -> what is wrong with its suite.
        internal_error: what pytest says where it fails itself.
        side: where the submission of the judge runs, for the fixtures; set by the judge.

    Args:
        job: whose suites to collect.
        then: called with the session when all is collected.
    """

    def __init__(self, job: Job, then: Callable[[pytest.Session], None]) -> None:
        self.tests: dict[pytest.Item, marks.Marks] = {}
        self.broken: dict[str, str] = {}
        self.internal_error: str | None = None
        self.side: Side | None = None
        self._job = job
        self._then = then
        self._targets = {Path(target.suite).resolve(): target for target in job.targets}

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
            self.broken[target.exercise if target else ""] = f"The suite cannot be collected: {report.longrepr}"

    @pytest.hookimpl(tryfirst=True)  # before -k takes any away: points are shared by all cases
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for target in self._job.targets:
            self._read(target, [item for item in items if self._targets[item.path.resolve()] is target])
        items[:] = [item for item in items if item in self.tests]

    def _read(self, target: Target, items: list[pytest.Item]) -> None:
        try:
            self.tests |= marks.read(items, target.exercise, self._job.timeout_s)
        except ValueError as error:
            self.broken[target.exercise] = f"The suite cannot be used: {error}"
        else:
            if not items:
                self.broken.setdefault(target.exercise, "The suite holds no test.")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tests = {item: self.tests[item] for item in session.items}  # what -k left

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._then(session)
        return True

    def pytest_internalerror(self, excrepr: object) -> None:
        self.internal_error = str(excrepr)

    # what a suite may ask for

    def _side(self) -> Side:
        assert self.side is not None, "no judge runs yet"
        return self.side

    @pytest.fixture
    def student(self) -> Any:
        """The submission's module for this suite's exercise."""
        return self._side().module

    @pytest.fixture
    def device(self, request: pytest.FixtureRequest) -> torch.device:
        """The accelerator in tests marked `gpu`, else the CPU."""
        return self._side().device if self.tests[request.node].info.gpu else torch.device("cpu")

    @pytest.fixture
    def remote(self) -> Callable[[str], Any]:
        """`remote("torch.nn")`: a library's module, imported where the submission runs."""
        return self._side().remote

    @pytest.fixture
    def held(self) -> Callable[..., Any]:
        """`held(f, x)`: what `f(x)` returns, left where the submission runs: a tensor keeps its graph."""

        def call(target: Any, *args: Any, **kwargs: Any) -> Any:
            return self._side().call_held(target, args, kwargs)

        return call

    @pytest.fixture
    def fake_cuda(self) -> Callable[..., None]:
        """`fake_cuda(model, x)`: call `model(x)` on a simulated GPU; all that comes back must be there."""

        def check(target: Any, *args: Any, **kwargs: Any) -> None:
            found = self._side().on_fake_device(target, args, kwargs)
            if found["advice"] is None:
                assert found["devices"], "no tensor came back from the call on a simulated GPU"
                there = all(device == "cuda" for device in found["devices"])
                assert there, "not every tensor that came back is on the device of the input"

        return check
