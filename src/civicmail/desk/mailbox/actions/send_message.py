"""Queue a message to be sent, undo it while it waits, send it at once, and learn its outcome (P-06, P-14).

    send_message.send(MessageText(mailbox=…, to=[NamedAddress(…)], subject=…, text=…), actor=…, reason="answer", now=ms)

A row keeps the finished bytes until the worker has archived them (front/worker/sending.py), so that a message survives a crash
and is sent once. Its sender, its content and the rules are checked when it is sent, as for mail by SMTP.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, field_error
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox import send_states
from civicmail.desk.mailbox.compose import Attachment, Calendar, NamedAddress, NewMessage, build
from civicmail.desk.mailbox.models import Draft, Outgoing, SentPlain, senders
from civicmail.desk.mailbox.send_states import Action

UNDO_MS = 20_000
"""ms in which a message can be undone."""
MIN_PLAIN_REASON = 10
"""Characters of a reason to send unencrypted."""
MAX_RECIPIENTS = 500
"""Addresses of one message; use a list for more."""


@dataclass(frozen=True, slots=True)
class UnencryptedChoice:
    """The sender's choice to send a message unencrypted. rules: the overridden ones; copies: how many they are about."""

    reason: str
    rules: tuple[str, ...] = ()
    copies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageText:
    """The content of a message. mailbox: the sending one; text: the whole text, as senders.full_text makes it; in_reply_to,
    references: Message-IDs with their brackets."""

    mailbox: str
    to: Sequence[NamedAddress]
    cc: Sequence[NamedAddress] = ()
    bcc: Sequence[NamedAddress] = ()
    subject: str
    text: str
    files: Sequence[Attachment] = ()
    calendar: Calendar | None = None
    in_reply_to: str = ""
    references: Sequence[str] = ()


def send(
    written: MessageText,
    *,
    actor: Actor,
    reason: str,
    now: int,
    key: str = "",
    wait: int = UNDO_MS,
    draft: Draft | None = None,
    plain: UnencryptedChoice | None = None,
) -> Outgoing:
    """Queue a message from one of the actor's mailboxes, to be sent after `wait` ms. key: a repeated key is the same message and
    is not sent twice; draft: its source; plain: send it unencrypted, whatever rules say. Raises NotPermitted, Unusable,
    Conflict."""
    guard.require(actor, "my.write", OfPerson(actor.uid), now=now)
    if key and (existing := Outgoing.objects.filter(key=key).first()) is not None:
        return existing
    letter = compose_letter(written, uuid.uuid4(), actor=actor, now=now)
    with transaction.atomic():
        if draft is not None:
            _require_unsent(draft)
        to = _addresses((*written.to, *written.cc, *written.bcc))
        row = _queue(letter, to, actor=actor, reason=reason, now=now, key=key, wait=wait, draft=draft)
        if plain is not None:
            _record_unencrypted(row, plain, actor, now)
        return row


def _record_unencrypted(row: Outgoing, plain: UnencryptedChoice, actor: Actor, now: int) -> None:
    """Record the sender's choice and reason for the privacy officer."""
    why = require_reason(plain.reason, min_length=MIN_PLAIN_REASON)
    box = Mailbox.objects.select_related("department").filter(address=row.mailbox).first()
    SentPlain.objects.create(
        uid=row.uid, person=row.person, mailbox=row.mailbox, department=box.department.code if box else "", reason=why[:400],
        rules=",".join(plain.rules)[:400], copies=plain.copies, made=from_ms(now),
    )  # fmt: skip
    entries.enter("mail.plain", actor=actor, reason=why, now=now, object=f"outgoing:{row.uid}", facts={"rules": list(plain.rules)})


def _addresses(named: Sequence[NamedAddress]) -> list[str]:
    """Addresses of the envelope, each once."""
    addresses = list(dict.fromkeys(n.address for n in named))
    if not addresses:
        raise field_error("to", _("Say to whom it goes."))
    if len(addresses) > MAX_RECIPIENTS:
        raise field_error("to", too_many_recipients())
    return addresses


