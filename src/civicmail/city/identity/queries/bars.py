"""Queries of pages and verbs about bars: living ones, why a person's access is decided one level higher, and people who resemble a
barred person (C4, V3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.timezone import localdate

from civicmail.city.directory.models import Episode, Person
from civicmail.city.directory.person_traits import PHONE, is_strong_match, phone_key
from civicmail.city.directory.queries import traits_of
from civicmail.city.guard.epoch import epoch_ms, format_day, from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.guard.resources import PersonCase
from civicmail.city.identity.bars import CLOSING_KINDS, KINDS
from civicmail.city.identity.models import Authorization, Bar
from civicmail.city.pages.days import last_day

_MAX_SHARING = 3
"""People with one telephone number from which on it is an office's."""
_MARKED = Q(kind="re-entry", ended__isnull=True) | Q(kind="permanent")


def living(at: datetime, people: Iterable[int] | None = None) -> QuerySet[Bar, Bar]:
    """Bars in force at a moment, of these people (ids of rows; None: all), the oldest first."""
    rows = Bar.objects.filter(Q(until__isnull=True) | Q(until__gt=at), ended__isnull=True, since__lte=at).order_by("id")
    return rows if people is None else rows.filter(person__in=list(people))


def sentence_of(bar: Bar) -> str:
    """The meaning of a bar that blocks all access, for a requester of access."""
    since = f"By a decision of {format_day(localdate(bar.since))} (P-30)."
    if bar.kind == "permanent":
        return (
            f"{since} {KINDS[bar.kind].description} Asking for access leads to nothing; the work for the city goes on without mail."
        )
    until = f" until {format_day(last_day(bar.until))}" if bar.until else ""
    return f"{since} No mail is sent or read{until}."


def blocked_people(people: Iterable[int], now: int) -> dict[int, Bar]:
    """People who get no access at all now, each with the bar that causes it. now: ms."""
    return {row.person_id: row for row in living(from_ms(now), people).filter(kind__in=CLOSING_KINDS).select_related("person")}


@dataclass(frozen=True, slots=True)
class Likeness:
    """A barred or escalated person, and what they have in common with another. barred: permanently; match: more than a name."""

    other: Person
    same: tuple[str, ...]
    barred: bool
    match: bool

    @property
    def is_strong(self) -> bool:
        """Whether only the access office may decide that it is another person."""
        return self.barred and self.match

    @property
    def unnamed(self) -> str:
        """The likeness without the other's name, for people who do not decide."""
        whose = "who is barred for good" if self.barred else "who had a violation of the e-mail policy"
        decides = "The access office decides" if self.is_strong else "The next head up or the access office decides"
        return f"Has {' and '.join(self.same)} as somebody {whose}. {decides} about access, and nobody is refused for a name alone."

    def __str__(self) -> str:
        same = " and ".join(self.same)
        if not self.barred:
            return f"{self.other} ({self.other.uid}) had a violation, and has {same}: is it the same person?"
        asks = "the access office says whether it is the same person." if self.match else "is it the same person?"
        return f"{self.other} ({self.other.uid}) is barred for good, and has {same}: {asks}"


def escalation_reasons(person: Person, episode: Episode | None, likenesses: Iterable[Likeness]) -> list[str]:
    """Why new access of a person is decided one level higher, in sentences; empty if it is not (C4)."""
    reasons = []
    if Bar.objects.filter(_MARKED, person=person).exists():
        reasons.append(f"{person} had a violation of the e-mail policy.")
    agency = episode.contract.agency if episode is not None and episode.contract is not None else None
    if agency is not None and Entry.objects.filter(act="agency.suspend", object=f"agency:{agency.code}").exists():
        reasons.append(f"{agency} was switched off before.")
    return [*reasons, *map(str, likenesses)]


def escalated_people(people: Iterable[Person], now: int) -> set[int]:
    """The people (ids of rows) whose access is decided one by one, one level higher, or who get none at all. A fixed number of
    queries."""
    rows = {p.pk: p for p in people}
    marked = set(Bar.objects.filter(_MARKED, person__in=rows).values_list("person", flat=True)) | set(blocked_people(rows, now))
    episodes = Episode.objects.filter(person__in=rows, ended__isnull=True, contract__isnull=False)
    agencies = dict(episodes.values_list("person", "contract__agency__code"))
    objects = {f"agency:{code}" for code in agencies.values()}
    off = set(Entry.objects.filter(act="agency.suspend", object__in=objects).values_list("object", flat=True))
    marked |= {person for person, code in agencies.items() if f"agency:{code}" in off}
    return marked | set(likenesses_by_person(rows.values()))


def likenesses_of(person: Person) -> list[Likeness]:
    """Others with a living bar who share identifying data with this person, present or former (C4)."""
    return likenesses_by_person([person]).get(person.pk, [])


def likenesses_by_person(people: Iterable[Person]) -> dict[int, list[Likeness]]:
    """The same for many, by id of the row; without people who resemble nobody. Fifteen queries at most, and one if there is no
    bar."""
    rows = {p.pk: p for p in people}
    if not rows:
        return {}
    marked = Bar.objects.filter(kind__in=["re-entry", "permanent"], ended__isnull=True).order_by()
    kinds: dict[int, set[str]] = {}
    for pk, kind in marked.values_list("person", "kind"):
        kinds.setdefault(pk, set()).add(kind)
    if not kinds:
        return {}
    others = Person.objects.in_bulk(kinds)
    theirs = traits_of(others.values())
    likenesses: dict[int, list[Likeness]] = {}
    shared: set[str] | None = None
    for pk, mine in traits_of(rows.values()).items():
        for other in sorted(others):
            same = mine.common_traits(theirs[other]) if other != pk else []
            if PHONE in same:
                shared = _shared_phones() if shared is None else shared
                same = [s for s in same if s != PHONE or (mine.phones & theirs[other].phones) - shared]
            if same:
                likeness = Likeness(others[other], tuple(same), "permanent" in kinds[other], is_strong_match(same))
                likenesses.setdefault(pk, []).append(likeness)
    return likenesses


def _shared_phones() -> set[str]:
    """Numbers of offices: more than a few people have them."""
    counts = Counter(filter(None, map(phone_key, Person.objects.exclude(phone="").values_list("phone", flat=True))))
    return {number for number, count in counts.items() if count > _MAX_SHARING}


def about_authorization(a: Authorization) -> PersonCase:
    """The resource for an act on an authorization: the owning department's; its requester does not decide about it."""
    return PersonCase(a.department.code, a.person.uid, first_actors=(a.requester.uid,), began_ms=epoch_ms(a.asked))


def decision_for(a: Authorization) -> tuple[str, PersonCase, list[str]]:
    """The act and resource for approving this request, and why it is one level higher; for the access office only, if a permanently
    barred person has more than the name in common."""
    likenesses = likenesses_of(a.person) if a.state in ("asked", "approved") else []
    why = escalation_reasons(a.person, a.episode, likenesses) if a.state in ("asked", "approved") else []
    if not why:
        return "request.decide", about_authorization(a), []
    above = a.department.parent if not any(likeness.is_strong for likeness in likenesses) else None
    return "request.decide-higher", replace(about_authorization(a), department=above.code if above else ""), why
