"""What a person has under way, for Home: examinations, records requests, and long work that can be found again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.conduct import closure_states
from civicmail.city.conduct.models import Closure
from civicmail.city.guard import guard, mandate_states
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Mandate
from civicmail.city.guard.resources import InDepartment
from civicmail.city.pages import wording
from civicmail.city.pages.days import last_day
from civicmail.city.pages.states import Label, label
from civicmail.desk.holding.tasks import ACTIVATE_FIRST
from civicmail.desk.incidents import states as incident_states
from civicmail.desk.incidents.models import Pull, Pulled
from civicmail.desk.incidents.queries import TAKEN
from civicmail.desk.oversight.actions import replays
from civicmail.desk.oversight.models import Replay
from civicmail.desk.oversight.states import REPLAYS as REPLAY
from civicmail.desk.records import states as records_states
from civicmail.desk.records.actions import productions
from civicmail.desk.records.models import Assignment, Decision, Item, Production, Search
from civicmail.desk.records.queries import items
from civicmail.desk.workbench import states as export_states
from civicmail.desk.workbench.models import Export

SINCE = timedelta(hours=36)
"""Work that ended is found here so long: since yesterday morning, whatever the hour of today."""
MAX_EACH = 6
"""Of each kind; the lists have all."""


@dataclass(frozen=True, slots=True)
class Running:
    """what: its name; url: its page; hint: what is next, or how far it is; state: "" for cases that say it in words; done of total:
    of its bar, none where total is 0; step: (words, URL) of what is done next; ended: when long work came into its state."""

    what: str
    url: str
    hint: str
    state: Label | None = None
    done: int = 0
    total: int = 0
    step: tuple[str, str] | None = None
    ended: datetime | None = None


def of_person(actor: Actor, now: int) -> list[Running]:
    """Cases first, then long work, the newest first. Three queries for officers, two for heads, none for others. What is
    answered one by one, such as a review, is a task."""
    if not (actor.held or actor.departments):
        return []
    return [*_examinations(actor, now), *_requests(actor, now), *_long_work(actor, now)]


def _opened(running: Running, is_open: object) -> Running:
    """The same, or where the role is activated first."""
    return running if is_open else replace(running, url=reverse("duties"), step=None, ended=None, hint=gettext(ACTIVATE_FIRST))


def _examinations(actor: Actor, now: int) -> list[Running]:
    at = from_ms(now)
    in_force = Q(state__in=mandate_states.VIEWABLE, until__gt=at)
    rows = Mandate.objects.filter(Q(state="asked") | in_force, person__uid=actor.uid).select_related("approver")
    sees = guard.could(actor, "mandate.see", now=now)
    return [_opened(_examination(row, at), sees) for row in rows.order_by("-id")[:MAX_EACH]]


def _examination(row: Mandate, at: datetime) -> Running:
    what, url = gettext("Examination {number}").format(number=row.number), reverse("mandate", args=[row.number])
    if row.starts is None or row.until is None:
        return Running(what, url, gettext("A second person decides."), label("pending"))
    passed, whole = at - row.starts, row.until - row.starts
    if row.urgent:
        ends = gettext("Urgent, until {time}.").format(time=wording.clock(row.until))
    else:
        ends = gettext("Day {day} of {days}, until {date}.").format(
            day=passed.days + 1, days=whole.days, date=wording.short_day(last_day(row.until))
        )
    approved = gettext("Approved by {person}.").format(person=row.approver) if row.approver else ""
    step = (gettext("Search"), reverse("mandate-search", args=[row.number]))
    return Running(what, url, f"{approved} {ends}".strip(), None, round(passed.total_seconds()), round(whole.total_seconds()), step)


def _requests(actor: Actor, now: int) -> list[Running]:
    if not (actor.holds("records-officer") or actor.holds("city-attorney")):
        return []
    decided = Decision.objects.filter(request=OuterRef("request"), content=OuterRef("content"), replaced__isnull=True)
    documents = Item.objects.filter(request=OuterRef("request")).order_by().values("request").annotate(n=Count("pk")).values("n")
    rows = Assignment.objects.filter(person__uid=actor.uid, until__isnull=True, request__state__in=records_states.OPEN)
    rows = rows.select_related("request").annotate(
        total=Coalesce(Subquery(documents), 0), done=Coalesce(Subquery(documents.filter(Exists(decided))), 0)
    )
    sees = guard.may(actor, "records.see", now=now)
    return [_opened(_request(row), sees) for row in rows.order_by("request__due", "id")[:MAX_EACH]]


def _request(row: Any) -> Running:
    """row: an assignment with total and done."""
    request, words = row.request, []
    if row.total:
        words.append(gettext("{done} of {total} reviewed").format(done=f"{row.done:,}", total=f"{row.total:,}"))
    if request.due:
        words.append(gettext("due {day}").format(day=wording.short_day(request.due)))
    step = (gettext("Review"), reverse("records-review", args=[request.number])) if request.state == "review" else None
    what = gettext("Records request {number}").format(number=request.number)
    url = reverse("records-request", args=[request.number])
    return Running(what, url, " · ".join(words), records_states.REQUEST[request.state], row.done, row.total, step)


def _long_work(actor: Actor, now: int) -> list[Running]:
    """What the worker does for this person, and what it did since yesterday; with one query for all."""
    since, mine, by = from_ms(now) - SINCE, Q(person__uid=actor.uid), Q(by__uid=actor.uid)
    pending = Q(pull__state="running", state="waits") | Q(pull__state="undoing", state__in=["stopped", *TAKEN])
    left = Pulled.objects.filter(pending, pull=OuterRef("pk")).order_by().values("pull").annotate(n=Count("pk")).values("n")
    exports = Export.objects.filter(mine, mandate__state__in=mandate_states.VIEWABLE)
    sources: list[tuple[str, QuerySet[Any], Iterable[str], str, Any, Any, Any]] = [
        ("export", exports, export_states.UNDER_WAY, "since", "mandate__number", F("done") + F("failed"), F("found")),
        ("production", Production.objects.filter(by), productions.UNDER_WAY, "since", "request__number", F("done"), F("total")),
        ("search", Search.objects.filter(by), items.UNDER_WAY, "at", "scope__request__number", F("done"),
         F("found") + F("unsearchable")),
        ("replay", Replay.objects.filter(by), replays.UNDER_WAY, "since", "version__rule", F("done"), F("found")),
        ("pull", Pull.objects.filter(by), incident_states.MOVING, "made", "case__id", F("total") - Coalesce(Subquery(left), 0),
         F("total")),
        ("closure", Closure.objects.filter(by), closure_states.WORKER_STATES, "since",
         Concat("department__code", Value("/"), "mailbox__address"), Value(0), Value(0)),
    ]  # fmt: skip
    first, *others = (
        rows.filter(Q(state__in=under_way) | Q(**{f"{at}__gte": since}))
        .order_by()
        .annotate(
            kind=Value(kind),
            place=Concat(Cast(of, CharField()), Value("/"), Cast("number" if kind == "production" else "pk", CharField())),
            is_running=Q(state__in=under_way),
            far=Cast(done, BigIntegerField()),
            whole=Cast(total, BigIntegerField()),
        )
        .values_list("kind", "place", "state", "is_running", "far", "whole", at)
        for kind, rows, under_way, at, of, done, total in sources
    )
    made = sorted(first.union(*others, all=True).order_by(), key=lambda row: (row[3], row[6]), reverse=True)
    return [_opened(_work(*row), _sees(actor, row[0], row[1], now)) for row in made[:MAX_EACH]]


def _work(kind: str, place: str, state: str, is_running: bool, done: int, total: int, at: datetime) -> Running:
    """place: its number, behind that of its case; of an account that is closed, behind department and address."""
    of, _, number = place.rpartition("/")
    url: tuple[str, ...]
    match kind:
        case "export":
            what, url, word = gettext("Export {number} of examination {of}"), ("mandate-export", of, number), export_states.WORDS
        case "production":
            what, url, word = gettext("Production {number} of {of}"), ("records-production", of, number), records_states.PRODUCTION
        case "search":
            what, url, word = gettext("Search for {of}"), ("records-search", of), records_states.SEARCH
        case "replay":
            what, url, word = gettext("Replay of rule {of}"), ("replay", of, number), REPLAY
        case "closure":
            of = of.rpartition("/")[2]
            what, url, word = gettext("Closing of the account {of}"), ("closure", number), closure_states.WORDS
        case _:
            what, url, word = gettext("Removal for incident {of}"), ("pull", number), incident_states.PULLS
    name, *keys = url
    running = Running(what.format(of=of, number=number), reverse(name, args=keys), "", word[state])
    if not is_running:
        return replace(running, ended=at)
    hint = gettext("{done} of {total}").format(done=f"{done:,}", total=f"{total:,}") if total else ""
    return replace(running, hint=hint, done=done, total=total)


_SEEN_WITH = {
    "export": "mandate.see", "production": "records.see", "search": "records.see", "replay": "rules.see", "pull": "reports.see",
}  # fmt: skip
"""Permission for the page of each kind that is not of a department."""


def _sees(actor: Actor, kind: str, place: str, now: int) -> object:
    if kind == "closure":
        return guard.may(actor, "account.closed", InDepartment(place.partition("/")[0]), now=now)
    return guard.could(actor, _SEEN_WITH[kind], now=now)
