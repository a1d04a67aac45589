"""Messages in the pick-up portal: register, open, reply, revoke, expire (P-19).

A reader presents the link, which was sent to their mailbox, and the passphrase. Each attempt is counted before it is checked, so
that parallel attempts count like successive ones. Each opening is an audit entry.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db import DataError, transaction
from django.db.models import F

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.resources import OfPerson
from civicmail.city.snapshot.credentials import new_password
from civicmail.core.config.log import get_logger
from civicmail.core.config.sentence import sentence as _
from civicmail.core.config.settings import Secure
from civicmail.desk.holding import pickup_states, senders
from civicmail.desk.holding.actions import pickup_notices
from civicmail.desk.holding.models import PickUp, PickUpReply
from civicmail.mail.courier import pickup_store

MIN_SECRET, MAX_SECRET = 10, 128
MAX_REPLY = 20_000
PASSPHRASE_GROUPS = 3
"""Groups of four letters, for reading aloud: 60 bits, and five tries."""
MAX_NOTIFIED_ADDRESSES = 10
"""Opening addresses that the sender is notified of; the page lists all."""
MAX_REPLIES = 20
"""Replies to one message; more than that is written by mail."""
BATCH_SIZE = 200
"""Boxes and rows of one round."""
WORKER = machine("worker")
log = get_logger()
_CHANGED_MEANWHILE = _("A passphrase was chosen in the meantime. If it was not you, ask the sender.")
_TOO_SHORT = _("Choose at least 10 characters: three words that do not belong together are good.")


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def register_boxes(data: Path, city: str, url: str, rules: Secure, *, now: int) -> int:
    """Create a row, and send a notice without content, for each new box; return how many."""
    if not (new_boxes := _boxes_without_row(data)):
        return 0
    registered = set(PickUp.objects.filter(box__in=new_boxes).values_list("box", flat=True))
    return sum(_register_or_log(data, id_, city, url, rules, now) for id_ in new_boxes if id_ not in registered)


def _register_or_log(data: Path, id_: str, city: str, url: str, rules: Secure, now: int) -> int:
    """A box that cannot be read or announced does not stop the others."""
    try:
        return _register(data, id_, city, url, rules, now)
    except (DataError, OSError, ValueError, KeyError) as error:
        log.error("nobody can be told of a box of the portal", box=id_, error=type(error).__name__)
        return 0


def _boxes_without_row(data: Path) -> list[str]:
    """Boxes without a row that keeps them: new ones, and those whose removal was not finished. At most BATCH_SIZE."""
    if not (waiting := pickup_store.waiting(data)):
        return []
    kept = set(PickUp.objects.filter(state__in=pickup_states.KEPT).values_list("box", flat=True))
    return [id_ for id_ in waiting if id_ not in kept][:BATCH_SIZE]


def _register(data: Path, id_: str, city: str, url: str, rules: Secure, now: int) -> int:
    box_facts, token = pickup_store.about(data, id_), secrets.token_urlsafe(24)
    until = from_ms(box_facts["at"]) + timedelta(days=rules.days)
    passphrase = new_password(PASSPHRASE_GROUPS) if box_facts.get("kinds") else ""
    person = senders.person_of(str(box_facts["login"]).partition("/")[0] or box_facts["sender"].lower())  # a peer has asserted it
    with transaction.atomic():
        row = PickUp.objects.create(
            box=id_,
            capture=box_facts["capture"],
            index=box_facts["index"],
            to=box_facts["to"],
            sender=box_facts["sender"].lower(),
            person=person,
            made=from_ms(now),
            until=until,
            token=token_digest(token),
            sender_only=bool(passphrase),
            secret=make_password(passphrase) if passphrase else "",
            by="sender" if passphrase else "",
        )
        pickup_notices.notify_reader(row, city, url, token, now)
        if passphrase:
            pickup_notices.notify_passphrase(row, passphrase, now)
        entries.enter("pickup.wait", actor=WORKER, reason="", now=now, object=_object_name(row), facts={"capture": row.capture})
    return 1


def open_(row: PickUp, secret: str, *, rules: Secure, client: Actor, now: int) -> PickUp:
    """Open a message with a passphrase; if none is set, the first one typed becomes the reader's. Raises Conflict if it cannot be
    opened, and Unusable if the passphrase is wrong or too short to be chosen."""
    fresh = _require_open(row, now)
    if not fresh.secret and not MIN_SECRET <= len(secret) <= MAX_SECRET:
        raise field_error("secret", _TOO_SHORT)
    if not _count_try(fresh, rules):
        _lock(fresh, client, now)
        raise Conflict(pickup_states.CLOSED_MESSAGES["locked"])
    is_chosen = not fresh.secret
    if not is_chosen and not check_password(secret[:MAX_SECRET], fresh.secret):
        tries_left = rules.tries - fresh.tries - 1
        entries.enter_alone(
            "pickup.wrong", actor=client, reason="", now=now, object=_object_name(fresh), facts={"left": max(0, tries_left)}
        )
        if tries_left <= 0:
            _lock(fresh, client, now)
            raise Conflict(pickup_states.CLOSED_MESSAGES["locked"])
        message = _("That is not the passphrase. Tries that are left before it is locked: {left}.", left=tries_left)
        raise Unusable(message, {"secret": message})
    with entries.before_showing(now):
        locked = PickUp.objects.select_for_update().get(pk=fresh.pk)
        if is_chosen and locked.secret and not check_password(secret, locked.secret):
            raise Conflict(_CHANGED_MEANWHILE)
        if not is_chosen and locked.secret != fresh.secret:  # its sender has set another passphrase meanwhile
            raise Conflict(_CHANGED_MEANWHILE)
        is_chosen = is_chosen and not locked.secret  # a button that was pressed twice chooses once
        locked.state = pickup_states.TABLE.step(locked.state, "open")
        if is_chosen:
            locked.secret, locked.by = make_password(secret), "reader"
        locked.tries, locked.opened, locked.openings = 0, locked.opened or from_ms(now), locked.openings + 1
        locked.save()
        entries.enter(
            "pickup.open", actor=client, reason="", now=now, object=_object_name(locked), facts={"chosen": int(is_chosen)}
        )
        _note_opening(locked, client, now)
    return locked


def _note_opening(row: PickUp, client: Actor, now: int) -> None:
    """Store time and address of an opening, and notify the sender of each new address, the first MAX_NOTIFIED_ADDRESSES of them."""
    known_addresses = set(row.opened_from.values_list("client", flat=True))
    row.opened_from.create(at=from_ms(now), client=client.client[:64])
    if client.client[:64] not in known_addresses and len(known_addresses) < MAX_NOTIFIED_ADDRESSES:
        pickup_notices.notify_opened(row, client.client, now)


def _require_open(row: PickUp, now: int) -> PickUp:
    """The row as it is now. Raises Conflict if nothing opens it."""
    fresh = PickUp.objects.get(pk=row.pk)
    if fresh.until <= from_ms(now):
        raise Conflict(pickup_states.CLOSED_MESSAGES["over"])
    pickup_states.TABLE.step(fresh.state, "open")
    return fresh


def _count_try(row: PickUp, rules: Secure) -> bool:
    """Count a try before it is made; False if none is left."""
    open_rows = PickUp.objects.filter(pk=row.pk, state__in=pickup_states.LIVE, tries__lt=rules.tries)
    return bool(open_rows.update(tries=F("tries") + 1))


def _lock(row: PickUp, client: Actor, now: int) -> None:
    with transaction.atomic():
        locked = PickUp.objects.select_for_update().get(pk=row.pk)
        if locked.state not in pickup_states.LIVE:
            return
        save_values(locked, state=pickup_states.TABLE.step(locked.state, "lock"))
        entries.enter("pickup.lock", actor=client, reason="", now=now, object=_object_name(locked))
        pickup_notices.notify_locked(locked, now)


def record_download(row: PickUp, number: int, *, client: Actor, now: int) -> None:
    """Record that a file is about to be downloaded."""
    facts = {"file": number}
    entries.enter_alone("pickup.file", actor=client, reason="", now=now, object=_object_name(row), facts=facts)


def reply(row: PickUp, text: str, subject: str, message_id: str, *, expected_count: int, client: Actor, now: int) -> PickUpReply:
    """Store a reply to be sent. expected_count: replies when the page was shown, so that a reload or a second click sends
    nothing twice. Raises Conflict, Unusable."""
    fresh, text = _require_open(row, now), text.strip()
    if fresh.state != "opened":
        raise Conflict(_("Open the message first."))
    if not fresh.sender:
        raise Conflict(_("This message was sent automatically, and nobody would read your answer. Write to the city by mail."))
    if not text or len(text) > MAX_REPLY:
        raise field_error("text", _("Write something, at most 20,000 characters."))
    with transaction.atomic():
        PickUp.objects.select_for_update().get(pk=fresh.pk)
        if (count := fresh.replies.count()) != expected_count:
            raise Conflict(_("You have answered since this page was opened, and that is on its way. Send this only if it is more."))
        if count >= MAX_REPLIES:
            raise Conflict(_("You have answered this message often enough; please write to the city by mail."))
        entries.enter("pickup.reply", actor=client, reason="", now=now, object=_object_name(fresh))
        return PickUpReply.objects.create(
            pickup=fresh, text=text, subject=subject.replace("\0", "")[:250], message_id=message_id[:998], made=from_ms(now)
        )


def set_secret(row: PickUp, secret: str, *, actor: Actor, reason: str, now: int) -> PickUp:
    """Set the reader's passphrase, as the sender, and unlock the message. Raises NotPermitted, Conflict, Unusable."""
    if not MIN_SECRET <= len(secret) <= MAX_SECRET:
        raise field_error("secret", _TOO_SHORT)
    with transaction.atomic():
        fresh = _step_by_sender(row, "secret", actor, now)
        fresh.secret, fresh.by, fresh.tries = make_password(secret), "sender", 0
        fresh.save()
        entries.enter("pickup.secret", actor=actor, reason=reason, now=now, object=_object_name(fresh))
    return fresh


