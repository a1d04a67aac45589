"""Access status of people: employed, authorized, policy acknowledged (P-04, P-18)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Max, Q
from django.utils import timezone

from civicmail.city.directory.models import Agency, Episode
from civicmail.city.guard import access_status
from civicmail.city.guard.access_status import MailFacts
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Account
from civicmail.city.identity.bars import CLOSING_KINDS
from civicmail.city.identity.models import Authorization, Bar
from civicmail.city.identity.queries import policy_answers
from civicmail.city.identity.queries.bars import living
from civicmail.city.snapshot.snapshot import Role

REMEMBERED_FOR = timedelta(days=30)
"""For so long after the end a person is told so; then the name is as unknown as any other."""


@dataclass(frozen=True, slots=True)
class Right:
    """A living authorization that is in force, or suspended. until: ms."""

    person: int
    mailbox: int
    role: Role
    until: int
    began: int
    suspended: date | None = None


class Work(NamedTuple):
    """The newest employment of a person. agency: its name while it is suspended; unbound: while it owes its undertaking;
    firm: its name, always; over: the day on which its contract ended."""

    kind: str
    ended: date | None
    agency: str
    unbound: str = ""
    firm: str = ""
    over: date | None = None


@dataclass(frozen=True, slots=True)
class AccessStatus:
    """The facts that decide on people's access (ids of rows), as the database had them. rights: by person."""

    work: dict[int, Work]
    rights: dict[int, list[Right]]
    own: dict[int, int]
    locked: frozenset[int]
    answers: dict[int, policy_answers.LatestAnswers]
    versions: tuple[access_status.Version, ...]
    bars: dict[int, list[Bar]]
    contained: frozenset[int] = frozenset()

    def facts(self, person: int, now: int) -> MailFacts:
        """The facts about one person. now: ms."""
        work = self.work.get(person)
        rights = self.rights.get(person, [])
        active = person in self.own
        suspended = min((r.suspended for r in rights if r.suspended and r.role == "holder"), default=None)
        began = min((r.began for r in rights if not r.suspended), default=0)
        return MailFacts(
            ended=work.ended if work else None,
            employed=work is not None and work.ended is None,
            agency=work.agency if work else "",
            locked=person in self.locked,
            active=active,
            suspended=suspended,
            owed=access_status.policy_due(
                self.versions, self.answers.get(person, policy_answers.LatestAnswers()).answers(began), now
            ),
            unbound=work.unbound if work else "",
            barred=self._bar(person, "permanent", "since"),
            shut=self._bar(person, "suspension", "until"),
            contained=person in self.contained,
            firm=work.firm if work else "",
            over=work.over if work else None,
        )

    def _bar(self, person: int, kind: str, which: str) -> date | None:
        days = [timezone.localdate(getattr(bar, which)) for bar in self.bars.get(person, ()) if bar.kind == kind]
        return max(days, default=None)

    def is_restricted(self, person: int) -> bool:
        """Whether the person may write to one outside address at a time only (P-30)."""
        return any(bar.kind == "restriction" for bar in self.bars.get(person, ()))

    def has_declined(self, person: int) -> bool:
        """Whether the person's last answer to the policy was no."""
        latest = self.answers.get(person)
        return latest is not None and latest.declined > latest.accepted

    def why_refused(self, person: int, now: int) -> str:
        """The sentence why one of them may not send; empty for who may. now: ms."""
        return access_status.why_refused(self.facts(person, now), now)

    def is_live(self, person: int) -> bool:
        """Whether the person has live access of their own, without which there is no grant."""
        work = self.work.get(person)
        if person not in self.own or work is None or work.ended is not None or work.agency or work.unbound:
            return False
        if person in self.contained:
            return False
        return not any(bar.kind in CLOSING_KINDS for bar in self.bars.get(person, ()))


