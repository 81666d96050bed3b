"""The layers `system_calls` and `privileges`: what a submission may ask of the kernel."""

from __future__ import annotations

import errno
import platform
import signal
from pathlib import Path
from typing import Any

import pytest

from grader.confine import kernel, landlock, seccomp, syscalls
from grader.confine.policy import LayerError
from tests.grader.confine.attempts import attempt

X86 = platform.machine() == "x86_64"

REFUSED = {
    "network": "import socket; socket.socket()",
    "datagrams": "import socket; socket.socket(type=socket.SOCK_DGRAM)",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "netlink": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "socket pair": "import socket; socket.socketpair()",
    "fork": "os.fork()",
    "shell": "os.posix_spawn('/bin/sh', ['sh', '-c', 'true'], {})",
    "subprocess": "import subprocess; subprocess.run(['true'])",
    "execv": "os.execv('/bin/true', ['true'])",
    "execve of a descriptor": "os.execve(os.open('/dev/null', os.O_RDONLY), ['x'], {})",
    "signal to the parent": "os.kill(os.getppid(), 0)",
    "signal to all": "os.kill(-1, 0)",
    "signal to the group": "os.kill(0, 0)",
    "signal to init": "os.kill(1, 0)",
    "pidfd": "os.pidfd_open(os.getppid())",
    "session": "os.setsid()",
    "group": "os.setpgid(0, 0)",
    "owner of a descriptor": "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
    "signal of a descriptor": "import fcntl; fcntl.fcntl(0, 10, 9)",
    "lease": "import fcntl; fcntl.fcntl(0, fcntl.F_SETLEASE, 0)",
    "typing into a terminal": "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
    "the same, high bits set": "syscall(ioctl, 0, 0xdead00005412, 0)",
    "flags of a file": "import fcntl; fcntl.ioctl(0, 0x40086602, b'\\0' * 8)",
    "more processor time": "import resource; resource.setrlimit(resource.RLIMIT_CPU, (99, 99))",
    "limits of the parent": "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    "niceness": "os.nice(1)",
    "affinity of the parent": "os.sched_setaffinity(os.getppid(), {0})",
    "scheduler": "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
    "user": "os.setuid(1)",
    "root folder": "os.chroot('.')",
    "mode": "Path('x').touch(); os.chmod('x', 0o777)",
    "device": "os.mknod('x', 0o020666, 0x0103)",
    "memory file": "os.memfd_create('x')",
    "descriptor of a handle": "libc.open_by_handle_at(0, b'', 0) and syscall(handle, 0, b'', 0)",
    "host name": "import socket; socket.sethostname('x')",
    "death signal": "syscall(prctl, 1, 9, 0, 0, 0)",
    "dumpable": "syscall(prctl, 4, 1, 0, 0, 0)",
    "tracer": "syscall(prctl, 0x59616d61, -1, 0, 0, 0)",
}

NUMBERS = {
    "ioctl": (16, 29),
    "prctl": (157, 167),
    "handle": (304, 265),
    "clone": (56, 220),
    "clone3": (435, 435),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
}

RAW = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "connect": (42, 203),
    "delete_module": (176, 106),
    "execveat": (322, 281),
    "fanotify_init": (300, 262),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "inotify_init1": (294, 26),
    "io_setup": (206, 0),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "landlock_create_ruleset": (444, 444),
    "mount": (165, 40),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "seccomp": (317, 277),
    "semget": (64, 190),
    "sendmsg": (46, 211),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "setxattr": (188, 5),
    "shmget": (29, 194),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "tkill": (200, 130),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vmsplice": (278, 75),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str, tmp_path: Path) -> None:
    numbers: dict[str, Any] = {name: pair[kernel.machine()] for name, pair in NUMBERS.items()}
    outcome = attempt(REFUSED[what], tmp_path, **numbers)
    assert outcome.refused or (outcome.error == "ValueError" and what == "more processor time"), outcome


