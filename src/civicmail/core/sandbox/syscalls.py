"""System calls that a process for hostile files may use, by name, with their numbers on each supported architecture.

The list was measured: what our readers call from their first file on, over all corpora, and what other releases of the C library
call in place of that. Whatever is not here does not exist for them: no network, no process, no thread, no signal to others, no
shared memory, no change to any file, its mode, owner or times.
"""

from __future__ import annotations

from dataclasses import dataclass

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Machine -> column of the tables, and its name in a filter (audit(7))."""

FREE: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63), "readv": (19, 65), "pread64": (17, 67), "write": (1, 64), "writev": (20, 66), "lseek": (8, 62),
    "close": (3, 57),
    "fstat": (5, 80), "newfstatat": (262, 79), "statx": (332, 291), "stat": (4, None), "lstat": (6, None), "statfs": (137, 43),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
    "getdents64": (217, 61), "getcwd": (79, 17),
    "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226), "brk": (12, 214),
    "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getrusage": (98, 165), "getrandom": (318, 278),
    "getpid": (39, 172), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176),
    "getegid": (108, 177), "uname": (63, 160), "sysinfo": (99, 179),
    "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
"""With any arguments."""

PROGRAM: dict[str, tuple[int | None, int | None]] = {
    "execve": (59, 221), "arch_prctl": (158, None), "set_tid_address": (218, 96),
}  # fmt: skip
"""Additional calls for a process that becomes another program (launch.py): Landlock restricts which, and it may start no other."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A call that is permitted with some arguments. argument: the one to check, from 0. Of its lower 32 bits, which are all that
    the kernel reads of it: one_of, or without any bit of without, or below a number."""

    numbers: tuple[int | None, int | None]
    argument: int
    one_of: tuple[int, ...] = ()
    without: int = 0
    below: int = 0


O_WRITES = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE without O_DIRECTORY
MAP_SHARED, MAP_LOCKED, MAP_HUGETLB = 0x1, 0x2000, 0x40000
TCGETS, TCGETS2 = 0x5401, 0x802C542A  # is this a terminal?
F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC = 1, 2, 3, 1030
PR_SET_NAME, PR_SET_VMA = 15, 0x53564D41
MADV_HWPOISON = 100  # takes memory from the machine

RULES = {
    "openat": Rule((257, 56), 2, without=O_WRITES),
    "mmap": Rule((9, 222), 3, without=MAP_SHARED | MAP_LOCKED | MAP_HUGETLB),
    "madvise": Rule((28, 233), 2, below=MADV_HWPOISON),
    "ioctl": Rule((16, 29), 1, one_of=(TCGETS, TCGETS2)),
    "fcntl": Rule((72, 25), 1, one_of=(F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC)),
    "prctl": Rule((157, 167), 0, one_of=(PR_SET_NAME, PR_SET_VMA)),
}

TGKILL, PRLIMIT64 = (234, 131), (302, 261)
"""To itself alone (seccomp.py)."""


def count(machine: str) -> int:
    """The number of calls that a reader has there."""
    column = MACHINES[machine][0]
    every = [*FREE.values(), *(rule.numbers for rule in RULES.values()), TGKILL, PRLIMIT64]
    return sum(numbers[column] is not None for numbers in every)
