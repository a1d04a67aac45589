"""Legal holds as pages show them: every hold of the archive with names, its count and its end (P-20)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.display_names import shown_name
from civicmail.core.query.tree import And, Not, Or, Range, Tree
from civicmail.desk.retention import hold_counts
from civicmail.desk.retention.hold_counts import HoldCounts
from civicmail.desk.viewer.queries import installation, store
from civicmail.mail.archive import classes, holds
from civicmail.mail.archive.holds import HoldRecord
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader

EXAMINATION = "an examination"


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One hold. pk: its id; person: who placed it, None for the program; by: the name to show; messages: how many it covered when
    they were counted, None where that is not known; why: of its end."""

    pk: str
    ground: str
    scope: str
    state: str
    placed: datetime
    person: Person | None
    by: str
    reason: str
    is_query: bool
    ends_with_work: bool
    ended: datetime | None
    ended_by: str
    why: str
    messages: int | None
    counted: datetime | None

    @property
    def key(self) -> str:
        """Unique, in order of time."""
        return f"{self.placed:%Y%m%d%H%M%S%f}-{self.pk}"

    @property
    def is_active(self) -> bool:
        return self.ended is None


def lines() -> list[HoldLine]:
    """Every hold, newest first. Raises DamagedFile, KeyMissing."""
    data = installation()
    records, counts = holds.history(data), hold_counts.current(data)
    uids = {uid for record in records for uid in (record.hold.actor, record.ended_by) if uid}
    people = {person.uid: person for person in Person.objects.filter(uid__in=uids)}
    return [_line(record, people, counts) for record in reversed(records)]


def line_of(hold: str) -> HoldLine | None:
    """The hold with this id, or None."""
    return next((line for line in lines() if line.pk == hold), None)


def _line(record: HoldRecord, people: dict[str, Person], counts: HoldCounts) -> HoldLine:
    hold, is_hidden = record.hold, record.is_of_examination

    def name(uid: str) -> str:
        if is_hidden or not uid:
            return ""
        return shown_name(uid, people[uid].display if uid in people else None)

    messages = None if is_hidden or record.ended is not None else counts.messages.get(hold.id)
    return HoldLine(
        pk=hold.id,
        ground=hold.ground,
        scope=EXAMINATION if is_hidden else hold.scope,
        state="active" if record.ended is None else "ended",
        placed=from_ms(hold.at),
        person=None if is_hidden else people.get(hold.actor),
        by=name(hold.actor),
        reason="" if is_hidden else hold.reason,
        is_query=record.is_query,
        ends_with_work=record.ends_with_work,
        ended=None if record.ended is None else from_ms(record.ended),
        ended_by=name(record.ended_by),
        why="" if is_hidden else record.why,
        messages=messages,
        counted=None if messages is None else from_ms(counts.at),
    )


@dataclass(frozen=True, slots=True)
class Freed:
    """What the end of a hold leaves to the schedules. alone: messages that no other hold covers; over: (title, class, messages)
    whose period would be over by this schedule, if it were theirs; is_adopted: whether any schedules are in force."""

    alone: int
    over: list[tuple[str, str, int]]
    is_adopted: bool


def freed(hold: str, reader: Reader, now: int) -> Freed:
    """What would no longer be held without this hold, by the index. now: epoch ms. Raises NotFinished, DamagedIndex, QueryError."""
    in_force = holds.load(installation())
    own = next(each.tree for each in in_force if each.id == hold)
    others = tuple(each.tree for each in in_force if each.id != hold)
    tree: Tree = And((own, Not(Or(others)))) if others else own
    schedules = classes.load(installation())
    over = [
        (s.title, s.class_, count(reader, And((tree, Range("received", 0, s.over_before(now) - 1)))))
        for s in (schedules.by_class.values() if schedules else ())
        if s.over_before(now)
    ]
    return Freed(count(reader, tree), over, schedules is not None)


def reader_for(uid: str) -> Reader:
    """The index for one page of this person. Raises NotIndexed, DamagedIndex."""
    return store().reader_for(uid, whole=True)
