"""Examinations: requested by one person and decided by another, outside every reporting line that they concern; closed with a
finding (P-16; E2, E3).

The people examined are not told, here or anywhere (E1): an excluded approver gets the same sentence whether the examination is
about them or in their line.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import examination_grounds, guard, mandate_states, mandates
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, employment, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, field_error
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Mandate, MandateYear, Subject
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions.decision_notices import notify_of_decision
from civicmail.city.identity.queries import mailbox_addresses, reporting_lines
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.identity.queries.mandates import about_mandate, subjects_of

SECOND = "examination-approver"
"""The role as which a second person decides."""

ELSEWHERE = PERMISSIONS["mandate.approve"].second_person
"""What everybody hears who may not decide, whoever asked and whoever it is about (E1)."""


def ask(ground: str, role: str, scope: MandateRequest, *, actor: Actor, now: int, sealed: bool = False) -> Mandate:
    """Request an examination. ground, role: a line of grounds.WAYS; sealed: its views are never shown to the people examined.
    Raises NotPermitted, Unusable."""
    with transaction.atomic():
        row = begin(ground, role, scope, sealed=sealed, actor=actor, now=now)
        enter("mandate.ask", row, actor, row.reason, now, **scope_facts(row))
    return row


def decide(mandate: Mandate, is_approved: bool, *, actor: Actor, reason: str, now: int) -> Mandate:
    """Approve or deny it, as a second person. Raises NotPermitted, Unusable, Conflict."""
    return (approve if is_approved else refuse)(mandate, actor=actor, reason=reason, now=now)


def approve(mandate: Mandate, *, actor: Actor, now: int, reason: str = "") -> Mandate:
    """Approve: the window begins, and the people's mailboxes are resolved. Raises NotPermitted unless the actor is a second person,
    Conflict if another decision came first."""
    require(actor, "mandate.approve", mandate, now)
    with locked_row(mandate, "state") as row:
        row.state = mandate_states.step(row.state, "approve")
        require_second(row, actor, now)
        if now >= epoch_ms(row.asked) + mandates.UNUSED_MS:
            raise Conflict("This request expired. Submit a new one.")
        employment(row.person)
        put_in_force(row, now, now + row.days * DAY_MS)
        row.approver, row.decided = acting_person(actor), from_ms(now)
        _saved(row, reason, now)
        enter(
            "mandate.approve", row, actor, reason, now, until=epoch_ms(from_ms(now)) + row.days * DAY_MS, mailboxes=len(row.boxes)
        )
        _notify_asker(row, "approved", f"You may look for {row.days} days." if row.days != 1 else "You may look for a day.", now)
    return row


def refuse(mandate: Mandate, *, actor: Actor, reason: str, now: int) -> Mandate:
    """Say no, with the reason in words that the asker reads. Raises as approve does."""
    require(actor, "mandate.approve", mandate, now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(mandate, "state") as row:
        row.state = mandate_states.step(row.state, "refuse")
        require_second(row, actor, now)
        row.approver, row.decided = acting_person(actor), from_ms(now)
        _saved(row, reason, now)
        enter("mandate.refuse", row, actor, reason, now)
        _notify_asker(row, "denied", "The reason stands on its page.", now)
    return row


def withdraw(mandate: Mandate, *, actor: Actor, reason: str, now: int) -> Mandate:
    """Withdraw a request before its decision, by its requester."""
    return _transition(mandate, "withdraw", "mandate.ask", actor, checked_reason(reason, min_length=10), now)


def close(mandate: Mandate, finding: str, *, actor: Actor, now: int) -> Mandate:
    """Close an examination with a finding of at least ten characters, by its examiner (E8). Raises NotPermitted, Unusable,
    Conflict."""
    finding = checked_reason(finding, "finding", min_length=10, max_length=4000)
    require(actor, "mandate.ask", mandate, now)
    with locked_row(mandate, "state") as row:
        row.state, row.finding = mandate_states.step(row.state, "close"), finding
        _saved(row, "closed with a finding", now)
        enter("mandate.close", row, actor, finding[:400], now)
    return row


def stop(mandate: Mandate, *, actor: Actor, reason: str, now: int) -> Mandate:
    """A second person ends what is in force: a page that is open gets nothing more. Raises NotPermitted, Conflict."""
    require(actor, "mandate.approve", mandate, now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(mandate, "state") as row:
        row.state = mandate_states.step(row.state, "stop")
        require_second(row, actor, now)
        _saved(row, reason, now)
        enter("mandate.stop", row, actor, reason, now)
    return row


def seal(mandate: Mandate, sealed: bool, *, actor: Actor, reason: str, now: int) -> Mandate:
    """Seal, by the examiner while it is in force; or unseal, by a second person, also afterwards. Raises NotPermitted, Conflict."""
    require(actor, "mandate.ask" if sealed else "mandate.approve", mandate, now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(mandate, "state", "sealed") as row:
        if row.sealed == sealed or (sealed and row.state not in {"asked", *mandate_states.VIEWABLE}):
            raise Conflict("This cannot be sealed, or unsealed, as it is.")
        if not sealed:
            require_second(row, actor, now)
        save_values(row, sealed=sealed)
        enter("mandate.seal", row, actor, reason, now, sealed=int(sealed))
    return row


# -- for the other verbs of examinations, inside their transaction


def require(actor: Actor, act: str, mandate: Mandate, now: int) -> None:
    """Raise NotPermitted unless the guard permits: the requester's acts are theirs alone, and a second person's acts are never the
    requester's (E3)."""
    if act == "mandate.ask":
        guard.require(actor, act, OfPerson(mandate.person.uid), now=now)
    else:
        four_eyes.require(actor, act, about_mandate(mandate), now=now)


