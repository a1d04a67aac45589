"""What requesters write later, and mail that fits no request: the holding pen. Nothing that came in is lost (P-21)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.core.config.sentence import sentence
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.intake import REQUESTER
from civicmail.desk.records.models import Pause, Reply, Request
from civicmail.desk.records.queries.law import pack_or_none

MAX_TEXT = 20_000
"""Characters of what is written on the status page."""
MAX_OPEN = 50
"""Unanswered replies of one request from its page."""


def write(request: Request, text: str, *, now: int) -> Reply:
    """Take what the requester wrote on the status page; a pause that waits for them ends. Raises Unusable, Conflict."""
    text = text.replace("\0", "").strip()
    if not text:
        raise field_error("text", sentence("Write something."))
    if request.replies.filter(state="open", way="page").count() >= MAX_OPEN:
        raise Conflict(sentence("The desk has not read your last messages yet. Please come back tomorrow."))
    return receive(request, "page", text=text[:MAX_TEXT], at=from_ms(now), now=now)


def receive(request: Request | None, way: str, *, at: datetime, now: int, text: str = "", capture: str = "") -> Reply:
    """Keep a reply, or mail for the holding pen. way: page, mail or queue; at: when it came. The same message counts once."""
    with transaction.atomic():
        if capture and (known := Reply.objects.filter(capture=capture).first()) is not None:
            return known
        row = Reply.objects.create(request=request, way=way, text=text, capture=capture, received=at)
        facts = {"way": way, "reply": row.pk, **({"capture": capture} if capture else {})}
        where = object_of(request) if request is not None else f"reply:{row.pk}"
        entries.enter("records.reply", actor=REQUESTER, reason="", now=now, object=where, facts=facts)
        if request is not None:
            _end_waiting(request, at, now)
    return row


def dismiss(row: Reply, *, actor: Actor, reason: str, now: int) -> Reply:
    """Take mail out of the holding pen that is no request. Raises NotPermitted, Unusable, Conflict."""
    return _settle(row, "dismissed", actor=actor, reason=checked_reason(reason, min_length=10), now=now)


def mark_read(row: Reply, *, actor: Actor, now: int) -> Reply:
    """Record that a reply was read and needs nothing more. Raises NotPermitted, Conflict."""
    return _settle(row, "read", actor=actor, reason="", now=now)


def attach(row: Reply, request: Request, *, actor: Actor, now: int) -> Reply:
    """Put mail of the holding pen to a request. Raises NotPermitted, Conflict."""
    guard.require(actor, "records.work", now=now)
    with locked_row(row, "state", "request_id") as reply:
        if reply.request_id is not None or reply.state != "open":
            raise Conflict("Not saved: it belongs to a request already, or was dismissed. Reload the page.")
        reply.request = request
        reply.save(update_fields=["request"])
        facts = {"reply": reply.pk, "capture": reply.capture}
        entries.enter("records.attach", actor=actor, reason="", now=now, object=object_of(request), facts=facts)
        _end_waiting(request, reply.received, now)
    return reply


def _settle(row: Reply, state: str, *, actor: Actor, reason: str, now: int) -> Reply:
    guard.require(actor, "records.work", now=now)
    with locked_row(row, "state") as reply:
        if reply.state != "open":
            raise Conflict("Not saved: it was answered already. Reload the page.")
        reply.state, reply.by, reply.at, reply.why = state, acting_person(actor), from_ms(now), reason
        reply.save(update_fields=["state", "by", "at", "why"])
        where = object_of(reply.request) if reply.request is not None else f"reply:{reply.pk}"
        facts = {"reply": reply.pk, "state": state}
        entries.enter("records.settle-reply", actor=actor, reason=reason, now=now, object=where, facts=facts)
    return reply


def _end_waiting(request: Request, at: datetime, now: int) -> None:
    """End the pauses that wait for the requester: from this moment their days are ours."""
    pack = pack_or_none(request)
    for pause in Pause.objects.select_for_update().filter(request=request, ended__isnull=True):
        if pack is None or pack.pause_reason(pause.reason).waits_for == "requester":
            pause.ended = max(at, pause.began)
            pause.save(update_fields=["ended"])
            facts = {"pause": pause.pk, "why": "the requester wrote"}
            entries.enter("records.resume", actor=REQUESTER, reason="", now=now, object=object_of(request), facts=facts)
