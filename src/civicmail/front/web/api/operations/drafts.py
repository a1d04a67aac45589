"""Drafts, their files, outgoing mail and undo (P-06, P-14, P-22)."""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import datetime

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages.city_request import me, require
from civicmail.desk.mailbox.actions import edit_drafts, submit_draft
from civicmail.desk.mailbox.actions.edit_drafts import DraftContent
from civicmail.desk.mailbox.acts.drafts import DISCARD_DRAFT, REMOVE_DRAFT_FILE, SEND_DRAFT
from civicmail.desk.mailbox.acts.outgoing import HASTEN_MAIL, UNDO_MAIL
from civicmail.desk.mailbox.draft_file_type import with_file_type
from civicmail.desk.mailbox.models import Draft, DraftFile, Outgoing, senders
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.compose import Given, Outlook, foretold, given
from civicmail.front.web.api.operations.mail import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema

ONE = "/drafts/{uuid:uid}"
OUT = "/outgoing/{uuid:uid}"


class DraftLine(RowSchema):
    """A draft of mine. files: how many; version: rises with each change; why: what came of the last sending, if it was refused."""

    uid: uuid.UUID
    mailbox: str
    to: str
    subject: str
    changed: datetime
    files: int
    version: int
    why: str


class DraftedFile(RowSchema):
    """kind: what it is by its content; odd: its name promises something else; size: bytes."""

    id: int
    name: str
    kind: str
    odd: bool
    size: int
    sha256: str


class OneDraft(RowSchema):
    """to, cc, bcc: as they were typed; quote: of the message that it answers or forwards."""

    uid: uuid.UUID
    version: int
    mailbox: str
    to: str
    cc: str
    bcc: str
    subject: str
    text: str
    quote: str
    files: list[DraftedFile]
    changed: datetime
    why: str


class DraftText(Schema):
    """mailbox: it is sent from, left out for one's own."""

    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    text: str = ""
    mailbox: str = ""


class DraftChange(Schema):
    """version: as it was seen; what is left out stays as it is."""

    version: int
    mailbox: str | None = None
    to: str | None = None
    cc: str | None = None
    bcc: str | None = None
    subject: str | None = None
    text: str | None = None
    quote: str | None = None


class DraftSeen(Schema):
    """version: as it was seen."""

    version: int


class FileToAdd(DraftSeen):
    """content: in base64 (RFC 4648); with it a request has at most 32 MiB."""

    name: str
    content: str


@operation(router, "GET", "/drafts", act="my.write", scope="read:mail", page="mail-drafts", response=list[DraftLine])
def list_drafts(request: Call, response: HttpResponse) -> list[DraftLine]:
    """List my drafts, newest first."""
    _mine(request)
    rows = Draft.objects.filter(person=me(request)).annotate(count=Count("files"))
    return pagination.rows(request, response, rows, _line, by="-pk")


def _line(row: Draft) -> DraftLine:
    count: int = row.count  # type: ignore[attr-defined]  # of the annotation
    return DraftLine.from_row(row, files=count)


@operation(router, "GET", ONE, act="my.write", scope="read:mail", page="mail-draft", response=OneDraft)
def read_draft(request: Call, uid: uuid.UUID) -> OneDraft:
    """Read one of my drafts, with the names of its files."""
    return _shown(_draft(request, uid))


def _shown(row: Draft) -> OneDraft:
    files = [DraftedFile.from_row(f) for f in DraftFile.objects.filter(draft=row).defer("content").order_by("pk")]
    return OneDraft.from_row(row, files=files)


@operation(router, "POST", "/drafts", act="my.write", scope="write:mail", page="mail-drafts", response=OneDraft, status=201)
def write_draft(request: Call, body: DraftText) -> OneDraft:
    """Create a draft. Nothing is sent before `send_draft`."""
    _mine(request)
    now = epoch_ms(request.now)
    senders_ = senders.senders(request.actor, now=now)
    own = senders.own_sender(senders_)
    mailbox = body.mailbox.strip().lower() or (own.address if own else "")
    if mailbox not in {s.address for s in senders_}:
        raise Unusable("This mailbox is not yours to send from.", {"mailbox": "Choose one of yours."})
    written = DraftContent(mailbox, body.to, body.cc, body.bcc, body.subject, body.text)

    def do() -> OneDraft:
        return _shown(edit_drafts.save(uuid.uuid4(), written, version=0, actor=request.actor, now=now))

    return once(request, do)


