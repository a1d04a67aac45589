"""Counters and histograms. Each process counts in memory and writes all of it to its own file once a second.

    meter = Meter(data, "gateway", lambda: {("civicmail_tls_handshakes", ("mx",)): counters.tls})
    meter.start()
    read(data)                   what all processes have counted, summed

metrics/<role>-<n>.json belongs to the process with the lock metrics/<role>-<n>.lock: a process takes the first free one, and
continues from the counts in its file. So a counter decreases only if the file was lost, and counts of a killed process's last
second were never read. Errors here, such as a full disk, have no other effect.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import orjson

from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease

WRITE_SECONDS = 1.0
"""Seconds between two writes of a process."""
MAX_PROCESSES = 64
"""Processes of one role that count at the same time."""
_VERSION = 1

log = get_logger()


class Histogram:
    """The number of values up to each bound, and their sum. bounds: ascending; one more place counts values above the last."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float], counts: Iterable[int] = (), sum_: float = 0.0) -> None:
        self.bounds = tuple(bounds)
        self.counts = list(counts) or [0] * (len(self.bounds) + 1)
        self.sum = sum_

    def observe(self, value: float) -> None:
        """Count one value; negative ones, after a clock was set back, become zero, because a sum never decreases."""
        self.counts[bisect_left(self.bounds, value)] += 1
        if value > 0:
            self.sum += value

    def __add__(self, other: Histogram) -> Histogram:
        """Both together; this one alone where the other was made with other bounds, by an older program."""
        if self.bounds != other.bounds:
            return self
        return Histogram(self.bounds, map(sum, zip(self.counts, other.counts, strict=True)), self.sum + other.sum)


Value = int | float | Histogram
Key = tuple[str, tuple[str, ...]]
"""The name of a counter or histogram, and the values of its labels in the order of its family (front/metrics)."""
Values = dict[Key, Value]


class Meter:
    """The counters of one process. values: all of them as they are now, from zero at its start; called by a thread of the meter."""

    def __init__(self, data: Path, role: str, values: Callable[[], Values]) -> None:
        self._folder = folder(data)
        self._role = role
        self._values = values
        self._lease: Lease | None = None
        self._before: Values = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Write the last counts, and release the file."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.write()
        if self._lease is not None:
            self._lease.close()

    def write(self) -> None:
        """Write the counts to the file; if that fails the file keeps its content. Never raises."""
        try:
            if self._lease is None:
                self._take()
            if self._lease is not None:
                self._write(self._lease.path.with_suffix(".json"))
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 - nothing that is wrong with numbers may end what they count
            log.warning("numbers could not be written", role=self._role, error=type(error).__name__)

    def _run(self) -> None:
        self.write()
        while not self._stop.wait(WRITE_SECONDS):
            self.write()

    def _take(self) -> None:
        for number in range(1, MAX_PROCESSES + 1):
            with suppress(LeaseHeld):
                self._lease = Lease.take(self._folder / f"{self._role}-{number}.lock")
                self._before = _read(self._lease.path.with_suffix(".json"))
                return

    def _write(self, place: Path) -> None:
        values = _sum([self._before, self._values()])
        plain = [[name, labels, _plain(value)] for (name, labels), value in sorted(values.items())]
        content = orjson.dumps({"version": _VERSION, "values": plain})
        new = place.with_suffix(".new")
        new.write_bytes(content)
        new.replace(place)


def folder(data: Path) -> Path:
    return data / "metrics"


def read(data: Path) -> Values:
    """The sums of all processes, including ended ones."""
    return _sum(_read(path) for path in sorted(folder(data).glob("*.json")))


def _sum(many: Iterable[Values]) -> Values:
    """The sum of each counter. Where a histogram has other bounds than before, the later one counts."""
    sums: Values = {}
    for values in many:
        for key, value in values.items():
            before = sums.get(key)
            if isinstance(value, Histogram):
                sums[key] = value + before if isinstance(before, Histogram) else value + Histogram(value.bounds)
            else:
                sums[key] = value + before if before is not None and not isinstance(before, Histogram) else value
    return sums


def _plain(value: Value) -> object:
    return [value.bounds, value.counts, value.sum] if isinstance(value, Histogram) else value


def _read(path: Path) -> Values:
    """The counts in a file, empty if it cannot be read: its counters then start from zero."""
    try:
        plain = orjson.loads(path.read_bytes())
        if plain["version"] != _VERSION:
            return {}
        return {(str(name), tuple(labels)): _value(value) for name, labels, value in plain["values"]}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _value(plain: int | float | list[list[float] | float]) -> Value:
    if isinstance(plain, int | float):
        return plain
    bounds, counts, sum_ = plain
    if not isinstance(bounds, list) or not isinstance(counts, list) or len(counts) != len(bounds) + 1 or isinstance(sum_, list):
        raise ValueError("not a histogram")
    return Histogram(bounds, map(int, counts), sum_)
