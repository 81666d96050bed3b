"""What messages share: the things that both sides hold a copy of while a call is under way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grader.boundary import wire
from grader.boundary.watch import Encoder, Watch, watch


class Shares:
    """What one message shares, by key: what is in it stays alive, so that an `id` tells it."""

    def __init__(self) -> None:
        self.things: dict[int, Any] = {}
        self._keys: dict[int, int] = {}  # id -> key
        self._watches: dict[int, Watch] = {}

    def share(self, key: int, value: Any) -> None:
        self.things[key] = value
        self._keys[id(value)] = key

    def key_of(self, value: Any) -> int:
        """0 for what this message does not share."""
        return self._keys.get(id(value), 0)

    def watch(self) -> None:
        """From now on, note what becomes of what is shared."""
        for key, value in self.things.items():
            if key not in self._watches and (watched := watch(value)) is not None:
                self._watches[key] = watched

    def rewatch(self, key: int) -> None:
        """The other side knows what `key` holds now: it has written it."""
        if key in self._watches and (watched := watch(self.things[key])) is not None:
            self._watches[key] = watched

    def changes(self, encoder: Encoder) -> list[wire.Update]:
        """What has become of it since it was watched, or since this was last asked."""
        updates = (watched.change(key, encoder) for key, watched in list(self._watches.items()))
        return [update for update in updates if update is not None]


class Busy:
    """The calls under way: `asking`, ours that the other side is busy with; `answering`, its own."""

    def __init__(self) -> None:
        self.asking: list[Shares] = []
        self.answering: list[Shares] = []

    def __iter__(self) -> Iterator[Shares]:
        yield from reversed(self.answering)
        yield from reversed(self.asking)

    def key_of(self, value: Any) -> int:
        """0 for what no call under way shares."""
        return next((key for call in self if (key := call.key_of(value))), 0)

    def holder(self, key: int) -> Shares | None:
        """The call that shares something under this key."""
        return next((call for call in self if key in call.things), None)

    def changes(self, encoder: Encoder) -> list[wire.Update]:
        return [update for call in self for update in call.changes(encoder)]
