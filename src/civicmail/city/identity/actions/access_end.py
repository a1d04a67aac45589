"""End a person's access: one action that closes every entry point (P-08; L1 to L3, L5).

Steps run in a fixed order, each is recorded, and a completed step is not repeated. All steps are one transaction with one snapshot
at its end, so that an entry point sees all of them or none. Mail, mailbox and address stay; the address is never given to another
person. An ending belongs to one employment and does not affect a person who is hired again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.models import Account, Invitation
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions import elected, sessions
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import (
    Authorization,
    Device,
    Ending,
    EndingStep,
    PersonalUse,
    RoleActivation,
    RoleAssignment,
    Token,
)
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.identity.queries.endings import living_authorizations
from civicmail.city.pages.days import end_of_day

MAX_AHEAD_MS = 366 * 86_400_000


def end_access(person: Person, *, reason: str, when: int, actor: Actor, now: int, successor: Person | None = None) -> Ending:
    """End what a person may, at once or at a time to come (ms), which the sweep then does. Twice is once; an earlier time wins.
    successor: who shall read what was left, which the department still decides. Raises NotPermitted, Unusable."""
    guard.require(actor, "access.end", about_person(person), now=now)
    return end_many([person], reason=reason, when=when, actor=actor, now=now, successor=successor)[0]


def end_on(person: Person, day: date | None, *, reason: str, actor: Actor, now: int, successor: Person | None = None) -> Ending:
    """End it at the end of a day, or at once where there is none. Raises what end_access does."""
    if day is not None and day < timezone.localdate(from_ms(now)):
        raise field_error("day", "This day is over; choose now.")
    when = now if day is None else end_of_day(day)
    return end_access(person, reason=reason, when=when, actor=actor, now=now, successor=successor)


def end_many(
    people: Sequence[Person], *, reason: str, when: int, actor: Actor, now: int, successor: Person | None = None
) -> list[Ending]:
    """The same for many people, in one transaction with one snapshot."""
    for person in people:
        guard.require(actor, "access.end", about_person(person), now=now)
    elected.require_end([person.pk for person in people], actor)
    reason = checked_reason(reason, min_length=10)
    if when > now + MAX_AHEAD_MS:
        raise Unusable("The end must be within a year.", {"when": "Within a year."})
    if successor is not None and (len(people) != 1 or successor == people[0]):
        raise Unusable(
            "Choose another person as the successor, and only for a personal mailbox.", {"successor": "Choose somebody else."}
        )
    with transaction.atomic():
        made = schedule(people, reason=reason, when=when, actor=actor, now=now, successor=successor)
        if when <= now:
            carry_out(made, actor=actor, now=now)
    return made


def call_off(planned: Ending, *, actor: Actor, reason: str, now: int) -> None:
    """Cancel an ending that has not begun: the person stays. Raises Conflict otherwise."""
    guard.require(actor, "access.end", about_person(planned.person), now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(planned, "when") as row:
        if row.done is not None or row.when <= from_ms(now) or row.steps.exists():
            raise Conflict("This end has come already.")
        facts = {"when": epoch_ms(row.when), "episode": row.episode_id}
        entries.enter("access.end-called-off", actor=actor, reason=reason, now=now, object=f"person:{row.person.uid}", facts=facts)
        row.delete()


# -- for verbs that have passed the guard (feeds, violations), inside their transaction


def schedule(
    people: Sequence[Person], *, reason: str, when: int, actor: Actor, now: int, successor: Person | None = None
) -> list[Ending]:
    """Endings of the open employments of people, new or with an earlier time, in the order of the people. Raises Conflict for a
    person without an employment that could end, or whose employment has ended."""
    rows = (
        Episode.objects.select_for_update(of=("self",)).select_related("person").filter(person__in=people).order_by("starts", "id")
    )
    episodes: dict[int, Episode] = {}
    for row in rows:  # the open one, else the last
        if row.person.pk not in episodes or row.ended is None or episodes[row.person.pk].ended is not None:
            episodes[row.person.pk] = row
    if without := [str(p) for p in people if p.pk not in episodes]:
        raise Conflict(f"Never worked for the city: {', '.join(without)}.")
    endings = {e.episode_id: e for e in Ending.objects.select_for_update().filter(episode__in=[e.pk for e in episodes.values()])}
    new = [
        Ending(person=e.person, episode=e, reason=reason, when=from_ms(when), successor=successor, by=actor.uid, asked=from_ms(now))
        for e in episodes.values()
        if e.pk not in endings
    ]
    for ending in endings.values():
        if ending.done is None and from_ms(when) < ending.when:
            save_values(ending, when=from_ms(when), reason=reason, by=actor.uid)
    endings |= {e.episode_id: e for e in Ending.objects.bulk_create(new)}
    done = [(f"person:{e.person.uid}", {"when": when, "episode": e.episode_id}) for e in new]
    entries.enter_each("access.end-asked", done, actor=actor, reason=reason, now=now)
    if successor is not None and new:
        _ask_for_successor(new[0], successor, actor, now)
    return [endings[episodes[p.pk].pk] for p in people]


def carry_out(endings: Sequence[Ending], *, actor: Actor, now: int) -> int:
    """Do every step that was not done of endings whose time has come; returns how many endings were completed by this call."""
    due = [e for e in endings if e.done is None and e.when <= from_ms(now)]
    rows = list(Ending.objects.select_for_update().filter(pk__in=[e.pk for e in due], done__isnull=True).order_by("id"))
    if not rows:
        return 0
    had = set(EndingStep.objects.filter(ending__in=rows).values_list("ending", "step"))
    again = _hired_again(rows)
    steps: list[EndingStep] = []
    for name, do in STEPS:
        todo = [row for row in rows if (row.pk, name) not in had]
        mine = todo if name in _PER_EMPLOYMENT else [row for row in todo if row.person_id not in again]
        counts = do(mine, now) if mine else {}
        steps += [EndingStep(ending=row, step=name, count=counts.get(row.person_id, 0), at=from_ms(now)) for row in todo]
    EndingStep.objects.bulk_create(steps)
    Ending.objects.filter(pk__in=[row.pk for row in rows]).update(done=from_ms(now))
    done = [(f"person:{row.person.uid}", {"episode": row.episode_id, "reason": row.reason}) for row in _with_people(rows)]
    entries.enter_each("access.end", done, actor=actor, reason="", now=now)
    for ending in endings:
        if ending.pk in {row.pk for row in rows}:
            ending.done = from_ms(now)
    return len(rows)


def _hired_again(rows: Sequence[Ending]) -> set[int]:
    """People (ids of rows) who have another employment by now: what they have belongs to that (L5)."""
    open_ = Episode.objects.filter(person__in=[r.person_id for r in rows], ended__isnull=True)
    return set(open_.exclude(pk__in=[r.episode_id for r in rows]).values_list("person", flat=True))


Counts = dict[int, int]
"""Person (id of the row) -> how many."""


def _end_authorizations(rows: Sequence[Ending], now: int) -> Counts:
    """End the authorizations of this employment: for the own mailbox, and for those of others."""
    authorizations = living_authorizations([row.episode_id for row in rows])
    return _close(authorizations, _count(authorizations.values_list("person", flat=True)), "access ended", now)


def _close(rights: QuerySet[Authorization], counts: Counts, why: str, now: int) -> Counts:
    """End rights, where there are any."""
    if counts:
        rights.filter(state="asked").update(state="withdrawn", since=from_ms(now), why=why)
        rights.filter(state__in=LIVING - {"asked"}).update(state="revoked", since=from_ms(now), why=why)
    return counts


def _end_grants_from(rows: Sequence[Ending], now: int) -> Counts:
    """Delegates of the person's mailbox were the person's; a successor reads on."""
    given = Authorization.objects.filter(mailbox__holder__in=[r.person_id for r in rows], role="delegate", state__in=LIVING)
    return _close(given, _count(given.values_list("mailbox__holder", flat=True)), "the holder's access ended", now)


def _end_all(kind: type[Device | RoleAssignment | PersonalUse | Token], rows: Sequence[Ending], now: int) -> Counts:
    """End what the people have of one kind."""
    rows_in_force = kind._default_manager.filter(person__in=[r.person_id for r in rows], ended__isnull=True)
    counts = _count(rows_in_force.values_list("person", flat=True))
    if counts:
        rows_in_force.update(ended=from_ms(now))
    return counts


def _end_roles(rows: Sequence[Ending], now: int) -> Counts:
    ids = [r.person_id for r in rows]
    RoleActivation.objects.filter(grant__person__in=ids, laid_down__isnull=True, until__gt=from_ms(now)).update(
        laid_down=from_ms(now)
    )
    return _end_all(RoleAssignment, rows, now)


def _end_devices(rows: Sequence[Ending], now: int) -> Counts:
    return _end_all(Device, rows, now)


def _end_tokens(rows: Sequence[Ending], now: int) -> Counts:
    ids = [r.person_id for r in rows]
    Invitation.objects.filter(account__person__in=ids, ended__isnull=True, used__isnull=True).update(ended=from_ms(now))
    return _end_all(Token, rows, now)


def _end_sessions(rows: Sequence[Ending], _now: int) -> Counts:
    accounts = Account.objects.filter(person__in=[r.person_id for r in rows])
    by_account = dict(accounts.values_list("pk", "person"))
    return {by_account[account]: count for account, count in sessions.end(accounts, is_active=False).items()}


def _end_personal_use(rows: Sequence[Ending], now: int) -> Counts:
    return _end_all(PersonalUse, rows, now)


def _reroute(rows: Sequence[Ending], _now: int) -> Counts:
    """Requests that wait for the person as head or deputy wait for the other deciders there, because approvers are determined when
    they are needed. Requests that the person made for others stay open; offices end, so that no request waits for a leaver."""
    ids = [r.person_id for r in rows]
    deputies = Department.deputies.through._default_manager.filter(person__in=ids)
    offices = [
        *Department.objects.filter(head__in=ids).values_list("head", flat=True),
        *deputies.values_list("person", flat=True),
    ]
    if offices:
        Department.objects.filter(head__in=ids).update(head=None)
        deputies.delete()
    return _count(offices)


def _end_employment(rows: Sequence[Ending], now: int) -> Counts:
    today = timezone.localdate(from_ms(now))
    done = Episode.objects.filter(pk__in=[r.episode_id for r in rows], ended__isnull=True).update(ended=today)
    return {r.person_id: 1 for r in rows} if done else {}


def _publish(rows: Sequence[Ending], _now: int) -> Counts:
    publish_on_commit([row.person_id for row in rows])
    return {}


STEPS: tuple[tuple[str, Callable[[Sequence[Ending], int], Counts]], ...] = (
    ("sessions", _end_sessions),
    ("devices", _end_devices),
    ("tokens", _end_tokens),
    ("authorisations", _end_authorizations),
    ("grants", _end_grants_from),
    ("duties", _end_roles),
    ("personal-use", _end_personal_use),
    ("approvals", _reroute),
    ("employment", _end_employment),
    ("snapshot", _publish),
)
"""In this order, doors first."""


_PER_EMPLOYMENT = frozenset({"authorisations", "employment", "snapshot"})


def _ask_for_successor(ending: Ending, successor: Person, actor: Actor, now: int) -> None:
    """A request that the department still decides, like any other (L4)."""
    box = ending.person.mailboxes.filter(closed__isnull=True).order_by("made").first()
    episode = successor.episodes.filter(ended__isnull=True).first()
    if box is None or episode is None:
        raise Conflict("Not saved: there is no mailbox to read, or the successor does not work for the city.")
    words = f"Succeeds {ending.person} and goes on with what was left."
    Authorization.objects.create(
        mailbox=box,
        person=successor,
        episode=episode,
        department=box.department,
        role="successor",
        duties=words,
        performance=words,
        efficiency=words,
        service=words,
        requester=acting_person(actor),
        asked=from_ms(now),
        since=from_ms(now),
        until=from_ms(max(now, epoch_ms(ending.when)) + 90 * 86_400_000),
    )


def _with_people(rows: Sequence[Ending]) -> list[Ending]:
    return list(Ending.objects.filter(pk__in=[r.pk for r in rows]).select_related("person").order_by("id"))


def _count(people: Iterable[int | None]) -> Counts:
    counts: Counts = {}
    for person in people:
        if person is None:
            continue
        counts[person] = counts.get(person, 0) + 1
    return counts
