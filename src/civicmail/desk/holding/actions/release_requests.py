"""Request the release of copies, and answer: one officer or two, by kind, after the checks ran once more (P-02, P-19, P-25).

The release and the entry of the answer are one record of the archive; the row is closed only after that. The next request completes
an interrupted one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions import tallies
from civicmail.city.identity.tallies import TallyKind
from civicmail.city.notices.actions import notify
from civicmail.core.config.sentence import sentence
from civicmail.desk.holding import queries, release_kinds, release_states, senders
from civicmail.desk.holding.actions.releaser_pool import releasing
from civicmail.desk.holding.held_copies import HeldCopy
from civicmail.desk.holding.models import Release
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.pipeline.release_copies import Released

EXPIRE_AFTER = timedelta(days=30)
"""After this time an unanswered request expires."""
BATCH_SIZE = 200
MAX_RULES = 400
TICK = machine("tick")
_NOT_HELD = sentence("Nothing of it is held any more.")
_ALREADY_REQUESTED = sentence("You have asked for this already.")


def request_release(copies: Sequence[HeldCopy], *, sender: bool = False, actor: Actor, reason: str, now: int) -> Release:
    """Request the release of copies of one message that the requester received or sent. Raises NotPermitted, Unusable, and
    Conflict if the requester may release it alone, if only a manager may, or if it was requested already."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    reason = require_reason(reason, min_length=10)
    book = queries.rule_set()
    if not copies:
        raise Conflict(_NOT_HELD)
    kind = release_kinds.strictest([release_kinds.kind_of(copy.rules, book) for copy in copies])
    if kind == "elsewhere":
        raise Conflict(
            sentence(
                "You cannot request this release: the department's manager decides about files, "
                "and the security office about a compromised account."
            )
        )
    if kind not in release_kinds.REQUEST_KINDS:
        raise Conflict(sentence("You can release this copy yourself; no request is needed."))
    rules = dict.fromkeys(rule for copy in copies for rule in release_kinds.holding_rules(copy.rules, book))
    row = Release(
        capture=copies[0].uuid, copies=sorted({copy.index for copy in copies}), kind=kind, rules=_rule_names(rules), sender=sender,
        malware=list(queries.held_copies().malware(copies[0].id)), requester=acting_person(actor), why=reason, made=from_ms(now),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            tallies.add(senders.department_of(row.requester), "release-asked", at=from_ms(now))
            _enter("release.ask", row, actor, reason, now)
    except IntegrityError:
        raise Conflict(_ALREADY_REQUESTED) from None
    return row


def answer(row: Release, is_yes: bool, *, actor: Actor, reason: str, now: int) -> Release:
    """Answer as an officer: deny, or approve, which takes two officers for malware. Raises NotPermitted, Unusable, Conflict,
    LaterError."""
    verb = deny if not is_yes else agree if row.kind == "malware" and row.state == "asked" else release
    return verb(row, actor=actor, reason=reason, now=now)


def agree(row: Release, *, actor: Actor, reason: str, now: int) -> Release:
    """Record the first of two officers' approval; nothing is released yet. Raises NotPermitted, Unusable, Conflict."""
    return _decide(row, "agree", actor, reason, now)


def release(row: Release, *, actor: Actor, reason: str, now: int) -> Release:
    """Approve a request: the checks run once more, and only what held the copies at the time of the request is overridden.
    Raises NotPermitted, Unusable, Conflict, LaterError."""
    _require_answerable(row, actor, now)
    reason = require_reason(reason, min_length=10)
    with locked_row(row, "state") as fresh:
        release_states.step(fresh.kind, fresh.state, "release")
    released = _release(fresh, actor, reason, now)
    action = "lapse" if released is None or not (released.released or released.kept) else "release" if released.released else "keep"
    return _close(fresh, action, actor, reason, now, released_count=len(released.released) if released is not None else 0)


def deny(row: Release, *, actor: Actor, reason: str, now: int) -> Release:
    """Deny a request. reason: the requester reads it. Raises NotPermitted, Unusable, Conflict."""
    return _decide(row, "refuse", actor, reason, now)


def withdraw(row: Release, *, actor: Actor, now: int) -> Release:
    """Withdraw a request; only its requester may. Raises NotPermitted, Conflict."""
    guard.require(actor, "my.mail", OfPerson(row.requester.uid), now=now)
    with locked_row(row, "state") as fresh:
        fresh.state = release_states.step(fresh.kind, fresh.state, "withdraw")
        fresh.answered = from_ms(now)
        fresh.save(update_fields=["state", "answered"])
        _enter("release.withdraw", fresh, actor, "withdrawn by whoever asked", now)
    return fresh


def expire(now: int) -> int:
    """Expire requests whose copies are no longer held, and those that are too old; notify the requesters. Return how many."""
    rows = list(Release.objects.filter(state__in=release_states.OPEN).order_by("pk")[:BATCH_SIZE])
    held = {(copy.uuid, copy.index) for copy in queries.copies(now)} if rows else set()
    expired = [
        r for r in rows if r.made <= from_ms(now) - EXPIRE_AFTER or not any((r.capture, index) in held for index in r.copies)
    ]
    for row in expired:
        _close(row, "lapse", TICK, "nothing is kept back any more, or nobody has answered", now, released_count=0)
    return len(expired)


def _require_answerable(row: Release, actor: Actor, now: int) -> None:
    act = release_states.act_of(row.kind, row.state)
    if not act:
        raise Conflict("Not saved: this request was answered already. Reload the page.")
    four_eyes.require(actor, act, queries.release_resource(row), now=now)


def _decide(row: Release, action: str, actor: Actor, reason: str, now: int) -> Release:
    _require_answerable(row, actor, now)
    reason = require_reason(reason, min_length=10)
    with locked_row(row, "state") as fresh:
        fresh.state = release_states.step(fresh.kind, fresh.state, action)
        if action == "agree":
            fresh.first, fresh.first_why, fresh.agreed = acting_person(actor), reason, from_ms(now)
        else:
            fresh.person, fresh.answer, fresh.answered = acting_person(actor), reason, from_ms(now)
        fresh.save()
        _enter(f"release.{action}", fresh, actor, reason, now)
        if action == "refuse":
            tallies.add(senders.department_of(fresh.requester), "release-kept", at=from_ms(now))
            _notify_requester(fresh, now)
    return fresh


def _close(row: Release, action: str, actor: Actor, reason: str, now: int, *, released_count: int) -> Release:
    with locked_row(row, "state") as fresh:
        fresh.state = release_states.step(fresh.kind, fresh.state, action)
        fresh.let, fresh.answered = released_count, from_ms(now)
        if not actor.machine:
            fresh.person, fresh.answer = acting_person(actor), reason
        fresh.save()
        if fresh.state in ("released", "kept"):
            tally: TallyKind = "release-let" if fresh.state == "released" else "release-kept"
            tallies.add(senders.department_of(fresh.requester), tally, at=from_ms(now))
        _enter("release.end", fresh, actor, reason, now, let=released_count)
        _notify_requester(fresh, now)
    return fresh


def _release(row: Release, actor: Actor, reason: str, now: int) -> Released | None:
    """None if the message was disposed of. Findings since the request still hold the copies."""
    book = queries.rule_set()
    rules = [name for name in row.rules.split(",") if name and release_kinds.kind_of((name,), book) != "malware"]
    entering = entering_of(
        "release.release", actor=actor, reason=reason[:400], now=now, object=f"capture:{row.capture}", facts=_facts(row)
    )
    with releasing() as releaser:
        try:
            return releaser.release(
                uuid.UUID(row.capture).bytes,
                row.copies,
                by=actor.uid,
                reason=reason,
                aside=release_kinds.ignored_checks(row.kind),
                rules=rules,
                malware=row.malware,
                for_all=row.kind == "other",
                entering=entering,
            )
        except NotInArchive:
            return None


def _rule_names(rules: Collection[str]) -> str:
    """As many names as fit, never truncated: a truncated name would be another rule's."""
    text = ""
    for name in rules:
        if len(text) + 1 + len(name) > MAX_RULES:
            break
        text = f"{text},{name}" if text else name
    return text


def _enter(act: str, row: Release, actor: Actor, reason: str, now: int, **extra_facts: int) -> None:
    facts = _facts(row) | extra_facts
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"capture:{row.capture}", facts=facts)


def _facts(row: Release) -> dict[str, Any]:
    return {"release": row.pk, "kind": row.kind, "copies": row.copies, "rules": row.rules, "state": row.state}


def _notify_requester(row: Release, now: int) -> None:
    """Notify the requester in their language, in the transaction of the answer; never quote the message."""
    if not (to := senders.address_of(row.requester)):
        return
    with translation.override(row.requester.language):
        outcome = {
            "released": gettext("Your release request was approved. The message was checked again and is being delivered."),
            "kept": gettext(
                "Your release request was approved, but the repeated checks found a problem, so the message stays held."
            ),
            "refused": gettext("Your release request was denied."),
            "lapsed": gettext("Your release request expired: no copy is held any more, or no one answered in time."),
        }[row.state]
        parts = [outcome]
        if row.answer:
            parts.append(gettext("The answer: {words}").format(words=row.answer))
        page = f"{settings.CITY.web.url}{reverse('mail-delivery', args=[row.capture])}"
        parts.append(gettext("State of the message: {page}").format(page=page))
        subject = gettext("About a held message")
    notify(f"release:{row.pk}", to, subject, "\n\n".join(parts), now=from_ms(now))
