"""A deadline for a whole HTTP exchange. A socket's own timeout starts again with each byte, so a server that sends slowly, or sends
one provisional response after another, could hold a connection open for as long as it likes."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def within(wire: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """Connect, and end an exchange that is not finished in time. Raises TimeoutError for that, and what the exchange raises."""
    is_over, sockets = threading.Event(), list[socket.socket]()

    def cut() -> None:
        is_over.set()
        for sock in sockets:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # of TLS, too: readers get the end of the stream

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        wire.connect()
        sockets.append(wire.sock)
        if not is_over.is_set():
            yield
    except (OSError, http.client.HTTPException):
        if not is_over.is_set():
            raise
    finally:
        timer.cancel()
    if is_over.is_set():
        raise TimeoutError("it took too long")