@operation(router, "PATCH", ONE, act="my.write", scope="write:mail", page="mail-draft", response=OneDraft)
def change_draft(request: Call, uid: uuid.UUID, body: DraftChange) -> OneDraft:
    """Change a draft. Concurrent changes do not overwrite each other: send the version that you read."""
    row = _draft(request, uid)
    changes = body.model_dump(exclude={"version"}, exclude_none=True)
    had = {name: getattr(row, name) for name in ("mailbox", "to", "cc", "bcc", "subject", "text", "quote")}
    written = DraftContent(**{**had, **changes})
    return _shown(edit_drafts.save(uid, written, version=body.version, actor=request.actor, now=epoch_ms(request.now)))


@operation(router, "POST", f"{ONE}/files", act="my.write", scope="write:mail", page="mail-draft", response=OneDraft, status=201)
def add_draft_file(request: Call, uid: uuid.UUID, body: FileToAdd) -> OneDraft:
    """Add a file. Its type is detected from its content."""
    row, max_bytes = _seen(request, uid, body.version), submit_draft.max_files_bytes()
    if (size := len(body.content) * 3 // 4) > max_bytes + 2:
        raise edit_drafts.files_too_large(size, max_bytes)
    try:
        content = base64.b64decode(body.content, validate=True)
    except (ValueError, binascii.Error):
        raise Unusable("The content is not base64.", {"content": "Not base64 (RFC 4648)."}) from None
    made = with_file_type(body.name, content)

    def do() -> OneDraft:
        return _shown(edit_drafts.attach(row, [made], max_bytes=max_bytes, actor=request.actor, now=epoch_ms(request.now)))

    return once(request, do)


act_operation(router, REMOVE_DRAFT_FILE, OneDraft, _shown)
act_operation(router, DISCARD_DRAFT, DraftSeen, lambda version: DraftSeen(version=version))


@operation(router, "GET", f"{ONE}/forecast", act="my.write", scope="read:mail", page="mail-draft", response=Outlook)
def forecast_draft(request: Call, uid: uuid.UUID) -> Outlook:
    """Forecast what would happen to a draft with its files, for each recipient."""
    row = _draft(request, uid)
    return foretold(request, row, submit_draft.require_recipients(row))


act_operation(router, SEND_DRAFT, Given, given)


@operation(router, "GET", "/outgoing", act="my.write", scope="read:mail", page="mail-drafts", response=list[Given])
def list_outgoing(request: Call, response: HttpResponse) -> list[Given]:
    """List my sent messages, newest first, with their status."""
    _mine(request)
    return pagination.rows(request, response, Outgoing.objects.filter(person=me(request)).defer("content"), given, by="-pk")


@operation(router, "GET", OUT, act="my.write", scope="read:mail", page="mail-outgoing", response=Given)
def read_outgoing(request: Call, uid: uuid.UUID) -> Given:
    """Read one of them; `capture` is its number in my mail once it is sent."""
    return given(_outgoing(request, uid))


act_operation(router, UNDO_MAIL, Given, given)
act_operation(router, HASTEN_MAIL, Given, given)


def _mine(request: Call) -> None:
    require(request, "my.write", OfPerson(me(request).uid))


def _draft(request: Call, uid: uuid.UUID) -> Draft:
    _mine(request)
    return get_object_or_404(Draft, uid=uid, person=me(request))


def _seen(request: Call, uid: uuid.UUID, version: int) -> Draft:
    row = _draft(request, uid)
    as_seen(request, row.version, version, "It was changed meanwhile; read it again.")
    return row


def _outgoing(request: Call, uid: uuid.UUID) -> Outgoing:
    _mine(request)
    return get_object_or_404(Outgoing.objects.defer("content"), uid=uid, person=me(request))
