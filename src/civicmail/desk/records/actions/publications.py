"""The public reading room: what was released to one is published for all, after another look for personal data (P-21; Wis. Stat.
19.35 (1), 19.36 (6)).

    plan -> the worker scans -> public when its day has come, or stopped until a person takes it back or allows what was found
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from django.utils.text import slugify

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import require_not_frozen
from civicmail.desk.records.confidential_numbers import has_number
from civicmail.desk.records.models import Contact, Production, Publication, Request
from civicmail.desk.records.release_scan import Finding, kinds_in, remaining
from civicmail.desk.records.states import PUBLICATIONS

WORKER = machine("reading-room")
MAX_FINDINGS = 200
"""Findings that are stored: whoever sees so many looks at the release again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """days: between the release to the requester and the publication; with_request: whether the words of the request are shown."""

    title: str
    summary: str = ""
    days: int = 0
    with_request: bool = False


def plan(production: Production, given: Plan, *, actor: Actor, now: int) -> Publication:
    """Plan the publication of a released production, once. Raises NotPermitted, Conflict, Unusable."""
    guard.require(actor, "records.work", now=now)
    with locked_row(production) as row:
        require_not_frozen(row.request)
        if row.state != "released" or row.released is None:
            raise Conflict("Not saved: only what was released to its requester can be published.")
        for name, text in (("title", given.title), ("summary", given.summary)):
            _require_clean(name, text)
        if Publication.objects.filter(production=row).exists():
            raise Conflict("Not saved: this release was published or planned already.")
        made = Publication(
            production=row, slug=slug_of(row, given.title), title=given.title, summary=given.summary, since=from_ms(now),
            request_text=_request_text(row.request) if given.with_request else "",
            after=row.released + timedelta(days=given.days), by=acting_person(actor),
        )  # fmt: skip
        made.save()
        _enter("records.publication-planned", made, actor, now, days=given.days)
    return made


def allow(publication: Publication, why: str, *, actor: Actor, now: int) -> Publication:
    """Let what the scan found pass, with the reason. Anything else that a later scan finds stops it again. Raises NotPermitted,
    Conflict."""
    guard.require(actor, "records.work", now=now)
    with _changing(publication, "allow", now) as row:
        require_not_frozen(row.production.request)
        row.allowed = [*row.allowed, *row.problems]
        row.problems, row.why = [], why[:400]
        _enter("records.publication-allowed", row, actor, now, findings=len(row.allowed), why=why[:400])
    return row


def take_down(publication: Publication, why: str, *, actor: Actor, now: int) -> Publication:
    """Take a release out of the reading room at once. Its address then says since when and why. Raises NotPermitted, Conflict,
    Unusable."""
    guard.require(actor, "records.work", now=now)
    _require_clean("reason", why)
    with _changing(publication, "take", now) as row:
        row.why = why[:400]
        _enter("records.taken-down", row, actor, now, why=why[:400])
    return row


def store_scan(publication: Publication, found: Sequence[Finding], now: int) -> list[Finding]:
    """Store a finished scan, as the worker: what is not allowed stops the publication, and is returned."""
    problems = remaining(found, findings_of(publication.allowed))
    if problems:
        with _changing(publication, "stop", now) as row:
            row.problems = msgspec.to_builtins(problems[:MAX_FINDINGS])
            row.scanned = from_ms(now)
            _enter("records.publication-stopped", row, WORKER, now, findings=len(problems))
    else:
        Publication.objects.filter(pk=publication.pk, state="planned").update(scanned=from_ms(now))
    return problems


def fail(publication: Publication, why: str, now: int) -> None:
    """The worker cannot scan it: a person looks at it, and lets it try again."""
    with _changing(publication, "stop", now) as row:
        row.why = why[:400]
        _enter("records.publication-stopped", row, WORKER, now, why=why[:400])


def publish(publication: Publication, now: int) -> None:
    """Open it to everybody, as the worker, right after a scan that found nothing. Raises Conflict."""
    with _changing(publication, "publish", now) as row:
        row.published = from_ms(now)
        _enter("records.published", row, WORKER, now, slug=row.slug)


def findings_of(plain: Sequence[Any]) -> list[Finding]:
    """Findings as they are stored."""
    return msgspec.convert(plain, list[Finding])


def slug_of(production: Production, title: str) -> str:
    """The stable address: words of the title, and the number of the release, which makes it unique."""
    number = f"{production.request.number.lower()}-{production.number}"
    return f"{slugify(title)[:50].strip('-') or 'records'}-{number}"


def _request_text(request: Request) -> str:
    """The words of the request, if nothing in them says who asks. Raises Unusable."""
    contact = Contact.objects.filter(request=request).first()
    known = [contact.name, contact.email, contact.phone, contact.postal] if contact else []
    kinds = kinds_in(request.text)
    if request.self_request or request.incarcerated or has_number(request.text):
        raise field_error("with_request", "The words of this request say something about who asks. They are not shown.")
    if kinds or any(text and text.casefold() in request.text.casefold() for text in known):
        what = f" ({', '.join(kinds).lower()})" if kinds else ""
        raise field_error("with_request", f"The words of this request have personal data{what}. They are not shown.")
    return request.text


def _require_clean(field: str, text: str) -> None:
    """Raise Unusable if a text that everybody will read has personal data."""
    if kinds := kinds_in(text):
        raise field_error(field, f"Everybody will read this. Take out what looks like personal data: {', '.join(kinds).lower()}.")


@contextmanager
def _changing(publication: Publication, action: str, now: int) -> Iterator[Publication]:
    """A transaction with the row locked and its state changed. Raises Conflict."""
    with locked_row(publication) as row:
        row.state, row.since = PUBLICATIONS.step(row.state, action), from_ms(now)
        yield row
        row.save()
    publication.refresh_from_db()


def _enter(act: str, row: Publication, actor: Actor, now: int, **facts: Any) -> None:
    request = row.production.request
    facts = {"production": row.production.number, **facts}
    entries.enter(act, actor=actor, reason=f"Request for records {request.number}", now=now, object=object_of(request), facts=facts)
