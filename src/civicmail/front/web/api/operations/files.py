"""File approvals: pending, decided, one's own, standing approvals (P-22)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.resources import InDepartment, OfPerson
from civicmail.city.pages.city_request import may, me, or_404, require
from civicmail.desk.holding import approval_files, approvers, partial_approval
from civicmail.desk.holding.actions import approval_decisions, standing_approvals
from civicmail.desk.holding.acts.approvals import RECORD_LOOK
from civicmail.desk.holding.acts.preapprovals import PUT_UP_FILES
from civicmail.desk.holding.acts.sent_files import REMIND_APPROVER, SEND_TEXT
from civicmail.desk.holding.acts.standing_approvals import ALLOW_STANDING
from civicmail.desk.holding.approval_states import WORDS
from civicmail.desk.holding.lists.approvals import STANDING_APPROVALS
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.holding.views import approvals as typed
from civicmail.desk.holding.views.approval_form import DecisionForm
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.message_content import runs_text
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, shown_as, who

router = Router(tags=["File approvals"])
ONE = "/approvals/{int:id}"
STANDING = "/standing-approvals/{int:id}"
STANDING_ROW = list_operation(router, STANDING_APPROVALS)


class LeavingCopy(Schema):
    """One recipient's. state: waits, approved, refused, records, withdrawn, expired or gone; kept: rules that keep it although it
    was approved; without: numbers of the files that do not leave with it, although others do."""

    index: int
    address: str
    state: Annotated[str, shown_as(WORDS)]
    by: Who | None
    at: datetime | None
    reason: str
    kept: str
    without: list[int]


class LeavingFile(Schema):
    """number: from 1; name: kept with the request, for its sender and for managers who may decide; `look_at_files` reads it from
    the file; kind: empty before that; odd: its name promises something else; findings: of screening in words, as the name."""

    number: int
    name: str
    kind: str
    odd: bool
    size: int
    sha256: str
    findings: str


class Leaving(Schema):
    """Files of one message, or put up before one is written: then message is empty. subject: for its sender and for managers who
    may decide; own: the sender decides, with a reason; sampled, seen: of such, one that the next head looks at; ends: when it goes
    back to the sender."""

    id: int
    message: uuid.UUID | None
    person: Who
    department: str
    subject: str
    words: str
    own: bool
    sampled: bool
    seen: datetime | None
    made: datetime
    ends: datetime
    copies: list[LeavingCopy]
    files: list[LeavingFile]


class FilesAnswer(Schema):
    """to: numbers of the recipients; answer: approve, refuse, records, or some, where only the files with the numbers of `leave`
    do; reason: needed for a no, and for files of one's own."""

    to: list[int]
    answer: str
    leave: list[int] | None = None
    reason: str = ""


class Withdrawing(Schema):
    """to: numbers of the recipients from whom it is taken back, left out for all that wait."""

    to: list[int] | None = None


class EndStanding(Schema):
    """until: as it was read."""

    until: datetime


def _rows() -> QuerySet[Approval]:
    return Approval.objects.select_related("person", "department", "seen_by").prefetch_related("copies__by")


def _leaving(row: Approval, *, names: bool, shown: Iterable[approval_files.ApprovalFile] | None = None) -> Leaving:
    """names: whether the reader knows subject and file names before opening anything."""
    copies = [
        LeavingCopy(
            index=c.index, address=c.address, state=c.state, by=maybe(c.by), at=c.at, reason=c.reason, kept=c.kept,
            without=c.stay,
        )
        for c in row.copies.all()
    ]  # fmt: skip
    lines = [
        LeavingFile(
            number=f.number, name=runs_text(f.name) or (row.name_of(f.number) if names else ""), kind=f.true or f.kind, odd=f.odd,
            size=f.size, sha256=f.sha256, findings=f.findings if names else "",
        )
        for f in (approval_files.without_names(row) if shown is None else shown)
    ]  # fmt: skip
    return Leaving(
        id=row.pk, message=uuid.UUID(row.capture) if row.capture else None, person=who(row.person),
        department=row.department.code, subject=row.subject if names else "", words=row.words,
        own=row.own, sampled=row.sampled, seen=row.seen, made=row.made,
        ends=row.ends, copies=copies, files=lines,
    )  # fmt: skip


def _leaving_for(request: Call, row: Approval) -> Leaving:
    return _leaving(row, names=approvers.may_see_summary(row, request.actor))


# -- a manager's


@operation(router, "GET", "/approvals", act="approvals.see", scope="read:files", page="approvals", response=list[Leaving])
def list_approvals(request: Call, response: HttpResponse, state: str = "") -> list[Leaving]:
    """List file approvals, newest first: of the departments one answers for, for auditors of all. state: of a copy, like waits."""
    require(request, "approvals.see")
    rows = _rows()
    if not request.actor.holds("auditor"):
        rows = rows.filter(department__code__in=request.actor.departments)
    return pagination.rows(request, response, _in_state(rows, state), lambda row: _leaving_for(request, row), by="-pk")


def _in_state(rows: QuerySet[Approval], state: str) -> QuerySet[Approval]:
    return rows.filter(pk__in=ApprovalCopy.objects.filter(state=state).values("approval")) if state else rows


