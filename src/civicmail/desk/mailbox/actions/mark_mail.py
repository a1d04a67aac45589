"""Mark one's own mail: read, starred, hidden, labeled (P-06). The mail itself never changes (P-15).

A mark does not change the message and has no effect on others, so it writes no audit entry, like a saved view
(docs/decisions/0045). The caller makes sure that the captures are the actor's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import IntegrityError, transaction

from civicmail.city.directory.models import Person
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.core.config.sentence import Sentence, sentence
from civicmail.desk.mailbox import label_names
from civicmail.desk.mailbox.actions.mail_actor import require_reader
from civicmail.desk.mailbox.label_names import MAX_NAME
from civicmail.desk.mailbox.models import Label, shelves

MAX_LABELS = 200
BATCH_SIZE = 5_000
"""Captures that one act is about."""


def set_read(ids: Collection[bytes], offices: Mapping[int, Collection[bytes]], *, read: bool, actor: Actor, now: int) -> None:
    """Mark as read or unread. offices: by row of a function mailbox, the ids that it received; there the mark counts for all its
    users."""
    person = require_reader(actor, now)
    change = shelves.add if read else shelves.remove
    with transaction.atomic():
        change(shelves.read_of(person.pk), ids)
        for mailbox, some in offices.items():
            change(shelves.opened_in(mailbox), some)
        shelves.clear(shelves.read_of(person.pk), before=shelves.oldest_unread(now))


def set_starred(ids: Collection[bytes], *, starred: bool, actor: Actor, now: int) -> None:
    (shelves.add if starred else shelves.remove)(shelves.starred_of(require_reader(actor, now).pk), ids)


def set_hidden(ids: Collection[bytes], *, hidden: bool, actor: Actor, now: int) -> None:
    """Hide messages in one's own lists, or show them again. The archive and everybody else still have them (P-15)."""
    (shelves.add if hidden else shelves.remove)(shelves.hidden_of(require_reader(actor, now).pk), ids)


def set_labeled(label: int, ids: Collection[bytes], *, on: bool, actor: Actor, now: int) -> None:
    """label: row of one of the actor's labels. Raises Unusable for any other."""
    row = _own_label(label, require_reader(actor, now))
    (shelves.add if on else shelves.remove)(shelves.labeled(row.pk), ids)


def make_label(typed: str, *, actor: Actor, now: int) -> Label:
    """Create a label, with "/" between levels, or return the existing one. Raises Unusable."""
    person = require_reader(actor, now)
    name = _checked_name(typed)
    if existing := Label.objects.filter(person=person, key=label_names.key(name)).first():
        return existing
    if Label.objects.filter(person=person).count() >= MAX_LABELS:
        raise field_error("name", sentence("You have {most} labels, which is the most. Remove one first.", most=MAX_LABELS))
    try:
        with transaction.atomic():
            return Label.objects.create(person=person, name=name, key=label_names.key(name), made=from_ms(now))
    except IntegrityError:  # the same click twice
        return Label.objects.get(person=person, key=label_names.key(name))


def rename_label(label: int, typed: str, *, actor: Actor, now: int) -> Label:
    """Rename a label with all labels below it. Raises Unusable, and Conflict if a name exists already."""
    person = require_reader(actor, now)
    name = _checked_name(typed)
    row = _own_label(label, person)
    with transaction.atomic():
        by_key = {r.key: r for r in Label.objects.select_for_update().filter(person=person)}
        moving = [row, *(by_key[k] for k in label_names.below(row.name, by_key))]
        renamed = [(r, _checked_name(label_names.rename_below(r.name, row.name, name))) for r in moving]
        other_keys = by_key.keys() - {r.key for r in moving}
        if any(label_names.key(new) in other_keys for _, new in renamed):
            raise Conflict(sentence("There is a label of this name already."))
        for r, new in sorted(renamed, key=lambda pair: pair[0].key == label_names.key(pair[1])):
            r.name, r.key = new, f"/{r.pk}"  # out of the way of its sisters
            r.save(update_fields=["name", "key"])
        for r, new in renamed:
            save_values(r, key=label_names.key(new))
    return next(r for r, _ in renamed if r.pk == row.pk)


def remove_label(label: int, *, actor: Actor, now: int) -> str:
    """Remove the label and those below it; the messages stay. Return its name."""
    person = require_reader(actor, now)
    row = _own_label(label, person)
    with transaction.atomic():
        every = {r.key: r for r in Label.objects.select_for_update().filter(person=person)}
        for r in [row, *(every[k] for k in label_names.below(row.name, every))]:
            shelves.clear(shelves.labeled(r.pk))
            r.delete()
    return row.name


def _own_label(label: int, person: Person) -> Label:
    row = Label.objects.filter(pk=label, person=person).first()
    if row is None:
        raise field_error("label", sentence("Choose one of your labels."))
    return row


def _checked_name(typed: str) -> str:
    name = label_names.clean(typed)
    message: Sentence | None = None
    if not name:
        message = sentence("Give it a name.")
    elif len(name) > MAX_NAME:
        message = sentence("A name has at most {most} characters.", most=MAX_NAME)
    elif label_names.too_deep(name):
        message = sentence("A label has at most {most} levels.", most=label_names.MAX_LEVELS)
    if message is not None:
        raise field_error("name", message)
    return name
