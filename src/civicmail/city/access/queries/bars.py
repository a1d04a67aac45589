"""What pages and verbs ask about bars: which live, why somebody's access is decided one level higher, who looks like somebody who
is barred (C4, V3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from civicmail.city.access.acts import About
from civicmail.city.access.bars import SHUTS, Identity, identity
from civicmail.city.access.models import Authorisation, Bar, Entry
from civicmail.city.access.moments import moment
from civicmail.city.directory.models import Episode, Person

_MARKED = Q(kind="re-entry", ended__isnull=True) | Q(kind="permanent")


def living(at: datetime, people: Iterable[int] | None = None) -> QuerySet[Bar, Bar]:
    """Bars in force at a moment, of these people (ids of rows; None: all), the oldest first."""
    rows = Bar.objects.filter(Q(until__isnull=True) | Q(until__gt=at), ended__isnull=True, since__lte=at).order_by("id")
    return rows if people is None else rows.filter(person__in=list(people))


def refused(people: Iterable[int], now: int) -> dict[int, Bar]:
    """Who gets no access at all now, with the bar that says so. now: ms."""
    return {row.person_id: row for row in living(moment(now), people).filter(kind__in=SHUTS).select_related("person")}


def higher(person: Person, episode: Episode | None) -> list[str]:
    """Why new access of somebody is decided one level higher, in sentences; none where it is not (C4). About four queries."""
    said = []
    if Bar.objects.filter(_MARKED, person=person).exists():
        said.append(f"{person} had a violation of the e-mail policy.")
    agency = episode.contract.agency if episode is not None and episode.contract is not None else None
    if agency is not None and Entry.objects.filter(act="agency.suspend", object=f"agency:{agency.code}").exists():
        said.append(f"{agency} was switched off before.")
    said += [f"{other} ({other.uid}) had a violation, and has {' and '.join(same)}: is it the same person?"
             for other, same in alike(person)]  # fmt: skip
    return said


def higher_of(people: Iterable[Person], now: int) -> set[int]:
    """Which of many people are decided about by hand, one level higher, or get nothing at all (ids of rows). Five queries."""
    rows = {p.pk: p for p in people}
    found = set(Bar.objects.filter(_MARKED, person__in=rows).values_list("person", flat=True)) | set(refused(rows, now))
    episodes = Episode.objects.filter(person__in=rows, ended__isnull=True, contract__isnull=False)
    agencies = dict(episodes.values_list("person", "contract__agency__code"))
    objects = {f"agency:{code}" for code in agencies.values()}
    off = set(Entry.objects.filter(act="agency.suspend", object__in=objects).values_list("object", flat=True))
    found |= {person for person, code in agencies.items() if f"agency:{code}" in off}
    known = _known()
    return found | {pk for pk, p in rows.items() if _alike(p, known)}


def alike(person: Person) -> list[tuple[Person, list[str]]]:
    """Others with a living bar whose name, telephone or address elsewhere is the same, and what is: a flag for a person (C4)."""
    return _alike(person, _known())


def _known() -> list[tuple[Person, Identity]]:
    """Whoever has a bar that somebody under another number would have come around."""
    marked = Bar.objects.filter(kind__in=["re-entry", "permanent"], ended__isnull=True)
    return [(p, _identity(p)) for p in Person.objects.filter(pk__in=marked.order_by().values("person")).order_by("id")]


def _alike(person: Person, known: list[tuple[Person, Identity]]) -> list[tuple[Person, list[str]]]:
    mine = _identity(person)
    return [(other, same) for other, theirs in known if other != person and (same := mine.alike(theirs))]


def _identity(person: Person) -> Identity:
    return identity((person.display, f"{person.given} {person.family}"), person.phone, person.outside)


def decider(a: Authorisation) -> tuple[str, About, list[str]]:
    """What the guard is asked about who wants to approve this request: the act, about what, and why it is one level higher."""
    why = higher(a.person, a.episode) if a.state in ("asked", "approved") else []
    if not why:
        return "request.decide", About(a.department.code, a.person.uid, a.requester.uid, str(a.pk)), []
    above = a.department.parent
    return "request.decide-higher", About(above.code if above else "", a.person.uid, a.requester.uid, str(a.pk)), why
