"""A datagram socket in the data folder by which whoever has kept a message wakes the courier. Losing a ring costs 50 ms."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

_NAME = "courier.bell"


@contextlib.contextmanager
def _address(data: Path) -> Iterator[str]:
    """The path of the socket by way of a descriptor, because a socket's own path may have no more than 107 bytes."""
    folder = data / "leases"
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{_NAME}"
    finally:
        os.close(fd)


def hang(data: Path) -> socket.socket:
    """The courier's end; the holder of the lease calls it, so an older socket belongs to nobody."""
    (data / "leases" / _NAME).unlink(missing_ok=True)
    bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    with _address(data) as address:
        bell.bind(address)
    return bell


def answer(bell: socket.socket) -> None:
    """Take in all rings so far."""
    with contextlib.suppress(BlockingIOError):
        while bell.recv(16):
            pass


def ring(data: Path) -> None:
    """Tell the courier that something new is durable. Never waits and never fails: without a courier mail waits, safe."""
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as s,
        _address(data) as address,
    ):
        s.sendto(b"!", address)
