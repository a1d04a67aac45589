"""Content views from the audit log: never content, and never the words of a search (P-16, P-17)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.city.guard.queries.entries import visible_to
from civicmail.city.identity.queries.home_tasks import Task
from civicmail.city.pages.states import label
from civicmail.desk.oversight import sampling

KINDS: dict[str, str] = {
    "content.reveal": "Revealed on a technical page",
    "content.privileged": "Read to clear a privileged message",
    "content.accident": "Record an accidental view",
    "content.list": "Searched under a mandate",
    "content.search": "Searched on the command line",
    "content.show": "Message read",
    "content.attachment": "Attachment taken",
    "content.print": "Printed",
    "content.export": "Exported",
    "content.hold": "Put on hold",
    "content.successor": "Read as a successor",
    "mailbox.open-as-master": "Mailbox opened by the mailbox server's master user",
    "report.read": "Reported mail read",
    "approval.look": "File looked at before it left",
}
"""Act -> what it was, in words. Every act that is given a permit for mail of others is here."""
REVEAL = "content.reveal"
MARK = "viewing.mark"


@dataclass(frozen=True, slots=True)
class Sample:
    """The reveals drawn for one week, with the review of each. week: "2026-W48"; monday: its first day; over: only then the draw
    is final; reveals: number of all."""

    week: str
    monday: date
    over: bool
    reveals: int
    drawn: list[tuple[Entry, Entry | None]]

    @property
    def open(self) -> int:
        """Number of unreviewed ones."""
        return sum(mark is None for _, mark in self.drawn)


def viewings(actor: Actor) -> QuerySet[Entry]:
    """All content views for an auditor, without sealed ones and those about the auditor; for anybody else their own."""
    views = visible_to(actor).filter(act__in=list(KINDS))
    return views if actor.holds("auditor") else views.filter(person=actor.uid)


def sample_of(week: str, now: datetime) -> Sample | None:
    """The draw of a week; None for an invalid name. now: aware."""
    monday = sampling.monday_of(week)
    if monday is None:
        return None
    entries = {str(e.uuid): e for e in _reveals(monday)}
    over = timezone.localdate(now) >= monday + timedelta(days=7)
    drawn = sampling.sample(week, entries) if over else []
    marks = marks_of(drawn)
    return Sample(week, monday, over, len(entries), [(entries[id_], marks.get(id_)) for id_ in drawn])


def weeks(now: datetime, back: int = 8) -> list[Sample]:
    """The last complete weeks, newest first."""
    today = timezone.localdate(now)
    named = [sampling.name_of(today - timedelta(days=7 * n)) for n in range(1, back + 1)]
    return [week_sample for week in named if (week_sample := sample_of(week, now)) is not None]


def tasks(now: datetime) -> list[Task]:
    """An auditor's tasks: samples with unreviewed reveals, oldest first."""
    return [
        Task(
            f"Look at {s.open} reveal{'' if s.open == 1 else 's'} of the week of {date_format(s.monday, 'M j')}",
            "viewings-sample",
            hint="Was the reason a good one, and was the look needed?",
            state=label("open"),
            query=f"week={s.week}&open=yes",
            count=s.open,
        )
        for s in reversed(weeks(now))
        if s.open
    ]


def marks_of(entries: Iterable[str]) -> dict[str, Entry]:
    """UUID of a reveal -> the entry of its review."""
    objects = [f"entry:{id_}" for id_ in entries]
    marks = Entry.objects.filter(act=MARK, object__in=objects).order_by("id").defer("head")
    return {e.object.removeprefix("entry:"): e for e in marks}


def _reveals(monday: date) -> list[Entry]:
    """Reveals without a case in a week of the city's time zone."""
    start, end = (epoch_ms(timezone.make_aware(datetime.combine(day, time.min))) for day in (monday, monday + timedelta(days=7)))
    rows = Entry.objects.filter(act=REVEAL, at__gte=start, at__lt=end).order_by("id").defer("head")
    return [e for e in rows if not (e.facts.get("mandate") or e.facts.get("case"))]
