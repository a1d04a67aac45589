"""Operations of the system: health, queue, trace; envelopes only (P-17)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router, Schema

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Unusable, field_error
from civicmail.city.pages.city_request import or_404, require
from civicmail.desk.viewer.mail_states import COPIES, MESSAGES
from civicmail.desk.viewer.queries import damage_as_later, store
from civicmail.front.checkup import samples
from civicmail.front.checkup.completeness import DayFigure, last_days
from civicmail.front.checkup.samples import Period
from civicmail.front.web import ledger_page
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, shown_as
from civicmail.front.web.system import installation, queue
from civicmail.front.web.system.retry import try_now
from civicmail.front.web.system.statistics import slots_of
from civicmail.front.web.system.statistics_charts import SCALES
from civicmail.front.web.system.trace import STRETCHES
from civicmail.front.web.system.trace_message import ledgered
from civicmail.front.web.system.trace_search import TraceQuery, find
from civicmail.front.web.system.waiting_copies import Line
from civicmail.mail.archive.envelopes import STATUSES, MessageTrace
from civicmail.mail.archive.status_index import StatusIndex

router = Router(tags=["System"])


class Health(RowSchema):
    """One thing that was looked at. level: ok, not-set-up, warning or problem; todo: what to do."""

    check: str
    level: str
    text: str
    todo: str


class Examination(Schema):
    """at: when the last one ended, none before the first; running: whether one is under way."""

    at: datetime | None
    running: bool
    findings: list[Health]


class Waiting(RowSchema):
    """One recipient who waits or is held. hop: the next hop; next: when it is tried again, none for now."""

    id: uuid.UUID
    index: int
    received: datetime
    size: int
    sender: str
    address: str
    hop: str
    held: bool
    tries: int
    next: datetime | None
    reply: str


class TryingNow(Schema):
    """message: id of one, or hop: all who wait for it; reason: it stays in the record of each message."""

    message: uuid.UUID | None = None
    hop: str = ""
    reason: str


class Tried(Schema):
    """How many messages are tried at once."""

    messages: int


class Passed(RowSchema):
    """One recipient's copy: what was decided, and how it stands."""

    address: str
    box: str
    do: str
    rules: list[str]
    state: Annotated[str, shown_as(COPIES)]
    since: datetime
    tries: int
    reply: str


class TraceLine(Schema):
    """A message by its envelope."""

    id: uuid.UUID
    received: datetime
    sender: str
    recipients: list[str]
    status: Annotated[str, shown_as(MESSAGES)]
    size: int
    sha256: str


class TraceStep(Schema):
    """One event of a message. facts: as far as it has them."""

    at: datetime
    type: str
    recipients: list[str]
    facts: dict[str, str]
    place: str


class Trace(TraceLine):
    """entry: the place of its receipt in the ledger; signed: of the checkpoint that covers it."""

    copies: list[Passed]
    steps: list[TraceStep]
    entry: int | None
    signed: datetime | None


@operation(router, "GET", "/health", act="health.see", scope="read:system", page="health", response=Examination)
def read_health(request: Call) -> Examination:
    """Read the last health check results, with advice."""
    require(request, "health.see")
    known = installation.checks().last()
    findings = [Health.from_row(f, todo=f.do) for f in known.findings]
    return Examination(at=from_ms(known.at) if known.at else None, running=bool(known.since), findings=findings)


class Counted(Schema):
    """What was counted in an hour, a day or a month that began at `at`. counts: by name; seconds: median and 95 % of each time;
    gauges: at its end. docs/formats.md, "Samples", has the names."""

    at: datetime
    counts: dict[str, int]
    seconds: dict[str, list[float]]
    gauges: dict[str, float]


class WitnessState(RowSchema):
    """One witness. key: its public key; entries: of the newest checkpoint that it cosigned; problem: why not the last one."""

    key: str
    state: Annotated[str, shown_as(ledger_page.STATES)]
    entries: int
    cosigned: datetime | None
    problem: str


class CompleteDay(Schema):
    """What was compared of a day in UTC. entry: that published it; missing: records that some place lacks."""

    day: str
    entry: str
    records: int
    messages: int
    missing: int


class Ledger(Schema):
    """note: the newest signed checkpoint with the cosignatures of witnesses, none before the first; completeness: of the last 30
    days, newest first."""

    entries: int
    signed: datetime | None
    note: str
    witnesses: list[WitnessState]
    completeness: list[CompleteDay]


@operation(router, "GET", "/ledger", act="entries.see", scope="read:entries", page="ledger", response=Ledger)
def read_ledger(request: Call) -> Ledger:
    """Read the newest signed checkpoint of the ledger, and who cosigned it."""
    require(request, "entries.see")
    signed = ledger_page.newest(installation.data())
    states = [WitnessState.from_row(line) for line in ledger_page.lines(installation.data(), epoch_ms(request.now))]
    days = [_complete(day) for day in last_days(installation.data(), epoch_ms(request.now))]
    if signed is None:
        return Ledger(entries=0, signed=None, note="", witnesses=states, completeness=days)
    return Ledger(entries=signed.size, signed=from_ms(signed.at), note=signed.note, witnesses=states, completeness=days)


