"""Decide on files that leave the city: a manager's answer, a sender's withdrawal, and the next head's review (P-22)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error
from civicmail.city.guard.permits import Permit
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions import tallies
from civicmail.city.identity.tallies import TallyKind
from civicmail.city.notices.actions import notify
from civicmail.core.config.sentence import sentence
from civicmail.core.query.tree import Digits, Or, Token, Tree
from civicmail.desk.holding import approvers, partial_approval, queries, senders
from civicmail.desk.holding.actions.approval_execution import execute_or_defer
from civicmail.desk.holding.actions.approval_requests import notify_sender
from civicmail.desk.holding.approval_states import ANSWERS, TABLE
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.mail.archive import holds

_TALLY_BY_DECISION: dict[str, TallyKind] = {"approve": "files-approved", "refuse": "files-refused", "records": "files-records"}
RECORDS_MAILBOX = "records"
"""The local part of the mailbox of the records office."""


def permit_to_view(row: Approval, *, actor: Actor, now: int, part: str = "") -> Permit:
    """Return a permit for the files of a pending approval, or of one that the next head reviews; `part`: for one file. Its audit
    entry is durable on return (P-16). Raises NotPermitted, NotRecorded."""
    is_pending = row.copies.filter(state="waits").exists()
    if is_pending:
        four_eyes.require(actor, "approval.answer", approvers.resource(row), now=now)
    else:
        four_eyes.require(actor, "approval.sample", approvers.sample_resource(row), now=now)
    if not is_pending and (not row.sampled or row.seen is not None):
        raise NotPermitted("This was answered already; to look at it again takes a mandate.")

    def write(entry: dict[str, object]) -> str:
        facts = {"capture": row.capture, "files": len(row.parts), **({"part": part} if part else {})}
        where = f"approval:{row.pk}"
        audit_entry = entries.enter_alone(
            "approval.look", actor=actor, reason=str(entry["reason"]), now=now, object=where, facts=facts
        )
        return f"entry:{audit_entry.uuid}"

    resource, why = approvers.resource(row), f"approval {row.pk}"
    return guard.permit(actor, "approval.look", {}, role="manager", reason=why, now=now, write=write, resource=resource)


def decide(
    row: Approval, indices: Collection[int], decision: str, *, actor: Actor, reason: str, now: int, files: Collection[int] = ()
) -> list[ApprovalCopy]:
    """Decide for these recipients' copies. decision: one of approval_states.ANSWERS; files: numbers from 1 of the files that leave
    after an approval, empty for all. Return the copies as they are afterwards: `kept` if another rule holds them, not done if the
    worker has to finish. Raises NotPermitted, Unusable, and Conflict if one was decided meanwhile or the account is contained: then
    nothing is changed."""
    four_eyes.require(actor, "approval.answer", approvers.resource(row), now=now)
    approvers.require_not_contained(actor)
    if decision not in ANSWERS:
        raise field_error("answer", "Choose an answer.")
    min_length = 10 if decision == "refuse" or row.own else 0
    reason = require_reason(reason, min_length=min_length) if min_length or reason.strip() else ""
    without = partial_approval.withheld_files(row, files) if decision == "approve" and files else []
    if decision == "records":
        _pending_copies(row, indices, decision)  # nothing is put on hold for an answer that comes too late
        _place_hold(row, actor, reason, now)
    with transaction.atomic():
        copies = _advance(row, indices, decision, actor, reason, now, without)
        facts: dict[str, Any] = {"copies": [c.index for c in copies], "files": [part[3] for part in copies[0].parts]}
        facts |= {"own": int(row.own), **({"without": without} if without else {}), **({"links": row.links} if row.links else {})}
        where = f"approval:{row.pk}"
        tallies.add(row.department, _TALLY_BY_DECISION[decision], at=from_ms(now))
        tallies.add(row.department, "files-minutes", at=from_ms(now), count=(now - epoch_ms(row.made)) // 60_000)
        entries.enter(f"approval.{decision}", actor=actor, reason=reason, now=now, object=where, facts=facts)
        notify_sender(row, copies, now)
        if decision == "records":
            _notify_records_office(row, now)
    return _execute(row, copies, now)


def withdraw(row: Approval, indices: Collection[int], *, actor: Actor, now: int) -> list[ApprovalCopy]:
    """Withdraw the request; only its sender may. Raises like decide()."""
    guard.require(actor, "approval.withdraw", OfPerson(row.person.uid), now=now)
    with transaction.atomic():
        copies = _advance(row, indices, "withdraw", actor, "", now)
        facts = {"copies": [c.index for c in copies]}
        entries.enter("approval.withdraw", actor=actor, reason="by the sender", now=now, object=f"approval:{row.pk}", facts=facts)
    return _execute(row, copies, now)


def send_text(row: Approval, *, actor: Actor, now: int) -> list[ApprovalCopy]:
    """Withdraw the request for all copies that wait, and send them without the files. Only the sender may. Raises like decide()."""
    guard.require(actor, "approval.withdraw", OfPerson(row.person.uid), now=now)
    approvers.require_not_contained(actor)
    if obstacle := partial_approval.text_obstacle(row):
        raise Unusable(obstacle)
    files = list(dict.fromkeys(part[3] for part in row.parts))
    with transaction.atomic():
        waiting = list(row.copies.filter(state="waits").values_list("index", flat=True))
        if not waiting:
            raise Conflict(sentence("Not sent: it was answered already. Reload the page."))
        _advance(row, waiting, "withdraw", actor, "", now, files)
        facts = {"copies": waiting, "without": files}
        entries.enter("approval.send-text", actor=actor, reason="by the sender", now=now, object=f"approval:{row.pk}", facts=facts)
    return _execute(row, list(row.copies.filter(index__in=waiting)), now)


def _execute(row: Approval, copies: Sequence[ApprovalCopy], now: int) -> list[ApprovalCopy]:
    """Execute the decision, or leave it to the worker, and return these copies."""
    execute_or_defer(row, now)
    return list(row.copies.select_related("by").filter(pk__in=[copy.pk for copy in copies]))


def record_sample_review(row: Approval, *, actor: Actor, reason: str, now: int) -> None:
    """Record the next head's review of a decision on own files. Raises NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, "approval.sample", approvers.sample_resource(row), now=now)
    reason = require_reason(reason, min_length=10)
    with transaction.atomic():
        locked_approval = Approval.objects.select_for_update().get(pk=row.pk)
        if not locked_approval.sampled or locked_approval.seen is not None:
            raise Conflict("Not saved: it was reviewed already, or is not in the sample.")
        locked_approval.seen, locked_approval.seen_why = from_ms(now), reason
        locked_approval.seen_by = Person.objects.get(uid=actor.uid)
        locked_approval.save(update_fields=["seen", "seen_why", "seen_by"])
        entries.enter("approval.sample", actor=actor, reason=reason, now=now, object=f"approval:{row.pk}")


