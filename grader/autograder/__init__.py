"""A course as an autograder for Gradescope: a zip that is uploaded once and grades each submission there.

What Gradescope asks for: https://gradescope-autograders.readthedocs.io/en/latest/specs/. It unpacks the zip to
/autograder/source, runs setup.sh once, and run_autograder for each submission in /autograder/submission.

    setup.sh          installs Python and the grader, with the versions of torch and the others that are in use here
    run_autograder    grades with a fixed seed and writes /autograder/results/results.json, whatever happens
    failed.json       that file for a submission that could not be graded
    seed
    constraints.txt   the versions
    pyproject.toml    of the grader, for pip
    grader/           the grader, file by file
    course/           the course's pyproject.toml, exercises and suites; no solutions, no wrong answers

A container there may lack layers of confinement. What the grader prints tells so, where instructors read it.
Gradescope ends an autograder after a time that its settings tell, and counts 0; a whole course takes minutes.
"""

from grader.autograder.archive import ARCHIVE, pack

__all__ = ["ARCHIVE", "pack"]
