"""What confinement a worker asks for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

LAYERS: dict[str, str] = {
    "descriptors": "no open file but the channel; standard input, output and error lead nowhere",
    "environment": "no variable but a short list, and none left in the process's memory block",
    "privileges": "no way to gain privileges, and none of root's",
    "memory": "a limit on how much memory can be had",
    "limits": "limits on processor time, file size and open files; no core dumps",
    "filesystem": "reads libraries and the submission, writes its scratch folder",
    "system_calls": "no network, no other processes, no signals to others, nothing unusual of the kernel's",
}
"""Each layer and what it promises, in the order in which they are applied."""

NEEDED = tuple(layer for layer in LAYERS if layer != "memory")
"""The layers without which a class must not be graded. A memory limit is impossible where CUDA runs,
and its lack lets a submission slow the machine down, not change a grade."""


class LayerError(Exception):
    """A layer cannot be had, or not all of it. The message is the reason, as the report gives it."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a worker is to be confined.

    readable: files and folders to read besides the libraries: the submission
    scratch: the folder to write to, which must exist; also the working folder, HOME and TMPDIR
    keep: descriptors that stay open: the channel
    memory_bytes: memory to be had beyond what the process has now
    cpu_s: processor time to be had from now on, or up to a second more; then SIGXCPU ends the process,
        SIGKILL a second later
    file_bytes: the size of a file; writing past it is EFBIG (`OSError: File too large`)
    open_files: descriptors; more are EMFILE (`OSError: Too many open files`)
    accelerator: let the process use a GPU
    off: layers to leave out, for tests and for `--no-sandbox`
    """

    readable: tuple[str, ...] = ()
    scratch: str
    keep: tuple[int, ...] = ()
    memory_bytes: int
    cpu_s: int
    file_bytes: int
    open_files: int
    accelerator: bool = False
    off: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = set(self.off) - set(LAYERS)
        if unknown:
            raise ValueError(f"no such layer: {', '.join(sorted(unknown))}; there are {', '.join(LAYERS)}")


@dataclass(frozen=True)
class Confinement:
    """The layers in force, and the others, each with the reason. Every layer is in one of the two."""

    held: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
