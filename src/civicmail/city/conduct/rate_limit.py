"""Limit how often one network may submit without signing in; the counts exist only in this process, so that no sender is recorded.
Pure except for that memory."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from civicmail.core.wire.hosts import network_of

HOUR_MS = 3_600_000


class RateLimit:
    """per_hour: of one network (/24, /64). Networks are forgotten an hour after their last one, and when there are many."""

    def __init__(self, per_hour: int, remembered: int = 10_000) -> None:
        self._most = per_hour
        self._remembered = remembered
        self._seen: OrderedDict[str, list[int]] = OrderedDict()
        self._lock = Lock()

    def takes(self, client: str, now: int) -> bool:
        """Whether one more submission from this address is accepted; if so it is counted. now: ms."""
        network = network_of(client, v6=64) or client
        with self._lock:
            while self._seen and (now - (oldest := next(iter(self._seen.items())))[1][-1] >= HOUR_MS or self._is_full(network)):
                del self._seen[oldest[0]]
            times = [at for at in self._seen.get(network, []) if now - at < HOUR_MS]
            if len(times) >= self._most:
                return False
            self._seen[network] = [*times, now]
            self._seen.move_to_end(network)
            return True

    def _is_full(self, network: str) -> bool:
        return network not in self._seen and len(self._seen) >= self._remembered