@operation(router, "GET", ONE, act="approvals.see", scope="read:files", page="approval", response=Leaving)
def read_approval(request: Call, id: int) -> Leaving:
    """Read an approval, as approver, sender or auditor, without opening its files."""
    row = get_object_or_404(_rows(), pk=id)
    if request.actor.uid == row.person.uid:
        require(request, "my.approvals", OfPerson(row.person.uid))
        return _leaving_for(request, row)
    if not may(request, "approval.answer", approvers.resource(row)) and not typed.may_follow(request, row):
        require(request, "approvals.see")
        raise Http404
    return _leaving_for(request, row)


@operation(router, "GET", f"{ONE}/files", act="approval.look", scope="read:files", page="approval", response=Leaving)
def look_at_files(request: Call, id: int) -> Leaving:
    """Read an approval and its files, to decide or to review a sample; writes an audit entry first."""
    row = _own_approval(request, id)
    permit = approval_decisions.permit_to_view(row, actor=request.actor, now=epoch_ms(request.now))
    return _leaving(row, names=approvers.may_see_summary(row, request.actor), shown=approval_files.with_names(row, permit))


@operation(router, "GET", f"{ONE}/files/{{int:number}}", act="approval.look", scope="read:files", page="approval-file")
def read_file(request: Call, id: int, number: int) -> HttpResponseBase:
    """Download one of the files, with an audit entry of its own. number: from 1."""
    return typed.file_response(_own_approval(request, id), number, actor=request.actor, now=epoch_ms(request.now))


def _own_approval(request: Call, id_: int) -> Approval:
    row = get_object_or_404(_rows(), pk=id_)
    if not may(request, "approval.answer", approvers.resource(row)):
        require(request, "approval.sample", approvers.sample_resource(row))
    return row


@operation(router, "POST", f"{ONE}/answer", act="approval.answer", scope="write:files", page="approval", response=Leaving)
def answer_approval(request: Call, id: int, body: FilesAnswer) -> Leaving:
    """Decide whether exactly these files go to exactly these recipients. Nobody decides about their own, except heads, with a
    reason."""
    row = get_object_or_404(_rows(), pk=id)
    require(request, "approval.answer", approvers.resource(row))

    def do() -> Leaving:
        if not row.copies.filter(state="waits").exists():
            raise Conflict("No files of it are pending. Read it again.")
        form = DecisionForm(
            row, body.model_dump(), separable=partial_approval.has_choice(row) and partial_approval.is_separable(row)
        )
        request_bodies.checked(form)
        typed.decide(row, form, actor=request.actor, now=epoch_ms(request.now))
        return _leaving_for(request, _rows().get(pk=id))

    return once(request, do)


act_operation(router, RECORD_LOOK, Leaving, lambda row: _leaving(_rows().get(pk=row.pk), names=False))


# -- one's own


@operation(router, "GET", "/my/approvals", act="my.approvals", scope="read:files", page="my-approvals", response=list[Leaving])
def list_my_approvals(request: Call, response: HttpResponse) -> list[Leaving]:
    """List my file approvals, newest first."""
    require(request, "my.approvals", OfPerson(me(request).uid))
    rows = _rows().filter(person=me(request))
    return pagination.rows(request, response, rows, lambda row: _leaving_for(request, row), by="-pk")


@operation(router, "POST", f"{ONE}/withdraw", act="approval.withdraw", scope="write:files", page="my-approvals", response=Leaving)
def withdraw_approval(request: Call, id: int, body: Withdrawing) -> Leaving:
    """Withdraw files of mine that wait; nobody gets them."""
    row = or_404(_rows().filter(pk=id, person=me(request)).first())
    require(request, "approval.withdraw", OfPerson(row.person.uid))
    waits = [c.index for c in row.copies.all() if c.state == "waits"]
    recipients = waits if body.to is None else body.to

    def do() -> Leaving:
        if not waits:
            raise Conflict("No files of it are pending. Read it again.")
        approval_decisions.withdraw(row, recipients, actor=request.actor, now=epoch_ms(request.now))
        return _leaving_for(request, _rows().get(pk=id))

    return once(request, do)


for act in (REMIND_APPROVER, SEND_TEXT):
    act_operation(router, act, Leaving, lambda row: _leaving(_rows().get(pk=row.pk), names=True))
act_operation(router, PUT_UP_FILES, Leaving, lambda row: _leaving(_rows().get(pk=row.pk), names=True))


# -- without a question


@operation(router, "GET", STANDING, act="approvals.see", scope="read:files", page="standing-approval", response=STANDING_ROW.schema)
def read_standing(request: Call, id: int) -> Schema:
    """Read a standing approval, and how often it was used."""
    row = get_object_or_404(STANDING_APPROVALS.queryset(), pk=id)
    require(request, "approvals.see")
    if not request.actor.holds("auditor"):
        require(request, "approval.standing", InDepartment(row.department.code))
    return STANDING_ROW(row)


@operation(
    router,
    "POST",
    f"{STANDING}/end",
    act="approval.standing",
    scope="write:files",
    page="standing-approval",
    response=STANDING_ROW.schema,
)
def end_standing(request: Call, id: int, body: EndStanding) -> Schema:
    """End a standing approval."""
    row = get_object_or_404(STANDING_APPROVALS.queryset(), pk=id)
    require(request, "approval.standing", InDepartment(row.department.code))
    as_seen(request, row.until, body.until, "This is not what was read; read it again.")

    def do() -> Schema:
        standing_approvals.end(row, actor=request.actor, now=epoch_ms(request.now))
        return STANDING_ROW(STANDING_APPROVALS.queryset().get(pk=id))

    return once(request, do)


act_operation(router, ALLOW_STANDING, STANDING_ROW.schema, STANDING_ROW)