def _pending_copies(row: Approval, indices: Collection[int], action: str) -> list[ApprovalCopy]:
    """Return these copies if the action is possible for all of them. Raises Unusable, Conflict."""
    if not indices:
        raise field_error("to", "Choose at least one recipient.")
    copies = list(row.copies.select_related("by").filter(index__in=indices))
    if len(copies) != len(set(indices)):
        raise Conflict("One of these recipients is not of this message. Reload the page.")
    for copy in copies:
        if copy.state != "waits" and copy.by is not None and copy.at is not None:
            raise Conflict(sentence("Not saved: {name} answered first. Reload the page.", name=copy.by))
        TABLE.step(copy.state, action)
    return copies


def _advance(
    row: Approval, indices: Collection[int], action: str, actor: Actor, reason: str, now: int, without: Sequence[str] = ()
) -> list[ApprovalCopy]:
    Approval.objects.select_for_update().get(pk=row.pk)  # two answers at once are one after the other
    copies, person = _pending_copies(row, indices, action), Person.objects.get(uid=actor.uid)
    for copy in copies:
        copy.state, copy.by, copy.at, copy.reason = TABLE.step(copy.state, action), person, from_ms(now), reason
        copy.without = list(without)
        copy.save(update_fields=["state", "by", "at", "reason", "without"])
    return copies


def _place_hold(row: Approval, actor: Actor, reason: str, now: int) -> None:
    """Place a legal hold on the message and its thread, whatever becomes of the decision (P-20, P-21)."""
    if not row.capture:
        raise Unusable("Unsent files cannot be chosen as the answer to a request.", {"answer": "Choose another answer."})
    if Approval.objects.filter(pk=row.pk, copies__state="records").exists():
        return
    assert settings.DATA is not None, "pages have an installation"
    data, where = Path(settings.DATA), f"approval:{row.pk}"
    reason = reason or "answers a public-records request"
    holds.place(
        data, ground="request", scope=f"approval {row.pk}, with its thread", tree=_hold_scope(row), actor=actor.uid,
        reason=reason, now=now,
        entering=entering_of("hold.placed", actor=actor, reason=reason, now=now, object=where, facts={"ground": "request"}),
    )  # fmt: skip


def _hold_scope(row: Approval) -> Tree:
    id_ = uuid.UUID(row.capture)
    thread = queries.held_copies().thread(id_.bytes)
    message_only = Digits("id", id_.hex)
    return Or((message_only, Token("thread", thread))) if thread else message_only


def _notify_records_office(row: Approval, now: int) -> None:
    """Notify the mailbox of the records office, or else each records officer: the number of the message, never its content."""
    addresses = list(
        Mailbox.objects.filter(address__startswith=f"{RECORDS_MAILBOX}@", kind="function", closed__isnull=True).values_list(
            "address", flat=True
        )
    )
    addresses = addresses or [address for person in holders("records-officer", now) if (address := senders.address_of(person))]
    where = f"{settings.CITY.web.url}{reverse('approval', args=[row.pk])}"
    text = (
        f"{row.department.name} says that a message with files answers a request for public records. It does not leave, and it is "
        f"on hold with its thread.\n\nNumber of the message: {row.capture}\n\nSearch for thread:{row.capture} under the mandate "
        f"of the request, and send what the request may have.\n\n{where}"
    )
    for address in addresses:
        notify(
            f"approval-records:{row.pk}:{address}", address, "Files that answer a public-records request", text, now=from_ms(now)
        )
