"""What a gateway process has seen, as plain numbers for the log, the health page and tests."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counters:
    """All count from the start of the process, except open (connections at this moment).

    refused_connections: over a limit or not a peer. kept: messages with a 250. refused: messages with a 5xx after the data;
    deferred: with a 4xx. refused_recipients: RCPTs with a 5xx. sign_ins_failed: wrong passwords and
    tokens, and those that were not tried. lost_after_dot: the client was gone before it could hear the
    answer. long_lines: lines of more than 998 bytes in kept messages. mended: bare CR, LF or NUL that were normalised.
    """

    open: int = 0
    connections: int = 0
    refused_connections: int = 0
    tls: int = 0
    tls_failed: int = 0
    kept: int = 0
    kept_bytes: int = 0
    spooled: int = 0
    refused: int = 0
    deferred: int = 0
    abandoned: int = 0
    refused_recipients: int = 0
    signed_in: int = 0
    sign_ins_failed: int = 0
    lost_in_data: int = 0
    lost_after_dot: int = 0
    timeouts: int = 0
    synchronisation: int = 0
    broken_lines: int = 0
    faults: int = 0
    long_lines: int = 0
    mended: int = 0

    def plain(self) -> dict[str, int]:
        return asdict(self)
