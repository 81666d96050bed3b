"""The system calls that a worker may make: a list of what is allowed, as Docker's and Chrome's are.

What is not here is refused: sockets, processes, execve, ptrace, signals to others, other processes'
memory, limits and scheduling, io_uring, namespaces, mounts, keys, bpf, perf, System V IPC, modules.
Refused too is what changes a file's metadata (chmod, chown, utime, xattr), because Landlock
does not guard that: the owner of the course's files, which a worker is, could lock the grader out.

Numbers are (x86-64, aarch64), None where a machine has no such call.
"""

from __future__ import annotations

from dataclasses import dataclass

Numbers = tuple[int | None, int | None]

NEWEST = 469
"""The last system call that was known when this list was made. Later ones do not exist, as far as a
worker can tell, so that a C library falls back to what it did before them."""

# fmt: off
ALLOWED: dict[str, Numbers] = {
    # files; Landlock says which
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "preadv2": (327, 286), "pwritev2": (328, 287),
    "lseek": (8, 62), "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "creat": (85, None),
    "close": (3, 57), "close_range": (436, 436), "stat": (4, None), "fstat": (5, 80), "lstat": (6, None),
    "newfstatat": (262, 79), "statx": (332, 291), "statfs": (137, 43), "fstatfs": (138, 44), "access": (21, None),
    "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "getdents": (78, None), "getdents64": (217, 61),
    "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "link": (86, None), "linkat": (265, 37),
    "symlink": (88, None), "symlinkat": (266, 36), "truncate": (76, 45), "ftruncate": (77, 46),
    "fallocate": (285, 47), "fadvise64": (221, 223), "readahead": (187, 213), "fsync": (74, 82),
    "fdatasync": (75, 83), "sync_file_range": (277, 84), "flock": (73, 32), "sendfile": (40, 71),
    "copy_file_range": (326, 285), "umask": (95, 166), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "pipe": (22, None), "pipe2": (293, 59),
    # waiting
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72), "epoll_create": (213, None),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None), "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441), "eventfd": (284, None), "eventfd2": (290, 19), "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87), "signalfd4": (289, 74),
    # memory
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226), "madvise": (28, 233),
    "msync": (26, 227), "mincore": (27, 232), "brk": (12, 214), "mlock": (149, 228), "mlock2": (325, 284),
    "munlock": (150, 229), "mbind": (237, 235), "get_mempolicy": (239, 236), "set_mempolicy": (238, 237),
    "pkey_mprotect": (329, 288), "pkey_alloc": (330, 289), "pkey_free": (331, 290), "membarrier": (324, 283),
    "map_shadow_stack": (453, None), "mseal": (462, 462),
    # threads
    "futex": (202, 98), "futex_waitv": (449, 449), "futex_wake": (454, 454), "futex_wait": (455, 455),
    "futex_requeue": (456, 456), "set_robust_list": (273, 99), "set_tid_address": (218, 96), "rseq": (334, 293),
    "exit": (60, 93), "exit_group": (231, 94), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "getcpu": (309, 168), "arch_prctl": (158, None),
    "restart_syscall": (219, 128),
    # signals to itself, timers, children that it cannot have
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132), "pause": (34, None),
    "alarm": (37, None), "getitimer": (36, 102), "setitimer": (38, 103), "timer_create": (222, 107),
    "timer_settime": (223, 110), "timer_gettime": (224, 108), "timer_getoverrun": (225, 109),
    "timer_delete": (226, 111), "wait4": (61, 260), "waitid": (247, 95),
    # time
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getrusage": (98, 165),
    # who and where am I
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getpgrp": (111, None), "getpgid": (121, 155),
    "getsid": (124, 156), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getresuid": (118, 148), "getresgid": (120, 150), "getgroups": (115, 158), "getpriority": (140, 141),
    "getrlimit": (97, 163), "capget": (125, 90), "sysinfo": (99, 179), "uname": (63, 160), "getrandom": (318, 278),
}

