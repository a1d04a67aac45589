"""Begin and end bars, the consequences of violations (P-30; V3).

A permanent bar needs two officers to begin, and ends by a new decision of two officers under a law that they name; no button undoes
it. The consent of the person is never required.
"""

from __future__ import annotations

from django.db import transaction

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row, locked_row, save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.four_eyes import is_same_person
from civicmail.city.guard.models import Account, Invitation
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import PersonCase
from civicmail.city.identity.actions import ban_matches, sessions
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.bars import KINDS, Kind
from civicmail.city.identity.models import Authorization, Bar, Device, RoleActivation, Token
from civicmail.city.identity.person_kinds import PERSON_KINDS
from civicmail.city.identity.queries.actors import about_person

TICK = machine("tick")


# -- for verbs that have passed the guard, inside their transaction


def impose(
    person: Person,
    kind: Kind,
    *,
    until: int | None,
    origin: str,
    reason: str,
    first: Person,
    second: Person | None = None,
    actor: Actor,
    now: int,
) -> Bar:
    """A bar begins at once, at every door. until: ms, None without an end. Raises Unusable for one that this kind of person never
    gets, and for a permanent one by one officer."""
    meaning = KINDS[kind]
    open_ = person.episodes.filter(ended__isnull=True).first()
    if open_ is not None and not PERSON_KINDS[open_.kind].silenced and not meaning.applies_to_elected:
        raise Unusable("An elected official can be restricted, but never barred (P-30).", {"outcome": "Not for elected officials."})
    if meaning.takes_two_officers and (second is None or is_same_person(second.uid, first.uid)):
        raise Unusable("A permanent bar takes two officers (P-30).", {"outcome": "Two officers."})
    if kind == "permanent" and Bar.objects.filter(person=person, kind=kind, ended__isnull=True).exists():
        raise Conflict(f"{person} is barred already.")
    made = Bar.objects.create(
        person=person, kind=kind, since=from_ms(now), until=from_ms(until) if until is not None else None, origin=origin,
        reason=reason[:400], first=first, second=second,
    )  # fmt: skip
    facts = {"kind": kind, "bar": made.pk, "origin": origin, "until": until or 0, "second": second.uid if second else ""}
    if meaning.closes_mail:
        _shut(person, now)
    if kind == "permanent":
        facts["authorisations"] = _revoke(person, now)
        ban_matches.notify_of_barred(person, now=now)
    entries.enter("bar.begin", actor=actor, reason=reason[:400], now=now, object=f"person:{person.uid}", facts=facts)
    publish_on_commit([person.pk])
    return made


def lift(bar: Bar, *, ender: Person, reason: str, actor: Actor, now: int) -> None:
    """End a bar that an appeal has overturned: a permanent one is only proposed for its end (V3)."""
    row = lock_row(bar, "ended")
    if row.ended is not None:
        return
    if row.kind == "permanent":
        raise Conflict("A permanent bar is ended by two officers.")
    _end(row, ender, reason, actor, now)


def propose_end(bar: Bar, law: str, *, actor: Actor, reason: str, now: int) -> Bar:
    """Propose the end of a permanent bar by one of two officers, until the other agrees. Raises Conflict."""
    row = lock_row(bar, "ended", "asker_id")
    if row.kind != "permanent" or row.ended is not None:
        raise Conflict("Only a permanent bar that lives is ended like this.")
    if row.asker is not None:
        raise Conflict("A proposal is pending already. Another officer decides.")
    row.asker, row.asked, row.law, row.ended_why = acting_person(actor), from_ms(now), law[:300], reason[:400]
    row.save()
    facts = {"bar": row.pk, "law": row.law}
    entries.enter("bar.ask-end", actor=actor, reason=reason[:400], now=now, object=f"person:{row.person.uid}", facts=facts)
    return row


# -- verbs


