"""Whether a release holds anything of what it must not hold.

Secret are the lines of hidden tests, solutions, wrong and alternative answers, the texts in them (a
compiled file has no lines), and the names of hidden tests. A line that stands in a public part as
well, or is too short to tell anything, is no secret.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.release.looking import Text

SHORTEST = 12
"""Letters and signs of a line, without the white space around it, below which it tells nothing."""


@dataclass(frozen=True)
class Secret:
    """A line, a text or a name, and where it comes from, as in `solutions/01_softmax/softmax.py, line 7`."""

    text: str
    origin: str


@dataclass(frozen=True)
class Leak:
    """What is where it must not be."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def secrets_of(text: str, label: str, lines: Iterable[str] | None = None, *, code: bool = True) -> Iterator[Secret]:
    """What is secret in a file: its lines (`lines`, where not all of them are) and, of `code`, its longer texts.

    Raises:
        SyntaxError: it is no Python, and was to be.
    """
    written = [line.strip() for line in text.split("\n")]
    secret = set(written) if lines is None else {line.strip() for line in lines}
    for number, line in enumerate(written, 1):
        if line in secret and _tells(line):
            yield Secret(line, f"{label}, line {number}")
    for node in ast.walk(ast.parse(text)) if code else ():
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if secret.intersection(written[node.lineno - 1 : node.end_lineno]):
            pieces = (piece.strip() for piece in node.value.splitlines())
            yield from (Secret(piece, f"{label}, line {node.lineno}") for piece in pieces if _tells(piece))


def _tells(line: str) -> bool:
    return len(line) >= SHORTEST and any(sign.isalpha() for sign in line)


class Search:
    """Finds secrets in texts, in a time that does not depend on how many secrets there are.

    Args:
        secrets: what is to be found.
        public: texts that may be released; what stands in one of them is no secret.
    """

    def __init__(self, secrets: Iterable[Secret], public: Sequence[str]) -> None:
        known = {secret.text: secret for secret in reversed(list(secrets))}  # the first place of each counts
        told = {secret.text for text in public for _, secret in _found(_by_start(known.values()), text)}
        self.secrets = [secret for text, secret in known.items() if text not in told]
        self._by_start = _by_start(self.secrets)

    def leaks(self, texts: Iterable[Text]) -> Iterator[Leak]:
        """What the texts hold of the secrets, and what of them cannot be read."""
        for text in texts:
            if text.problem is not None:
                yield Leak(text.place, text.problem)
                continue
            for position, secret in _found(self._by_start, text.content):
                line = text.content.count("\n", 0, position) + 1
                yield Leak(f"{text.place}, line {line}", f"holds '{_short(secret.text)}' of {secret.origin}")


def _by_start(secrets: Iterable[Secret]) -> dict[str, list[Secret]]:
    table: dict[str, list[Secret]] = {}
    for secret in secrets:
        table.setdefault(secret.text[:SHORTEST], []).append(secret)
    return table


def _found(by_start: dict[str, list[Secret]], text: str) -> Iterator[tuple[int, Secret]]:
    for position in range(len(text) - SHORTEST + 1):
        for secret in by_start.get(text[position : position + SHORTEST], ()):
            if text.startswith(secret.text, position):
                yield position, secret


def _short(line: str) -> str:
    return line if len(line) <= 60 else f"{line[:60]}…"
