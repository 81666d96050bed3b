"""Tests marked `gpu`, on a machine that seems to have an accelerator: the meta device stands in for it."""

from __future__ import annotations

import pytest
import torch

from grader.events import Loaded, Started, Target
from grader.judge import in_process
from grader.processes.spawned import Spawner
from tests.grader.judge.conftest import Grader, Make

SUITE = """
    @pytest.mark.gpu
    @pytest.mark.points(2)
    def test_there(student, device):
        assert student.double(torch.ones(3, device=device)).device == torch.device("meta") == device
    def test_here(student, device):
        assert student.double(torch.ones(3, device=device)).device == torch.device("cpu") == device
    @pytest.mark.gpu
    @pytest.mark.public
    def test_wrong_there(student, device):
        assert student.double(torch.ones(3, device=device)).device.type == "cpu"
"""


@pytest.fixture
def run(make: Make, monkeypatch: pytest.MonkeyPatch) -> Grader:
    monkeypatch.setattr(in_process, "accelerator", lambda: torch.device("meta"))
    return make(launcher=Spawner())


def test_they_run_last_in_a_worker_that_may_reach_it_and_count(run: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bool] = []
    really_open = in_process.InProcess.open

    def open_(self: in_process.InProcess, target: Target, accelerator: bool) -> Loaded:
        opened.append(accelerator)
        return really_open(self, target, accelerator)

    monkeypatch.setattr(in_process.InProcess, "open", open_)
    graded = run(SUITE, "def double(x):\n    return 2 * x\n", in_process=True)
    assert graded.outcomes == {"there": "passed", "here": "passed", "wrong_there": "failed"}
    assert (graded.report.score, graded.report.max_score, graded.report.deferred_points) == (3, 4, 0)
    assert graded.report.environment.device == "meta"
    assert [event.name for event in run.events if isinstance(event, Started)] == [
        "test_here",
        "test_wrong_there",
        "test_there",
    ]
    assert opened == [False, True]
