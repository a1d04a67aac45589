"""Restrict this process to the system calls that it needs (Linux seccomp, seccomp(2)). Needs no root and no library.

The permitted calls are listed in syscalls.py. Other calls fail as in a kernel without them (ENOSYS): libraries try new calls first
and then use an older one, and a compromised reader gains nothing; ending the process instead would make mail unreadable with the
next release of a library. Calls of another architecture, which only an attacker makes, end the process. The filter is classic BPF,
written out here.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from civicmail.core.sandbox import syscalls
from civicmail.core.sandbox.landlock import no_new_privileges

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000
_PR_GET_SECCOMP = 21
_SECCOMP, _SET_MODE_FILTER, _ALL_THREADS = {"x86_64": 317, "aarch64": 277}, 1, 1  # a thread of a library would keep what we lose
_RLIMIT_CPU, _RLIMIT_CORE = 0, 4

_libc = ctypes.CDLL(None, use_errno=True)


def known() -> bool:
    """Whether this architecture has a list, and this kernel supports filters."""
    return os.uname().machine in syscalls.MACHINES and _libc.prctl(_PR_GET_SECCOMP, *[ctypes.c_ulong(0)] * 4) >= 0


def lock(*, program: bool = False) -> None:
    """Keep the calls of a reader. program: also those to become another program. Raises OSError where it cannot be done."""
    machine = os.uname().machine
    if machine not in syscalls.MACHINES:
        raise OSError(errno.ENOSYS, "There is no list of calls for this architecture.")
    filter_ = compiled(machine, os.getpid(), program=program)
    held = ctypes.create_string_buffer(filter_)
    fprog = struct.pack("@HP", len(filter_) // 8, ctypes.addressof(held))
    no_new_privileges()
    done = _libc.syscall(_SECCOMP[machine], _SET_MODE_FILTER, ctypes.c_ulong(_ALL_THREADS), ctypes.c_char_p(fprog))
    if done != 0:
        number = ctypes.get_errno() if done < 0 else errno.ESRCH
        raise OSError(number, os.strerror(number))


def compiled(machine: str, pid: int, *, program: bool) -> bytes:
    """Instructions of eight bytes: operation, jumps where true and where false, operand."""
    column, audit = syscalls.MACHINES[machine]
    code = [_op(_LOAD, _ARCHITECTURE), _op(_EQUAL, audit, 1, 0), _op(_RETURN, _KILL), _op(_LOAD, _NUMBER)]
    if machine == "x86_64":  # the same kernel takes the calls of x32 under numbers of their own
        code += [_op(_AT_LEAST, _X32, 0, 1), _op(_RETURN, _KILL)]
    for numbers in (*syscalls.FREE.values(), *(syscalls.PROGRAM.values() if program else ())):
        if (number := numbers[column]) is not None:
            code += [_op(_EQUAL, number, 0, 1), _op(_RETURN, _ALLOW)]
    for rule in syscalls.RULES.values():
        code += _call(rule.numbers[column], _judged(rule))
    code += _call(syscalls.TGKILL[column], [*_must(0, pid), _op(_RETURN, _ALLOW)])
    code += _call(syscalls.PRLIMIT64[column], _own_limit())
    return b"".join([*code, _op(_RETURN, _ERRNO | errno.ENOSYS)])


def _call(number: int | None, block: list[bytes]) -> list[bytes]:
    """Instructions for one call; the block returns."""
    return [] if number is None else [_op(_EQUAL, number, 0, len(block)), *block]


def _judged(rule: syscalls.Rule) -> list[bytes]:
    code = [_argument(rule.argument)]
    if rule.one_of:
        for value in rule.one_of:
            code += [_op(_EQUAL, value, 0, 1), _op(_RETURN, _ALLOW)]
        return [*code, _refused()]
    test = _op(_ANY_BIT, rule.without, 0, 1) if rule.without else _op(_AT_LEAST, rule.below, 0, 1)
    return [*code, test, _refused(), _op(_RETURN, _ALLOW)]


def _own_limit() -> list[bytes]:
    """prlimit64(pid, resource, new, old): of itself, and to set none but its processor time and, as gpg does, that it writes
    no core."""
    return [
        *_must(0, 0),
        _argument(1),
        _op(_EQUAL, _RLIMIT_CPU, 1, 0),
        _op(_EQUAL, _RLIMIT_CORE, 0, 1),
        _op(_RETURN, _ALLOW),
        *_must(2, 0),
        *_must(2, 0, high=True),
        _op(_RETURN, _ALLOW),
    ]


def _must(argument: int, value: int, *, high: bool = False) -> list[bytes]:
    return [_argument(argument, high=high), _op(_EQUAL, value, 1, 0), _refused()]


def _argument(number: int, *, high: bool = False) -> bytes:
    """Load half of an argument; both architectures are little-endian."""
    return _op(_LOAD, _ARGUMENTS + 8 * number + 4 * high)


def _refused() -> bytes:
    return _op(_RETURN, _ERRNO | errno.EPERM)


def _op(operation: int, operand: int, where_true: int = 0, where_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, where_true, where_false, operand)