def _complete(day: DayFigure) -> CompleteDay:
    result = day.result
    return CompleteDay(day=day.day, entry=day.entry, records=result.records, messages=result.receipts, missing=result.missing)


@operation(router, "GET", "/statistics", act="health.see", scope="read:system", page="mail-statistics", response=list[Counted])
def list_mail_statistics(request: Call, by: str = "day") -> list[Counted]:
    """List what was counted by hour, day or month, oldest first. by: hour (48), day (30) or month (12)."""
    require(request, "health.see")
    if by not in SCALES:
        raise Unusable("One of the words is not known.", {"by": ", ".join(SCALES)})
    return [_counted(slot.begins, slot.period) for slot in slots_of(by, epoch_ms(request.now)) if slot.period]


def _counted(begins: int, period: Period) -> Counted:
    shares = {key: [samples.percentile(value, share) for share in (0.5, 0.95)] for key, value in period.times.items()}
    seconds = {key: [value for value in both if value is not None] for key, both in shares.items()}
    return Counted(at=from_ms(begins), counts=dict(period.counts), seconds=seconds, gauges=dict(period.gauges))


@operation(router, "GET", "/queue", act="system.see", scope="read:system", page="queue", response=list[Waiting])
def list_queue(request: Call, response: HttpResponse) -> list[Waiting]:
    """List waiting and held copies, oldest first."""
    require(request, "system.see")
    lines = installation.waiting_copies(epoch_ms(request.now))
    return pagination.slices(request, response, lines, _waiting, key=lambda w: f"{uuid.UUID(bytes=w.id)}-{w.index}")


def _waiting(w: Line) -> Waiting:
    return Waiting.from_row(w, id=uuid.UUID(bytes=w.id), next=from_ms(w.next) if w.next else None)


@operation(router, "POST", "/queue/try", act="queue.act", scope="write:system", page="queue-try", response=Tried)
def try_queue(request: Call, body: TryingNow) -> Tried:
    """Retry one message, or all of a next hop, at once, with a reason. Deletes nothing."""
    require(request, "queue.act")
    if (body.message is None) == (not body.hop):
        raise field_error("message", "Name a message, or a next hop.")
    c = request_bodies.checked(queue.Because({"reason": body.reason}))
    waiting_ = [w for w in installation.waiting_copies(epoch_ms(request.now)) if not w.held]
    lines = [w for w in waiting_ if (w.id == body.message.bytes if body.message else w.hop == body.hop)]
    if not lines:
        return Tried(messages=0)
    return Tried(messages=try_now(installation.data(), lines, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)))


@operation(router, "GET", "/trace", act="system.see", scope="read:system", page="trace", response=list[TraceLine])
def list_trace(
    request: Call, response: HttpResponse, sender: str = "", recipient: str = "", status: str = "", within: str = "hour"
) -> list[TraceLine]:
    """Trace messages by envelope, newest first. within: hour, day, week, month or year, until now."""
    require(request, "system.see")
    if within not in STRETCHES or (status and status not in STATUSES):
        raise Unusable("One of the words is not known.", {"within": ", ".join(STRETCHES), "status": ", ".join(STATUSES)})
    now = epoch_ms(request.now)
    mark = pagination.cursor(request)
    before = bytes.fromhex(mark) if isinstance(mark, str) and len(mark) == 32 and set(mark) <= set("0123456789abcdef") else b""
    since = now - int(STRETCHES[within][1].total_seconds() * 1000)
    query = TraceQuery(since, now, sender, recipient, status or None, before)
    waiting = {w.id for w in installation.waiting_copies(now)} if status in ("waiting", "held") else set()
    statuses, limit = StatusIndex(installation.data()), pagination.limit_of(request)
    answer = find(store().archive(), None, waiting, query, statuses=statuses, actor=request.actor, now=now, most=limit)
    if answer.more:
        pagination.link(request, response, answer.more.hex())
    return [TraceLine(**_envelope(t)) for t in answer.rows]


def _envelope(t: MessageTrace) -> dict[str, Any]:
    return {
        "id": t.uuid, "received": from_ms(t.received), "sender": t.sender, "recipients": [p.address for p in t.passages],
        "status": t.status, "size": t.size, "sha256": t.sha256,
    }  # fmt: skip


@operation(router, "GET", "/trace/{uuid:id}", act="system.see", scope="read:system", page="trace-one", response=Trace)
def read_trace(request: Call, id: uuid.UUID) -> Trace:
    """Read the steps of a message to the millisecond, and its place in the ledger."""
    require(request, "system.see")
    archive = store().archive()
    place = or_404(archive.place(id.bytes))
    with damage_as_later():
        t = archive.envelope(request.actor, place, now=epoch_ms(request.now))
    names = [p.address for p in t.passages]
    copies = [Passed.from_row(p) for p in t.passages]
    steps = [
        TraceStep(
            at=from_ms(s.at), type=s.type, recipients=[names[i] for i in s.to if i < len(names)], facts=dict(s.facts),
            place=f"{s.journal}:{s.number}",
        )
        for s in t.steps
    ]  # fmt: skip
    ledger = ledgered(t)
    return Trace(
        **_envelope(t), copies=copies, steps=steps, entry=ledger.entry, signed=from_ms(ledger.signed) if ledger.signed else None
    )
