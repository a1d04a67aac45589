"""Who opened a message to a shared mailbox first, and who takes care of it, visible to all its users (P-06, M5).

Taking a message is an audit entry; opening it is stored once, for the first person.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import transaction

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.core.config.sentence import sentence
from civicmail.desk.mailbox.actions.mail_actor import require_reader
from civicmail.desk.mailbox.models import Handled


def note_opened(capture: uuid.UUID, mailboxes: Collection[int], *, actor: Actor, now: int) -> None:
    """Record the first person who opened it. mailboxes: rows of the function mailboxes that received it."""
    if mailboxes:
        person = require_reader(actor, now)
        for mailbox in mailboxes:
            _row(capture, mailbox, person, now)


def take(capture: uuid.UUID, mailbox: Mailbox, *, actor: Actor, now: int) -> None:
    """Take care of the message. Raises Conflict, with the name, if another person does."""
    person = require_reader(actor, now)
    with transaction.atomic():
        row = Handled.objects.select_for_update().get(pk=_row(capture, mailbox.pk, person, now).pk)
        if row.taken_by is not None and row.taken_by_id != person.pk:
            raise Conflict(sentence("Not saved: {name} has taken this already.", name=row.taken_by))
        if row.taken_by is None:
            _set_taken(row, person, actor, "mail.take", now)


def drop(capture: uuid.UUID, mailbox: Mailbox, *, actor: Actor, now: int) -> None:
    """End the care of the message; any user of the mailbox may, for example if the person is ill."""
    require_reader(actor, now)
    with transaction.atomic():
        row = Handled.objects.select_for_update().filter(mailbox=mailbox, capture=capture).first()
        if row is not None and row.taken_by is not None:
            _set_taken(row, None, actor, "mail.let-go", now)


def _set_taken(row: Handled, person: Person | None, actor: Actor, act: str, now: int) -> None:
    before = row.taken_by.uid if row.taken_by else ""
    save_values(row, taken_by=person, taken=from_ms(now) if person else None)
    facts = {"mailbox": row.mailbox.address, "before": before}
    entries.enter(act, actor=actor, reason="who takes care of it", now=now, object=f"capture:{row.capture}", facts=facts)


def _row(capture: uuid.UUID, mailbox: int, person: Person, now: int) -> Handled:
    facts = {"opened_by": person, "opened": from_ms(now)}
    return Handled.objects.get_or_create(mailbox_id=mailbox, capture=capture, defaults=facts)[0]
