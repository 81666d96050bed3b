"""Single key presses, without Enter, where standard input is a keyboard."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def pressed(tell: Callable[[str], None]) -> Iterator[None]:
    """Calls `tell` with each key, in a thread of its own. The terminal is as before afterwards.

    Ctrl-C stays what it is. Where there is no keyboard, nothing is ever told.
    """
    if not sys.stdin.isatty():
        yield
    elif sys.platform == "win32":
        _listen(_windows_key, tell)
        yield
    else:
        import termios
        import tty

        before = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)
        try:
            _listen(lambda: sys.stdin.read(1), tell)
            yield
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _listen(read: Callable[[], str], tell: Callable[[str], None]) -> None:
    def listen() -> None:
        while key := read():
            tell(key)

    threading.Thread(target=listen, daemon=True).start()


def _windows_key() -> str:
    import msvcrt

    return str(msvcrt.getwch())  # type: ignore[attr-defined]  # on Windows
