"""Forecast when the volume of the data folder is full, from hourly samples of the last week (metrics/disk.seen)."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import orjson

from civicmail.core.disk import metrics

HOUR = 3_600_000
DAYS = 7
MIN_SPAN_MS = 24 * HOUR
"""ms between samples before a rate is computed, so that one large import does not count."""


class DiskForecast:
    """least: bytes that must stay free."""

    def __init__(self, data: Path, min_free: int) -> None:
        self._place = metrics.folder(data) / "disk.seen"
        self._min_free = min_free
        self._seen = _read(self._place)

    def left_seconds(self, free: int, now: int) -> float:
        """Until no more than that is free, at the pace since the oldest look; infinite while nothing grows, or on the first day."""
        self._note(free, now)
        at, then = self._seen[0]
        if free <= self._min_free:
            return 0.0
        if now - at < MIN_SPAN_MS or then <= free:
            return math.inf
        return (free - self._min_free) * (now - at) / (then - free) / 1000

    def _note(self, free: int, now: int) -> None:
        self._seen = [(at, then) for at, then in self._seen if now - DAYS * 24 * HOUR <= at <= now]
        if self._seen and now - self._seen[-1][0] < HOUR:
            return
        self._seen.append((now, free))
        with suppress(OSError):  # a full disk is told all the same
            self._place.parent.mkdir(mode=0o700, exist_ok=True)
            new = self._place.with_suffix(".new")
            new.write_bytes(orjson.dumps(self._seen))
            new.replace(self._place)


def _read(place: Path) -> list[tuple[int, int]]:
    try:
        return [(int(at), int(free)) for at, free in orjson.loads(place.read_bytes())]
    except (OSError, ValueError, TypeError):
        return []
