"""What somebody makes of mail that is theirs: read or not, starred, hidden, labelled (P-06). The mail stays as it is (P-15).

None of it says anything of the mail or decides about it, so it is no entry, like a saved view (docs/decisions/0045). Callers have
made sure that the captures are the actor's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import IntegrityError, transaction

from civicmail.city.access.actors import Actor
from civicmail.city.access.epoch import from_ms
from civicmail.city.access.errors import Conflict, Unusable
from civicmail.city.directory.models import Person
from civicmail.core.config.sentence import Sentence, sentence
from civicmail.desk.mailbox import labelnames
from civicmail.desk.mailbox.actions.acting import reader
from civicmail.desk.mailbox.models import Label, shelves
from civicmail.desk.mailbox.models.keeping import NAME_MOST

LABELS_MOST = 200
AT_ONCE = 5_000
"""Captures that one act is about."""


def set_read(ids: Collection[bytes], offices: Mapping[int, Collection[bytes]], *, read: bool, actor: Actor, now: int) -> None:
    """Read, or not. offices: by row of a function mailbox those of the ids that came to it; there it counts for everybody."""
    person = reader(actor, now)
    change = shelves.put if read else shelves.take
    with transaction.atomic():
        change(shelves.read_of(person.pk), ids)
        for mailbox, some in offices.items():
            change(shelves.opened_in(mailbox), some)
        shelves.clear(shelves.read_of(person.pk), before=shelves.oldest_unread(now))


def set_starred(ids: Collection[bytes], *, starred: bool, actor: Actor, now: int) -> None:
    (shelves.put if starred else shelves.take)(shelves.starred_of(reader(actor, now).pk), ids)


def set_hidden(ids: Collection[bytes], *, hidden: bool, actor: Actor, now: int) -> None:
    """Out of one's own lists, or back again. The archive has it as before, and so has everybody else (P-15)."""
    (shelves.put if hidden else shelves.take)(shelves.hidden_of(reader(actor, now).pk), ids)


def set_labelled(label: int, ids: Collection[bytes], *, there: bool, actor: Actor, now: int) -> None:
    """label: the row of a label of the actor's own. Raises Unusable for any other."""
    row = _own(label, reader(actor, now))
    (shelves.put if there else shelves.take)(shelves.labelled(row.pk), ids)


def make_label(typed: str, *, actor: Actor, now: int) -> Label:
    """With "/" between levels; one that is there already is that one. Raises Unusable."""
    person = reader(actor, now)
    name = _name(typed)
    if there := Label.objects.filter(person=person, key=labelnames.key(name)).first():
        return there
    if Label.objects.filter(person=person).count() >= LABELS_MOST:
        said = sentence("You have {most} labels, which is the most. Remove one first.", most=LABELS_MOST)
        raise Unusable(said, {"name": said})
    try:
        with transaction.atomic():
            return Label.objects.create(person=person, name=name, key=labelnames.key(name), made=from_ms(now))
    except IntegrityError:  # the same click twice
        return Label.objects.get(person=person, key=labelnames.key(name))


def rename_label(label: int, typed: str, *, actor: Actor, now: int) -> Label:
    """With all below it. Raises Unusable, and Conflict where a name is another label's."""
    person = reader(actor, now)
    name = _name(typed)
    row = _own(label, person)
    with transaction.atomic():
        every = {r.key: r for r in Label.objects.select_for_update().filter(person=person)}
        moving = [row, *(every[k] for k in labelnames.below(row.name, every))]
        named = [(r, _name(labelnames.moved(r.name, row.name, name))) for r in moving]
        taken = every.keys() - {r.key for r in moving}
        if any(labelnames.key(new) in taken for _, new in named):
            raise Conflict(sentence("There is a label of this name already."))
        for r, new in sorted(named, key=lambda pair: pair[0].key == labelnames.key(pair[1])):
            r.name, r.key = new, f"/{r.pk}"  # out of the way of its sisters
            r.save(update_fields=["name", "key"])
        for r, new in named:
            r.key = labelnames.key(new)
            r.save(update_fields=["key"])
    return next(r for r, _ in named if r.pk == row.pk)


def remove_label(label: int, *, actor: Actor, now: int) -> str:
    """The label goes, and those below it; the messages stay where they are. Its name."""
    person = reader(actor, now)
    row = _own(label, person)
    with transaction.atomic():
        every = {r.key: r for r in Label.objects.select_for_update().filter(person=person)}
        for r in [row, *(every[k] for k in labelnames.below(row.name, every))]:
            shelves.clear(shelves.labelled(r.pk))
            r.delete()
    return row.name


def _own(label: int, person: Person) -> Label:
    row = Label.objects.filter(pk=label, person=person).first()
    if row is None:
        said = sentence("Choose one of your labels.")
        raise Unusable(said, {"label": said})
    return row


def _name(typed: str) -> str:
    name = labelnames.cleaned(typed)
    said: Sentence | None = None
    if not name:
        said = sentence("Give it a name.")
    elif len(name) > NAME_MOST:
        said = sentence("A name has at most {most} characters.", most=NAME_MOST)
    elif labelnames.too_deep(name):
        said = sentence("A label has at most {most} levels.", most=labelnames.LEVELS_MOST)
    if said is not None:
        raise Unusable(said, {"name": said})
    return name
