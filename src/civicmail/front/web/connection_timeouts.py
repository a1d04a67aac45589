"""Close connections that accept no data for a minute, so that they do not occupy a thread.

Connections inherit the timeout from the listening socket (tcp(7), TCP_USER_TIMEOUT). The server creates that socket, so it is
looked up among the open files of this process. Only sockets are touched: closing a copy of a database file would release its
locks.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

SECONDS = 60
_LOOK_EVERY = 0.2
_LOOK_FOR = 60.0


def watch() -> None:
    """Wait until the server listens, and bound its lines. Not for long: on a socket file there is nothing to bound."""
    end = time.monotonic() + _LOOK_FOR
    while not set_timeouts() and time.monotonic() < end:
        time.sleep(_LOOK_EVERY)


def set_timeouts(seconds: float = SECONDS) -> int:
    """Tell every TCP socket of this process that listens; how many there are."""
    count = 0
    for listener in _sockets():
        with listener, suppress(OSError):
            if listener.family in (socket.AF_INET, socket.AF_INET6) and listener.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            ):
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
                count += 1
    return count


def _sockets() -> Iterator[socket.socket]:
    """Another handle of each socket of this process, to be closed."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are numbers
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):  # noqa: PTH115 - as above
                yield socket.socket(fileno=os.dup(int(name)))
