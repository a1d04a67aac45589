"""Limits for one client: connections, time, and the last free bytes of the disk."""

from __future__ import annotations

import ipaddress
from collections import Counter
from pathlib import Path

from civicmail.core.disk.files import free_bytes

WINDOW = 60.0
MIN_BYTES = 6_000
"""Content that must come in each minute of DATA: a tenth of a 9,600 baud line; less is a client that only holds our memory."""


class Admission:
    """Counts open connections, in all and by address (IPv6: by /64, which is what one customer gets)."""

    def __init__(self, total: int, per_address: int) -> None:
        self._total = total
        self._per_address = per_address
        self._by_address: Counter[str] = Counter()
        self._open = 0

    def enter(self, address: str) -> str:
        """Count a connection in; else the reply with which it is sent away."""
        key = _key(address)
        if self._open >= self._total:
            return "421 4.3.2 Too many connections, please try again later"
        if self._by_address[key] >= self._per_address:
            return "421 4.7.0 Too many connections from your address"
        self._open += 1
        self._by_address[key] += 1
        return ""

    def leave(self, address: str) -> None:
        key = _key(address)
        self._open -= 1
        self._by_address[key] -= 1
        if not self._by_address[key]:
            del self._by_address[key]


def _key(address: str) -> str:
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:
        return address


class Progress:
    """Whether a client still gets anywhere. Times are seconds of the event loop's clock."""

    __slots__ = ("_bytes", "_last", "_since", "_window_from")

    def __init__(self, now: float) -> None:
        self.step(now)

    def step(self, now: float) -> None:
        """A command was answered, or it was we who kept the client waiting: all clocks start again."""
        self._last = self._since = self._window_from = now
        self._bytes = 0

    def content(self, now: float, size: int) -> None:
        """Content came in."""
        self._last = now
        self._bytes += size

    def overdue(self, now: float, timeout: float, *, in_data: bool) -> bool:
        """No step for timeout seconds; inside DATA no byte for that long, or too few in a whole window."""
        if not in_data:
            return now - self._since >= timeout
        if now - self._last >= timeout:
            return True
        window = min(WINDOW, timeout)
        if now - self._window_from < window:
            return False
        slow = self._bytes < MIN_BYTES * window / WINDOW
        self._window_from, self._bytes = now, 0
        return slow


class Space:
    """Free bytes on the volume of the data folder, measured at most once a second."""

    def __init__(self, data: Path, least: int) -> None:
        self._data = data
        self._least = least
        self._free = 0
        self._polled_at = float("-inf")

    def has_room(self, size: int, now: float) -> bool:
        """Whether a message of this size leaves the watermark untouched."""
        if now - self._polled_at >= 1.0:
            self._free, self._polled_at = free_bytes(self._data), now
        return self._free - size >= self._least
