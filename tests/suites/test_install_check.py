"""Install check: versions, the choice of a device, and a smoke test that computes.

The machines on which `pick_device` is tried are pretended: `torch.cuda.is_available` and all else
that tells of devices is replaced in the student's process, and put back when the test ends. The
faults that `smoke_test` has to notice are made by a dispatch mode there, or by a missing device.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

Remote = Callable[[str], Any]

KEYS = {"matmul", "backward", "finite"}


@contextlib.contextmanager
def machine(remote: Remote, cuda: int = 0, mps: int = 0) -> Iterator[None]:
    """A machine of so many devices beside its CPU, as far as the student's process can tell.

    Where it has no MPS, its PyTorch is built for CUDA, be there a GPU or not.
    """
    count = {"cuda": cuda, "mps": mps}

    def accelerator(check_available: bool = False) -> torch.device | None:
        found = next((torch.device(kind) for kind in count if count[kind]), None)
        return found if found or check_available else torch.device("cuda")

    answers: dict[str, dict[str, Callable[..., Any]]] = {
        "torch.cuda": {
            "is_available": lambda: cuda > 0,
            "device_count": lambda: cuda,
            "current_device": lambda: 0,
        },
        "torch.backends.cuda": {"is_built": lambda: mps == 0},
        "torch.backends.mps": {"is_available": lambda: mps > 0, "is_built": lambda: mps > 0},
        "torch.mps": {"is_available": lambda: mps > 0, "device_count": lambda: mps},
        "torch.xpu": {"is_available": lambda: False, "device_count": lambda: 0},
        "torch.accelerator": {
            "is_available": lambda: any(count.values()),
            "device_count": lambda: next(filter(None, count.values()), 0),
            "current_accelerator": accelerator,
            "current_device_index": lambda: 0,
        },
    }
    before: list[tuple[Any, str, Any]] = []
    try:
        for module, functions in answers.items():
            owner = remote(module)
            for name, function in functions.items():
                before.append((owner, name, getattr(owner, name)))
                setattr(owner, name, function)
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


# --- 1. parse_version ---------------------------------------------------------------------------


def check_pair(answer: Any, expected: tuple[int, int]) -> None:
    assert isinstance(answer, tuple), "a tuple is asked for"
    assert len(answer) == 2, "the tuple holds the major and the minor number, nothing else"
    assert all(type(number) is int for number in answer), "both are numbers (int), no text"
    assert tuple(answer) == expected, "they are the first two numbers of the version"


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("which type do the parts have after a split, and which type do you want to compare later?")
def test_parse_version_gives_two_numbers(student: Any) -> None:
    """parse_version gives the major and minor number, as ints.

    The parts of a split are text, and a third part does not belong to the pair.
    """
    check_pair(student.parse_version("2.14.1"), (2, 14))


@pytest.mark.points(2)
@pytest.mark.hint("what is a build for CUDA called, what a nightly build, what a release candidate?")
@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("2.14.1+cu130", (2, 14), id="a build for CUDA"),
        pytest.param("2.15.0.dev2026", (2, 15), id="a nightly build"),
        pytest.param("2.14.0rc1", (2, 14), id="a release candidate"),
        pytest.param("2.14", (2, 14), id="two parts"),
        pytest.param("10.0.3+cpu", (10, 0), id="two digits"),
    ],
)
def test_parse_version_leaves_the_rest_out(student: Any, version: str, expected: tuple[int, int]) -> None:
    """parse_version reads versions of every kind of build.

    Turning every part into a number, or counting characters, fails here.
    """
    check_pair(student.parse_version(version), expected)


# --- 2. at_least --------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("is '14' < '9' for text? And is 14 < 9 for numbers?")
@pytest.mark.parametrize(
    ("version", "minimum", "expected"),
    [
        pytest.param("2.14.1", (2, 9), True, id="2.14 and 2.9"),
        pytest.param("2.9.1", (2, 14), False, id="2.9 and 2.14"),
    ],
)
def test_at_least_compares_numbers(student: Any, version: str, minimum: tuple[int, int], expected: bool) -> None:
    """at_least compares numbers: 2.14 is newer than 2.9.

    As text "2.14" comes before "2.9", and as a decimal number it is smaller too.
    """
    answer = student.at_least(version, minimum)
    assert answer is expected, f"at_least({version!r}, {minimum}) is to be {expected}"


@pytest.mark.points(1)
@pytest.mark.hint("which number decides first, and what if both are equal?")
@pytest.mark.parametrize(
    ("version", "minimum", "expected"),
    [
        pytest.param("2.14.0", (2, 14), True, id="the minimum itself"),
        pytest.param("2.14.0.dev2026+cpu", (2, 14), True, id="the minimum, not quite released"),
        pytest.param("3.0.1", (2, 14), True, id="a new major version"),
        pytest.param("1.13.1+cu117", (2, 0), False, id="an old major version"),
        pytest.param("2.8.0", (2, 9), False, id="one too old"),
    ],
)
def test_at_least_looks_at_the_major_number_first(
    student: Any, version: str, minimum: tuple[int, int], expected: bool
) -> None:
    """at_least decides by the major number, then by the minor, and the minimum itself is enough."""
    answer = student.at_least(version, minimum)
    assert type(answer) is bool, "a bool is asked for"
    assert answer == expected, "the answer is the wrong way round for this kind of version"


# --- 3. pick_device -----------------------------------------------------------------------------


def check_kind(answer: Any, kind: str) -> None:
    assert isinstance(answer, torch.device), "a torch.device is asked for, and neither its name nor None"
    assert answer.type == kind, f"on this machine the device is of type {kind}"


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("in which order do you ask, with which functions, and what is left when both say no?")
@pytest.mark.parametrize(
    ("found", "kind"),
    [
        pytest.param({"cuda": 1}, "cuda", id="CUDA"),
        pytest.param({"mps": 1}, "mps", id="MPS"),
        pytest.param({"cuda": 2, "mps": 1}, "cuda", id="CUDA and MPS"),
        pytest.param({}, "cpu", id="neither"),
    ],
)
def test_pick_device_takes_the_best(student: Any, remote: Remote, found: dict[str, int], kind: str) -> None:
    """pick_device takes CUDA, else MPS, else the CPU, and returns a torch.device.

    The machines are pretended: `torch.cuda.is_available()` and its relatives say what the case is called.
    """
    with machine(remote, **found):
        check_kind(student.pick_device(), kind)


@pytest.mark.points(1)
@pytest.mark.hint("when does your code ask what is available: at the import, at the first call, or at each?")
def test_pick_device_asks_each_time(student: Any, remote: Remote) -> None:
    """pick_device asks at each call what is available.

    An answer that is found at the import, or kept from the first call, goes stale.
    """
    for found, kind in (({"cuda": 1}, "cuda"), ({}, "cpu"), ({"mps": 1}, "mps")):
        with machine(remote, **found):
            answer = student.pick_device()
        assert isinstance(answer, torch.device), "a torch.device is asked for"
        assert answer.type == kind, "what is available has changed between two calls, and the answer has not followed"


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("does the caller's wish come before your own order?")
@pytest.mark.parametrize("prefer", ["cpu", "mps", "cuda"])
def test_pick_device_follows_the_preference(student: Any, remote: Remote, prefer: str) -> None:
    """pick_device gives the preferred device where it is available, though another may be better."""
    with machine(remote, cuda=2, mps=1):
        check_kind(student.pick_device(prefer), prefer)


@pytest.mark.points(1)
@pytest.mark.hint("what is torch.device('cuda:1').index, and who may drop it?")
@pytest.mark.parametrize("index", [0, 1, 2], ids=["the first", "the second", "the last"])
def test_pick_device_keeps_the_number(student: Any, remote: Remote, index: int) -> None:
    """pick_device keeps the number of the GPU that was asked for."""
    with machine(remote, cuda=3):
        answer = student.pick_device(f"cuda:{index}")
    assert isinstance(answer, torch.device), "a torch.device is asked for"
    assert answer.type == "cuda", "a GPU was asked for, and is there"
    assert answer.index == index, "the number of the GPU is not the one asked for"


def check_refused(student: Any, prefer: str) -> None:
    """The preference is a RuntimeError; the CPU can be had meanwhile."""
    assert student.pick_device("cpu") == torch.device("cpu"), "the CPU is always available"
    with pytest.raises(RuntimeError):
        student.pick_device(prefer)


@pytest.mark.points(1)
@pytest.mark.hint("torch.device('cuda') works on every machine: does it say that there is one? Who has to check?")
@pytest.mark.parametrize(
    ("found", "prefer"),
    [
        pytest.param({}, "cuda", id="a GPU where there is none"),
        pytest.param({}, "cuda:0", id="a GPU by its number"),
        pytest.param({"mps": 1}, "cuda", id="a GPU of another kind"),
        pytest.param({"cuda": 1}, "mps", id="MPS where there is none"),
        pytest.param({"cuda": 1}, "xpu", id="a kind that torch knows"),
        pytest.param({"cuda": 1}, "gpu", id="a name that stands for nothing"),
    ],
)
def test_pick_device_refuses_what_is_not_there(
    student: Any, remote: Remote, found: dict[str, int], prefer: str
) -> None:
    """pick_device raises RuntimeError where the preferred device is not available.

    Another device in its place would go unnoticed until somebody wonders why it is slow.
    """
    with machine(remote, **found):
        check_refused(student, prefer)


@pytest.mark.points(1)
@pytest.mark.hint("devices are counted from 0: which is the largest number that is left?")
@pytest.mark.parametrize("beyond", [0, 5], ids=["by one", "by far"])
def test_pick_device_refuses_a_number_too_large(student: Any, remote: Remote, beyond: int) -> None:
    """pick_device raises RuntimeError for a GPU whose number is too large."""
    with machine(remote, cuda=2):
        check_refused(student, f"cuda:{2 + beyond}")


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("what do torch.cuda.is_available() and torch.backends.mps.is_available() say here?")
def test_pick_device_on_the_accelerator(student: Any, device: torch.device) -> None:
    """pick_device finds the accelerator that is there, and keeps its number."""
    kind = device.type if device.type in ("cuda", "mps") else "cpu"
    check_kind(student.pick_device(), kind)
    answer = student.pick_device(f"{kind}:0")
    check_kind(answer, kind)
    assert answer.index == 0, "the number of the device is not the one asked for"


# --- 4. smoke_test ------------------------------------------------------------------------------

FAULTY = '''
import torch
from torch.utils._python_dispatch import TorchDispatchMode

PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "addbmm", "mv", "addmv", "dot", "vdot", "matmul", "linear"}


class Faulty(TorchDispatchMode):
    """A device of which one part is broken: it raises, or computes one number everywhere or in one place."""

    def __init__(self, part, fault):
        super().__init__()
        self.part, self.fault = part, fault

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        backward = torch._C._current_graph_task_id() != -1
        parts = {"matmul"} if name in PRODUCTS else set()
        parts |= {"backward"} if backward else {f"forward {part}" for part in parts}
        if self.part in parts and self.fault == "error":
            raise AssertionError("this part of the device is broken")
        out = func(*args, **(kwargs or {}))
        if self.part not in parts or not isinstance(out, torch.Tensor) or not out.is_floating_point():
            return out
        once, _, number = self.fault.rpartition(" ")
        place = torch.arange(out.numel(), device=out.device).view(out.shape) < (1 if once else out.numel())
        return out.masked_fill(place, float(number))
'''
DEFINED = "lambda source, name: (space := {}, exec(source, space))[0][name]"


@contextlib.contextmanager
def broken(remote: Remote, part: str, fault: str) -> Iterator[None]:
    """A part of the student's PyTorch raises ("error"), or computes a number, everywhere or "once" ("once nan").

    The part is "matmul", "forward matmul" or "backward".
    """
    stack = remote("contextlib").ExitStack()
    stack.enter_context(remote("builtins").eval(DEFINED)(FAULTY, "Faulty")(part, fault))
    try:
        yield
    finally:
        stack.close()


def check_report(report: Any) -> None:
    assert isinstance(report, dict), "a dict is asked for"
    assert set(report) == KEYS, "the keys are matmul, backward and finite"
    assert all(type(value) is bool for value in report.values()), "each value is a bool: no tensor, number or None"


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("for each key: which operation does the device have to do before you may say True?")
@pytest.mark.parametrize("device_", ["cpu", torch.device("cpu")], ids=["a name", "a torch.device"])
def test_smoke_test_on_the_cpu(student: Any, device_: Any) -> None:
    """smoke_test says True to all three on the CPU, given as a name or as a torch.device."""
    report = student.smoke_test(device_)
    check_report(report)
    assert all(report.values()), "the CPU multiplies, goes backward, and gets finite numbers"


@pytest.mark.points(1)
@pytest.mark.hint("try smoke_test on kinds of devices that you do not have: does each raise the same exception?")
@pytest.mark.parametrize("absent", ["cuda:99", "xpu:99"], ids=["CUDA", "XPU"])
def test_smoke_test_of_a_missing_device(student: Any, absent: str) -> None:
    """smoke_test of a device that is not there is False three times, and no exception.

    A build without support for a device may raise another exception than one without the device.
    """
    report = student.smoke_test(absent)
    check_report(report)
    assert not any(report.values()), "nothing works on a device that is not there"


@pytest.mark.points(1)
@pytest.mark.hint("what becomes of the report when the device is there, and its matrix product raises?")
def test_smoke_test_notices_a_broken_product(student: Any, remote: Remote) -> None:
    """smoke_test says False to matmul where matrix products raise.

    That a tensor can be made on a device, or that a version can be printed, proves no product.
    """
    with broken(remote, "matmul", "error"):
        report = student.smoke_test("cpu")
    check_report(report)
    assert report["matmul"] is False, "no matrix product works here"


@pytest.mark.points(1)
@pytest.mark.hint("does something go backward in your test, and what if that raises?")
def test_smoke_test_notices_a_broken_backward_pass(student: Any, remote: Remote) -> None:
    """smoke_test says False to backward where the backward pass raises.

    That a result asks for a gradient does not prove that it can be had.
    """
    with broken(remote, "backward", "error"):
        report = student.smoke_test("cpu")
    check_report(report)
    assert report["backward"] is False, "no backward pass works here"


@pytest.mark.points(1)
@pytest.mark.hint("which numbers are not finite? There are two kinds of them")
@pytest.mark.parametrize(
    ("part", "fault"),
    [
        pytest.param("matmul", "nan", id="NaN"),
        pytest.param("matmul", "inf", id="infinity"),
        pytest.param("matmul", "-inf", id="minus infinity"),
        pytest.param("forward matmul", "nan", id="in the product alone"),
        pytest.param("forward matmul", "once nan", id="in one place of the product"),
        pytest.param("backward", "nan", id="in the gradient alone"),
        pytest.param("backward", "once nan", id="in one place of the gradient"),
    ],
)
def test_smoke_test_notices_numbers_that_are_not_finite(student: Any, remote: Remote, part: str, fault: str) -> None:
    """smoke_test says False to finite where the product or the gradient comes out as NaN or infinite.

    That no exception was raised says nothing of the numbers.
    """
    with broken(remote, part, fault):
        report = student.smoke_test("cpu")
    check_report(report)
    assert report["finite"] is False, "the product or the gradient holds a number that is not finite"


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("are all tensors of your test made on the device that was given?")
def test_smoke_test_on_the_accelerator(student: Any, device: torch.device) -> None:
    """smoke_test says True to all three on the accelerator, given as a name or as a torch.device."""
    for given in (device, str(device)):
        report = student.smoke_test(given)
        check_report(report)
        assert all(report.values()), "the accelerator multiplies, goes backward, and gets finite numbers"
