"""May these files leave, to exactly these recipients? A manager's answer, a sender's withdrawal, and a look at the files (P-22)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from civicmail.city.access import guard
from civicmail.city.access.actions import entries, tallies
from civicmail.city.access.actions.deeds import entering_of
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict, NotPermitted, Unusable
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.permits import Permit
from civicmail.city.access.queries import foureyes
from civicmail.city.access.reasons import reason as given
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.tallies import What
from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.notices.actions import tell
from civicmail.core.config.sentence import sentence
from civicmail.core.query.tree import Digits, Or, Token, Tree
from civicmail.desk.holding import approvers, parting, queries, senders
from civicmail.desk.holding.actions.asking import tell_sender
from civicmail.desk.holding.actions.carrying import carry_out_or_leave
from civicmail.desk.holding.approvalstates import ANSWERS, TABLE
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.mail.archive import holds

_TALLIED: dict[str, What] = {"approve": "files-approved", "refuse": "files-refused", "records": "files-records"}
RECORDS = "records"
"""The local part of the mailbox of the records office."""


def look(row: Approval, *, actor: Actor, now: int, part: str = "") -> Permit:
    """A permit for the files that wait, or that a next head is to look at, or for one of them; its entry is durable when this
    returns (P-16). Raises NotPermitted, NotRecorded."""
    waits = row.copies.filter(state="waits").exists()
    if waits:
        foureyes.require(actor, "approval.answer", approvers.about(row), now=now)
    else:
        foureyes.require(actor, "approval.sample", approvers.above(row), now=now)
    if not waits and (not row.sampled or row.seen is not None):
        raise NotPermitted("This was answered already; to look at it again takes a mandate.")

    def write(entry: dict[str, object]) -> str:
        facts = {"capture": row.capture, "files": len(row.parts), **({"part": part} if part else {})}
        where = f"approval:{row.pk}"
        made = entries.enter_alone("approval.look", actor=actor, reason=str(entry["reason"]), now=now, object=where, facts=facts)
        return f"entry:{made.uuid}"

    about, why = approvers.about(row), f"approval {row.pk}"
    return guard.permit(actor, "approval.look", {}, duty="manager", reason=why, now=now, write=write, about=about)


def answer(
    row: Approval, indices: Collection[int], what: str, *, actor: Actor, reason: str, now: int, files: Collection[int] = ()
) -> list[ApprovalCopy]:
    """Say it of these recipients' copies. what: of approvalstates.ANSWERS; files: numbers from 1 of those that leave with a yes,
    none for all. As they are afterwards: kept where another rule keeps them, not done where that is left to the worker. Raises
    NotPermitted, Unusable, Conflict where one was answered meanwhile, or somebody else may be using this account: then nothing is
    changed."""
    foureyes.require(actor, "approval.answer", approvers.about(row), now=now)
    approvers.require_own_hand(actor)
    if what not in ANSWERS:
        raise Unusable("Choose an answer.", {"answer": "Choose an answer."})
    least = 10 if what == "refuse" or row.own else 0
    reason = given(reason, least=least) if least or reason.strip() else ""
    without = parting.left_out(row, files) if what == "approve" and files else []
    if what == "records":
        _waiting(row, indices, what)  # nothing is put on hold for an answer that comes too late
        _hold(row, actor, reason, now)
    with transaction.atomic():
        copies = _stepped(row, indices, what, actor, reason, now, without)
        facts: dict[str, Any] = {"copies": [c.index for c in copies], "files": [part[3] for part in copies[0].parts]}
        facts |= {"own": int(row.own), **({"without": without} if without else {}), **({"links": row.links} if row.links else {})}
        where = f"approval:{row.pk}"
        tallies.add(row.department, _TALLIED[what], at=moment(now))
        tallies.add(row.department, "files-minutes", at=moment(now), count=(now - ms(row.made)) // 60_000)
        entries.enter(f"approval.{what}", actor=actor, reason=reason, now=now, object=where, facts=facts)
        tell_sender(row, copies, now)
        if what == "records":
            _tell_records(row, now)
    return _carried(row, copies, now)


def withdraw(row: Approval, indices: Collection[int], *, actor: Actor, now: int) -> list[ApprovalCopy]:
    """The sender takes it back. Raises as answer does."""
    guard.require(actor, "approval.withdraw", OfPerson(row.person.uid), now=now)
    with transaction.atomic():
        copies = _stepped(row, indices, "withdraw", actor, "", now)
        facts = {"copies": [c.index for c in copies]}
        entries.enter("approval.withdraw", actor=actor, reason="by the sender", now=now, object=f"approval:{row.pk}", facts=facts)
    return _carried(row, copies, now)


def _carried(row: Approval, copies: Sequence[ApprovalCopy], now: int) -> list[ApprovalCopy]:
    """These copies after what was decided about them was done, or left to the worker."""
    carry_out_or_leave(row, now)
    return list(row.copies.select_related("by").filter(pk__in=[copy.pk for copy in copies]))


def sample(row: Approval, *, actor: Actor, reason: str, now: int) -> None:
    """The next head has looked at what somebody decided about their own files. Raises NotPermitted, Unusable, Conflict."""
    foureyes.require(actor, "approval.sample", approvers.above(row), now=now)
    reason = given(reason, least=10)
    with transaction.atomic():
        fresh = Approval.objects.select_for_update().get(pk=row.pk)
        if not fresh.sampled or fresh.seen is not None:
            raise Conflict("Somebody has looked at it already, or it was not sampled.")
        fresh.seen, fresh.seen_why = moment(now), reason
        fresh.seen_by = Person.objects.get(uid=actor.uid)
        fresh.save(update_fields=["seen", "seen_why", "seen_by"])
        entries.enter("approval.sample", actor=actor, reason=reason, now=now, object=f"approval:{row.pk}")


def _waiting(row: Approval, indices: Collection[int], what: str) -> list[ApprovalCopy]:
    """These copies, where this can be said of all of them now. Raises Unusable, Conflict."""
    if not indices:
        raise Unusable("Choose at least one recipient.", {"to": "Choose at least one recipient."})
    copies = list(row.copies.select_related("by").filter(index__in=indices))
    if len(copies) != len(set(indices)):
        raise Conflict("One of these recipients is not of this message; look at it again.")
    for copy in copies:
        if copy.state != "waits" and copy.by is not None and copy.at is not None:
            raise Conflict(sentence("It was answered already by {name}; look at it again.", name=copy.by))
        TABLE.step(copy.state, what)
    return copies


def _stepped(
    row: Approval, indices: Collection[int], what: str, actor: Actor, reason: str, now: int, without: Sequence[str] = ()
) -> list[ApprovalCopy]:
    Approval.objects.select_for_update().get(pk=row.pk)  # two answers at once are one after the other
    copies, person = _waiting(row, indices, what), Person.objects.get(uid=actor.uid)
    for copy in copies:
        copy.state, copy.by, copy.at, copy.reason = TABLE.step(copy.state, what), person, moment(now), reason
        copy.without = list(without)
        copy.save(update_fields=["state", "by", "at", "reason", "without"])
    return copies


def _hold(row: Approval, actor: Actor, reason: str, now: int) -> None:
    """What is asked for is kept, with its conversation, whatever becomes of the answer (P-20, P-21)."""
    if not row.capture:
        raise Unusable("Files that nobody has sent yet answer no request.", {"answer": "Choose another answer."})
    if Approval.objects.filter(pk=row.pk, copies__state="records").exists():
        return
    assert settings.DATA is not None, "pages have an installation"
    data, where = Path(settings.DATA), f"approval:{row.pk}"
    reason = reason or "answers a public-records request"
    holds.place(
        data, ground="request", scope=f"approval {row.pk}, with its thread", tree=_tree(row), actor=actor.uid,
        reason=reason, now=now,
        entering=entering_of("hold.placed", actor=actor, reason=reason, now=now, object=where, facts={"ground": "request"}),
    )  # fmt: skip


def _tree(row: Approval) -> Tree:
    id_ = uuid.UUID(row.capture)
    first = queries.kept().thread(id_.bytes)
    only = Digits("id", id_.hex)
    return Or((only, Token("thread", first))) if first else only


def _tell_records(row: Approval, now: int) -> None:
    """The records office, at its mailbox where it has one, else each records officer: which message, never what is in it."""
    to = list(
        Mailbox.objects.filter(address__startswith=f"{RECORDS}@", kind="function", closed__isnull=True).values_list(
            "address", flat=True
        )
    )
    to = to or [address for person in holders("records-officer", now) if (address := senders.address_of(person))]
    where = f"{settings.CITY.web.url}{reverse('approval', args=[row.pk])}"
    text = (
        f"{row.department.name} says that a message with files answers a request for public records. It does not leave, and it is "
        f"on hold with its thread.\n\nNumber of the message: {row.capture}\n\nSearch for thread:{row.capture} under the mandate "
        f"of the request, and send what the request may have.\n\n{where}"
    )
    for address in to:
        tell(f"approval-records:{row.pk}:{address}", address, "Files that answer a public-records request", text, now=moment(now))
