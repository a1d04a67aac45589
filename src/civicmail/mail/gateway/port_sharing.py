"""Share ports among the gateways of one installation, and with no other program.

Gateways listen with SO_REUSEPORT, and the kernel lets every program of the same user join: a second installation on the same port
would silently get half of the mail. Therefore the first gateway checks that the port is free, and a lock on <data>/leases/listening
tells the others that it was one of them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
import time
from pathlib import Path

from civicmail.mail.gateway.errors import CannotListen

_FLOCK = struct.Struct("hhqqi4x")  # type, whence, start, length, pid: struct flock of Linux, 64 bit
_LOOK = 0.02
_PATIENCE = 10.0
"""Seconds to wait for another gateway of this installation that is about to listen."""


class PortLock:
    """The lock that the gateways of a data folder share. is_first: no other gateway listens yet, so an occupied port belongs to
    another program."""

    def __init__(self, data: Path) -> None:
        place = data / "leases"
        place.mkdir(mode=0o700, exist_ok=True)
        self._fd = os.open(place / "listening", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.is_first = self._locked(fcntl.F_WRLCK)
        end = time.monotonic() + _PATIENCE
        while not self.is_first and not self._locked(fcntl.F_RDLCK) and time.monotonic() < end:
            time.sleep(_LOOK)

    def share(self) -> None:
        """Tell the other gateways that this one listens and that they may join."""
        self._locked(fcntl.F_RDLCK)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _locked(self, kind: int) -> bool:
        try:
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, 0, 0, 0))
        except (BlockingIOError, PermissionError):
            return False
        return True


def was_used(data: Path) -> bool:
    """Whether a gateway has ever listened for this data folder."""
    return (data / "leases" / "listening").exists()


def require_free(what: str, address: str, port: int) -> None:
    """Raise CannotListen if another program has this port. what: the listener, for the error message."""
    if not port:
        return
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotListen(
                    f"{what} cannot listen on {address}, port {port}: another program has it, which may be another installation. "
                    f"See who with `ss -ltnp`; stop it, or give one of them another port."
                ) from None