NO_SUCH_CALL: dict[str, Numbers] = {
    "clone3": (435, 435),  # its flags are in memory, out of a filter's sight; threads fall back to clone
}

_WITH_ACCELERATOR: dict[str, Numbers] = {
    # CUDA makes an abstract Unix socket and waits there. It may, and can still connect to nothing.
    "bind": (49, 200), "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242), "getsockname": (51, 204),
    "memfd_create": (319, 279),  # otherwise refused: such files are memory that no limit counts
}
# fmt: on


@dataclass(frozen=True)
class Condition:
    """A half of an argument is one of some values, each seen through a mask."""

    argument: int
    values: tuple[tuple[int, int], ...]  # (mask, value)
    high: bool = False


def one_of(argument: int, *values: int) -> Condition:
    """For arguments that the kernel takes as 32 bits: it ignores the high half, and so does this."""
    return Condition(argument, tuple((0xFFFFFFFF, value & 0xFFFFFFFF) for value in values))


def null(argument: int) -> tuple[Condition, Condition]:
    return one_of(argument, 0), Condition(argument, ((0xFFFFFFFF, 0),), high=True)


Guarded = tuple[tuple[int, int], tuple[Condition, ...]]
"""The numbers of a system call, and the conditions that must all hold for it to be allowed."""


_CLONE_THREAD = 0x00010000
_CLONE_REFUSED = 0x7E020000 | 0x00002000 | 0x00004000 | 0x00008000  # namespaces; PTRACE, VFORK, PARENT
_AF_UNIX = 1

_FCNTL = (
    0, 1, 2, 3, 4,  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL
    5, 6, 7, 36, 37, 38,  # locks
    1030, 1031, 1032, 1033, 1034,  # F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS
)  # fmt: skip
"""Not F_SETOWN and F_SETSIG, with which the kernel sends any signal to anyone; nor leases."""

_IOCTL = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. Not TIOCSTI and TIOCLINUX, which
type into a terminal; nor FIOSETOWN; nor what sets a file's flags."""

_DRIVERS = (
    (0xFF00, ord("F") << 8), (0xFFFFFF00, 0),  # nvidia, nvidia-uvm
    (0xFFFFFFFF, 0x30000001), (0xFFFFFFFF, 0x30000002),  # nvidia-uvm: initialize, deinitialize
    (0xFF00, ord("K") << 8), (0xFF00, ord("d") << 8),  # amdkfd, drm
)  # fmt: skip

_PRCTL = (3, 15, 16, 23, 39, 0x53564D41)
"""PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, and PR_SET_VMA, with
which C libraries name their memory. Not PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_MM, PR_SET_PTRACER."""


def allowed(accelerator: bool) -> dict[str, Numbers]:
    """What may be called with any arguments."""
    return ALLOWED | _WITH_ACCELERATOR if accelerator else ALLOWED


def guarded(process: int, accelerator: bool) -> dict[str, Guarded]:
    """What may be called with some arguments, by the process with this number."""
    ioctl = one_of(1, *_IOCTL)
    extra: dict[str, Guarded] = {}
    if accelerator:
        ioctl = Condition(1, ioctl.values + _DRIVERS)
        extra["socket"] = ((41, 198), (one_of(0, _AF_UNIX),))
    clone = Condition(0, ((_CLONE_THREAD | _CLONE_REFUSED, _CLONE_THREAD),))
    return extra | {
        "clone": ((56, 220), (clone,)),
        "kill": ((62, 129), (one_of(0, process),)),
        "tgkill": ((234, 131), (one_of(0, process),)),
        "fcntl": ((72, 25), (one_of(1, *_FCNTL),)),
        "ioctl": ((16, 29), (ioctl,)),
        "prctl": ((157, 167), (one_of(0, *_PRCTL),)),
        "prlimit64": ((302, 261), (one_of(0, 0, process), *null(2))),  # asks, and never sets
        "sched_setaffinity": ((203, 122), (one_of(0, 0, process),)),
    }
