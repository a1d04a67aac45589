"""Security events for a SIEM (oversight.siem): a job for each receiver.

Events come from the journals, so that an unavailable database or a late commit omits none. siem/<name>.json has the confirmed
offset of each journal; after any failure events are sent again from there, with the same uuid. Nothing is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path

import orjson

from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings, Siem
from civicmail.core.disk import journal
from civicmail.core.disk.tail import Record, Tail
from civicmail.front.checkup.siem import Forwarded, forwarded_to
from civicmail.front.worker import journal_reader, ocsf, syslog
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext
from civicmail.front.worker.siem_connection import Away, Wire, connect
from civicmail.front.worker.siem_events import SecurityEvent, of_record
from civicmail.mail.archive import replay

log = get_logger()

CYCLE, SETTLE = 10_000, 2_000
"""ms for which one connection takes events, and for which it then rests before its end is confirmed: a receiver that dies after it
has read is noticed."""
WINDOW = 10_000
"""Records of a journal that are looked at in one round."""
RETRY_FIRST, RETRY_LONGEST = 1_000, 60_000
WRITE_EVERY = 10_000
"""ms between two writes of an unchanged state."""

IsHidden = Callable[[SecurityEvent], bool]
"""Whether an event must not be sent."""


def siem(context: JobContext) -> Iterator[Work]:
    """Send security events to a SIEM; one job for each."""
    with closing(_forwarding(context)) as forwarding:
        yield lambda: forwarding.step(context.clock())


def siem_once(context: JobContext) -> dict[str, int]:
    """Send a receiver its events. Returns how many were accepted."""
    return {"told": _forwarding(context).once(context.clock())}


def _forwarding(context: JobContext) -> Forwarding:
    (receiver,) = (siem for siem in context.settings.oversight.siem if siem.name == context.instance)
    return Forwarding(context.settings, receiver, context.data, is_sealed)


def is_sealed(event: SecurityEvent) -> bool:
    """Whether an event belongs to a sealed examination and is not sent (E8). Raises DatabaseError; the event and its successors
    then wait."""
    kind, _, number = event.object.partition(":")
    if kind != "mandate":
        return False
    from civicmail.city.guard.models import Mandate

    return Mandate.objects.filter(number=number, sealed=True).exists()


def render(event: SecurityEvent, format_: str, settings: Settings, enterprise: int) -> bytes:
    """The bytes of one event, without what frames it. format_: rfc5424 or ocsf."""
    host, version = settings.city.host, metadata.version("civicmail")
    if format_ == "ocsf":
        return orjson.dumps(ocsf.plain(event, host, version), option=orjson.OPT_SORT_KEYS)
    return syslog.message(event, host, enterprise, version)


class Forwarding:
    """Sends events to one receiver. connect: opens a connection; cycle, settle: as CYCLE and SETTLE."""

    def __init__(
        self,
        settings: Settings,
        siem: Siem,
        data: Path,
        is_hidden: IsHidden,
        *,
        connect: Callable[[Siem], Wire] = connect,
        cycle: int = CYCLE,
        settle: int = SETTLE,
    ) -> None:
        self._settings, self._siem, self._data, self._is_hidden = settings, siem, data, is_hidden
        self._connect, self._cycle, self._settle = connect, cycle, settle
        known = forwarded_to(siem.name).last(data)
        self._known = known or Forwarded(siem.name, positions=dict(journal_reader.begin(data, {}).positions))
        self._wire: Wire | None = None
        self._tail = self._begin()
        self._opened = self._last = self._due = self._noted = self._tries = self._sent = 0

    def _begin(self) -> Tail:
        return Tail(self._data, self._known.positions, bodies=False)

    def step(self, now: int) -> bool:
        """Run one round. Returns whether there may be more at once. now: epoch ms."""
        if now < self._due:
            self._note(now)
            return False
        try:
            has_more = self._work(now)
        except Away as away:
            self._lose(str(away), now)
            has_more = False
        self._note(now)
        return has_more

    def once(self, now: int) -> int:
        """Send and confirm everything. Returns how many events."""
        before = self._known.sent
        try:
            while self._read(now):
                pass
            self._confirm(now)
        except Away as away:
            self._lose(str(away), now)
        return self._known.sent - before

    def close(self) -> None:
        """Close the connection; unconfirmed events are sent again later."""
        if self._wire is not None:
            self._wire.close()
        self._wire, self._tail, self._sent = None, self._begin(), 0

    def _work(self, now: int) -> bool:
        if self._wire is not None:
            self._wire.require_there()
            if self._wire.is_stream and now - self._opened >= self._cycle:
                if now - self._last >= self._settle:
                    self._confirm(now)
                return False
        has_more = self._read(now)
        if self._wire is None or not self._wire.is_stream:
            self._confirm(now)
        return has_more

    def _read(self, now: int) -> bool:
        """Send new events. Returns whether there were any."""
        any_ = False
        for record in self._records():
            any_ = True
            event = of_record(record, self._settings.city.domains, detections=self._siem.detections)
            if event is not None and self._is_selected(event):
                self._send(event, now)
        return any_

    def _is_selected(self, event: SecurityEvent) -> bool:
        acts = self._siem.acts
        return (not acts or any(fnmatchcase(event.act, act) for act in acts)) and not self._is_hidden(event)

    def _send(self, event: SecurityEvent, now: int) -> None:
        if not self._known.waiting:
            self._known.waiting = event.at
        if self._wire is None:
            self._wire = self._connect(self._siem)
            self._opened = now
        self._wire.send(render(event, self._siem.format, self._settings, self._siem.enterprise))
        self._last = now
        self._sent += 1

    def _confirm(self, now: int) -> None:
        """Keep how far it is: after that nothing before is sent again."""
        if self._wire is not None:
            wire, self._wire = self._wire, None
            wire.confirm()
            wire.close()
        if not self._sent and not self._known.problem and self._tail.positions == self._known.positions:
            return
        known = self._known
        if self._sent:
            known.taken, known.sent = now, known.sent + self._sent
            known.problem, known.waiting, self._tries, self._due = "", 0, 0, 0
        elif now - self._noted < WRITE_EVERY:
            return  # nothing but mail: a look that is made again costs little, a sync each round does not
        known.positions, self._sent = dict(self._tail.positions), 0
        self._write(now)

    def _lose(self, problem: str, now: int) -> None:
        self._tries += 1
        self._due = now + min(RETRY_LONGEST, RETRY_FIRST * 2 ** min(self._tries - 1, 10))
        self._known.problem = problem[:200]
        log.warning("a SIEM does not take events", hook=self._siem.name, tries=self._tries, problem=problem)
        self.close()
        self._write(now)

    def _note(self, now: int) -> None:
        """Write the state for doctor."""
        if not 0 <= now - self._noted < WRITE_EVERY:
            self._write(now)

    def _write(self, now: int) -> None:
        self._noted = self._known.at = now
        forwarded_to(self._known.name).write(self._data, self._known)

    def _records(self) -> Iterator[Record]:
        """Yield new records, each journal's in order, sealed ones first. Afterwards the reader's position is behind them."""
        for name in journal.names(self._data):
            position, retired = self._tail.positions.get(name, 0), journal.read_retired(journal.folder(self._data) / name)
            if position < retired:
                last = min(retired, position + WINDOW)
                yield from self._sealed(name, position + 1, last)
                self._tail.passed(name, last)
                return
        before = dict(self._tail.positions)
        for record in self._tail.poll(WINDOW):
            if record.number > (first := before.get(record.journal, 0) + 1):
                yield from self._sealed(record.journal, first, record.number - 1)
            before[record.journal] = record.number
            yield record

    def _sealed(self, name: str, first: int, last: int) -> Iterator[Record]:
        problems = list[str]()
        records = list(replay.sealed_between(self._data, [(name, first, last)], problems))
        if problems:
            log.error("events for a SIEM are not complete", hook=self._siem.name, problems=problems)
        yield from sorted(records, key=lambda record: record.number)
