"""Save, change and discard drafts and their files; change a signature (P-06, P-14).

None of it is an audit entry: a draft is no record before it is sent, and the ledger would show who wrote when. Two windows
never overwrite each other unseen, because each save names the version that it is based on.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from django.db import IntegrityError, transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error
from civicmail.city.guard.resources import OfPerson
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox.actions.send_message import is_open
from civicmail.desk.mailbox.compose import MAX_SIGNATURE
from civicmail.desk.mailbox.models import Draft, DraftFile, Signature

MAX_DRAFTS = 300
"""Drafts that one person has at a time."""
MAX_FILES = 30
MAX_TEXT = 200_000
"""Characters of a text, and of what is quoted."""
MAX_FIELD = 20_000


@dataclass(frozen=True, slots=True)
class DraftContent:
    """The typed content of a draft."""

    mailbox: str
    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    text: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """The message that a new draft answers or forwards (replies.py); fixed at its creation."""

    how: str = ""
    source: str = ""
    in_reply_to: str = ""
    references: str = ""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to attach. kind, odd: as in DraftFile."""

    name: str
    content: bytes
    kind: str
    odd: bool = False


def save(
    uid: uuid.UUID,
    written: DraftContent,
    *,
    version: int,
    actor: Actor,
    now: int,
    answers: ReplyTo | None = None,
    max_bytes: int = 0,
    files: Sequence[NewFile] = (),
) -> Draft:
    """Save the text and return the draft. version: the one shown, 0 for a new draft; answers, files, most: for a new draft, as in
    attach(). Raises NotPermitted, Unusable, and Conflict if it was changed, or sent, in another window."""
    guard.require(actor, "my.write", OfPerson(actor.uid), now=now)
    _require_fitting(written)
    with transaction.atomic():
        row = Draft.objects.select_for_update().filter(uid=uid).first()
        if row is None:
            row = _new_draft(uid, written, answers or ReplyTo(), actor, now)
            if files:
                _add_files(row, files, max_bytes)
            return row
        _require_mine(row, actor, version)
        changed = [f.name for f in fields(DraftContent) if getattr(row, f.name) != getattr(written, f.name)]
        for name in changed:
            setattr(row, name, getattr(written, name))
        if changed or row.why:
            _save_change(row, now)
    return row


def attach(draft: Draft, files: Sequence[NewFile], *, max_bytes: int, actor: Actor, now: int) -> Draft:
    """Attach files. max_bytes: bytes that all files may have together. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "my.write", OfPerson(actor.uid), now=now)
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        _require_mine(row, actor, draft.version)
        _add_files(row, files, max_bytes)
        _save_change(row, now)
    return row


def remove(draft: Draft, files: Iterable[int], *, actor: Actor, now: int) -> Draft:
    """Remove files; ignore ids of others and absent ones. Raises NotPermitted, Conflict."""
    guard.require(actor, "my.write", OfPerson(actor.uid), now=now)
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        _require_mine(row, actor, draft.version)
        if row.files.filter(pk__in=list(files)).delete()[0]:
            _save_change(row, now)
    return row


def discard(draft: Draft, *, actor: Actor, now: int) -> None:
    """Delete the draft with its files. Raises NotPermitted, Conflict."""
    guard.require(actor, "my.write", OfPerson(actor.uid), now=now)
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        _require_mine(row, actor, row.version)
        row.delete()


def sign(lines: str, *, actor: Actor, now: int) -> None:
    """Set one's own lines below the identification block. Raises NotPermitted, Unusable."""
    guard.require(actor, "my.write", OfPerson(actor.uid), now=now)
    lines = lines.replace("\r\n", "\n")
    if len(lines) > MAX_SIGNATURE:
        raise field_error("lines", _("A signature has at most {count} characters.", count=MAX_SIGNATURE))
    with transaction.atomic():
        Signature.objects.update_or_create(person=acting_person(actor), defaults={"lines": lines.strip()})


def _new_draft(uid: uuid.UUID, written: DraftContent, answers: ReplyTo, actor: Actor, now: int) -> Draft:
    person = acting_person(actor)
    if Draft.objects.filter(person=person).count() >= MAX_DRAFTS:
        raise Unusable(_("You have {count} drafts; discard some first.", count=MAX_DRAFTS))
    text_fields = {f.name: getattr(written, f.name) for f in fields(DraftContent)}
    reply_fields = {f.name: getattr(answers, f.name) for f in fields(ReplyTo)}
    try:
        with transaction.atomic():
            return Draft.objects.create(uid=uid, person=person, changed=from_ms(now), **text_fields, **reply_fields)
    except IntegrityError:  # two windows, or two clicks, at once
        raise Conflict(_("Not saved: it was changed in another window. Reload the page.")) from None


def _require_mine(row: Draft, actor: Actor, version: int) -> None:
    if row.person.uid != actor.uid:
        raise NotPermitted(_("This belongs to another person."))
    if is_open(row.uid):
        raise Conflict(_("This message is being sent already."))
    if row.version != version:
        raise Conflict(_("Not saved: it was changed in another window. Reload the page."))


def _save_change(row: Draft, now: int) -> None:
    row.version, row.changed, row.why = row.version + 1, from_ms(now), ""
    row.save()


def _add_files(row: Draft, files: Sequence[NewFile], max_bytes: int) -> None:
    sizes = row.files.values_list("size", flat=True)
    if len(sizes) + len(files) > MAX_FILES:
        raise field_error("file", _("A message has at most {count} files; put more of them into one archive.", count=MAX_FILES))
    if (size := sum(sizes) + sum(len(f.content) for f in files)) > max_bytes:
        raise files_too_large(size, max_bytes)
    for file in files:
        digest = hashlib.sha256(file.content).hexdigest()
        DraftFile.objects.create(
            draft=row, name=file.name[-255:], kind=file.kind[:20], odd=file.odd, size=len(file.content), sha256=digest,
            content=file.content,
        )  # fmt: skip


def files_too_large(size: int, max_bytes: int) -> Unusable:
    """The error for files that are too large together."""
    message = _(
        "The files have {size} MB together, and {most} MB may go with a message. Take some out, or send several messages.",
        size=f"{size / 1_000_000:.1f}",
        most=f"{max_bytes / 1_000_000:.1f}",
    )
    return Unusable(message, {"file": message})


def _require_fitting(written: DraftContent) -> None:
    for name, limit in (
        ("to", MAX_FIELD),
        ("cc", MAX_FIELD),
        ("bcc", MAX_FIELD),
        ("subject", 400),
        ("text", MAX_TEXT),
        ("quote", MAX_TEXT),
    ):
        if len(getattr(written, name)) > limit:
            raise field_error(name, _("This is longer than {count} characters.", count=limit))
