# mypy: ignore-errors
"""Fails to begin any test, with an error that would be the suite's own."""
from grader.boundary.wire import CannotCross
from grader.worker.serve import Worker


def fail(self, *args):
    raise CannotCross("no test can begin")


Worker._begin = fail
for name, operation in list(vars(Worker).items()):
    if name == "running":
        setattr(Worker, name, fail)
