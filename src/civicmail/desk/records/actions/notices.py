"""Notices to the people whom records are about: added, served, disputed in court, and over (Wis. Stat. 19.356).

While one is due or locked nothing that it is about is released. Which classes, periods and ways of service there are says the law
pack. A suit about the request freezes them as well, except for what a court does about a notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.law.entries import NoticeClass
from civicmail.city.law.errors import IncompleteLetter, NotInPack
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions.clock import usable_pack
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import locked_request, require_not_frozen
from civicmail.desk.records.models import Item, Pause, Request, SubjectNotice
from civicmail.desk.records.queries import notices
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.states import NOTICES, OPEN

WORKER = machine("records")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """notice: class of the law pack; record: in words; items: numbers of the documents that it is about, none for all that is
    released; decided: the decision to release, None for today."""

    notice: str
    name: str
    record: str
    person: Person | None = None
    items: Sequence[int] = field(default=())
    decided: date | None = None


def add(row: Request, new: NewNotice, *, actor: Actor, now: int) -> SubjectNotice:
    """Add a notice that is to be served: from now on nothing that it is about is released. Raises NotPermitted, Unusable,
    Conflict."""
    guard.require(actor, "records.work", now=now)
    pack, today = usable_pack(row), local_day(from_ms(now))
    known = _class(pack, new.notice)
    name = checked_reason(new.name, "name", max_length=200)
    record = checked_reason(new.record, "record", min_length=10, max_length=4000)
    decided = new.decided or today
    if decided > today:
        raise field_error("decided", "The decision was made today or earlier.")
    with locked_request(row) as request:
        if request.state not in OPEN:
            raise Conflict("This request is over. Reopen it first.")
        made = SubjectNotice.objects.create(
            request=request, notice=known.id, name=name, person=new.person, record=record, contents=_contents(request, new.items),
            decided=decided, serve_by=pack.due(known.serve, decided), by=acting_person(actor),
        )  # fmt: skip
        _enter("records.notice-added", made, actor, now, notice_class=known.id, items=list(new.items))
    return made


def serve(notice: SubjectNotice, method: str, sent: date | None, proof: str, *, actor: Actor, now: int) -> SubjectNotice:
    """Record how and when the notice was served; the lock of the law runs from that day. method: of the class; sent: None for
    today; proof: such as the number of the certified letter. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    pack, today = usable_pack(notice.request), local_day(from_ms(now))
    known = _class(pack, notice.notice)
    day = sent or today
    if method not in known.methods:
        raise field_error("method", "Choose a way of service that the law allows.")
    if not notice.decided <= day <= today:
        raise field_error("sent", f"The day lies between the decision ({notice.decided}) and today.")
    proof = checked_reason(proof, "proof", max_length=200)
    try:
        letter = notices.letter_of(notice, pack, day)
    except IncompleteLetter as error:
        raise Conflict(f"The notice cannot be written: {error}") from None
    with _changing(notice, "serve") as row:
        require_not_frozen(row.request)
        row.sent, row.service, row.proof, row.letter = day, method, proof, f"{letter.subject}\n\n{letter.body}"
        row.locked_until = pack.due(known.lock, day) if known.lock else None
        _enter("records.notice-served", row, actor, now, method=method, sent=day.isoformat(), serve_by=row.serve_by.isoformat())
    return row


def dispute(notice: SubjectNotice, case: str, *, actor: Actor, now: int) -> SubjectNotice:
    """Record that the subject went to court: nothing is released before that ends. case: court and number. Raises NotPermitted,
    Unusable; Conflict, also where the law knows no such action."""
    guard.require(actor, "records.work", now=now)
    known = _class(usable_pack(notice.request), notice.notice)
    case = checked_reason(case, "case", min_length=3)
    if not known.locked_while:
        raise Conflict("The law knows no court action that holds this release.")
    with _changing(notice, "dispute") as row:
        row.why = case
        if not row.request.pauses.filter(ended__isnull=True).exists():
            me = acting_person(actor)
            Pause.objects.create(request=row.request, reason=known.locked_while, note=case, began=from_ms(now), by=me)
        _enter("records.notice-disputed", row, actor, now, case=case)
    return row


def end(notice: SubjectNotice, why: str, *, actor: Actor, now: int) -> SubjectNotice:
    """Record the end of the court action, appeals included. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    known = _class(usable_pack(notice.request), notice.notice)
    why = checked_reason(why, "reason", min_length=10)
    with _changing(notice, "end") as row:
        if row.state != "disputed":
            raise Conflict("Its lock ends by itself on the day that the law names.")
        row.why = why
        if not row.request.notices.filter(state="disputed").exclude(pk=row.pk).exists():
            row.request.pauses.filter(reason=known.locked_while, ended__isnull=True).update(ended=from_ms(now))
        _enter("records.notice-ended", row, actor, now, why=why)
    return row


def drop(notice: SubjectNotice, why: str, *, actor: Actor, now: int) -> SubjectNotice:
    """Take back a notice that was not served: an exception of the law applies, or it was added in error. Raises NotPermitted,
    Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    why = checked_reason(why, "reason", min_length=10)
    with _changing(notice, "drop") as row:
        require_not_frozen(row.request)
        row.why = why
        _enter("records.notice-dropped", row, actor, now, why=why)
    return row


def end_old(now: int) -> int:
    """End the notices whose lock has run out, as the worker; returns how many."""
    ended, today = 0, local_day(from_ms(now))
    for notice in SubjectNotice.objects.filter(state="sent", request__suit__isnull=True).select_related("request"):
        with suppress(Conflict, NotInPack):  # without its law nothing is opened by a guess
            locks = notices.locks(notice.request, usable_pack(notice.request), today)
            if all(lock.notice.pk != notice.pk for lock in locks):
                with _changing(notice, "end") as row:
                    _enter("records.notice-ended", row, WORKER, now, why="the lock of the law is over")
                ended += 1
    return ended


def _class(pack: LawPack, id_: str) -> NoticeClass:
    try:
        return pack.notice_class(id_)
    except NotInPack:
        raise field_error("notice", "Choose a class of the law.") from None


def _contents(request: Request, numbers: Sequence[int]) -> list[str]:
    """Contents of these documents. Raises Unusable."""
    found = dict(Item.objects.filter(request=request, number__in=numbers).values_list("number", "content"))
    if missing := [number for number in numbers if number not in found]:
        raise field_error("items", f"The request has no document {missing[0]}.")
    return list(dict.fromkeys(found[number] for number in numbers))


@contextmanager
def _changing(notice: SubjectNotice, action: str) -> Iterator[SubjectNotice]:
    """A transaction with the notice locked, and its next state. Raises Conflict."""
    with locked_row(notice) as row:
        state = NOTICES.step(row.state, action)
        yield row
        row.state = state
        row.save()
    notice.refresh_from_db()


def _enter(act: str, notice: SubjectNotice, actor: Actor, now: int, **facts: object) -> None:
    """Write the entry. Who the subject is stays in the notice."""
    reason = f"Request for records {notice.request.number}"
    where = object_of(notice.request)
    entries.enter(act, actor=actor, reason=reason, now=now, object=where, facts={"notice": notice.pk, **facts})
