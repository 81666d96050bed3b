"""How many small changes to the reference solutions do the hidden suites let through?

    python -m tests.mutation [--only NAME] [--function NAME] [-j N] [--list] [--killed FILE]

Exit code 0: of each exercise's mutants, no more than 3 in 100 live on without an explanation, and each
explanation has a mutant that lives on.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from grader.course import Course, Exercise
from grader.errors import GraderError, UsageError, did_you_mean
from grader.grading import Options, switched_off
from grader.processes.launch import launched
from tests.mutation.explained import explanations
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.outcome import Outcome, show
from tests.mutation.run import Bench, Killed, plain_source

ROOT = Path(__file__).parents[2]

TIMEOUT_S = 5.0
"""A test's clock: a mutant that never answers is found out sooner than a student's program."""


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Only this exercise; may be repeated.")
@click.option("--function", metavar="NAME", help="Only mutants in this function or class.")
@click.option("-j", "jobs", type=click.IntRange(1), default=1, show_default=True, help="Mutants at a time.")
@click.option("--list", "listing", is_flag=True, help="List the mutants and stop.")
@click.option(
    "--killed",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Note in this file which mutants were rejected, and leave those out that stand there.",
)
def main(only: tuple[str, ...], function: str | None, jobs: int, listing: bool, killed: Path | None) -> None:
    """Mutate the reference solutions and count the mutants that no hidden test rejects."""
    out = Console()
    try:
        course = Course.load(ROOT)
        chosen = {exercise: _mutants(exercise, function) for exercise in course.select(only)}
        if listing:
            _list(chosen, out)
            return
        outcomes = _run(course, chosen, jobs, Killed(killed), out)
    except GraderError as error:
        raise click.ClickException(str(error)) from error
    show(outcomes, out)
    sys.exit(any(outcome.bad for outcome in outcomes))


def _mutants(exercise: Exercise, function: str | None) -> list[Mutant]:
    """The mutants of a solution, or of one function or class of it.

    Raises:
        UsageError: nothing is called so.
    """
    every = mutants(exercise.solution.read_text(encoding="utf-8"))
    if function is None:
        return every
    found = [mutant for mutant in every if f"{mutant.function}.".startswith(f"{function}.")]
    if not found:
        known = sorted({mutant.function for mutant in every})
        raise UsageError(f"{exercise.solution} has no mutants in '{function}'.{did_you_mean(function, known)}")
    return found


def _list(chosen: dict[Exercise, list[Mutant]], out: Console) -> None:
    for exercise, found in chosen.items():
        for mutant in found:
            out.print(f"{exercise.name}  {mutant.id}", markup=False, highlight=False, soft_wrap=True)


def _run(
    course: Course, chosen: dict[Exercise, list[Mutant]], jobs: int, killed: Killed, out: Console
) -> list[Outcome]:
    explained = explanations(course)
    hurried = replace(course, settings=msgspec.structs.replace(course.settings, timeout_s=TIMEOUT_S))
    off = switched_off()
    outcomes = []
    with (
        launched(course.settings.preload, off) as launcher,
        Progress(console=out, transient=True, disable=not out.is_terminal) as bar,
    ):
        bench = Bench(hurried, Options(seed=0, off=off), launcher)
        for exercise, every in chosen.items():
            plain = plain_source(exercise, bench)
            left = [mutant for mutant in every if (exercise.name, mutant) not in killed]
            living = []
            for mutant, judgement in bar.track(
                bench.judge_all(exercise, left, jobs), total=len(left), description=exercise.name
            ):
                if judgement.rejected_by is None:
                    living.append((mutant, judgement))
                else:
                    killed.add(exercise.name, mutant)
            outcomes.append(Outcome(exercise.name, plain, every, living, explained.get(exercise.name, {})))
    return outcomes


if __name__ == "__main__":
    main()