def load_status(now: int, people: Iterable[int] | None = None) -> AccessStatus:
    """The access status of people (None: all); seven queries at most. now: ms."""
    at = from_ms(now)
    rights: dict[int, list[Right]] = {}
    own: dict[int, int] = {}
    for right, holder in _rights(at, people):
        rights.setdefault(right.person, []).append(right)
        if right.role == "holder" and holder == right.person and not right.suspended:
            own[right.person] = max(right.until, own.get(right.person, 0))
    locked, contained = _shut(people)
    bars: dict[int, list[Bar]] = {}
    for bar in living(at, people):
        bars.setdefault(bar.person_id, []).append(bar)
    versions = policy_answers.versions()
    work = _work(at, people, lambda: _unbound(versions, now))
    return AccessStatus(work, rights, own, locked, policy_answers.answers_by_person(people), versions, bars, contained)


def status_of(person: int, now: int) -> MailFacts:
    """The access status of one person (id of the row). now: ms."""
    return load_status(now, [person]).facts(person, now)


def why_refused(person: int, now: int) -> str:
    """The sentence why one person may not send; empty for who may."""
    return access_status.why_refused(status_of(person, now), now)


def _shut(people: Iterable[int] | None) -> tuple[frozenset[int], frozenset[int]]:
    """People whose sign-in is locked or whose account is compromised."""
    rows = Account.objects.filter(Q(locked__isnull=False) | Q(contained__isnull=False))
    if people is not None:
        rows = rows.filter(person__in=people)
    plain = list(rows.values_list("person", "locked", "contained"))
    return frozenset(p for p, locked, _ in plain if locked), frozenset(p for p, _, contained in plain if contained)


def _rights(at: datetime, people: Iterable[int] | None) -> list[tuple[Right, int | None]]:
    """Authorizations by date, whatever the sweep has done: one past its end is over."""
    rows = Authorization.objects.order_by().filter(state__in=["active", "suspended"], until__gt=at, starts__lte=at)
    if people is not None:
        rows = rows.filter(person__in=people)
    fields = ("person", "mailbox", "role", "until", "starts", "state", "since", "mailbox__holder")
    return [
        (
            Right(
                person, box, role, epoch_ms(until), epoch_ms(starts), timezone.localdate(since) if state == "suspended" else None
            ),
            holder,
        )
        for person, box, role, until, starts, state, since, holder in rows.values_list(*fields)
    ]


def _unbound(versions: tuple[access_status.Version, ...], now: int) -> frozenset[int]:
    """Agencies (ids of rows) that owe their undertaking (P-09)."""
    if not versions:
        return frozenset()
    newest = Agency.objects.order_by("pk").annotate(undertaken=Max("undertakings__text__version")).values_list("pk", "undertaken")
    return frozenset(pk for pk, undertaken in newest if not access_status.is_bound(versions, undertaken or 0, now))


def _work(at: datetime, people: Iterable[int] | None, owing: Callable[[], frozenset[int]]) -> dict[int, Work]:
    """The open episode of each person, else the last one of those that ended lately. owing: agencies, where anybody is of one."""
    rows = Episode.objects.order_by("starts", "id")
    if people is not None:
        rows = rows.filter(person__in=people)
    else:
        rows = rows.filter(Q(ended__isnull=True) | Q(ended__gte=timezone.localdate(at - REMEMBERED_FOR)))
    agency_fields = ("contract__agency", "contract__agency__suspended", "contract__agency__name", "contract__ends")
    work: dict[int, Work] = {}
    plain, today = list(rows.values_list("person", "kind", "ended", *agency_fields)), timezone.localdate(at)
    unbound = owing() if any(row[3] for row in plain) else frozenset()
    for person, kind, ended, id_, suspended, agency, ends in plain:
        if ended is None or person not in work or work[person].ended is not None:
            off = agency if suspended and suspended <= at else ""
            over = ends if ends and ends < today else None
            work[person] = Work(kind, ended, off, agency if id_ in unbound else "", agency or "", over)
    return work
