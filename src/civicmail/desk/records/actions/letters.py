"""Letters to the requester: made by the law pack from the case, edited by an officer, approved where the law wants it (P-21).

A letter is sent whole or not at all: while a reason, a fact or a mandatory sentence is missing or altered, it stays a draft
(Wis. Stat. 19.35 (4) (b)). What is sent is always on the status page, and goes by mail where the requester gave an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, cast

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, field_error
from civicmail.city.guard.models import Entry
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import Decision
from civicmail.city.guard.roles import Role
from civicmail.city.law.entries import Letter as Kind
from civicmail.city.notices.actions import notify
from civicmail.desk.records.actions import clock, intake
from civicmail.desk.records.actions.clock import usable_pack
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import locked_request
from civicmail.desk.records.models import Letter, Request
from civicmail.desk.records.queries import custodians
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.queries.letters import Case, case_of, demand_until
from civicmail.desk.records.states import LETTERS

MAX_TEXT = 20_000
"""Characters of a letter, as of a notice: none is cut."""
WRITERS = ("records.letter-write", "records.letter-change", "records.letter-submit")
"""Entries of people who wrote a letter: none of them approves it."""


def write(row: Request, kind: str, *, actor: Actor, now: int) -> Letter:
    """Begin a letter, filled in from the case. kind: one that fits it. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    pack = usable_pack(row)
    with locked_request(row) as request:
        case = case_of(request, pack)
        if kind not in case.fitting:
            raise field_error("kind", "Choose one of the letters that fit this request now.")
        language = request.language if request.language in case.fitting[kind].text else pack.languages[0]
        made = pack.draft_letter(kind, case.facts_for(kind), language)
        letter = Letter.objects.create(
            request=request, kind=kind, language=language, subject=made.subject[:200], text=made.body, by=acting_person(actor),
            at=from_ms(now),
        )  # fmt: skip
        _enter("records.letter-write", letter, actor, now, kind=kind)
    return letter


