"""Whoever opens a line and takes nothing holds a thread of the pages for a minute, and no longer (P-19)."""

from __future__ import annotations

import errno
import socket
import time

import pytest

from civicmail.front.web import connection_timeouts


@pytest.mark.rule(
    "P-19",
    "A connection that accepts no data for a minute is closed, so that none blocks a thread of the pages forever.",
)
def test_a_line_that_takes_nothing_is_let_go() -> None:
    """Also while it answers that it has no room; other sockets of the process are left as they are."""
    mine, theirs = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as reader, mine, theirs:
        assert connection_timeouts.set_timeouts(1) >= 1
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(listening.getsockname())
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000
            accepted.settimeout(50)
            began = time.monotonic()
            with pytest.raises(OSError) as cut:
                accepted.sendall(bytes(64 << 20))
            assert cut.value.errno == errno.ETIMEDOUT and time.monotonic() - began < 50
        mine.send(b"still there")
        assert theirs.recv(20) == b"still there"
