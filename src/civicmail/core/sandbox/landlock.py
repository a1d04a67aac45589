"""Remove file access from this process and its children by Linux Landlock (landlock(7)). Needs no root and no library.

What is open stays open; nothing else can be opened, made, renamed or removed but what is named here. From ABI 4 it also ends TCP,
from ABI 6 abstract sockets of others and signals to others.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}  # file rights known by ABI
_PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Version of Landlock in this kernel; 0 where it has none or it is switched off."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def lock(read: Iterable[Path], execute: Iterable[Path] = (), write: Iterable[Path] = ()) -> None:
    """Keep reading below `read`, reading and starting programs below `execute`, reading and writing the files in `write`.

    Paths that are not there are left out. Raises OSError where it cannot be done."""
    version = abi()
    if not version:
        raise OSError("This kernel has no Landlock.")
    rights = _RIGHTS[max(known for known in _RIGHTS if known <= version)]
    attributes = struct.pack("=QQQ", rights, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = _checked(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))
    try:
        for paths, access in (
            (read, READ_FILE | READ_DIR),
            (execute, READ_FILE | READ_DIR | EXECUTE),
            (write, READ_FILE | WRITE_FILE),
        ):
            for path in paths:
                _allow(rules, path, access)
        no_new_privileges()
        _checked(_libc.syscall(_RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)


def no_new_privileges() -> None:
    """From now on no program that is started gains rights (prctl(2), PR_SET_NO_NEW_PRIVS)."""
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, *[ctypes.c_ulong(n) for n in (1, 0, 0, 0)]))


def _allow(rules: int, path: Path, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        access = rights if path.is_dir() else rights & ~READ_DIR
        _checked(_libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", access, fd), 0))
    finally:
        os.close(fd)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
