"""How many messages of each class were received in each month: a file that the worker writes every six hours, from which pages
reckon what becomes due (docs/formats.md, "Retention")."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from civicmail.city.law.due_forecast import last_of
from civicmail.city.law.schedules import Schedule, Schedules
from civicmail.city.law.schedules import parse as parse_schedules
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.published import published_as_json
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Not, Or, Range, Tree
from civicmail.mail.archive import class_months, classes, holds
from civicmail.mail.archive.records import MAIL
from civicmail.mail.search.counts import count
from civicmail.mail.search.errors import DamagedIndex, NotIndexed
from civicmail.mail.search.reader import Reader

MAX_AGE_MS = 6 * 3_600_000
log = get_logger()


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """at: when they were counted, epoch ms; schedules: SHA-256 of the file in force then; months: month -> class -> messages;
    unsealed: messages in journals; held: messages that any hold covers, -1 where the index could not say."""

    at: int = 0
    schedules: str = ""
    months: dict[str, dict[str, int]] = field(default_factory=dict)
    unsealed: int = 0
    held: int = -1


FILE = published_as_json("retention/classes.json", "the counts of retention classes", ClassCounts)


def current(data: Path) -> ClassCounts | None:
    """The last counts, None before the first."""
    return FILE.last(data)


def step(data: Path, now: int) -> int:
    """Count again if other schedules are in force, if nothing was sealed, or after six hours; 1 if so. now: epoch ms."""
    text, former = classes.text_of(data), current(data)
    digest = sha256(text.encode()).hexdigest() if text else ""
    if former is not None and former.months and former.schedules == digest and 0 <= now - former.at < MAX_AGE_MS:
        return 0
    try:
        months, unsealed = class_months.by_month(data)
    except DamagedFile as error:
        log.warning("retention classes could not be counted", problem=type(error).__name__)
        return 0
    held = -1
    try:
        reader = Reader(data)
        if text:
            move_by_address(months, parse_schedules(text), reader)
        trees = tuple(record.hold.tree for record in holds.history(data) if record.ended is None)
        held = count(reader, Or(trees)) if trees else 0
    except (NotIndexed, DamagedIndex, QueryError) as error:
        log.warning("retention classes were counted without the index", problem=type(error).__name__)
    FILE.write(data, ClassCounts(now, digest, months, unsealed, held))
    return 1


def move_by_address(months: dict[str, dict[str, int]], schedules: Schedules, reader: Reader) -> None:
    """Count mail under the class of its people where that keeps it longer: the longest class first."""
    by_people = [s for s in schedules.by_class.values() if s.addresses]
    for month, counts in months.items():
        last = last_of(month)
        within, taken = Range("received", _first_of(month), last), list[Tree]()
        for s in sorted(by_people, key=lambda s: s.due(last), reverse=True):
            if schedules.longest_kept_class({MAIL, s.class_}, last) != s.class_ or not counts.get(MAIL):
                continue
            people = _mail_of(s)
            number = min(count(reader, And((people, within, *map(Not, taken)))), counts[MAIL])
            taken.append(people)
            if number:
                counts[MAIL] -= number
                counts[s.class_] = counts.get(s.class_, 0) + number


def _first_of(month: str) -> int:
    year, number = (int(part) for part in month.split("-"))
    before = f"{year - (number == 1):04d}-{(number - 2) % 12 + 1:02d}"
    return last_of(before) + 1


def _mail_of(s: Schedule) -> Tree:
    """Mail of the people whom a schedule names, by the index; disposal asks the envelope."""
    words = " OR ".join(f"from:{address} OR rcpt:{address}" for address in (a.lstrip("@") for a in s.addresses))
    return parse(words, now=datetime.now(UTC), accepted=True)
