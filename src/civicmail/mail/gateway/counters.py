"""Counters of a gateway process for its listeners of one kind, for the log, tests and metrics (core/disk/meters)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from civicmail.core.disk.metrics import Histogram, Values

ACKNOWLEDGE = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds from the last dot to the answer."""
_NAMED = {
    "connections": "connections", "refused_connections": "connections_refused", "tls": "tls_handshakes",
    "tls_failed": "tls_handshakes_failed", "accepted": "messages_accepted", "refused": "messages_refused",
    "deferred": "messages_deferred", "kept_bytes": "messages_archived_bytes", "refused_recipients": "recipients_refused",
    "signed_in": "sign_ins", "sign_ins_failed": "sign_ins_failed", "lost_in_data": "messages_cut_off", "timeouts": "timeouts",
    "faults": "gateway_faults",
}  # fmt: skip
"""Numbers that others watch, by the names that they have there."""


@dataclass(slots=True)
class Counters:
    """All counts are since the start of the process, except open (connections at this moment).

    refused_connections: over a limit or not a peer. kept: archived messages; accepted: those with a 250. refused: messages with a
    5xx after the data; deferred: with a 4xx. refused_recipients: RCPTs with a 5xx. sign_ins_failed: wrong passwords and tokens, and
    untried ones. lost_after_dot: clients that disconnected before the reply. long_lines: lines of more than 998 bytes in archived
    messages. mended: bare CR, LF or NUL that were normalized. unavailable: messages by unavailable check. answered: time until the
    reply of archived messages.
    """

    open: int = 0
    connections: int = 0
    refused_connections: int = 0
    tls: int = 0
    tls_failed: int = 0
    kept: int = 0
    accepted: int = 0
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
    unavailable: Counter[str] = field(default_factory=Counter)
    answered: Histogram = field(default_factory=lambda: Histogram(ACKNOWLEDGE))

    def plain(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in _NUMBERS}


_NUMBERS = tuple(each.name for each in fields(Counters) if each.type == "int")


def total(many: Iterable[Counters]) -> Counters:
    """The numbers of all listeners together."""
    counters = Counters()
    for one in many:
        for name, number in one.plain().items():
            setattr(counters, name, getattr(counters, name) + number)
    return counters


def metered(listeners: Mapping[str, Counters]) -> Values:
    """Metrics of each kind of listener. May be called by another thread than the one that counts."""
    values: Values = {}
    for kind, one in list(listeners.items()):
        for name, known in _NAMED.items():
            values[f"civicmail_{known}", (kind,)] = getattr(one, name)
        values["civicmail_acknowledge_seconds", (kind,)] = one.answered
        for check, number in one.unavailable.copy().items():
            values["civicmail_screening_unavailable", (kind, check)] = number
    return values
