"""The list of system calls against the kernel's own headers, where they are, and the filter that is made of it."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest

from civicmail.core.sandbox import seccomp, syscalls

X86 = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
ARM = Path("/usr/include/asm-generic/unistd.h")
NEVER = {
    "socket", "socketpair", "connect", "bind", "sendto", "sendmsg", "recvmsg", "fork", "vfork", "clone", "clone3", "kill",
    "tkill", "ptrace", "process_vm_readv", "pidfd_open", "setns", "unshare", "chmod", "fchmod", "fchmodat", "chown", "fchownat",
    "utimensat", "setxattr", "truncate", "ftruncate", "unlink", "unlinkat", "rename", "renameat2", "mkdirat", "linkat",
    "symlinkat", "open", "creat", "openat2", "memfd_create", "shmget", "semget", "msgget", "mq_open", "add_key", "keyctl",
    "io_uring_setup", "bpf", "mount", "pkey_mprotect", "setpriority", "sched_setaffinity", "ioprio_set", "setrlimit", "setuid",
    "setresuid", "userfaultfd", "pipe2", "splice", "vmsplice", "seccomp", "landlock_restrict_self", "flock", "inotify_init1",
    "perf_event_open", "name_to_handle_at",
}  # fmt: skip
EVERY = {**syscalls.FREE, **syscalls.PROGRAM, **{name: rule.numbers for name, rule in syscalls.RULES.items()}} | {
    "tgkill": syscalls.TGKILL,
    "prlimit64": syscalls.PRLIMIT64,
}


def named(header: Path) -> dict[str, int]:
    return {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())}


@pytest.mark.parametrize(("column", "header"), [(0, X86), (1, ARM)])
def test_the_numbers_are_those_of_the_kernel(column: int, header: Path) -> None:
    if not header.exists():
        pytest.skip("no kernel headers here")
    known = named(header) | ({"newfstatat": named(header)["fstatat"]} if column else {})
    for name, numbers in EVERY.items():
        assert numbers[column] in {known.get(name), None}, name
        assert (numbers[column] is None) == (name not in known), name


def test_what_readers_must_never_have_is_not_on_the_list() -> None:
    assert not NEVER & set(EVERY)


@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_a_filter_can_be_taken_by_the_kernel(machine: str) -> None:
    """At most 4,096 instructions, jumps of at most 255, the last one returns."""
    code = seccomp.compiled(machine, 7, program=True)
    assert len(code) % 8 == 0
    assert len(code) // 8 < 4096
    assert code[-8:-6] == b"\x06\x00"


ALLOW, KILL, ENOSYS, EPERM = 0x7FFF0000, 0x80000000, 0x50000 | errno.ENOSYS, 0x50000 | errno.EPERM
PID = 4711


def decided(machine: str, number: int, *arguments: int, audit: int | None = None, program: bool = False) -> int:
    """What the kernel makes of a call: the filter's instructions, one after the other (classic BPF)."""
    _, own = syscalls.MACHINES[machine]
    said = struct.pack("<iIQ6Q", number, own if audit is None else audit, 0, *arguments, *[0] * (6 - len(arguments)))
    code = seccomp.compiled(machine, PID, program=program)
    at = held = 0
    while True:
        operation, yes, no, operand = struct.unpack_from("<HBBI", code, at * 8)
        at += 1
        if operation == 0x06:
            return int(operand)
        if operation == 0x20:
            held = struct.unpack_from("<I", said, operand)[0]
        else:
            at += yes if {0x15: held == operand, 0x35: held >= operand, 0x45: bool(held & operand)}[operation] else no


def named_call(machine: str, name: str, *arguments: int) -> int:
    number = EVERY[name][syscalls.MACHINES[machine][0]]
    assert number is not None
    return decided(machine, number, *arguments)


@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_what_is_not_on_the_list_is_unknown_to_the_kernel(machine: str) -> None:
    """Also on the architecture that this test does not run on."""
    column, _ = syscalls.MACHINES[machine]
    listed = {numbers[column] for numbers in EVERY.values()}
    assert {decided(machine, number) for number in range(512) if number not in listed} == {ENOSYS}
    assert {named_call(machine, name) for name, numbers in syscalls.FREE.items() if numbers[column] is not None} == {ALLOW}
    assert [decided(machine, syscalls.PROGRAM["execve"][column] or 0, program=program) for program in (False, True)] == [
        ENOSYS,
        ALLOW,
    ]
    assert decided(machine, 0, audit=0x40000003) == KILL
    assert decided(machine, 0x40000000 | 39) == (KILL if machine == "x86_64" else ENOSYS)


@pytest.mark.parametrize("machine", syscalls.MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "may"),
    [
        ("openat", (0xFFFFFF9C, 1, 0o2000000), True),  # O_CLOEXEC
        ("openat", (0xFFFFFF9C, 1, 0o1), False),
        ("openat", (0xFFFFFF9C, 1, 0o2), False),
        ("openat", (0xFFFFFF9C, 1, 0o100), False),
        ("openat", (0xFFFFFF9C, 1, 0o1000), False),
        ("openat", (0xFFFFFF9C, 1, 0o20000000), False),
        ("mmap", (0, 4096, 3, 0x22), True),
        ("mmap", (0, 4096, 3, 0x21), False),
        ("mmap", (0, 4096, 3, 0x40022), False),
        ("madvise", (0, 4096, 4), True),
        ("madvise", (0, 4096, 100), False),
        ("ioctl", (0, 0x5401), True),
        ("ioctl", (0, 0x5412), False),  # TIOCSTI
        ("fcntl", (0, 3), True),
        ("fcntl", (0, 4, 0x2000), False),  # F_SETFL, O_ASYNC
        ("fcntl", (0, 8, 1), False),  # F_SETOWN
        ("prctl", (15,), True),
        ("prctl", (1, 0), False),
        ("tgkill", (PID, PID, 6), True),
        ("tgkill", (PID + 1, PID + 1, 6), False),
        ("tgkill", (0xFFFFFFFF, 1, 9), False),
        ("prlimit64", (0, 0, 1, 0), True),
        ("prlimit64", (0, 4, 1, 0), True),
        ("prlimit64", (0, 7, 0, 1), True),
        ("prlimit64", (0, 7, 1, 0), False),
        ("prlimit64", (0, 9, 1 << 32, 0), False),
        ("prlimit64", (PID, 0, 1, 0), False),
    ],
)
def test_arguments_are_looked_at(machine: str, name: str, arguments: tuple[int, ...], may: bool) -> None:
    """P-23."""
    assert named_call(machine, name, *arguments) == (ALLOW if may else EPERM)