def revoke(data: Path, row: PickUp, *, actor: Actor, reason: str, now: int) -> PickUp:
    """Revoke the message, as its sender: its key is destroyed, and it cannot be opened any more. Raises NotPermitted, Conflict."""
    with transaction.atomic():
        fresh = _step_by_sender(row, "revoke", actor, now)
        fresh.secret = ""
        fresh.save()
        entries.enter("pickup.revoke", actor=actor, reason=reason, now=now, object=_object_name(fresh))
    pickup_store.remove(data, fresh.box)
    return fresh


def _step_by_sender(row: PickUp, action: str, actor: Actor, now: int) -> PickUp:
    fresh = PickUp.objects.select_for_update(of=("self",)).select_related("person").get(pk=row.pk)
    guard.require(actor, "my.write", OfPerson(fresh.person.uid if fresh.person else "-"), now=now)
    fresh.state = pickup_states.TABLE.step(fresh.state, action)
    return fresh


def expire(data: Path, *, now: int) -> int:
    """Expire messages whose days are over, and remove boxes whose removal was not finished; return how many expired."""
    expired = PickUp.objects.filter(until__lte=from_ms(now), state__in=pickup_states.KEPT)
    count = 0
    for row in expired[:BATCH_SIZE]:
        with transaction.atomic():
            fresh = PickUp.objects.select_for_update().get(pk=row.pk)
            if fresh.state not in pickup_states.KEPT:
                continue
            save_values(fresh, state=pickup_states.TABLE.step(fresh.state, "expire"), secret="")
            entries.enter("pickup.over", actor=WORKER, reason="", now=now, object=_object_name(fresh))
            if fresh.opened is None:
                pickup_notices.notify_unread(fresh, now)
        count += 1
    if leftover := _boxes_without_row(data):
        gone = PickUp.objects.filter(box__in=leftover).exclude(state__in=pickup_states.KEPT)
        for id_ in gone.values_list("box", flat=True):
            pickup_store.remove(data, id_)
    return count


def unsent_replies(limit: int) -> list[PickUpReply]:
    """Replies that wait to be sent."""
    return list(PickUpReply.objects.filter(sent__isnull=True).select_related("pickup").order_by("id")[:limit])


def mark_sent(row: PickUpReply, *, now: int) -> None:
    """Mark a reply as archived and on its way; its text is then in the archive alone."""
    PickUpReply.objects.filter(pk=row.pk).update(sent=from_ms(now), text="")


def _object_name(row: PickUp) -> str:
    return f"pickup:{row.pk}"


def reader_actor(client: str) -> Actor:
    """The reader in the portal: no person of the city, only a network address."""
    facts: dict[str, Any] = {"admitted": False, "client": client}
    return Actor("", **facts)
