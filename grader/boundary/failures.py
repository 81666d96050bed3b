"""Exceptions to wire messages and back.

An exception crosses as the names of its class and bases, its text, and the lines of the
submission's file that it passed through. On the other side it is built anew as a `Raised` that
is also of the first builtin class among the bases, so that `pytest.raises(ValueError)` and
`except AttributeError` do what they say.
"""

from __future__ import annotations

import builtins
import re
import traceback

from grader.boundary import wire

MESSAGE_CHARS = 2000


class Raised(Exception):
    """An exception of the other side. Each is also of a builtin class.

    `kind`: the name of its class there; not to be trusted in what hidden tests show.
    `bases`: that class and its bases, as `module:name`. `builtin`: the builtin class.
    `lines`: lines of the submission's file, outermost first.
    `origin`: the other side's number for it, 0 if it has none.
    """

    kind: str
    bases: list[str] = []  # noqa: RUF012
    builtin: type[Exception]
    lines: list[int]
    message: str
    origin: int

    def __str__(self) -> str:
        return self.message


# Classes whose constructors or memory layout do not allow a plain message.
_AWKWARD = {"UnicodeDecodeError", "UnicodeEncodeError", "UnicodeTranslateError", "ExceptionGroup"}
BUILTIN: dict[str, type[Exception]] = {
    f"builtins:{name}": value
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception) and name not in _AWKWARD
}


def failure(error: BaseException, filename: str | None) -> wire.Failure:
    """`error` as a message; never raises, whatever the exception's own methods do."""
    try:
        message = str(error)
    except Exception:
        message = "(an exception whose text cannot be read)"
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == filename]
    if isinstance(error, SyntaxError) and error.filename == filename and isinstance(error.lineno, int):
        lines.append(error.lineno)  # no line of a file that cannot be compiled was ever run
    return wire.Failure(
        kind=type(error).__name__[:100],
        bases=[qualified(base) for base in type(error).__mro__][:16],
        message=_text(message[:MESSAGE_CHARS]),
        lines=lines[:20] + lines[20:][-20:],
    )


def exception(sent: wire.Failure) -> Raised:
    """The exception that `sent` describes."""
    builtin = next((BUILTIN[name] for name in sent.bases if name in BUILTIN), Exception)
    kind = re.sub(r"\W", "_", sent.kind)[:100] or "Exception"
    # The builtin class comes first, for MemoryError insists on its own constructor.
    made_of = (Raised,) if builtin is Exception else (builtin, Raised)
    made: type[Raised] = type(kind, made_of, {"bases": sent.bases, "__str__": Raised.__str__})
    error = made.__new__(made, sent.message)
    error.args = (sent.message,)
    error.kind, error.builtin, error.lines, error.message = kind, builtin, sent.lines, sent.message
    error.origin = sent.origin
    return error


def qualified(kind: type) -> str:
    """`module:name` of a class."""
    return _text(f"{kind.__module__}:{kind.__qualname__}"[:200])


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