def too_many_recipients() -> Sentence:
    """The error for more than MAX_RECIPIENTS addresses."""
    return _("A message goes to at most {count} addresses; ask the access office for a list.", count=MAX_RECIPIENTS)


def _queue(
    letter: NewMessage, to: list[str], *, actor: Actor, reason: str, now: int, key: str, wait: int, draft: Draft | None
) -> Outgoing:
    """Create the row and its audit entry."""
    row = Outgoing.objects.create(
        uid=letter.uid,
        key=key or None,
        person=acting_person(actor),
        draft=draft.uid if draft else None,
        mailbox=letter.sender.address,
        recipients=to,
        content=build(letter),
        made=from_ms(now),
        due=from_ms(now + max(0, wait)),
        since=from_ms(now),
    )
    facts = {"mailbox": letter.sender.address, "recipients": len(to), "files": len(letter.files)}
    behalf = letter.sender.address if letter.behalf is not None else ""
    entries.enter("mail.send", actor=actor, reason=reason, now=now, object=f"outgoing:{row.uid}", behalf=behalf, facts=facts)
    return row


def compose_letter(written: MessageText, uid: uuid.UUID, *, actor: Actor, now: int) -> NewMessage:
    """Compose the message with the only From that it may have: a mailbox that the actor may send from, under the directory's
    name. Raises NotPermitted for any other."""
    own_senders = senders.senders(actor, now=now)
    chosen = next((s for s in own_senders if s.address == written.mailbox.strip().lower()), None)
    if chosen is None:
        raise NotPermitted(_("This mailbox is not yours to send from: choose one of yours."))
    own = senders.own_sender(own_senders)
    behalf = NamedAddress(own.address, own.name) if chosen.behalf and own is not None else None
    return NewMessage(
        uid,
        now,
        sender=NamedAddress(chosen.address, chosen.name),
        to=tuple(written.to),
        cc=tuple(written.cc),
        subject=written.subject,
        text=written.text,
        behalf=behalf,
        files=tuple(written.files),
        in_reply_to=written.in_reply_to,
        references=tuple(written.references),
        calendar=written.calendar,
    )


def _require_unsent(draft: Draft) -> None:
    """Prevent that a draft is sent twice, from two windows or by two clicks."""
    row = Draft.objects.select_for_update().filter(pk=draft.pk).first()
    if row is None or is_open(draft.uid):
        raise Conflict(_("This message is being sent already."))
    if row.version != draft.version:
        raise Conflict(_("Not saved: it was changed in another window. Reload the page."))


def is_open(draft: uuid.UUID) -> bool:
    """Whether a message from this draft is still queued."""
    return Outgoing.objects.filter(draft=draft, state__in=send_states.OPEN).exists()


def undo(row: Outgoing, *, actor: Actor, reason: str, now: int) -> Outgoing:
    """Undo the sending: the draft is as before. Raises NotPermitted, and Conflict if the worker took it already."""
    with transaction.atomic():
        locked = _step(row, "undo", actor, now)
        locked.content = b""
        locked.save()
        SentPlain.objects.filter(uid=locked.uid).delete()
        entries.enter("mail.undo", actor=actor, reason=reason, now=now, object=f"outgoing:{locked.uid}")
    return locked


def send_now(row: Outgoing, *, actor: Actor, now: int) -> Outgoing:
    """Send it at once. Raises NotPermitted, and Conflict if it was taken or undone already."""
    with transaction.atomic():
        locked = _step(row, "hasten", actor, now)
        locked.due = min(locked.due, from_ms(now))
        locked.save()
    return locked


def _step(row: Outgoing, action: Action, actor: Actor, now: int) -> Outgoing:
    """A step by its person."""
    guard.require(actor, "my.write", OfPerson(row.person.uid), now=now)
    assert action in send_states.PERSON
    locked = Outgoing.objects.select_for_update().get(pk=row.pk)
    state = send_states.step(locked.state, action)
    if state is None:
        reasons = {"undone": _("It was withdrawn already."), "returned": _("It was not sent; the draft says why.")}
        raise Conflict(reasons.get(locked.state, _("It is sent already, and cannot be taken back.")))
    if state != locked.state:
        locked.state, locked.since = state, from_ms(now)
    return locked
