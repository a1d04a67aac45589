"""Queries of the rule set: active rules, since when, their hits, and what waits for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.directory.models import Person
from civicmail.city.guard import working_days
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.home_tasks import Task
from civicmail.city.identity.queries.roster import Event
from civicmail.city.pages import entry_words
from civicmail.city.pages.days import holidays
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.models import Book, Emergency, Hits, Version

NOTICE_DAYS = 10
"""Working days of notice to employees before a rule acts."""
HITS_DAYS = 30


def earliest(row: Version, now: int) -> int | None:
    """ms from which this version may act: 0 for at once; None if it has not yet notified employees of its effect (P-29)."""
    rule = rule_text.rule_facts(row.text).rule
    if rule is None or rule.mode != "enforce" or not rule_text.holds_employees(rule):
        return 0
    active = Version.objects.filter(rule=row.rule, state="active").first()
    if active is None or not rule_text.same_effect(active.text, row.text):
        return None
    if active.mode == "enforce":
        return 0
    since = notified_since(active)
    return None if since is None else epoch_ms(working_days.end_of_nth(timezone.localtime(since), NOTICE_DAYS, holidays()))


def notified_since(active: Version) -> datetime | None:
    """Since when, without a pause, the rule has notified employees of its effect; None if it does not."""
    since, version = None, active
    for row in Version.objects.filter(rule=active.rule, activated__isnull=False, ends=False).order_by("-number"):
        if row.number > active.number:
            continue
        if row.mode != "notify" or not rule_text.same_effect(row.text, active.text):
            break
        if row.pk != active.pk and row.ended != version.activated:
            break
        since, version = row.activated, row
    return since


def notice_left(active: Version, now: int) -> int:
    """Working days for which it must still notify employees; 0 if it may act."""
    since = notified_since(active)
    if since is None:
        return 0
    over = working_days.whole_between(timezone.localtime(since), timezone.localtime(from_ms(now)), holidays())
    return max(0, NOTICE_DAYS - over)


def listed(today: date) -> QuerySet[Version]:
    """One row for each rule: the active version, else the newest, with `hits` and `overridden` of the last 30 days."""
    newest = Version.objects.filter(rule=OuterRef("rule")).order_by("-number").values("pk")[:1]
    acting = Version.objects.filter(rule=OuterRef("rule"), state="active").values("pk")[:1]
    rows = Version.objects.exclude(rule=rule_text.MATRIX)
    rows = rows.annotate(shown=Coalesce(Subquery(acting), Subquery(newest)))
    return with_hits(Version.objects.filter(pk__in=rows.values("shown").distinct()), today)


def with_hits(rows: QuerySet[Version], today: date) -> QuerySet[Version]:
    """With `hits` and `overridden`: copies of the last 30 days."""
    recent = Hits.objects.filter(rule=OuterRef("rule"), day__gt=today - timedelta(days=HITS_DAYS)).order_by().values("rule")
    return rows.annotate(
        hits=Coalesce(Subquery(recent.annotate(n=Sum("copies")).values("n")), 0),
        overridden=Coalesce(Subquery(recent.annotate(n=Sum("overridden")).values("n")), 0),
    )


def versions(rule: str) -> list[Version]:
    """All versions of a rule, newest first."""
    return list(Version.objects.filter(rule=rule).select_related("author", "approver").order_by("-number"))


def current_version(rows: Sequence[Version]) -> Version:
    """Of all versions of a rule, newest first, the one in force, else the newest."""
    return next((v for v in rows if v.state == "active"), rows[0])


EVENTS = {
    "rule.adopt": "Came with the program",
    "rule.draft": "Drafted",
    "rule.edit": "Edited",
    "rule.test": "Tested",
    "rule.propose": "Proposed",
    "rule.withdraw": "Withdrawn",
    "rule.approve": "Approved",
    "rule.refuse": "Denied",
    "rule.activate": "Acts",
    "rule.retire": "Taken out",
    "rule.expire": "Expired",
    "rule.replay": "Replayed",
    "emergency.make": "Put into force",
    "emergency.ratify": "Ratified",
    "emergency.reject": "Found wrong",
    "emergency.end": "Ended",
    "emergency.finding": "Not ratified in time",
    "emergency.released": "What it had kept back went on through the checks",
}
"""Act -> what happened, in words."""


def history(object_: str, *, reads_entries: bool, most: int = 50) -> list[Event]:
    """Events of a rule or an emergency, newest first, each with its entry for a reader of the audit log. Two queries."""
    rows = list(Entry.objects.filter(object=f"rule:{object_}").defer("head").order_by("-id")[:most])
    names = dict(Person.objects.filter(uid__in={row.person for row in rows}).values_list("uid", "display"))
    return [
        Event(
            from_ms(row.at), _event(row), names.get(row.person, "" if row.person == "tick" else row.person), row.reason, row.duty,
            reverse("entry", args=[row.pk]) if reads_entries else "",
        )
        for row in rows
    ]  # fmt: skip


def _event(row: Entry) -> str:
    words = EVENTS.get(row.act) or entry_words.words(row.act)
    number = row.facts.get("version")
    return f"{words}: version {number}" if number else words


def days(rule: str, today: date) -> list[tuple[date, int, int]]:
    """(day, copies, overridden) of the last 30 days with hits, newest first."""
    rows = Hits.objects.filter(rule=rule, day__gt=today - timedelta(days=HITS_DAYS)).order_by("-day").values("day")
    return [(r["day"], r["n"], r["o"]) for r in rows.annotate(n=Sum("copies"), o=Sum("overridden"))]


def hits_by_day(since: date) -> dict[tuple[str, date], int]:
    """Copies that each rule matched on each day from this one on, in every mode. One query."""
    rows = Hits.objects.filter(day__gte=since).order_by().values("rule", "day").annotate(n=Sum("copies"))
    return {(row["rule"], row["day"]): row["n"] for row in rows}


def newest_book() -> Book | None:
    return Book.objects.order_by("-number").defer("text").first()


@dataclass(frozen=True, slots=True)
class Waiting:
    """The decisions that wait for a second person."""

    versions: list[Version]
    emergencies: list[Emergency]

    def __len__(self) -> int:
        return len(self.versions) + len(self.emergencies)


def waiting_for(actor: Actor) -> Waiting:
    """Proposals and emergencies of others. The guard decides whether the actor may answer."""
    proposed = Version.objects.filter(state="proposed").select_related("author").order_by("proposed")
    urgent = Emergency.objects.filter(ratified="due", ended__isnull=True).select_related("officer").order_by("at")
    return Waiting([v for v in proposed if actor.uid not in v.authors], [e for e in urgent if e.officer.uid != actor.uid])


def tasks(actor: Actor) -> list[Task]:
    """Rules that wait for a second person."""
    waiting = waiting_for(actor)
    rule_tasks = []
    if waiting.emergencies:
        words, first = f"{len(waiting.emergencies)} in force", waiting.emergencies[0]
        hint = f"Until {date_format(timezone.localtime(first.ratify_by), 'M j, g:i a')}, or it ends."
        rule_tasks.append(
            Task(
                "Say whether an emergency rule was right",
                "rules",
                (),
                hint,
                ("warn", words),
                first.at,
                "waiting=emergencies",
                count=len(waiting.emergencies),
            )
        )
    if waiting.versions:
        words = f"{len(waiting.versions)} {'waits' if len(waiting.versions) == 1 else 'wait'}"
        since, count = waiting.versions[0].proposed, len(waiting.versions)
        rule_tasks.append(Task("Decide about rules", "rules", (), "", ("wait", words), since, "waiting=versions", count=count))
    return rule_tasks
