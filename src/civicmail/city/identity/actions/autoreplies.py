"""Set auto-replies, and forward the mail of leavers (L4, P-06).

The mailbox owner, a person who may send from a function mailbox, or its department sets an auto-reply. For the mail of a leaver the
department chooses an auto-reply, forwarding to a function mailbox, or a successor, who needs an authorization like everyone else.
Each has an end, which the sweep applies; people who return are not affected (L5).
"""

from __future__ import annotations

from django.db import transaction

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import lock_row, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.models import AutoReply, Forwarding
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.identity.queries.autoreplies import about_answer, current_reply, is_left
from civicmail.city.identity.queries.mailbox_addresses import with_divisions
from civicmail.core.config.sentence import sentence

MAX_DURATION_MS = 366 * DAY_MS
MAX_TEXT_LENGTH = 4000


def set_autoreply(
    mailbox: Mailbox,
    text: str,
    *,
    starts: int,
    until: int,
    actor: Actor,
    reason: str,
    now: int,
    kind: str = "own",
    outside: str | None = None,
) -> AutoReply:
    """Set the auto-reply of a mailbox from `starts` until `until` (ms), in place of the previous one. kind: own, or left if the
    holder left. outside: text for people outside the city; None: the same text; empty: no reply. Raises Unusable, Conflict."""
    guard.require(actor, "reply.set", about_answer(mailbox, now), now=now)
    reason = checked_reason(reason)
    inside, beyond = _words(text, "text"), _words(text if outside is None else outside, "outside", may_be_empty=True)
    starts = max(starts, now)
    _require_time(starts, until, now)
    with locked_row(mailbox, "closed") as row:
        if row.closed is not None:
            raise Conflict(sentence("This mailbox was closed."))
        if (kind == "left") != is_left(row, now):
            raise Conflict(
                sentence("Its holder has access: only an answer of their own is set.")
                if kind == "left"
                else sentence("Its holder left; the department says what is answered.")
            )
        _end_replies(row, actor, "another one is set", now)
        times = {"starts": from_ms(starts), "until": from_ms(until), "made": from_ms(now)}
        made = AutoReply.objects.create(mailbox=row, kind=kind, text=inside, outside=beyond, by=actor.uid, **times)
        facts = {"kind": kind, "starts": starts, "until": until, "outside": int(bool(beyond))}
        entries.enter("reply.set", actor=actor, reason=reason, now=now, object=f"mailbox:{row.address}", facts=facts)
    return made


def end_autoreply(mailbox: Mailbox, *, actor: Actor, reason: str, now: int) -> None:
    """End the auto-reply of a mailbox. Raises Conflict if none is set."""
    guard.require(actor, "reply.set", about_answer(mailbox, now), now=now)
    reason = checked_reason(reason)
    with transaction.atomic():
        if not _end_replies(lock_row(mailbox), actor, reason, now):
            raise Conflict(sentence("No answer is set for this mailbox."))


def end_own(mailbox: Mailbox, *, actor: Actor, now: int) -> None:
    """End the auto-reply, if any, by a person who may use the mailbox."""
    if current_reply(mailbox.pk, from_ms(now)) is not None:
        end_autoreply(mailbox, actor=actor, reason="back, by the holder" if mailbox.holder else "not wanted any more", now=now)


def forward_left(mailbox: Mailbox, to: Mailbox, *, until: int, actor: Actor, reason: str, now: int) -> Forwarding:
    """Forward new and held mail of a leaver to a function mailbox of the department until then (ms), in place of an earlier
    forwarding. Raises Unusable, and Conflict if the holder did not leave."""
    guard.require(actor, "left.forward", about_mailbox(mailbox), now=now)
    reason = checked_reason(reason)
    _require_time(now, until, now)
    if to.kind != Mailbox.Type.FUNCTION or to.closed is not None or to.department not in with_divisions(mailbox.department):
        raise Unusable(
            "It goes to a function mailbox of the same department.", {"to": "Choose a function mailbox of the department."}
        )
    with locked_row(mailbox, "closed") as row:
        if row.closed is not None or not is_left(row, now):
            raise Conflict("Only mail of a leaver can be forwarded to another mailbox.")
        _end_forwardings(row, actor, "another one is chosen", now)
        made = Forwarding.objects.create(mailbox=row, to=to, until=from_ms(until), by=actor.uid, made=from_ms(now))
        facts = {"to": to.address, "until": until}
        entries.enter("left.forward", actor=actor, reason=reason, now=now, object=f"mailbox:{row.address}", facts=facts)
        publish_on_commit((), [row.pk])
    return made


def end_all(mailbox: Mailbox, *, actor: Actor, reason: str, now: int) -> None:
    """End all of a closed account, for verbs that have passed the guard, in their transaction."""
    _end_replies(mailbox, actor, reason, now)
    _end_forwardings(mailbox, actor, reason, now)


def _end_replies(mailbox: Mailbox, actor: Actor, reason: str, now: int) -> int:
    rows = AutoReply.objects.select_for_update().filter(mailbox=mailbox, ended__isnull=True)
    if not (kinds := list(rows.values_list("kind", flat=True))):
        return 0
    rows.update(ended=from_ms(now))
    facts = {"kind": kinds[0]}
    entries.enter("reply.end", actor=actor, reason=reason, now=now, object=f"mailbox:{mailbox.address}", facts=facts)
    return 1


def _end_forwardings(mailbox: Mailbox, actor: Actor, reason: str, now: int) -> int:
    rows = Forwarding.objects.select_for_update(of=("self",)).select_related("to").filter(mailbox=mailbox, ended__isnull=True)
    if not (forwardings := list(rows)):
        return 0
    Forwarding.objects.filter(pk__in=[r.pk for r in forwardings]).update(ended=from_ms(now))
    facts = {"to": forwardings[0].to.address, "until": epoch_ms(forwardings[0].until)}
    entries.enter("left.forward-end", actor=actor, reason=reason, now=now, object=f"mailbox:{mailbox.address}", facts=facts)
    publish_on_commit((), [mailbox.pk])
    return 1


def _require_time(starts: int, until: int, now: int) -> None:
    if until <= now:
        error = sentence("That day is past: choose today or a later one.")
    elif until > now + MAX_DURATION_MS:
        error = sentence("It ends within a year: choose an earlier day.")
    elif until <= starts:
        error = sentence("It ends after it begins.")
    else:
        return
    raise field_error("until", error)


def _words(text: str, field: str, *, may_be_empty: bool = False) -> str:
    plain = text.replace("\r\n", "\n").strip()
    if not plain and not may_be_empty:
        raise field_error(field, sentence("Write what is answered."))
    if len(plain) > MAX_TEXT_LENGTH:
        raise field_error(field, sentence("At most {most} characters.", most=MAX_TEXT_LENGTH))
    return plain
