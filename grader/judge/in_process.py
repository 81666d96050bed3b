"""The submission in this process, with `--in-process`: for `print`, `breakpoint` and the debugger."""

from __future__ import annotations

import importlib
import random
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

from grader.bans.source import check
from grader.events import Loaded, Target
from grader.judge.link import Forbidden, Seen
from grader.judge.side import accelerator, loaded, unloadable
from grader.worker import loading
from grader.worker.fake import run_on_fake_device


class InProcess:
    """The submission in this process. No grade comes of it."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.missing: dict[str, str] = {}
        self.device = accelerator()
        self.module: Any = None
        self.gone = None
        self.seen = Seen.nothing()
        self._loaded: Any = None
        self._source = b""

    def open(self, target: Target, accelerator: bool) -> Loaded:
        sys.path += [folder for folder in target.importable if folder not in sys.path]
        try:
            module, problems = loading.load(target.source, target.file, target.exercise, target.parts)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno or 0 for frame in frames if frame.filename == target.file]
            return unloadable(target, f"{type(error).__name__}: {error}", lines)
        self._loaded, self._source = module, target.source
        return loaded(target, problems)

    def begin(self, seed: int, forbidden: tuple[str, ...], timeout_s: float) -> None:
        self.seen = Seen.nothing()
        random.seed(seed)
        self.module = Watched(self._loaded, lambda name: self._check(name, forbidden))

    def _check(self, name: str, forbidden: tuple[str, ...]) -> None:
        self.seen.asked = True
        if not hasattr(self._loaded, name):
            self.seen.absent = name
        violation = check(self._source, name, forbidden) if forbidden else None
        if violation is not None:
            self.seen.violation = violation
            raise Forbidden(str(violation))

    def end(self) -> None:
        """Nothing to do."""

    def remote(self, name: str) -> Any:
        return importlib.import_module(name)

    def call_held(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return target(*args, **kwargs)

    def on_fake_device(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return run_on_fake_device(target, args, kwargs)

    def close(self) -> None:
        """Nothing to do."""


class Watched:
    """A module whose attributes are looked at before they are read."""

    def __init__(self, module: types.ModuleType, look: Callable[[str], None]) -> None:
        self._module = module
        self._look = look

    def __getattr__(self, name: str) -> Any:
        self._look(name)
        return getattr(self._module, name)
