"""Queries about examinations: the actor's, the live one, those that wait for the actor, and content views that may be shown to
people (P-16, E1 to E5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard, mandate_states
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.mandates import UNUSED_MS, Ground, Mandate, Scope
from civicmail.city.guard.models import Amendment, Entry
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.guard.resources import OwnCase
from civicmail.city.identity.queries import reporting_lines

LOOKS = ("content.list", "content.show", "content.attachment", "content.print", "content.export", "content.hold")


def subjects_of(row: Row) -> list[Person]:
    """The people examined now."""
    return [s.person for s in row.subjects.filter(until__isnull=True).select_related("person")]


def about_mandate(row: Row, began: int = 0) -> OwnCase:
    """The resource for a second person, who is not the requester. began: of a later change, ms."""
    return OwnCase(row.person.uid, first_actors=(row.person.uid,), began_ms=began or epoch_ms(row.asked))


def to_mandate(row: Row) -> Mandate:
    """A row as the guard needs it: before its start the window is empty, and an unused one ends when it expires, whatever the sweep
    has done."""
    people = row.subjects.filter(until__isnull=True).values_list("person__uid", flat=True)
    scope = Scope(tuple(people), tuple(row.boxes), row.first, row.last, row.words, tuple(row.custodians))
    starts, until = (epoch_ms(row.starts), epoch_ms(row.until)) if row.starts and row.until else (0, 0)
    if row.state == "approved" and row.decided is not None:
        until = min(until, epoch_ms(row.decided) + UNUSED_MS)
    return Mandate(
        number=row.number,
        ground=row.ground,
        person=row.person.uid,
        role=row.role,
        reason=row.reason,
        scope=scope,
        starts=starts,
        until=until,
        urgent=row.urgent,
        state=row.state,
        departments=tuple(row.departments),
        sealed=row.sealed,
    )


def live(actor: Actor, number: str, now: int) -> Mandate:
    """The actor's examination of this number, in force at this moment, ms. Raises NotPermitted with the same sentence for another
    person's and for an unknown one."""
    row = Row.objects.select_related("person").filter(number=number, person__uid=actor.uid).first() if actor.uid else None
    if row is None:
        raise NotPermitted(f"You have no mandate {number}.")
    mandate = to_mandate(row)
    if not mandate.is_live(now):
        raise NotPermitted(f"Mandate {number} is not in force.")
    return mandate


def requested_by(actor: Actor) -> QuerySet[Row]:
    """Requests of a person, newest first."""
    rows = Row.objects.filter(person__uid=actor.uid) if actor.uid else Row.objects.none()
    return rows.select_related("person", "department", "approver")


def find_visible(actor: Actor, number: str, now: int) -> Row | None:
    """One examination for a page: for its requester, for a present or potential second person, and for an auditor unless it is
    sealed (E8). None for everyone else, including the people examined, who must not learn of it here (E1)."""
    row = Row.objects.select_related("person", "department", "approver").filter(number=number).first()
    if row is None or not actor.uid:
        return None
    if row.person.uid == actor.uid:
        return row
    if row.subjects.filter(person__uid=actor.uid).exists():
        return None
    if guard.could(actor, "mandate.approve", now=now) and _is_second_person(actor)(row):
        return row
    return row if actor.holds("auditor") and not row.sealed else None


@dataclass(slots=True)
class PendingExaminations:
    """Decisions for a second person: requested examinations, urgent ones to ratify, changes."""

    requested: list[Row] = field(default_factory=list)
    urgent: list[Row] = field(default_factory=list)
    changes: list[Amendment] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.requested) + len(self.urgent) + len(self.changes)


def waiting_for(actor: Actor, now: int) -> PendingExaminations:
    """Decisions that wait for this person and not only for the role: nothing about them or in a line of theirs. Empty without the
    role; an inactive one counts. now: ms."""
    if not actor.holds("examination-approver"):
        return PendingExaminations()
    rows = Row.objects.select_related("person", "department").prefetch_related("subjects__person").order_by("asked", "id")
    pending = list(rows.filter(state="asked"))
    urgent = list(rows.filter(ratified="due", ratify_by__gt=from_ms(now)))
    open_ = Amendment.objects.filter(state="asked", mandate__state__in=mandate_states.VIEWABLE).order_by("id")
    changes = list(open_.select_related("mandate__person").prefetch_related("mandate__subjects__person"))
    if not (pending or urgent or changes):
        return PendingExaminations()
    may = _is_second_person(actor)
    return PendingExaminations(
        [r for r in pending if may(r)], [r for r in urgent if may(r)], [c for c in changes if may(c.mandate, frozenset(c.people))]
    )


def _is_second_person(actor: Actor) -> Callable[..., bool]:
    """Whether the actor is a second person for an examination, and for these uids, by reporting line and by protected class at the
    time of the request. Reads lines and classes once."""
    everybody, named = reporting_lines.load_lines(), reporting_lines.classes_of_approver(actor.uid)

    def may(row: Row, more: frozenset[str] = frozenset()) -> bool:
        subjects = {s.person.uid for s in row.subjects.all() if s.until is None} | more
        return everybody.is_independent(actor.uid, row.person.uid, subjects) and set(row.protected) <= named

    return may


def unratified(actor: Actor) -> QuerySet[Row]:
    """Urgent examinations that are not ratified: open items for auditors from the first minute on, findings when it is too late
    (E4). Without those about the actor (E1)."""
    rows = Row.objects.filter(urgent=True).exclude(ratified="ratified").exclude(subjects__person__uid=actor.uid)
    return rows.select_related("person").order_by("asked", "id")


def sealed_counts() -> dict[str, int]:
    """The number of sealed examinations by ground, which is all that anyone but their two people sees (E8)."""
    rows = Row.objects.filter(sealed=True).order_by().values("ground").annotate(n=Count("id"))
    return dict(rows.values_list("ground", "n"))


def looks(number: str) -> QuerySet[Entry]:
    """Content views of an examination, newest first."""
    return Entry.objects.filter(object=f"mandate:{number}", act__in=LOOKS)


@dataclass(frozen=True, slots=True)
class Viewing:
    """A closed case as shown to a person: the ground, the examiner's role, and the days of content views."""

    number: str
    ground: Ground
    role: str
    first: datetime
    last: datetime


def shown_to(person: Person) -> list[Viewing]:
    """Closed, unsealed cases with content views while they were about this person; newest first. An examination in force changes
    nothing here (E1)."""
    mine = list(person.subject_of.select_related("mandate").filter(mandate__state__in=mandate_states.ENDED, mandate__sealed=False))
    if not mine:
        return []
    about = Q()
    for subject in mine:
        then = Q(object=f"mandate:{subject.mandate.number}", at__gte=epoch_ms(subject.since))
        about |= then if subject.until is None else then & Q(at__lt=epoch_ms(subject.until))
    rows = Entry.objects.filter(about, act__in=LOOKS).order_by().values("object").annotate(first=Min("at"), last=Max("at"))
    days = {name: (from_ms(first), from_ms(last)) for name, first, last in rows.values_list("object", "first", "last")}
    cases = {f"mandate:{s.mandate.number}": s.mandate for s in mine}
    viewings = [Viewing(c.number, c.ground, c.role, *days[name]) for name, c in cases.items() if name in days]
    return sorted(viewings, key=lambda v: (v.last, v.number), reverse=True)