def ask_end(bar: Bar, law: str, *, actor: Actor, reason: str, now: int) -> Bar:
    """Request the end of a permanent bar under a law; nothing changes until another officer agrees. Raises NotPermitted, Unusable,
    Conflict."""
    guard.require(actor, "bar.ask-end", about_person(bar.person), now=now)
    reason, law = checked_reason(reason, min_length=20), checked_reason(law, "law", min_length=5, max_length=300)
    with transaction.atomic():
        return propose_end(bar, law, actor=actor, reason=reason, now=now)


def about_end(bar: Bar) -> PersonCase:
    """The resource for the decision on a request to end a bar, which its requester may not take."""
    firsts = (bar.asker.uid,) if bar.asker is not None else ()
    who = about_person(bar.person)
    return PersonCase(who.department, who.person, first_actors=firsts, began_ms=epoch_ms(bar.asked) if bar.asked is not None else 0)


def answer_end(bar: Bar, *, yes: bool, actor: Actor, reason: str, now: int) -> Bar:
    """Decide as second officer: agree, and the bar ends, without restoring access; or deny, and it continues. Raises NotPermitted
    for the first officer, Conflict."""
    four_eyes.require(actor, "bar.end", about_end(bar), now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(bar, "ended", "asker_id") as row:
        if row.ended is not None or row.asker is None:
            raise Conflict("No proposal is pending. Reload the page.")
        ender = acting_person(actor)
        if yes:
            _end(row, ender, row.ended_why, actor, now)
        else:
            row.asker, row.asked, row.law, row.ended_why = None, None, "", ""
            row.save()
            entries.enter(
                "bar.refuse-end", actor=actor, reason=reason, now=now, object=f"person:{row.person.uid}", facts={"bar": row.pk}
            )
    return row


def expire(now: int) -> int:
    """Bars whose time is over, for the sweep; how many."""
    with transaction.atomic():
        rows = list(Bar.objects.select_for_update().filter(ended__isnull=True, until__lte=from_ms(now)).order_by("id")[:500])
        for row in rows:
            save_values(row, ended=from_ms(now), ended_why="its time is over")
        people = Person.objects.in_bulk([row.person_id for row in rows])
        done = [(f"person:{people[r.person_id].uid}", {"bar": r.pk, "kind": r.kind}) for r in rows]
        entries.enter_each("bar.end", done, actor=TICK, reason="its time is over", now=now)
        if rows:
            publish_on_commit(people)
    return len(rows)


def _end(row: Bar, ender: Person, reason: str, actor: Actor, now: int) -> None:
    row.ender, row.ended, row.ended_why = ender, from_ms(now), reason[:400]
    row.save()
    facts = {"bar": row.pk, "kind": row.kind, "law": row.law, "asked_by": row.asker.uid if row.asker else ""}
    entries.enter("bar.end", actor=actor, reason=reason[:400], now=now, object=f"person:{row.person.uid}", facts=facts)
    publish_on_commit([row.person_id])


def _shut(person: Person, now: int) -> None:
    """End every session; requests with an old cookie are refused."""
    sessions.end(Account.objects.filter(person=person))
    uses = RoleActivation.objects.filter(grant__person=person, laid_down__isnull=True, until__gt=from_ms(now))
    uses.update(laid_down=from_ms(now))


def _revoke(person: Person, now: int) -> int:
    """Revoke all authorizations, device passwords and tokens of a person; the work for the city continues without mail."""
    at, why = from_ms(now), "barred for good"
    rights = Authorization.objects.filter(person=person, state__in=LIVING)
    count = rights.count()
    rights.filter(state="asked").update(state="withdrawn", since=at, why=why)
    rights.filter(state__in=LIVING - {"asked"}).update(state="revoked", since=at, why=why)
    for kept in (Device, Token):
        kept.objects.filter(person=person, ended__isnull=True).update(ended=at)
    Invitation.objects.filter(account__person=person, ended__isnull=True, used__isnull=True).update(ended=at)
    return count
