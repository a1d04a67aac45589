"""Reported mail: incidents, copies, answer, content view; message removal with a second officer above fifty copies (P-31)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import or_404, require
from civicmail.desk.incidents import queries, states
from civicmail.desk.incidents.actions import reading
from civicmail.desk.incidents.acts.incidents import ANSWER_INCIDENT, ASK_REMOVAL, REMOVE_AND_ANSWER, SECOND_REMOVAL, UNDO_REMOVAL
from civicmail.desk.incidents.lists.incidents import INCIDENTS
from civicmail.desk.incidents.models import Case, Opening, Pull, Pulled
from civicmail.desk.incidents.queries import CopyList
from civicmail.desk.incidents.similar_messages import Copy, counted
from civicmail.desk.viewer.delivered_copy import delivered_bytes
from civicmail.desk.viewer.mail_states import COPIES
from civicmail.desk.viewer.queries import store
from civicmail.front.web.api import message_content as shown
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.query_errors import understood
from civicmail.front.web.api.schemas import RowSchema, Who, shown_as, who

router = Router(tags=["Reported mail"])
ONE = "/incidents/{int:id}"
PULL = "/pulls/{int:id}"


INCIDENT_ROW = list_operation(router, INCIDENTS)


class Incident(INCIDENT_ROW.schema):  # type: ignore[misc, name-defined]  # made at run time
    """messages: numbers of those that were reported; handed: of them, those that may be read without a mandate; pulls: their
    numbers."""

    messages: list[uuid.UUID]
    handed: list[uuid.UUID]
    reporters: list[Who]
    pulls: list[int]


class HasIt(RowSchema):
    """One copy in the city. state: delivered, pulled, taking, waiting, trying, deferred, held, failed or cancelled;
    opened: in My mail, by its owner or a user of a function mailbox."""

    message: uuid.UUID
    index: int
    mailbox: str
    state: Annotated[str, shown_as(COPIES)]
    since: datetime
    opened: bool


class Opened(RowSchema):
    """Who wanted to go to a dangerous place by a link of it."""

    message: uuid.UUID
    mailbox: str
    host: str
    made: datetime
    told: bool


class Spread(Schema):
    """copies: that can be taken back, mailboxes: of how many; more: there may be others, so `q` has to say which."""

    copies: int
    mailboxes: int
    more: bool


class PullLine(RowSchema):
    """state: asked (of a second officer), refused, running, done, undoing or undone; waits: copies that nothing was done with yet;
    problems: whose mailbox could not be asked."""

    id: int
    incident: int
    query: str
    total: int
    waits: int
    problems: int
    state: Annotated[str, shown_as(states.PULLS)]
    by: Who
    why: str
    made: datetime
    second: Who | None
    finished: datetime | None
    undone_by: Who | None


class PulledCopy(RowSchema):
    """state: waits, taken, gone, elsewhere, stopped, nothing or back."""

    message: uuid.UUID
    index: int
    mailbox: str
    state: Annotated[str, shown_as(states.COPIES)]
    problem: str


@operation(router, "GET", ONE, act="reports.see", scope="read:incidents", page="incident", response=Incident)
def read_incident(request: Call, id: int) -> Incident:
    """Read an incident: reporters and what was done."""
    require(request, "reports.see")
    return _whole(_case(id))


@operation(router, "GET", f"{ONE}/copies", act="reports.see", scope="read:incidents", page="incident", response=list[HasIt])
def list_copies(request: Call, response: HttpResponse, id: int, q: str = "") -> list[HasIt]:
    """List copies by mailbox. q: sender, subject, number, file, time or size, never content."""
    require(request, "reports.see")
    matches = _matches(_case(id), q, epoch_ms(request.now))
    opened = queries.readers(matches.copies)
    return pagination.slices(request, response, matches.copies, lambda h: _has(h, opened), key=lambda h: f"{h.capture}-{h.index}")


@operation(router, "GET", f"{ONE}/openings", act="reports.see", scope="read:incidents", page="incident", response=list[Opened])
def list_openings(request: Call, response: HttpResponse, id: int) -> list[Opened]:
    """List clicks on dangerous links, for security only."""
    require(request, "reports.see")
    row = _case(id)
    captures = [*queries.captures_of(row), *(has.capture for has in _matches(row, "", epoch_ms(request.now)).copies)]
    rows = queries.openings(dict.fromkeys(captures))
    return pagination.slices(request, response, rows, _opened, key=lambda o: str(o.pk))


@operation(router, "GET", f"{ONE}/count", act="pull.ask", scope="read:incidents", page="pull-ask", response=Spread)
def count_copies(request: Call, id: int, q: str = "") -> Spread:
    """Count the copies that could be removed."""
    require(request, "pull.ask")
    matches = _matches(_case(id), q, epoch_ms(request.now))
    copies, mailboxes = counted(matches.copies)
    return Spread(copies=copies, mailboxes=mailboxes, more=matches.more)


@operation(
    router, "GET", f"{ONE}/messages/{{uuid:message}}", act="report.read", scope="read:incidents", page="report-read",
    response=shown.Message,
)  # fmt: skip
def read_reported(request: Call, id: int, message: uuid.UUID) -> shown.Message:
    """View a reported message once; writes an audit entry first."""
    require(request, "report.read")
    row = _case(id)
    if str(message) not in [*queries.captures_of(row), row.capture]:
        raise Http404
    permit = reading.read(row, str(message), actor=request.actor, now=epoch_ms(request.now))
    archive = store().archive()
    place = or_404(archive.place(message.bytes))
    capture = archive.capture(permit, place)
    return shown.message(request, capture, delivered_bytes(archive.body(permit, place), capture))


@operation(router, "GET", PULL, act="reports.see", scope="read:incidents", page="pull", response=PullLine)
def read_pull(request: Call, id: int) -> PullLine:
    """Read the progress of a message removal."""
    require(request, "reports.see")
    return _pull(_one(id))


@operation(router, "GET", f"{PULL}/copies", act="reports.see", scope="read:incidents", page="pull", response=list[PulledCopy])
def list_pulled(request: Call, response: HttpResponse, id: int, state: str = "") -> list[PulledCopy]:
    """List its copies in order of processing. state: only those."""
    require(request, "reports.see")
    rows = _one(id).copies.all()
    return pagination.rows(request, response, rows.filter(state=state) if state else rows, _pulled, by="pk")


def _case(id_: int) -> Case:
    return get_object_or_404(Case.objects.select_related("person").prefetch_related("reports__reporter"), pk=id_)


def _one(id_: int) -> Pull:
    rows: QuerySet[Pull] = Pull.objects.select_related("case", "by", "second", "undone_by")
    return get_object_or_404(rows, pk=id_)


def _matches(row: Case, words: str, now: int) -> CopyList:
    with understood():
        return queries.find_copies(row, words.strip()[:400], now=now)


def _whole(c: Case) -> Incident:
    return Incident(
        **INCIDENT_ROW.values(c), messages=[uuid.UUID(capture_) for capture_ in queries.captures_of(c)],
        handed=[uuid.UUID(capture) for capture, _ in queries.handed_over(c) if capture],
        reporters=[who(r.reporter) for r in c.reports.all()], pulls=list(c.pulls.order_by("id").values_list("pk", flat=True)),
    )  # fmt: skip


def _has(h: Copy, opened: set[tuple[str, str]]) -> HasIt:
    return HasIt.from_row(h, message=uuid.UUID(h.capture), opened=(h.mailbox, h.capture) in opened)


def _opened(o: Opening) -> Opened:
    return Opened.from_row(o, message=uuid.UUID(o.capture))


def _pull(p: Pull) -> PullLine:
    return PullLine.from_row(
        p, incident=p.case_id, waits=p.copies.filter(state="waits").count(), problems=p.copies.exclude(problem="").count()
    )


def _pulled(c: Pulled) -> PulledCopy:
    return PulledCopy.from_row(c, message=uuid.UUID(c.capture))


act_operation(router, ANSWER_INCIDENT, Incident, lambda done: _whole(_case(done.pk)))
act_operation(router, REMOVE_AND_ANSWER, PullLine, _pull)
act_operation(router, ASK_REMOVAL, PullLine, _pull)
act_operation(router, SECOND_REMOVAL, PullLine, _pull)
act_operation(router, UNDO_REMOVAL, PullLine, _pull)
