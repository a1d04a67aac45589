"""People of a department with mail, and the authorizations and usage of one person; counts only, never content (P-08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.urls import reverse

from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.identity.authorization_states import LIVING, WORDS
from civicmail.city.identity.models import Acknowledgement, Authorization, Usage


def people(department: Department) -> QuerySet[Episode, Episode]:
    """The people who work there now, one row each, with what a list sorts by: access_state, access_until, used, accepted."""
    own = Authorization.objects.filter(person=OuterRef("person"), role="holder", state__in=LIVING).order_by("-since")
    sent = Usage.objects.filter(person=OuterRef("person"), sent__gt=0)  # received mail is not use by a person
    usage = sent.order_by().values("person").annotate(last=Max("day")).values("last")
    accepted = Acknowledgement.objects.filter(person=OuterRef("person"), accepted=True).order_by("-at")
    return Episode.objects.filter(department=department, ended__isnull=True).annotate(
        access_state=Subquery(own.values("state")[:1]),
        access_until=Subquery(own.values("until")[:1]),
        used=Subquery(usage),
        accepted=Subquery(accepted.values("text__version")[:1]),
    )


def with_rights(rows: QuerySet[Episode, Episode]) -> QuerySet[Episode, Episode]:
    """Additional data for rows of a list: the person and the living authorizations."""
    living = Authorization.objects.filter(state__in=LIVING).select_related("mailbox").order_by("role", "mailbox__address")
    return rows.select_related("person", "contract__agency").prefetch_related(
        Prefetch("person__authorizations", queryset=living, to_attr="living")
    )


def is_without_access(rows: QuerySet[Episode, Episode]) -> QuerySet[Episode, Episode]:
    return rows.filter(~Exists(Authorization.objects.filter(person=OuterRef("person"), state__in=LIVING)))


@dataclass(frozen=True, slots=True)
class Position:
    """One position of a department: the number of people in it, and of those without access or a request."""

    name: str
    people: int
    without: int


def positions(department: Department) -> list[Position]:
    """In order of how many are without access. One query."""
    has = Exists(Authorization.objects.filter(person=OuterRef("person"), state__in=LIVING))
    rows = (
        Episode.objects.filter(department=department, ended__isnull=True)
        .annotate(has=has)
        .order_by()
        .values("position")
        .annotate(people=Count("id"), without=Count("id", filter=Q(has=False)))
        .values_list("position", "people", "without")
    )
    return sorted((Position(*row) for row in rows), key=lambda p: (-p.without, p.name))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for a timeline. url: the page that says more of it, "" where the reader may open none."""

    at: datetime
    words: str
    by: str = ""
    reason: str = ""
    role: str = ""
    url: str = ""


def timeline(person: Person) -> list[Event]:
    """A person's history, newest first: requests, decisions, states, answers to the policy, endings. A fixed number of queries."""
    events: list[Event] = []
    for a in person.authorizations.select_related("mailbox", "requester", "approver"):
        page = reverse("request", args=[a.pk])
        events.append(Event(a.asked, f"Access to {a.mailbox.address} asked for", str(a.requester), url=page))
        if a.decided:
            words = "refused" if a.state == "refused" else "approved"
            reason = a.why if words == "refused" else ""
            events.append(Event(a.decided, f"Access to {a.mailbox.address} {words}", str(a.approver or ""), reason, url=page))
        if a.state in ("suspended", "expired", "revoked", "withdrawn"):
            events.append(Event(a.since, f"Access to {a.mailbox.address} {WORDS[a.state][1].lower()}", "", a.why, url=page))
    events += [
        Event(s.at, f"Policy version {s.text.version} {'accepted' if s.accepted else 'declined'}", str(person))
        for s in person.acknowledgements.select_related("text")
    ]
    events += [Event(e.when, "Access ended", e.by, e.reason) for e in person.endings.all()]
    return sorted(events, key=lambda e: e.at, reverse=True)
