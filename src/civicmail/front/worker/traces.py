"""Traces of messages for an OpenTelemetry collector (otel.url), made from journals; mail never waits for it.

otel/positions.json has the offset of each journal. While the collector is unavailable reading pauses; what is sealed and
removed meanwhile is not traced.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import Protocol

from civicmail.core.config.errors import ConfigError, LaterError
from civicmail.core.disk import journal
from civicmail.core.disk.published import published_as_json
from civicmail.core.disk.tail import Tail
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext
from civicmail.front.worker.spans import Span, TraceBuilder
from civicmail.mail.search import coverage
from civicmail.mail.search.errors import DamagedIndex

BATCH_SIZE = 512
WINDOW = 2_000
"""Records of a journal that are read in one round."""
WRITE_EVERY = 10_000
"""ms between two writes of the positions."""


class CollectorAway(LaterError):
    """The collector does not take spans."""


class Collector(Protocol):
    def send(self, spans: tuple[Span, ...], /) -> bool: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TracePositions:
    """journal to the last record whose spans the collector has."""

    positions: dict[str, int] = field(default_factory=dict)
    v: int = 1


POSITIONS = published_as_json("otel/positions.json", "the positions of traces", TracePositions)


def traces(context: JobContext) -> Iterator[Work]:
    """Send traces of messages to a collector."""
    otel = context.settings.otel
    try:
        from civicmail.front.worker import otlp
    except ModuleNotFoundError:
        raise ConfigError("otel.url needs the extra: pip install 'civicmail[otel]'.") from None
    with closing(otlp.Collector(otel, context.settings.city.host)) as collector:
        tracing = Tracing(context.data, collector, otel.one_in)
        yield lambda: tracing.step(context.clock())


class Tracing:
    """Raises CollectorAway; the next one begins where the last positions were written."""

    def __init__(self, data: Path, collector: Collector, one_in: int = 1) -> None:
        self._data, self._collector, self._lives = data, collector, TraceBuilder(one_in)
        self._tail = Tail(data, read(data), bodies=False)
        self._written = 0
        self._covered: dict[str, int] | None = None

    def step(self, now: int) -> bool:
        """Run one round. Returns whether there may be more at once. now: epoch ms."""
        covered: dict[str, int] = {}
        with suppress(DamagedIndex):
            covered = coverage.covered(self._data)
        before = covered if self._covered is None else self._covered
        records = self._tail.poll(WINDOW)
        if len(records) < WINDOW:
            self._covered = covered
        spans = [span for record in records for span in self._lives.hear(record, before)]
        spans += self._lives.indexed(covered, now)
        for batch in batched(spans, BATCH_SIZE, strict=False):
            if not self._collector.send(batch):
                raise CollectorAway("The collector of traces does not take them.")
        if records and not 0 <= now - self._written < WRITE_EVERY:
            self._written = now
            POSITIONS.write(self._data, TracePositions(dict(self._tail.positions)))
        return len(records) >= WINDOW


def read(data: Path) -> dict[str, int]:
    """The stored positions, or the current ones: earlier mail is not traced."""
    if (stored := POSITIONS.last(data)) is not None:
        return stored.positions
    return {name: journal.read_durable(journal.folder(data) / name) for name in journal.names(data)}