def test_refused_by_number(tmp_path: Path) -> None:
    code = """
result = {}
for name, number in numbers.items():
    try:
        result[name] = syscall(number, 0, 0, 0, 0, 0, 0)
    except OSError as error:
        result[name] = error.errno
"""
    numbers = {name: pair[kernel.machine()] for name, pair in RAW.items()}
    outcome = attempt(code, tmp_path, numbers=numbers)
    assert outcome.result == dict.fromkeys(RAW, errno.EPERM), outcome


@pytest.mark.parametrize(
    "flags",
    [17, 0x4100 | 17, 0x10000000, 0x00010000 | 0x10000000, 0x00010000 | 0x00020000, 0x00010000 | 0x8000],
    ids=["fork", "vfork", "user namespace", "in a thread", "mount namespace", "sibling"],
)
def test_clone_makes_threads_only(flags: int, tmp_path: Path) -> None:
    number = NUMBERS["clone"][kernel.machine()]
    assert attempt(f"syscall({number}, {flags}, 0, 0, 0, 0)", tmp_path).errno == errno.EPERM


def test_what_the_c_library_can_do_without_does_not_exist(tmp_path: Path) -> None:
    assert attempt("syscall(435, b'', 0)", tmp_path).errno == errno.ENOSYS  # clone3
    assert attempt("syscall(999, 0)", tmp_path).errno == errno.ENOSYS


@pytest.mark.skipif(not X86, reason="x86 has other architectures' calls")
def test_calls_of_another_architecture_end_the_process(tmp_path: Path) -> None:
    assert attempt("syscall(0x40000000 | 39)", tmp_path).signal == signal.SIGSYS
    code = """
import mmap
memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
memory.write(bytes.fromhex("b814000000 cd80 c3"))  # mov eax, getpid; int 0x80; ret
result = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()
"""
    assert attempt(code, tmp_path).signal in (signal.SIGSYS, signal.SIGSEGV)  # SEGV: a kernel without 32-bit calls


def test_signals_to_itself_work(tmp_path: Path) -> None:
    code = """
import signal, threading
seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR1)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
result = len(seen)
"""
    assert attempt(code, tmp_path).result == 3
    assert attempt("os.abort()", tmp_path).signal == signal.SIGABRT


def test_no_privileges_are_left(tmp_path: Path) -> None:
    code = "dict(line.split(':\\t') for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)"
    status = attempt(code, tmp_path, off=("filesystem", "system_calls")).result
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) in (0, 1 << 2) and status["CapEff"] == status["CapPrm"]
    assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0
    before = attempt(code, tmp_path, off=("filesystem", "system_calls", "privileges")).result
    assert before["NoNewPrivs"] == "0"


def test_landlock_refuses_network_and_signals_as_well(tmp_path: Path) -> None:
    version = landlock._version()
    if version >= 4:
        for verb in ("connect", "bind"):
            code = f"import socket; socket.socket().{verb}(('127.0.0.1', 9))"
            assert attempt(code, tmp_path, off=("system_calls",)).refused
    if version >= 6:
        assert attempt("os.kill(os.getppid(), 0)", tmp_path, off=("system_calls", "privileges")).refused


@pytest.mark.parametrize("machine", [kernel.X86_64, kernel.AARCH64])
@pytest.mark.parametrize("accelerator", [False, True])
def test_the_filter_is_well_formed_on_each_machine(machine: int, accelerator: bool) -> None:
    code = seccomp.program(machine, 4711, accelerator)
    assert len(code) < 4096
    assert {len(step) for step in code} == {8}
    named = syscalls.allowed(accelerator) | syscalls.NO_SUCH_CALL
    numbers = [pair[machine] for pair in named.values() if pair[machine] is not None]
    numbers += [call[0][machine] for call in syscalls.guarded(1, accelerator).values()]
    assert len(set(numbers)) == len(numbers)
    assert not set(numbers) & {pair[machine] for pair in RAW.values()}


def test_an_unknown_machine_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(LayerError, match="this is riscv64"):
        kernel.machine()
