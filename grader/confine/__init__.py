"""Confinement: what a worker does to itself, for good, before a submission's first line runs.

    confine(policy) -> Confinement     called in the worker, while it has a single thread

Theory of operation. A worker is a process forked from one that has imported torch. It gives up,
one layer after another, all that answering calls does not need; the kernel then refuses the rest,
whatever the code does, native code included. Nothing here is a filter on Python.

    layer         by means of          what is left                             where
    descriptors   close, dup2          the channel; 0, 1, 2 are /dev/null       Linux, macOS
    environment   clearenv, memset     `environment.KEPT`, HOME, TMPDIR, USER   Linux
    privileges    no_new_privs, capset reading as root reads, if it was root    Linux
    memory        RLIMIT_AS            what it had, and the allowance           Linux, not with a GPU
    limits        RLIMIT_CPU, _FSIZE,  seconds, bytes, open files;              Linux, macOS
                  _NOFILE, _CORE       no core dump
    filesystem    Landlock             `paths.readable`, `paths.writable`       Linux 6.2, Landlock on
    system_calls  seccomp              `syscalls.ALLOWED`, `syscalls.guarded`   Linux, x86-64 or arm64

The order matters. What reads /proc comes before Landlock closes it. Landlock and seccomp
need no_new_privs. The system calls come last, because the layers before them use calls that the
filter refuses; from then on not even this package could change anything.

Each layer is `held` or `missing`, with the reason; one that was applied in part is missing. So is a
layer that binds one thread only, where others already run. A refused call looks like this to the
submission: PermissionError for files, sockets and processes, MemoryError (torch: RuntimeError) for
memory, OSError for file size and open files; processor time ends the process with SIGXCPU.

What is not held, by any layer:

- Names. Landlock does not guard stat, readlink and chdir: a submission can ask whether a
  path exists, how large it is and when it changed. It cannot list a folder or read a file.
- The scratch folder as a whole. A file's size is limited, the number of files is not; nor is that of
  threads, except that their stacks take memory. The judge looks at both (`judge.guard`).
- The times at which a file that may be read was read last: what is noted there outlives the process.
- The process's own memory, with all that it held when it was forked. The environment's block is
  wiped, freed copies of it are not: start the zygote with `environment.short(os.environ)`.
- The processor's side channels, and a fault in the kernel behind an allowed call.
- The GPU: its driver is a large part of the kernel, and its memory is not limited.
"""

from grader.confine.apply import confine
from grader.confine.policy import LAYERS, NEEDED, Confinement, Policy

__all__ = ["LAYERS", "NEEDED", "Confinement", "Policy", "confine"]
