"""Shell completion: what may follow `grade`.

    eval "$(_GRADE_COMPLETE=bash_source grade)"        # or zsh_source, fish_source

click completes groups of commands and single commands; `grade` is both, since a PATH may stand where a
command's name does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import click
from click.shell_completion import CompletionItem

VARIABLE = "_GRADE_COMPLETE"


class _Both(click.Group):
    """The named commands, and what the command without a name takes."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]


def complete(grade: click.Command, commands: Mapping[str, click.Command]) -> bool:
    """Answer the shell, if it is the shell that asks. False where it is not."""
    if VARIABLE not in os.environ:
        return False
    words = os.environ.get("COMP_WORDS", "").split()[1:]
    first = words[0] if len(words) > 1 else ""
    alone = bool(first) and first not in commands
    command = grade if alone else _Both("grade", commands=dict(commands), params=list(grade.params[1:]))
    command.main([], prog_name="grade", complete_var=VARIABLE)
    return True
