"""Which grader this is, and which torch: part of what decides whether a grade still stands."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

PACKAGE = "pytorch-101"


@cache
def version() -> str:
    """The version, and a digest of the source, as in `1.0.0+3f9a12bc`: a change of either is another grader."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    try:
        number = installed(PACKAGE)
    except PackageNotFoundError:  # run from a checkout that is not installed
        number = "0"
    return f"{number}+{digest.hexdigest()[:8]}"


@cache
def installed_torch() -> str:
    """torch's version without importing it, nor what stands behind a plus; "" where it is not installed."""
    try:
        return installed("torch").partition("+")[0]
    except PackageNotFoundError:
        return ""
