"""A worker's scratch folder: how much may be in it, and how it goes, whatever is in it."""

from __future__ import annotations

import os
import tempfile
from itertools import count
from pathlib import Path

MAX_BYTES = 256 << 20
MAX_FILES = 10_000
MAX_DEPTH = 32

TOO_MUCH = (
    f"It put more into its scratch folder than it may: {MAX_BYTES >> 20} MB in all, {MAX_FILES:,} files and folders, "
    f"{MAX_DEPTH} folders deep."
)


def is_overfull(folder: Path) -> bool:
    """Whether more is in `folder` than may be, or something that cannot be counted. It may change meanwhile.

    A file that has no name any more is not seen; of these a worker can have as many as descriptors.
    """
    size = files = 0
    waiting = [(os.fspath(folder), 0)]
    while waiting:
        path, depth = waiting.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
                    else:
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if files > MAX_FILES or size > MAX_BYTES:
                        return True
        except FileNotFoundError:
            continue
        except OSError:  # closed to everybody, or nested beyond what a path can name
            return True
        if depth >= MAX_DEPTH:
            return True
    return False


def remove(folder: Path) -> None:
    """Remove `folder`, to which nobody writes any more, though it be nested too deep to be followed or closed.

    Raises:
        OSError: something stays; it is in a folder beside `folder` then.
    """
    heap = Path(tempfile.mkdtemp(dir=folder.parent))
    numbers = count()

    def lifted(path: Path) -> Path:
        """Move a folder up to where its path is short."""
        path.chmod(0o700)
        return path.rename(heap / str(next(numbers)))

    waiting = [lifted(folder)]
    while waiting:
        here = waiting.pop()
        for path in list(here.iterdir()):
            if path.is_dir() and not path.is_symlink():
                waiting.append(lifted(path))
            else:
                path.unlink()
        here.rmdir()
    heap.rmdir()
