"""Move a process to namespaces of its own (namespaces(7)): of users, without rights over anything outside, not even over the
memory of processes of its own user; of networks, without any other member; and of System V and POSIX memory, which ends with
it. This needs no root; distributions may forbid it (user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor), and
so may units."""

from __future__ import annotations

import ctypes
import os
import struct

_CAPABILITIES = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4

_libc = ctypes.CDLL(None, use_errno=True)


def enter() -> None:
    """Raises OSError where it cannot be done. For a process of one thread."""
    os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET | os.CLONE_NEWIPC)


def drop_capabilities() -> None:
    """Drop the capabilities of root, or those in a user namespace of its own, which give access to less used parts of the kernel.
    Raises OSError."""
    if _libc.capset(struct.pack("=Ii", _CAPABILITIES, 0), struct.pack("=6I", *[0] * 6)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def keep_capabilities_here() -> None:
    """Give no program that this process starts what a service manager gave it, such as the right to listen below port 1024. For a
    process of one thread."""
    _libc.prctl(_PR_CAP_AMBIENT, *[ctypes.c_ulong(number) for number in (_PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)])
