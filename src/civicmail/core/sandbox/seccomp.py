"""A process takes system calls away from itself and its children (Linux seccomp, seccomp(2)); no root, no library.

What is taken: every way to a network, to other processes and to parts of the kernel that text needs for nothing; for a reader also
starting programs and processes. Threads stay. The filter is classic BPF, written out here.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from dataclasses import dataclass

from civicmail.core.sandbox.landlock import no_new_privileges

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_CLONE_THREAD = 0x10000
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class _Machine:
    """System call numbers of an architecture. programs: what starts another program or process, beside clone."""

    audit: int
    denied: tuple[int, ...]
    programs: tuple[int, ...]
    clone: int
    clone3: int = 435
    x32: bool = False


# socket socketpair bind connect sendto ptrace kill process_vm_readv process_vm_writev mount umount2 unshare setns pivot_root chroot
# bpf perf_event_open userfaultfd keyctl add_key request_key init_module finit_module kexec_load open_by_handle_at reboot
# io_uring_setup pidfd_open pidfd_getfd
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        (41, 53, 49, 42, 44, 101, 62, 310, 311, 165, 166, 272, 308, 155, 161, 321, 298, 323, 250, 248, 249, 175, 313, 246, 304, 169,
         425, 434, 438),
        (57, 58, 59, 322),
        56,
        x32=True,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (198, 199, 200, 203, 206, 117, 129, 270, 271, 40, 39, 97, 268, 41, 51, 280, 241, 282, 219, 217, 218, 105, 273, 104, 265,
         142, 425, 434, 438),
        (221, 281),
        220,
    ),
}  # fmt: skip


def known() -> bool:
    """Whether this architecture has a filter."""
    return os.uname().machine in _MACHINES


def lock(*, programs: bool = False) -> None:
    """Take the calls away. programs: starting a program and processes stays allowed. Raises OSError where it cannot be done."""
    machine = _MACHINES.get(os.uname().machine)
    if machine is None:
        raise OSError("There is no filter for this architecture.")
    filter_ = _program(machine, programs=programs)
    held = ctypes.create_string_buffer(filter_)
    program = struct.pack("@HP", len(filter_) // 8, ctypes.addressof(held))
    no_new_privileges()
    wanted = [ctypes.c_ulong(_MODE_FILTER), ctypes.c_char_p(program), ctypes.c_ulong(0), ctypes.c_ulong(0)]
    if _libc.prctl(_PR_SET_SECCOMP, *wanted) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _program(machine: _Machine, *, programs: bool) -> bytes:
    """Instructions of eight bytes: operation, jumps where true and where false, operand."""
    deny = _errno(errno.EPERM)
    code = [_op(_LOAD, _ARCHITECTURE), _op(_EQUAL, machine.audit, 1, 0), _op(_RETURN, _KILL), _op(_LOAD, _NUMBER)]
    if machine.x32:  # the same kernel takes the calls of x32 under numbers of their own
        code += [_op(_AT_LEAST, 0x40000000, 0, 1), deny]
    for number in machine.denied + (() if programs else machine.programs):
        code += [_op(_EQUAL, number, 0, 1), deny]
    if not programs:
        code += [_op(_EQUAL, machine.clone3, 0, 1), _errno(errno.ENOSYS)]  # its flags cannot be seen; libc then takes clone
        code += [_op(_EQUAL, machine.clone, 0, 3), _op(_LOAD, _FIRST_ARGUMENT), _op(_ANY_BIT, _CLONE_THREAD, 1, 0), deny]
    return b"".join([*code, _op(_RETURN, _ALLOW)])


def _op(operation: int, operand: int, where_true: int = 0, where_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, where_true, where_false, operand)


def _errno(number: int) -> bytes:
    return _op(_RETURN, 0x00050000 | number)
