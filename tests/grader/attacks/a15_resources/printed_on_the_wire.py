# mypy: ignore-errors
"""Sends notes of megabytes with each answer, past what keeps printing short."""
from grader.boundary import wire
from grader.worker.serve import Worker

Worker.notes = lambda self: wire.Notes(printed="x" * (1 << 23))