def change(letter: Letter, text: str, *, actor: Actor, now: int) -> Letter:
    """Save the text of a draft, whole or not. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not text:
        raise field_error("text", "Write the letter, or discard the draft.")
    _require_short(text)
    with _draft(letter) as row:
        save_values(row, text=text, by=acting_person(actor), at=from_ms(now))
        _enter("records.letter-change", row, actor, now)
    return row


def fill(letter: Letter, *, actor: Actor, now: int) -> Letter:
    """Make the text of a draft again from the case as it is now; what was written into it is lost. Raises NotPermitted,
    Conflict."""
    guard.require(actor, "records.work", now=now)
    pack = usable_pack(letter.request)
    with _draft(letter) as row:
        made = pack.draft_letter(row.kind, case_of(row.request, pack).facts_for(row.kind), row.language)
        save_values(row, text=made.body, subject=made.subject[:200], by=acting_person(actor), at=from_ms(now))
        _enter("records.letter-change", row, actor, now, filled=1)
    return row


def discard(letter: Letter, *, actor: Actor, now: int) -> Letter:
    """Delete a draft that was never sent. Raises NotPermitted, Conflict."""
    guard.require(actor, "records.work", now=now)
    with _draft(letter) as row:
        _enter("records.letter-discard", row, actor, now, kind=row.kind)
        Letter.objects.filter(pk=row.pk).delete()
    return letter


def submit(letter: Letter, *, actor: Actor, now: int) -> Letter:
    """Ask for the approval that the law pack wants for this letter. Raises NotPermitted, Conflict, also while it is not whole."""
    guard.require(actor, "records.work", now=now)
    with _whole(letter, "submit") as (row, kind):
        if not kind.approval:
            raise Conflict("This letter needs no approval. Send it.")
        row.by, row.at, row.why = acting_person(actor), from_ms(now), ""
        _enter("records.letter-submit", row, actor, now, sha256=_digest(row))
    return row


def send(letter: Letter, *, actor: Actor, now: int) -> Letter:
    """Send a letter that needs no approval. Raises NotPermitted, Conflict, also while it is not whole."""
    guard.require(actor, "records.work", now=now)
    with _whole(letter, "send") as (row, kind):
        if kind.approval or row.state != "draft":
            raise Conflict("Not sent: this letter needs an approval first. Submit it.")
        _deliver(row, kind, actor, now)
    return row


def approve(letter: Letter, *, actor: Actor, now: int) -> Letter:
    """Approve a letter, which sends it, as a person with the role that the law pack names, who wrote nothing of it. Raises
    NotPermitted, Conflict, also if it is no longer whole."""
    with _whole(letter, "send") as (row, kind):
        _require_second(row, kind, actor, now)
        row.approved_by = acting_person(actor)
        _deliver(row, kind, actor, now)
    return row


def give_back(letter: Letter, why: str, *, actor: Actor, now: int) -> Letter:
    """Return a letter to who wrote it, with the reason. Raises NotPermitted, Unusable, Conflict."""
    why = checked_reason(why, min_length=10)
    pack = usable_pack(letter.request)
    with locked_request(letter.request):
        row = lock_row(letter)
        _require_second(row, pack.letter(row.kind), actor, now)
        row.state, row.why = LETTERS.step(row.state, "return"), why
        row.save()
        _enter("records.letter-return", row, actor, now, why=why)
    return row


def demand_reasons(row: Request, *, actor: Actor, now: int) -> Request:
    """Record that the requester demands the reasons for an oral denial in writing, within the days of the law. Raises NotPermitted,
    Conflict."""
    guard.require(actor, "records.work", now=now)
    pack = usable_pack(row)
    with locked_request(row) as request:
        today, until = local_day(from_ms(now)), demand_until(request, pack)
        if until is None or request.reasons_demanded is not None:
            raise Conflict("Written reasons are demanded once, after an oral denial.")
        if today > until:
            raise Conflict(f"Written reasons could be demanded until {until}.")
        save_values(request, reasons_demanded=today)
        entries.enter(
            "records.demand-reasons", actor=actor, reason="", now=now, object=object_of(request), facts={"until": f"{until}"}
        )
    return request


def about(letter: Letter) -> Decision:
    """A letter as what a second person approves: whoever wrote or submitted it is the first."""
    wrote = Entry.objects.filter(object=object_of(letter.request), act__in=WRITERS, facts__letter=letter.pk)
    people = dict.fromkeys([letter.by.uid if letter.by else "", *wrote.order_by("id").values_list("person", flat=True)])
    return Decision(first_actors=tuple(people), began_ms=epoch_ms(letter.at))


def approval_of(letter: Letter) -> str:
    """The role that must agree with a letter, "" for none. Raises Conflict."""
    return usable_pack(letter.request).letter(letter.kind).approval


def case(letter: Letter) -> Case:
    """The case of a letter. Raises Conflict if its law pack cannot be used."""
    return case_of(letter.request, usable_pack(letter.request))


@contextmanager
def _draft(letter: Letter) -> Iterator[Letter]:
    """The draft and its request, locked. Raises Conflict."""
    with locked_request(letter.request):
        row = lock_row(letter)
        if row.state != "draft":
            raise Conflict("Not saved: this letter is no draft any more. Reload the page.")
        yield row


@contextmanager
def _whole(letter: Letter, action: str) -> Iterator[tuple[Letter, Kind]]:
    """A letter that may be sent, and its kind, with the request locked; it gets its next state. Raises Conflict with all that is
    missing."""
    pack = usable_pack(letter.request)
    with locked_request(letter.request) as request:
        row = lock_row(letter)
        state = LETTERS.step(row.state, action)
        row.request = request
        if problems := case_of(request, pack).problems(row):
            raise Conflict(f"Nothing was sent: {' '.join(problems)}")
        yield row, pack.letter(row.kind)
        row.state = state
        row.save()
        if state == "sent":  # an extension moves the target, once its letter is sent
            clock.set_due(request, pack)
    letter.refresh_from_db()


def _deliver(row: Letter, kind: Kind, actor: Actor, now: int) -> None:
    """Send it: on the status page, by mail where there is an address, and with the pause that the law pack has for it."""
    at = from_ms(now)
    _require_short(row.text)
    row.sent = at
    contact = getattr(row.request, "contact", None)
    email = contact.email if contact is not None else ""
    if email:
        key = intake.notice_key(row.request.number, f"{row.kind}:{row.pk}")
        notify(key, email, row.subject, row.text, now=at, reply_to=custodians.address())
    _enter("records.letter-send", row, actor, now, kind=row.kind, sha256=_digest(row), mailed=int(bool(email)))
    if kind.pauses:
        evidence = f"{row.subject}: sent on {local_day(at)}."
        clock.stop(row.request, kind.pauses, evidence, actor=actor, now=now)


def _require_second(row: Letter, kind: Kind, actor: Actor, now: int) -> None:
    """Raises NotPermitted."""
    four_eyes.require(actor, "records.approve", about(row), now=now)
    if kind.approval and not actor.has_activated(cast(Role, kind.approval), now):
        raise NotPermitted(f"This letter is approved by somebody with the role {kind.approval} ({kind.citation}).")


def _require_short(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise field_error("text", f"Shorten it: a letter has at most {MAX_TEXT:,} characters.")


def _digest(row: Letter) -> str:
    return sha256(row.text.encode()).hexdigest()


def _enter(act: str, row: Letter, actor: Actor, now: int, **facts: Any) -> None:
    where = object_of(row.request)
    entries.enter(act, actor=actor, reason=facts.pop("why", ""), now=now, object=where, facts={"letter": row.pk, **facts})
