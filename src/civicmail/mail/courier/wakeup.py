"""A datagram socket in the data folder that wakes the courier when a message is archived. A lost signal costs 50 ms."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from civicmail.core.disk import sockets

_NAME = "courier.bell"


def bind(data: Path) -> socket.socket:
    """The courier's end; the holder of the lease calls it."""
    return sockets.bound(data, _NAME, socket.SOCK_DGRAM)


def drain(bell: socket.socket) -> None:
    """Take in all rings so far."""
    with contextlib.suppress(BlockingIOError):
        while bell.recv(16):
            pass


def send(data: Path) -> None:
    """Tell the courier that something new is durable. Never waits and never fails: without a courier mail waits, safe."""
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as s,
        sockets.address(data, _NAME) as address,
    ):
        s.sendto(b"!", address)
