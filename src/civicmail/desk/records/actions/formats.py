"""Requests for another format of what was released, such as large print: anybody makes one, and the desk answers it (42 USC 12132;
28 CFR 35.160). A refusal has its reason in writing (28 CFR 35.164)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import field_error
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.intake import REQUESTER
from civicmail.desk.records.models import FormatRequest, ProducedFile, Publication, Request
from civicmail.desk.records.states import FORMAT_REQUESTS

SALT = "records.format"


@dataclass(frozen=True, slots=True)
class NewFormatRequest:
    """file: a name, "" for all of it; format: of states.FORMATS; contact: where it is sent, "" for the page of the answer alone."""

    format: str
    file: str = ""
    note: str = ""
    contact: str = ""
    language: str = "en"


def ask(request: Request, publication: Publication | None, given: NewFormatRequest, *, now: int) -> FormatRequest:
    """Record that somebody needs another format. Raises Unusable."""
    if given.file and not _files(request, publication).filter(name=given.file).exists():
        raise field_error("file", "No released file has this name.")
    with transaction.atomic():
        row = FormatRequest.objects.create(
            request=request, publication=publication, file=given.file, format=given.format, note=given.note, contact=given.contact,
            language=given.language, received=from_ms(now),
        )  # fmt: skip
        _enter("records.format-asked", row, REQUESTER, now)
    return row


def provide(row: FormatRequest, answer: str, *, actor: Actor, now: int) -> FormatRequest:
    """Record that it was sent or put there. The contact data goes. Raises NotPermitted, Conflict."""
    with _answering(row, "provide", answer, actor, now) as locked:
        _enter("records.format-provided", locked, actor, now)
    return row


def decline(row: FormatRequest, answer: str, *, actor: Actor, now: int) -> FormatRequest:
    """Refuse it with the reason in writing. The contact data goes. Raises NotPermitted, Conflict."""
    with _answering(row, "decline", answer, actor, now) as locked:
        _enter("records.format-declined", locked, actor, now)
    return row


def token_of(row: FormatRequest) -> str:
    """The last part of the address of its answer, which only its asker gets."""
    return signing.dumps(row.pk, salt=SALT)


def by_token(token: str) -> FormatRequest | None:
    """The request of an address."""
    try:
        number = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return FormatRequest.objects.select_related("request", "publication").filter(pk=number).first()


def _files(request: Request, publication: Publication | None) -> QuerySet[ProducedFile]:
    rows = ProducedFile.objects.filter(production__request=request, production__state="released")
    return rows if publication is None else rows.filter(production=publication.production_id)


@contextmanager
def _answering(row: FormatRequest, action: str, answer: str, actor: Actor, now: int) -> Iterator[FormatRequest]:
    guard.require(actor, "records.work", now=now)
    with locked_row(row) as locked:
        locked.state = FORMAT_REQUESTS.step(locked.state, action)
        locked.by, locked.at, locked.answer, locked.contact = acting_person(actor), from_ms(now), answer[:1000], ""
        yield locked
        locked.save()
    row.refresh_from_db()


def _enter(act: str, row: FormatRequest, actor: Actor, now: int) -> None:
    facts = {"format": row.format, "file": row.file}
    reason = f"Request for records {row.request.number}"
    entries.enter(act, actor=actor, reason=reason, now=now, object=object_of(row.request), facts=facts)
