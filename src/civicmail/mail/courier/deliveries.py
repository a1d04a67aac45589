"""Metrics of copies that were handed to next hops: their number, and the time since their receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from civicmail.core.disk.metrics import Histogram, Values
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.hops import DESTINATIONS

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
"""Seconds from receipt to the next hop's yes."""
_OUTCOMES = {Type.DELIVERED: "delivered", Type.DEFERRED: "deferred", Type.FAILED: "failed"}


class Deliveries:
    """The counters of one courier. Destinations are kinds (Routes.kind_of), never addresses."""

    def __init__(self) -> None:
        self._outcomes = Counter({(to, outcome): 0 for to in DESTINATIONS for outcome in _OUTCOMES.values()})
        self._seconds: dict[str, Histogram] = {}

    def note(self, destination: str, events: Iterable[Event]) -> None:
        """Count the recorded outcome of each copy."""
        for event in events:
            if (outcome := _OUTCOMES.get(event.type)) is None:
                continue
            self._outcomes[destination, outcome] += len(event.to)
            if outcome == "delivered":
                seconds = self._seconds.setdefault(destination, Histogram(BOUNDS))
                for _ in event.to:
                    seconds.observe((event.at - received_of(event.id)) / 1000)

    def values(self) -> Values:
        """The metrics. May be called by another thread than the one that calls note()."""
        counts: Values = {("civicmail_deliveries", key): number for key, number in self._outcomes.copy().items()}
        return counts | {("civicmail_delivery_seconds", (to,)): each for to, each in self._seconds.copy().items()}
