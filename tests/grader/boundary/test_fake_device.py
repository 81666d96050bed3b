"""A call on simulated CUDA tensors, in the worker."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.grader.boundary.conftest import Judge


def test_the_devices_of_the_results_come_back(judge: Judge, student: Any) -> None:
    model = student.MLP()
    assert judge.ask("fake_device", model, torch.ones(2, 3)) == {"devices": ["cuda"], "advice": None}
    assert model(torch.ones(2, 3)).device.type == "cpu", "its own parameters are back"
    assert judge.ask("fake_device", student.several, x=torch.ones(2))["devices"] == ["cuda"] * 4


def test_mixed_devices_are_an_error(judge: Judge, student: Any) -> None:
    with pytest.raises(RuntimeError, match="device"):
        judge.ask("fake_device", student.MixesDevices(), torch.ones(2, 3))
    model = student.Scaled()
    weight = model.weight
    with pytest.raises((RuntimeError, TypeError)):
        judge.ask("fake_device", model, "no tensor")
    assert torch.equal(model.weight, weight) and weight.device.type == "cpu"


def test_reading_a_value_is_advised_against(judge: Judge, student: Any) -> None:
    got = judge.ask("fake_device", student.Reads(), torch.ones(2))
    assert got["devices"] == [] and "wait" in got["advice"]