def begin(ground: str, role: str, scope: MandateRequest, *, sealed: bool, actor: Actor, now: int) -> Mandate:
    """The row of a new one with whom it is about. Raises NotPermitted, Unusable."""
    guard.require(actor, "mandate.ask", OfPerson(actor.uid), now=now)
    scope = scope.validated(now)
    asker, department = acting_person(actor), _department(scope.department)
    people = people_of(department, asker) if department else people_by_uid(scope.people)
    if asker in people:
        raise field_error("people", "Your own mail is under My mail.")
    codes = codes_of(people, department)
    if refusal := examination_grounds.why_refused(actor, ground, role, codes, now):
        raise NotPermitted(refusal)
    at = from_ms(now)
    row = Mandate.objects.create(
        number=_number(now), ground=ground, person=asker, role=role, department=department, departments=codes, reason=scope.reason,
        words=scope.words, first=scope.first, last=scope.last, days=scope.days, sealed=sealed, asked=at, since=at,
        protected=reporting_lines.protected_classes(people, codes, now),
    )  # fmt: skip
    Subject.objects.bulk_create([Subject(mandate=row, person=person, since=at) for person in people])
    return row


def require_second(row: Mandate, actor: Actor, now: int, people: Collection[Person] = ()) -> None:
    """Raise NotPermitted unless the actor is a second person for this examination (E3), and for these people if it is widened: not
    the requester nor a subordinate of the requester, not a person examined nor in such a person's line, and for a protected class
    its own approver."""
    subjects = [*subjects_of(row), *people]
    if not reporting_lines.load_lines().is_independent(actor.uid, row.person.uid, [p.uid for p in subjects]):
        raise NotPermitted(ELSEWHERE)
    codes = {*row.departments, *codes_of(people, None)}
    kinds = reporting_lines.protected_classes(subjects, codes, now)
    allowed = reporting_lines.approvers(kinds)
    if allowed is not None and actor.uid not in allowed:
        named_ = ", ".join(examination_grounds.PROTECTED_CLASSES[kind].lower() for kind in kinds)
        raise NotPermitted(f"This touches protected mail ({named_}); an approver named for it must decide.")


def put_in_force(row: Mandate, starts: int, until: int) -> None:
    """Set the window, ms, and what the scope's mailboxes are at this moment. Not saved."""
    row.starts, row.until = from_ms(starts), from_ms(until)
    resolve(row)


