"""Amend an examination: narrow it immediately, widen it with a second approval (E5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from django.db import transaction

from civicmail.city.guard import examination_grounds, mandate_states, mandates
from civicmail.city.guard.actions.acting import acting_person, lock_row, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, field_error
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Amendment, Mandate, Subject
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions.mandates import codes_of, enter, people_by_uid, require, require_second, resolve
from civicmail.city.identity.queries import reporting_lines
from civicmail.city.identity.queries.mandates import about_mandate, subjects_of, to_mandate

_OVER = "Only a mandate that is in force can be changed."


def amend(mandate: Mandate, change: MandateRequest, *, actor: Actor, now: int) -> Amendment:
    """Change scope and window to `wanted` as a whole: immediately if nothing gets wider, else after approval by a second person.
    wanted.department: unchanged, or "" with the people who are left. Raises NotPermitted, Unusable, Conflict: for an urgent one, or
    while another change waits."""
    require(actor, "mandate.ask", mandate, now)
    change = change.validated(now)
    with locked_row(mandate, "state", "words", "first", "last", "days") as row:
        if row.state not in mandate_states.VIEWABLE:
            raise Conflict(_OVER)
        uids = _uids(row, change)
        if refusal := examination_grounds.why_refused(actor, row.ground, row.role, _departments(row, uids), now):
            raise NotPermitted(refusal)
        before = to_mandate(row).scope
        after = replace(before, people=uids, since=change.first, until=change.last, words=change.words)
        wider = change.days > row.days or mandates.is_wider(before, after, now)
        if wider and row.urgent:
            raise Conflict("An urgent examination cannot be widened. Request a mandate.")
        if row.amendments.filter(state="asked").exists():
            raise Conflict("Another change of this mandate waits for a second person.")
        made = Amendment(
            mandate=row, people=list(uids), words=change.words, first=change.first, last=change.last, days=change.days,
            reason=change.reason, wider=wider, asked=from_ms(now),
        )  # fmt: skip
        if not wider:
            made.state, made.decided = "approved", from_ms(now)
            _apply(row, made, now)
        made.save()
        enter("mandate.amend", row, actor, change.reason, now, **_facts(made))
    return made


def decide(amendment: Amendment, is_approved: bool, *, actor: Actor, reason: str, now: int) -> Amendment:
    """Approve or deny it, as a second person. Raises NotPermitted, Unusable, Conflict."""
    return (approve if is_approved else refuse)(amendment, actor=actor, reason=reason, now=now)


def approve(amendment: Amendment, *, actor: Actor, now: int, reason: str = "") -> Amendment:
    """Approve the change as a second person, outside the reporting lines of all people examined. Raises NotPermitted, Conflict."""
    return _answer(amendment, "approved", actor, reason, now)


def refuse(amendment: Amendment, *, actor: Actor, reason: str, now: int) -> Amendment:
    """Deny the change as a second person: the examination stays unchanged."""
    return _answer(amendment, "refused", actor, checked_reason(reason, min_length=10), now)


def withdraw(amendment: Amendment, *, actor: Actor, reason: str, now: int) -> Amendment:
    """Withdraw the change, by its requester."""
    require(actor, "mandate.ask", amendment.mandate, now)
    reason = checked_reason(reason)
    with transaction.atomic():
        row = _open(amendment)
        row.state, row.decided, row.why = "withdrawn", from_ms(now), reason
        row.save()
        enter("mandate.amend-withdraw", row.mandate, actor, reason, now, amendment=row.pk)
    return row


def _answer(amendment: Amendment, answer: str, actor: Actor, reason: str, now: int) -> Amendment:
    four_eyes.require(actor, "mandate.approve", about_mandate(amendment.mandate, epoch_ms(amendment.asked)), now=now)
    with locked_row(amendment.mandate) as mandate:
        row = _open(amendment)
        require_second(mandate, actor, now, people_by_uid(row.people))
        if mandate.state not in mandate_states.VIEWABLE:
            raise Conflict(_OVER)
        if answer == "approved":
            _apply(mandate, row, now)
        row.state, row.approver, row.decided, row.why = answer, acting_person(actor), from_ms(now), reason[:400]
        row.save()
        act = "mandate.amend-approve" if answer == "approved" else "mandate.amend-refuse"
        enter(act, mandate, actor, reason, now, **_facts(row))
    return row


def _open(amendment: Amendment) -> Amendment:
    row = lock_row(amendment, "state")
    if row.state != "asked":
        raise Conflict("Not saved: this change was decided already. Reload the page.")
    return row


def _uids(row: Mandate, change: MandateRequest) -> tuple[str, ...]:
    """Whom the changed one is about, in the order in which the scope has them. Raises Unusable."""
    now_ = [p.uid for p in subjects_of(row)]
    if change.department:
        if row.department is None or change.department != row.department.code:
            raise field_error("people", "Another department is another mandate.")
        return tuple(now_)
    uids = [p.uid for p in people_by_uid(change.people)]
    if row.person.uid in uids:
        raise field_error("people", "Your own mail is under My mail.")
    return tuple(uids)


def _departments(row: Mandate, uids: Collection[str]) -> list[str]:
    """Codes of those that it is about with these people: a head's reaches no further than the own department, widened or not."""
    known = {p.uid for p in subjects_of(row)}
    return sorted({*row.departments, *codes_of(people_by_uid(set(uids) - known), None)})


def _apply(row: Mandate, change: Amendment, now: int) -> None:
    """Put a change into force. Whoever is taken out stays a row that has ended; a narrower scope gets no mailbox that it had
    not."""
    at = from_ms(now)
    row.departments = _departments(row, change.people)
    row.subjects.filter(until__isnull=True).exclude(person__uid__in=change.people).update(until=at)
    current_uids = {p.uid for p in subjects_of(row)}
    Subject.objects.bulk_create(
        [Subject(mandate=row, person=p, since=at) for p in people_by_uid(change.people) if p.uid not in current_uids]
    )
    had, names = set(row.boxes), set(row.custodians)
    resolve(row)
    if not change.wider:
        row.boxes, row.custodians = sorted(had & set(row.boxes)), sorted(names & set(row.custodians))
    row.words, row.first, row.last, row.days = change.words, change.first, change.last, change.days
    row.protected = reporting_lines.protected_classes(subjects_of(row), row.departments, now)
    if row.starts is not None and not row.urgent:
        row.until = from_ms(max(epoch_ms(row.starts) + change.days * DAY_MS, epoch_ms(row.starts) + 1))
    row.save()


def _facts(change: Amendment) -> dict[str, object]:
    return {
        "amendment": change.pk or 0,
        "people": change.people,
        "first": change.first or 0,
        "last": change.last or 0,
        "words": change.words,
        "days": change.days,
        "wider": int(change.wider),
    }
