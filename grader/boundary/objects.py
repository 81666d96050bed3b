"""How one side treats what is not plain data."""

from __future__ import annotations

from typing import Any, Protocol

from grader.boundary import wire
from grader.boundary.wire import CannotCross, ProtocolError


class Objects(Protocol):
    """One side's objects, as the other refers to them. `references`: the types of its references to theirs."""

    references: frozenset[type]

    def export(self, value: Any) -> wire.Handle | wire.Function | wire.Own | wire.Special | wire.Generator:
        """Raises CannotCross where `value` may not be referred to from the other side."""

    def resolve(self, sent: wire.Handle | wire.Function | wire.Own) -> Any:
        """Raises ProtocolError where there is no such object."""

    def named(self, qualified: str) -> Any:
        """Raises ProtocolError where the other side may not refer to things by name."""

    def released(self) -> list[int]:
        """Handles of the other side's that this one no longer holds, since this was last asked."""

    def release(self, numbers: list[int]) -> None:
        """Let go of objects that the other side no longer holds."""


class NoObjects:
    """A side with nothing but plain data."""

    references: frozenset[type] = frozenset()

    def export(self, value: Any) -> Any:
        raise CannotCross(f"a {type(value).__name__} cannot cross")

    def resolve(self, sent: Any) -> Any:
        raise ProtocolError("no such object")

    def named(self, qualified: str) -> Any:
        raise ProtocolError("no such name")

    def released(self) -> list[int]:
        return []

    def release(self, numbers: list[int]) -> None:
        """There is nothing to let go of."""
