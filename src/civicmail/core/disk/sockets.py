"""Sockets beside the leases by which the processes of a data folder wake each other. A lost message does no harm: it only
delays."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def address(data: Path, name: str) -> Iterator[str]:
    """The path of a socket by way of a descriptor, because a socket's own path may have no more than 107 bytes (unix(7))."""
    fd = os.open(data / "leases", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{name}"
    finally:
        os.close(fd)


def bound(data: Path, name: str, kind: socket.SocketKind) -> socket.socket:
    """The listening end. Only the holder of its lease creates it, so an older socket belongs to no process."""
    (data / "leases" / name).unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    with address(data, name) as path:
        made.bind(path)
    return made
