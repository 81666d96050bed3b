# mypy: ignore-errors
"""Puts what it was given where a forbidden call is told of: its name, and the line."""
from grader.boundary import wire
from grader.worker.serve import Worker

Worker.notes = lambda self: wire.Notes(denied=[("quick" + "silver", 3)])
