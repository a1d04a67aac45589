"""The list of system calls against the kernel's own headers, where they are, and the filter that is made of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from civicmail.core.sandbox import calls, seccomp

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
EVERY = {**calls.FREE, **calls.PROGRAM, **{name: rule.numbers for name, rule in calls.RULES.items()}} | {
    "tgkill": calls.TGKILL,
    "prlimit64": calls.PRLIMIT64,
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


@pytest.mark.parametrize("machine", calls.MACHINES)
def test_a_filter_can_be_taken_by_the_kernel(machine: str) -> None:
    """At most 4,096 instructions, jumps of at most 255, the last one returns."""
    code = seccomp.compiled(machine, 7, program=True)
    assert len(code) % 8 == 0
    assert len(code) // 8 < 4096
    assert code[-8:-6] == b"\x06\x00"