def resolve(row: Mandate) -> None:
    """Resolve all addresses of the people examined, and their names in imports. Not saved."""
    people = subjects_of(row)
    theirs = set(mailbox_addresses.addresses_of_people(people))
    if row.department:
        theirs |= set(mailbox_addresses.addresses_of_department(row.department)) - set(
            mailbox_addresses.addresses_of_people([row.person])
        )
    row.boxes, row.custodians = sorted(theirs), list(mailbox_addresses.custodian_names(people))


def people_by_uid(uids: Collection[str]) -> list[Person]:
    """People by number, in order. Raises Unusable for who is not in the directory."""
    people = list(Person.objects.filter(uid__in=uids))
    if missing := sorted(set(uids) - {p.uid for p in people}):
        raise field_error("people", f"The directory has nobody with the number {missing[0]}.")
    return people


def people_of(department: Department, besides: Person) -> list[Person]:
    """The people of a department and its divisions who have a mailbox; never the requester."""
    all_ = mailbox_addresses.with_divisions(department)
    working = Person.objects.filter(episodes__department__in=all_, episodes__ended__isnull=True)
    left = Person.objects.filter(mailboxes__department__in=all_, mailboxes__kind="personal")
    return list(
        Person.objects.filter(pk__in=[*working.values_list("pk", flat=True), *left.values_list("pk", flat=True)]).exclude(
            pk=besides.pk
        )
    )


def codes_of(people: Collection[Person], department: Department | None) -> list[str]:
    """Codes of the departments concerned: the one examined with its divisions, else where each person works or last worked."""
    if department:
        return sorted(d.code for d in mailbox_addresses.with_divisions(department))
    return sorted({about_person(p).department for p in people} - {""})


def scope_facts(row: Mandate) -> dict[str, object]:
    """The facts of a scope for an entry."""
    return {
        "ground": row.ground,
        "people": sorted(p.uid for p in subjects_of(row)) if row.department is None else [],
        "department": row.department.code if row.department else "",
        "first": row.first or 0,
        "last": row.last or 0,
        "words": row.words,
        "days": row.days,
        "sealed": int(row.sealed),
        "protected": list(row.protected),
    }


def enter(act: str, row: Mandate, actor: Actor, reason: str, now: int, **facts: object) -> None:
    """Write an entry: the requester acts in the role of the request, a second person as examination approver, and the clock in no
    role (A1)."""
    role = row.role if actor.uid == row.person.uid else "" if actor.machine else SECOND
    entry_facts = {"mandate": row.number, "state": row.state, **facts}
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"mandate:{row.number}", role=role, facts=entry_facts)


def _transition(mandate: Mandate, action: str, act: str, actor: Actor, reason: str, now: int) -> Mandate:
    require(actor, act, mandate, now)
    with locked_row(mandate, "state") as row:
        row.state = mandate_states.step(row.state, action)
        _saved(row, reason, now)
        enter(f"mandate.{action}", row, actor, reason, now)
    return row


def _notify_asker(row: Mandate, decision: str, more: str, now: int) -> None:
    """Without whose mail it is about and without the reason: others may read the asker's mailbox (E1)."""
    subject = f"Examination {row.number} was {decision}"
    lines = [f"{row.approver} has decided on the examination {row.number}: {decision}.", more]
    notify_of_decision(
        [row.person], f"mandate:{row.number}:{decision}", subject, lines, reverse("mandate", args=[row.number]), now=now
    )


def _saved(row: Mandate, why: str, now: int) -> None:
    row.since, row.why = from_ms(now), why[:400]
    row.save()


def _department(code: str) -> Department | None:
    if not code:
        return None
    department = Department.objects.filter(code=code).first()
    if department is None:
        raise field_error("people", f"There is no department {code}.")
    return department


def _number(now: int) -> str:
    """The next number of the year, as the city's calendar has it."""
    year = timezone.localdate(from_ms(now)).year
    MandateYear.objects.get_or_create(year=year)
    counted = MandateYear.objects.select_for_update().get(year=year)
    counted.last += 1
    counted.save()
    return f"{year % 100:02d}-{counted.last:03d}"
