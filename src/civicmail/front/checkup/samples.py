"""Hourly samples of the counters, so that charts have a past (docs/formats.md, "Samples").

    samples.take(data, now, waiting)     once an hour, by the job `samples`
    samples.read(data, since)            what each hour added, oldest first

metrics/history/<YYYY-MM>.jsonl has a line an hour; months that are older than KEEP_MONTHS are removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import orjson

from civicmail.core.disk import files, metrics
from civicmail.core.disk.metrics import Histogram, Values
from civicmail.mail.archive import outstanding_file

HOUR = 3_600_000
KEEP_MONTHS = 13
MAX_GAP_MS = 6 * HOUR
"""After a longer pause nobody can say in which hour what was counted belongs."""
COUNTERS: dict[str, tuple[str, frozenset[str]]] = {
    "in": ("civicmail_messages_accepted", frozenset({"mx", "lmtp", "journal"})),
    "sent": ("civicmail_messages_accepted", frozenset({"submission", "relay"})),
    "out": ("civicmail_deliveries", frozenset({"outbound/delivered", "secure/delivered", "route/delivered"})),
    "refused": ("civicmail_messages_refused", frozenset()),
    "recipients": ("civicmail_recipients_refused", frozenset()),
    "failed": ("civicmail_deliveries", frozenset({f"{to}/failed" for to in ("local", "outbound", "elsewhere", "route", "secure")})),
}
"""Key -> counter, and the labels that it sums; all where none is named."""
TIMES = {
    "answer": "civicmail_acknowledge_seconds",
    "delivery": "civicmail_delivery_seconds",
    "search": "civicmail_search_delay_seconds",
}
"""Key -> histogram, summed over its labels."""
Times = tuple[tuple[float, ...], tuple[int, ...]]
"""Upper bounds in seconds, and how many values lie up to each; one more for those above."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was counted from the beginning until this moment. gauges: held (messages), queue (messages), free (bytes), approvals
    (messages that wait), oldest (seconds that the oldest of them has waited)."""

    at: int
    counts: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[str, Times] = field(default_factory=dict)
    gauges: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Period:
    """An hour, or several: what was counted in it. at: its end, epoch ms; gauges: at its end."""

    at: int
    counts: Mapping[str, int]
    times: Mapping[str, Times]
    gauges: Mapping[str, float]


def folder(data: Path) -> Path:
    return metrics.folder(data) / "history"


def take(data: Path, now: int, waiting: Callable[[int], Mapping[str, float]]) -> bool:
    """Write a sample unless this hour has one; returns whether it did. waiting: reads the gauges that the database has, at an epoch
    ms. Raises OSError."""
    place = folder(data) / f"{_month(now)}.jsonl"
    last = next(_lines(place, reverse=True), None)
    if last is not None and last.at // HOUR >= now // HOUR:
        return False
    outstanding = outstanding_file.current(data)
    gauges = {
        "held": sum(1 for _ in outstanding.held()),
        "queue": sum(1 for _ in outstanding.waiting()),
        "free": files.free_bytes(data),
        **waiting(now),
    }
    values = metrics.read(data)
    line = {"v": 1, "at": now, "counts": _counts(values), "times": _times(values), "gauges": gauges}
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = place.read_bytes() if place.exists() else b""
    torn = b"\n" if content and not content.endswith(b"\n") else b""
    with place.open("ab") as file:
        file.write(torn + orjson.dumps(line) + b"\n")
    for old in sorted(place.parent.glob("????-??.jsonl"))[:-KEEP_MONTHS]:
        old.unlink(missing_ok=True)
    return True


def read(data: Path, since: int, until: int) -> list[Period]:
    """Each hour after `since` up to `until` (epoch ms), oldest first; hours after a long pause have gauges only."""
    months = {_month(at) for at in (since - HOUR, since, until)}
    samples: list[Sample] = []
    for place in sorted(folder(data).glob("????-??.jsonl")):
        if min(months) <= place.stem <= max(months):
            samples += _lines(place)
    hours = (_between(before, after) for before, after in pairwise([Sample(0), *samples]))
    return [hour for hour in hours if since < hour.at <= until]


def total(periods: Iterable[Period]) -> Period:
    """Several periods as one: counts and times summed, gauges as at the end."""
    counts: dict[str, int] = {}
    times: dict[str, Times] = {}
    gauges: dict[str, float] = {}
    at = 0
    for period in periods:
        at = period.at
        gauges |= period.gauges
        counts |= {key: counts.get(key, 0) + count for key, count in period.counts.items()}
        times |= {key: _added(times.get(key), value) for key, value in period.times.items()}
    return Period(at, counts, times, gauges)


def percentile(times: Times | None, share: float) -> float | None:
    """The time in seconds that this share of values did not exceed, between two bounds in proportion; None without values."""
    if times is None or not (count := sum(times[1])):
        return None
    rank, below = share * count, 0
    for number, here in enumerate(times[1]):
        if below + here >= rank and here:
            low = times[0][number - 1] if number else 0.0
            high = times[0][number] if number < len(times[0]) else times[0][-1]
            return low + (high - low) * (rank - below) / here
        below += here
    return times[0][-1]


def days_left(periods: Sequence[Period], min_free: int) -> float | None:
    """Until no more than that is free, at the pace since the first period; None while nothing grows, or on the first day."""
    known = [(period.at, period.gauges["free"]) for period in periods if "free" in period.gauges]
    if not known or known[-1][0] - known[0][0] < 24 * HOUR or known[0][1] <= known[-1][1]:
        return None
    pace = (known[0][1] - known[-1][1]) / (known[-1][0] - known[0][0])
    return max(0.0, known[-1][1] - min_free) / pace / (24 * HOUR)


def _counts(values: Values) -> dict[str, int]:
    sums = dict.fromkeys(COUNTERS, 0)
    for (name, labels), value in values.items():
        for key, (counter, named) in COUNTERS.items():
            if name == counter and isinstance(value, int) and (not named or "/".join(labels) in named):
                sums[key] += value
    return sums


def _times(values: Values) -> dict[str, Times]:
    sums: dict[str, Histogram] = {}
    for (name, _labels), value in values.items():
        for key, histogram in TIMES.items():
            if name == histogram and isinstance(value, Histogram):
                sums[key] = value + sums[key] if key in sums else value
    return {key: (value.bounds, tuple(value.counts)) for key, value in sums.items()}


def _between(before: Sample, after: Sample) -> Period:
    """What was added; a counter that is smaller than before began anew, after its file was lost."""
    if after.at - before.at > MAX_GAP_MS:
        return Period(after.at, {}, {}, after.gauges)
    counts = {key: _more(before.counts.get(key, 0), count) for key, count in after.counts.items()}
    times = {key: _added(value, before.times.get(key), -1) for key, value in after.times.items()}
    return Period(after.at, counts, times, after.gauges)


def _more(before: int, after: int) -> int:
    return after - before if after >= before else after


def _added(times: Times | None, other: Times | None, sign: int = 1) -> Times:
    """Both together, or their difference; `times` alone where the bounds differ or a difference would be negative."""
    if times is None or other is None:
        return times or other or ((), (0,))
    sums = tuple(a + sign * b for a, b in zip(times[1], other[1], strict=False))
    return (times[0], sums) if times[0] == other[0] and min(sums) >= 0 else times


def _lines(place: Path, *, reverse: bool = False) -> Iterator[Sample]:
    """Samples of a file; a torn line is left out."""
    try:
        lines = place.read_bytes().splitlines()
    except OSError:
        return
    for line in reversed(lines) if reverse else lines:
        try:
            plain = orjson.loads(line)
            times = {key: (tuple(bounds), tuple(counts)) for key, (bounds, counts) in plain["times"].items()}
            yield Sample(int(plain["at"]), plain["counts"], times, plain["gauges"])
        except (ValueError, TypeError, KeyError):
            continue


def _month(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m}"
