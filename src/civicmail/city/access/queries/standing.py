"""How people stand, as doors and pages ask: employed, authorised, acknowledged; in a fixed number of queries (P-04, P-18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from civicmail.city.access import standing
from civicmail.city.access.models import Account, Authorisation
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.queries import policy
from civicmail.city.access.standing import Facts
from civicmail.city.directory.models import Episode

REMEMBERED = timedelta(days=30)
"""For so long after the end a person is told so; then the name is as unknown as any other."""


@dataclass(frozen=True, slots=True)
class Right:
    """A living authorisation that is in force, or suspended. until: ms."""

    person: int
    mailbox: int
    role: str
    until: int
    began: int
    suspended: date | None = None


class Work(NamedTuple):
    """The newest employment of a person. agency: its name while it is suspended."""

    kind: str
    ended: date | None
    agency: str


@dataclass(frozen=True, slots=True)
class Everybody:
    """What decides about people (ids of rows), as the database had it. rights: by person."""

    work: dict[int, Work]
    rights: dict[int, list[Right]]
    own: dict[int, int]
    locked: frozenset[int]
    said: dict[int, policy.Said]
    versions: tuple[standing.Version, ...]

    def facts(self, person: int, now: int) -> Facts:
        """Of one person. now: ms."""
        work = self.work.get(person)
        rights = self.rights.get(person, [])
        active = person in self.own
        suspended = min((r.suspended for r in rights if r.suspended and r.role == "holder"), default=None)
        began = min((r.began for r in rights if not r.suspended), default=0)
        return Facts(
            ended=work.ended if work else None,
            employed=work is not None and work.ended is None,
            agency=work.agency if work else "",
            locked=person in self.locked,
            active=active,
            suspended=suspended,
            owed=standing.owed(self.versions, self.said.get(person, policy.Said()).answers(began), now),
        )

    def has_declined(self, person: int) -> bool:
        """Whether somebody's last word to the policy was no."""
        said = self.said.get(person)
        return said is not None and said.declined > said.accepted

    def is_live(self, person: int) -> bool:
        """Whether somebody has live access of their own, without which there is no grant."""
        work = self.work.get(person)
        return person in self.own and work is not None and work.ended is None and not work.agency


def everybody(now: int, people: Iterable[int] | None = None) -> Everybody:
    """How people stand (None: all); five queries. now: ms."""
    at = moment(now)
    rights: dict[int, list[Right]] = {}
    own: dict[int, int] = {}
    for right, holder in _rights(at, people):
        rights.setdefault(right.person, []).append(right)
        if right.role == "holder" and holder == right.person and not right.suspended:
            own[right.person] = max(right.until, own.get(right.person, 0))
    accounts = Account.objects.exclude(locked__isnull=True)
    if people is not None:
        accounts = accounts.filter(person__in=people)
    return Everybody(
        _work(at, people), rights, own, frozenset(accounts.values_list("person", flat=True)), policy.said(people), policy.versions()
    )


def of(person: int, now: int) -> Facts:
    """How one person (id of the row) stands. now: ms."""
    return everybody(now, [person]).facts(person, now)


def why(person: int, now: int) -> str:
    """The sentence why one person may not send; empty for who may."""
    return standing.why(of(person, now), now)


def _rights(at: datetime, people: Iterable[int] | None) -> list[tuple[Right, int | None]]:
    """Dates are looked at, whatever the sweep has done: what is over is over."""
    rows = Authorisation.objects.order_by().filter(state__in=["active", "suspended"], until__gt=at, starts__lte=at)
    if people is not None:
        rows = rows.filter(person__in=people)
    fields = ("person", "mailbox", "role", "until", "starts", "state", "since", "mailbox__holder")
    return [
        (
            Right(person, box, role, ms(until), ms(starts), timezone.localdate(since) if state == "suspended" else None),
            holder,
        )
        for person, box, role, until, starts, state, since, holder in rows.values_list(*fields)
    ]


def _work(at: datetime, people: Iterable[int] | None) -> dict[int, Work]:
    """The open episode of each person, else the last one of those that ended lately."""
    rows = Episode.objects.order_by("starts", "id")
    if people is not None:
        rows = rows.filter(person__in=people)
    else:
        rows = rows.filter(Q(ended__isnull=True) | Q(ended__gte=timezone.localdate(at - REMEMBERED)))
    fields = ("person", "kind", "ended", "contract__agency__suspended", "contract__agency__name")
    found: dict[int, Work] = {}
    for person, kind, ended, suspended, agency in rows.values_list(*fields):
        if ended is None or person not in found or found[person].ended is not None:
            found[person] = Work(kind, ended, agency if suspended and suspended <= at else "")
    return found
