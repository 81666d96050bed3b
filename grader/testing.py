"""What a suite's author may import: a comparison that knows how to explain itself.

    from grader.testing import compare

    def test_softmax_is_stable(student):
        x = torch.tensor([[1000.0, 0.0]])
        compare(student.softmax(x, 1), torch.softmax(x, 1), rule="softmax over dim 1",
                mistakes={"exponentials without the maximum taken off first": naive(x)})

A plain `assert` or `torch.testing.assert_close` works as well; what `compare` adds is that it
goes in stages (kind, shape, dtype, values), so that a student reads "the shape is right, the
values are not", and that it recognises known mistakes by their result on the same input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch

Stage = Literal["kind", "shape", "dtype", "device", "values"]

STAGES: dict[Stage, str] = {
    "kind": "what came back is not the right kind of thing",
    "shape": "the shape is wrong",
    "dtype": "the shape is right, the dtype is wrong",
    "device": "the shape and dtype are right, the device is wrong",
    "values": "the shape and dtype are right, the values are not",
}

TOLERANCES: dict[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-9, 1e-12),
    torch.float32: (1e-5, 1e-5),
    torch.bfloat16: (2e-2, 2e-2),
    torch.float16: (2e-2, 2e-2),
    torch.complex128: (1e-9, 1e-12),
    torch.complex64: (1e-5, 1e-5),
}
"""Relative and absolute tolerance by the expected dtype; every other dtype is compared exactly."""


class Mismatch(AssertionError):
    """An answer that is not the expected one.

    `stage`, `rule` and `mistake` may be shown for hidden tests; `detail` holds values, and is
    shown for public tests only. `actual` is the answer itself.
    """

    def __init__(self, actual: Any, stage: Stage, rule: str, mistake: str | None, detail: str) -> None:
        self.actual = actual
        self.stage: Stage = stage
        self.rule = rule
        self.mistake = mistake
        self.detail = detail
        super().__init__(f"{STAGES[stage]}: {detail}; expected {rule}{self.mistake_text()}")

    def mistake_text(self) -> str:
        return f". This is what {self.mistake} gives" if self.mistake else ""


def compare(
    actual: Any,
    expected: torch.Tensor,
    *,
    rule: str,
    mistakes: Mapping[str, torch.Tensor | Callable[[], torch.Tensor]] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    check_dtype: bool = True,
) -> None:
    """Hold `actual`, a student's answer, against the tensor `expected`.

    Args:
        rule: what the expected value is, in words ("softmax over dim 1"); students read it, for
            hidden tests too, so it holds no values.
        mistakes: known mistakes, each a phrase that completes "this is what … gives", with the
            tensor (or a function that computes it) that the mistake gives on the same input.
        rtol, atol: tolerances; by default those of `TOLERANCES`. NaN equals NaN.
        check_dtype: whether the dtype must agree.

    Raises:
        Mismatch: with the first stage at which they differ.
    """
    if not isinstance(actual, torch.Tensor):
        raise Mismatch(actual, "kind", rule, None, f"a tensor is asked for, {_kind(actual)} came back")
    mistake = _recognise(actual, mistakes or {}, rtol, atol)
    if actual.shape != expected.shape:
        detail = f"{tuple(actual.shape)} came back, {tuple(expected.shape)} is right"
        raise Mismatch(actual, "shape", rule, mistake, detail)
    if check_dtype and actual.dtype != expected.dtype:
        detail = f"{actual.dtype} came back, {expected.dtype} is right"
        raise Mismatch(actual, "dtype", rule, mistake, detail)
    if actual.device.type != expected.device.type:
        detail = f"the result is on {actual.device}, {expected.device} is right"
        raise Mismatch(actual, "device", rule, mistake, detail)
    if not _close(actual, expected, rtol, atol):
        raise Mismatch(actual, "values", rule, mistake, _difference(actual, expected))


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {value.__class__.__name__}"


def _close(actual: torch.Tensor, expected: torch.Tensor, rtol: float | None, atol: float | None) -> bool:
    default_rtol, default_atol = TOLERANCES.get(expected.dtype, (0.0, 0.0))
    rtol = default_rtol if rtol is None else rtol
    atol = default_atol if atol is None else atol
    actual, expected = actual.detach(), expected.detach()
    if actual.dtype != expected.dtype:
        wide = torch.promote_types(actual.dtype, expected.dtype)
        actual, expected = actual.to(wide), expected.to(wide)
    return torch.allclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True)


def _recognise(
    actual: torch.Tensor,
    mistakes: Mapping[str, torch.Tensor | Callable[[], torch.Tensor]],
    rtol: float | None,
    atol: float | None,
) -> str | None:
    """The first mistake whose result `actual` is."""
    for sentence, result in mistakes.items():
        wrong = result() if callable(result) else result
        if actual.shape == wrong.shape and actual.device == wrong.device and _close(actual, wrong, rtol, atol):
            return sentence
    return None


def _difference(actual: torch.Tensor, expected: torch.Tensor) -> str:
    """Where the two differ most, with both numbers."""
    actual, expected = actual.detach().cpu(), expected.detach().cpu()
    if not expected.is_floating_point() and not expected.is_complex():
        wrong = actual != expected
        worst = int(wrong.flatten().to(torch.uint8).argmax())
    else:
        gap = (actual.to(expected.dtype) - expected).abs().flatten()
        wrong = gap != 0
        worst = int(gap.argmax())  # a NaN counts as the largest
    place = [int(index) for index in torch.unravel_index(torch.tensor(worst), expected.shape)]
    got, right = actual.flatten()[worst].item(), expected.flatten()[worst].item()
    where = f"at {place} " if place else ""
    return f"{where}{_short(got)} came back, {_short(right)} is right ({int(wrong.sum())} of {expected.numel()} differ)"


def _short(number: Any) -> str:
    return f"{number:.6g}" if isinstance(number, float) else str(number)
