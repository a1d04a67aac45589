"""Connect to an address and check that a server answers as expected; a hung server still accepts connections."""

from __future__ import annotations

import socket
from collections.abc import Callable

SECONDS = 3.0

Probe = Callable[[socket.socket], str]
"""Why whoever took a connection does not answer as they should, empty where they do. Raises OSError."""
Address = str | tuple[str, int]
"""A host and its port, or the path of a socket."""


def why_unreachable(where: Address, answers: Probe) -> str:
    """Why nobody answers there to this machine, in some words; empty where somebody does."""
    try:
        with _connected(where) as line:
            return answers(line)
    except TimeoutError:
        return f"no answer within {SECONDS:.0f} seconds"
    except OSError as error:
        return (error.strerror or "no answer").lower()


def _connected(where: Address) -> socket.socket:
    if not isinstance(where, str):
        return socket.create_connection(where, SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(SECONDS)
    try:
        line.connect(where)
    except OSError:
        line.close()
        raise
    return line


def accepts(_line: socket.socket) -> str:
    """A connection is enough."""
    return ""


def greets(line: socket.socket) -> str:
    """By a server of SMTP or LMTP (RFC 5321 4.3.1); 421 says that it is too busy, or cannot."""
    greeting = line.recv(512)
    line.sendall(b"QUIT\r\n")
    return "" if greeting.startswith(b"220") else f"it says: {greeting[:80].decode('ascii', 'replace').strip() or 'nothing'}"
