"""Connect to an address and check that a server answers as expected; a hung server still accepts connections."""

from __future__ import annotations

import socket
from collections.abc import Callable

SECONDS = 3.0

Probe = Callable[[socket.socket], str]
"""Returns why a server does not answer as expected, or empty. Raises OSError."""
Address = str | tuple[str, int]
"""A host and its port, or the path of a socket."""


def why_unreachable(where: Address, answers: Probe) -> str:
    """Why no server answers at an address, in a few words; empty if one does."""
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
    """Expect an SMTP or LMTP greeting (RFC 5321 4.3.1); 421 means too busy."""
    greeting = line.recv(512)
    line.sendall(b"QUIT\r\n")
    return "" if greeting.startswith(b"220") else f"it says: {greeting[:80].decode('ascii', 'replace').strip() or 'nothing'}"
