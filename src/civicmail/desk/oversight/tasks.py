"""The worker's jobs for rules: dates, the published file, counts, replays. Each resumes where the last process stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path

import orjson

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions import journal_offsets
from civicmail.city.pages.days import city_day
from civicmail.city.policy import rule_parser
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Record
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Range
from civicmail.desk.oversight import emergency_release, rule_text
from civicmail.desk.oversight.actions import announce_rules, emergencies, hits, publish_rules, replays
from civicmail.desk.oversight.models import Counted, Replay
from civicmail.desk.oversight.queries import emergencies as queries
from civicmail.desk.oversight.recorded_facts import Heads, RecordedFacts
from civicmail.desk.oversight.rule_hits import Heard
from civicmail.desk.oversight.rule_replay import Replaying, Tally
from civicmail.desk.oversight.rule_replay import books as compared
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Type
from civicmail.mail.screening.reports import month_files
from civicmail.mail.search.counts import count
from civicmail.mail.search.errors import NotIndexed
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import search

PIECE = 0.5
"""Seconds of work between two checks whether a replay may continue."""
PAGE = 500
POLL_MS = 60_000
"""ms after the end of an emergency rule in which gateways may still use the old rule set."""
SETTLED = 660_000
"""ms after which the old rule set decides no pending copy any more; then they are searched again."""
log = get_logger()

Clock = Callable[[], int]


def sweep(data: Path, now: int) -> int:
    """Apply all dates of the rule set, and write the active file; return the number of changes."""
    done = int(publish_rules.adopt(now))
    done += publish_rules.activate_due(now) + publish_rules.expire_due(now) + emergencies.end_due(now)
    done += month_files.sweep(data, now)
    return done + int(publish_rules.repair()) + release(data, now) + announce_rules.announce(now)


def release(data: Path, now: int) -> int:
    """Screen again the copies held by ended emergency rules; return how many. They are searched for a while, because gateways had
    the old rule set until now, and it may have decided pending copies."""
    total = 0
    for row in queries.to_release():
        assert row.ended is not None
        age = now - epoch_ms(row.ended)
        if POLL_MS < age <= SETTLED:
            continue
        count = emergency_release.release(data, emergency_release.held_by(data, str(row)), str(row), lambda: now)
        total += count
        done = age > SETTLED
        if count or done:
            emergencies.note_released(row, count, done=done, now=now)
    return total


class Counting:
    """Hears every record once."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._heads: Heads | None = None
        self.heard = Heard(city_day)
        self.positions = journal_offsets.read_offsets(Counted)

    def hear(self, record: Record) -> None:
        if record.type == Type.RECEIPT:
            self.heard.receipt(orjson.loads(record.head))
        elif record.type == Type.DECIDED:
            self.heard.decided(orjson.loads(record.head))
        elif record.type == Type.RELEASED:
            self.heard.released(orjson.loads(record.head), record.id)

    @property
    def has_news(self) -> bool:
        """Counts can wait."""
        return False

    def write(self, _now: int) -> None:
        """Write the hits. Raises DatabaseError, and then continues to collect."""
        hits.write(self.heard, self.positions, self._rules)

    def _rules(self, capture: bytes, index: int) -> tuple[str, ...]:
        if self._heads is None:
            self._heads = Heads(self._data)
        with suppress(NotInArchive, DamagedFile):
            return next((copy.rules for copy in self._heads.facts_of(capture).copies if copy.to == index), ())
        return ()


class Replays:
    """Goes on with the oldest replay that waits or was under way. clock: ms."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self._made: _Made | None = None

    def step(self) -> bool:
        """Process one piece; False when there is nothing to do now."""
        made = self._made
        if made is None:
            row = Replay.objects.filter(state__in=replays.UNDER_WAY).select_related("version").order_by("pk").first()
            if row is None:
                return False
        try:
            if made is None:
                assert row is not None
                self._made = made = _Made(self._data, row)
                replays.note(row, now=self._clock(), state="reading", found=made.total)
            ended = made.step()
            state = {"state": "done"} if ended else {}
            if not replays.note(made.row, now=self._clock(), **made.columns(), **state) or ended:
                self._made = None
        except NotIndexed:
            return False
        except (CivicmailError, OSError) as error:
            failed = made.row if made is not None else row
            log.error("a replay failed", replay=failed.pk if failed else 0, error=type(error).__name__)
            if failed is not None:
                why = str(error) if isinstance(error, CivicmailError) else "The archive could not be read; look at the disk."
                replays.note(failed, now=self._clock(), state="failed", why=why[:400])
            self._made = None
        return True

    def close(self) -> None:
        """Close; the next process continues."""
        self._made = None


class _Made:
    """One replay in progress."""

    def __init__(self, data: Path, row: Replay) -> None:
        self.row = row
        tried = rule_text.read(row.version.text)
        active = rule_parser.parse_rule_set([("the book", rule_text.join_texts(publish_rules.active_texts()))])
        before, after = compared(active, None if row.version.ends else tried, row.version.rule)
        self._replaying = Replaying(row.version.rule, before, after, city_day)
        self._tally = Tally.from_plain(row.result)
        self._heads = Heads(data)
        self._done, self._mark, self._took = row.done, row.mark, row.took
        last = min(row.last, received_of(bytes.fromhex(row.mark))) if row.mark else row.last
        if row.query:
            tree = And((parse(row.query, now=row.asked.astimezone(UTC), accepted=True), Range("received", row.first, row.last)))
            reader = Reader(data)
            self.total = count(reader, tree)
            narrowed = And((tree, Range("received", row.first, last)))
            self._pieces = self._by_search(reader, narrowed)
        else:
            self.total = Archive(data).count_in(row.first, row.last)
            self._pieces = self._by_time(row.first, last)

    def step(self) -> bool:
        """Go on for a while; True when nothing is left."""
        began = time.monotonic()
        for ids, some in self._pieces:
            self._replaying.add(self._tally, some)
            self._done += len(ids)
            self._mark = ids[-1]
            if time.monotonic() - began >= PIECE:
                self._took += round((time.monotonic() - began) * 1000)
                return False
        self._took += round((time.monotonic() - began) * 1000)
        return True

    def columns(self) -> dict[str, object]:
        return {"done": self._done, "mark": self._mark, "took": self._took, "result": self._tally.plain()}

    def _by_search(self, reader: Reader, tree: And) -> Iterator[tuple[list[str], list[RecordedFacts | str]]]:
        cursor = ""
        while True:
            page = search(reader, tree, limit=PAGE, sort="newest", cursor=cursor, scored=False)
            ids = [hit.id.replace("-", "") for hit in page.hits]
            ids = [id_ for id_ in ids if not self._mark or id_ < self._mark]
            if ids:
                yield ids, list(self._heads.each([bytes.fromhex(id_) for id_ in ids]))
            if not (cursor := page.cursor):
                return

    def _by_time(self, first: int, last: int) -> Iterator[tuple[list[str], list[RecordedFacts | str]]]:
        for ids in self._heads.ids(first, last, before=bytes.fromhex(self._mark), most=PAGE):
            yield [id_.hex() for id_ in ids], list(self._heads.each(ids))
