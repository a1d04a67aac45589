"""Close an account after counting that the archive has every message of the live mailbox (P-08, P-15).

The department requests the count, sees it, and orders the closure.
Then the mailbox accepts nothing more; the worker counts again, archives what is missing, deletes the live copy and writes a
certificate.
The archive and the address are never touched (L3).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from civicmail.city.conduct import closure_states
from civicmail.city.conduct.models import Closure
from civicmail.city.directory.actions import mailboxes
from civicmail.city.directory.models import Mailbox
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions import autoreplies
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.identity.queries.autoreplies import is_left
from civicmail.city.notices.actions import notify

TICK = machine("tick")


@dataclass(frozen=True, slots=True)
class Count:
    """The worker's count of a live mailbox. live: messages; size: bytes; missing: those the archive lacks; listed: SHA-256 of the
    sorted SHA-256s of all; holds: in force in the archive."""

    live: int
    size: int
    missing: int
    listed: str
    holds: int = 0


def ask(mailbox: Mailbox, *, actor: Actor, reason: str, now: int) -> Closure:
    """Request the count of live messages that the archive lacks, the first step. Raises NotPermitted; Conflict if the person has
    access or the mailbox has an authorized reader."""
    guard.require(actor, "account.close", about_mailbox(mailbox), now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(mailbox, "closed") as row:
        _require_left(row, now)
        if Closure.objects.filter(mailbox=row).exclude(state__in=["closed", "dropped"]).exists():
            raise Conflict("This account is being closed already.")
        at = from_ms(now)
        made = Closure.objects.create(
            mailbox=row, department=row.department, since=at, asked=at, by=acting_person(actor), reason=reason
        )  # fmt: skip
        entries.enter("account.count", actor=actor, reason=reason, now=now, object=f"mailbox:{row.address}", facts={})
    return made


def decide(closure: Closure, decision: str, live: int, *, actor: Actor, reason: str, now: int) -> None:
    """Order the closing, count again, or drop it. live: how many messages were counted, as it was read. Raises as these do."""
    if decision == "order":
        order(closure, live=live, actor=actor, reason=reason, now=now)
    elif decision == "again":
        again(closure, actor=actor, reason=reason, now=now)
    else:
        drop(closure, actor=actor, reason=reason, now=now)


def again(closure: Closure, *, actor: Actor, reason: str, now: int) -> None:
    """Count once more. Raises Conflict."""
    _step(closure, "again", "account.count", actor, reason, now)


def drop(closure: Closure, *, actor: Actor, reason: str, now: int) -> None:
    """The account is not closed; nothing has changed. Raises Conflict from the moment on at which it is being closed."""
    _step(closure, "drop", "account.keep", actor, reason, now)


def order(closure: Closure, *, live: int, actor: Actor, reason: str, now: int) -> Closure:
    """Order the deletion of the live copy, of which so many messages were counted, as soon as the archive has all of it. Raises
    NotPermitted, Conflict."""
    guard.require(actor, "account.close", about_mailbox(closure.mailbox), now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(closure, "state", "live") as row:
        if row.live != live:
            raise Conflict("Not closed: the count has changed. Reload the page and check it.")
        _require_left(row.mailbox, now)
        row.state = closure_states.step(row.state, "order")
        row.since = row.ordered = from_ms(now)
        row.orderer, row.reason, row.problem = acting_person(actor), reason, ""
        row.save()
        facts = {"live": row.live, "listed": row.listed}
        entries.enter("account.close", actor=actor, reason=reason, now=now, object=f"mailbox:{row.mailbox.address}", facts=facts)
    return row


def _step(closure: Closure, action: str, act: str, actor: Actor, reason: str, now: int) -> None:
    guard.require(actor, "account.close", about_mailbox(closure.mailbox), now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(closure, "state") as row:
        row.state, row.since, row.problem = closure_states.step(row.state, action), from_ms(now), ""
        row.save()
        entries.enter(act, actor=actor, reason=reason, now=now, object=f"mailbox:{row.mailbox.address}", facts={})


def _require_left(mailbox: Mailbox, now: int) -> None:
    if mailbox.kind != Mailbox.Type.PERSONAL or mailbox.closed is not None or not is_left(mailbox, now):
        raise Conflict("This account cannot be closed, because its owner still has access.")
    living = Authorization.objects.filter(mailbox=mailbox, state__in=LIVING)
    if reader := living.select_related("person").first():
        raise Conflict(f"{reader.person} may use {mailbox}; end that first.")


# -- steps of the worker, which needs no permission


def note_count(closure: Closure, count: Count, *, now: int) -> None:
    """Store the first count, for the department to decide on."""
    with locked_row(closure, "state") as row:
        row.state, row.since = closure_states.step(row.state, "count"), from_ms(now)
        row.live, row.size, row.listed, row.holds = count.live, count.size, count.listed, count.holds
        row.brought = count.missing
        row.save()


def stop(closure: Closure, problem: str, *, now: int) -> None:
    """Stop the closure; the department sees the problem."""
    with locked_row(closure, "state") as row:
        row.state, row.since, row.problem = closure_states.step(row.state, "stop"), from_ms(now), problem[:300]
        row.save()
        facts = {"problem": row.problem}
        entries.enter("account.stopped", actor=TICK, reason="", now=now, object=f"mailbox:{row.mailbox.address}", facts=facts)


def begin(closure: Closure, *, now: int) -> Closure:
    """From now on nothing is taken for it. Raises Conflict where its holder is back."""
    with locked_row(closure, "state") as row:
        box = Mailbox.objects.select_for_update().get(pk=row.mailbox_id)
        _require_left(box, now)
        row.state, row.since = closure_states.step(row.state, "begin"), from_ms(now)
        row.cost = _cost(box)
        row.save()
        autoreplies.end_all(box, actor=TICK, reason="the account is closed", now=now)
        mailboxes.close(box, now=from_ms(now))
        entries.enter(
            "mailbox.close", actor=TICK, reason=row.reason, now=now, object=f"mailbox:{box.address}", facts={"closure": row.pk}
        )
        publish_on_commit((), [box.pk], lists=True)
    return row


def note_emptying(closure: Closure, count: Count, brought: int, *, now: int) -> None:
    """Record what will be deleted, all of it archived. Durable before the first file is deleted."""
    with locked_row(closure, "state") as row:
        row.live, row.size, row.listed, row.holds = count.live, count.size, count.listed, count.holds
        row.brought, row.since = brought, from_ms(now)
        row.sha256 = hashlib.sha256(certificate(row)).hexdigest()
        row.save()
        facts = {"live": row.live, "size": row.size, "brought": row.brought, "listed": row.listed, "certificate": row.sha256}
        entries.enter("account.empty", actor=TICK, reason=row.reason, now=now, object=f"mailbox:{row.mailbox.address}", facts=facts)


def finish(closure: Closure, *, now: int) -> None:
    """Record that the live copy is deleted, write the certificate, and notify the person who ordered it."""
    with locked_row(closure, "state") as row:
        row.state = closure_states.step(row.state, "finish")
        row.since = row.closed = from_ms(now)
        row.save()
        facts = {"live": row.live, "brought": row.brought, "listed": row.listed, "certificate": row.sha256, "cost": row.cost}
        entries.enter(
            "account.closed", actor=TICK, reason=row.reason, now=now, object=f"mailbox:{row.mailbox.address}", facts=facts
        )
        box = Mailbox.objects.filter(holder=row.orderer, kind="personal", closed__isnull=True).order_by("-made").first()
        if box is not None:
            text = (
                f"The account {row.mailbox} is closed. Its {row.live} messages are in the archive; the live copy is deleted.\n\n"
                "The certificate stands on the page of the leaver."
            )
            notify(f"closure:{row.pk}", box.address, f"{row.mailbox}: the account is closed", text, now=from_ms(now))


def certificate(row: Closure) -> bytes:
    """The certificate as canonical JSON; its SHA-256 is in the ledger entry."""
    plain = {
        "v": 1, "mailbox": row.mailbox.address, "department": row.department.code,
        "holder": row.mailbox.holder.uid if row.mailbox.holder else "", "messages": row.live, "bytes": row.size,
        "brought": row.brought, "listed": row.listed, "holds": row.holds, "cost": row.cost,
        "asked": epoch_ms(row.asked), "by": row.by.uid, "ordered": epoch_ms(row.ordered) if row.ordered else 0,
        "orderer": row.orderer.uid if row.orderer else "", "reason": row.reason,
    }  # fmt: skip
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _cost(mailbox: Mailbox) -> int:
    """Cents a year of the last access of the holder."""
    rows = Authorization.objects.filter(mailbox=mailbox, role="holder").order_by("-asked", "-id")
    return rows.values_list("cost", flat=True).first() or 0
