"""Requests for records (P-21)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpResponse, HttpResponseBase
from ninja import Router, Schema

from civicmail.city.pages.city_request import require
from civicmail.desk.records.actions.clock import usable_pack
from civicmail.desk.records.actions.intake import Receipt
from civicmail.desk.records.acts import (
    attestations,
    contests,
    fees,
    formats,
    letters,
    notices,
    productions,
    publications,
    replies,
    requests,
)
from civicmail.desk.records.acts.intake import ENTER_REQUEST
from civicmail.desk.records.acts.scopes import DECIDE_SCOPE, PROPOSE_SCOPE
from civicmail.desk.records.acts.searches import ASK_ITEM_PASSWORD, ORDER_SEARCH, READ_ITEM_AGAIN, SETTLE_ITEM
from civicmail.desk.records.lists.contests import CONTESTS
from civicmail.desk.records.lists.formats import FORMAT_REQUESTS
from civicmail.desk.records.lists.letters import LETTERS
from civicmail.desk.records.lists.notices import NOTICES
from civicmail.desk.records.lists.productions import PRODUCTIONS
from civicmail.desk.records.lists.publications import PUBLICATIONS
from civicmail.desk.records.lists.replies import REPLIES
from civicmail.desk.records.lists.requests import REQUESTS
from civicmail.desk.records.models import Reply, Request
from civicmail.desk.records.models import Scope as ScopeRow
from civicmail.desk.records.models import Search as SearchRow
from civicmail.desk.records.queries import clock, statistics
from civicmail.desk.records.queries.fees import Charges, charges_of
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.states import ATTESTATION, SCOPE, SEARCH
from civicmail.desk.records.views import case_file, request_page, search_pages, statistics_page
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, shown_as

router = Router(tags=["Records requests"])

REQUEST_ROW = list_operation(router, REQUESTS)
REPLY_ROW = list_operation(router, REPLIES)
PRODUCTION_ROW = list_operation(router, PRODUCTIONS)
LETTER_ROW = list_operation(router, LETTERS)
NOTICE_ROW = list_operation(router, NOTICES)
CONTEST_ROW = list_operation(router, CONTESTS)
PUBLICATION_ROW = list_operation(router, PUBLICATIONS)
FORMAT_ROW = list_operation(router, FORMAT_REQUESTS)
ONE = "/records/requests/{str:number}"


class RecordScope(RowSchema):
    """A version of what a request reaches. state: proposed, agreed, refused or replaced; by, confirmed_by: employee numbers."""

    version: int
    understood: str
    query: str
    state: Annotated[str, shown_as(SCOPE)]
    at: datetime
    by: str
    confirmed_by: str
    confirmed: datetime | None
    why: str


def _scope(row: ScopeRow) -> RecordScope:
    by, second = row.by.uid if row.by else "", row.confirmed_by.uid if row.confirmed_by else ""
    return RecordScope.from_row(row, by=by, confirmed_by=second)


@operation(
    router, "GET", f"{ONE}/scopes", act="records.see", scope="read:records", page="records-scope", response=list[RecordScope]
)
def list_record_scopes(request: Call, response: HttpResponse, number: str) -> list[Any]:
    """List the versions of the scope of a request, newest first."""
    row = request_page.seen(request, number)
    return pagination.rows(request, response, row.scopes.select_related("by", "confirmed_by"), _scope, by="-version")


for act in (PROPOSE_SCOPE, DECIDE_SCOPE):
    act_operation(router, act, RecordScope, _scope)


class RecordReceipt(Schema):
    """number: PR-2026-00041; code: the receipt code; link: the address of the status page. Code and link are answered only now."""

    number: str
    code: str
    link: str


def _receipt(done: Receipt) -> RecordReceipt:
    return RecordReceipt(number=done.request.number, code=done.code, link=done.url)


act_operation(router, ENTER_REQUEST, RecordReceipt, _receipt)


class RecordSearch(RowSchema):
    """A search of the archive. state: waiting, running, ready or failed; done: messages listed; population = found + unsearchable
    + excluded."""

    id: int
    at: datetime
    state: Annotated[str, shown_as(SEARCH)]
    done: int
    population: int
    found: int
    unsearchable: int
    excluded: int
    checkpoint: str
    finished: datetime | None
    why: str


class SettledItem(RowSchema):
    """An item that could not be searched. settled: fits, does-not-fit, or what was done so far: reading, read, asked, or empty."""

    number: int
    capture: str
    part: str
    trouble: str
    settled: str


@operation(
    router, "GET", f"{ONE}/searches", act="records.see", scope="read:records", page="records-search", response=list[RecordSearch]
)
def list_record_searches(request: Call, response: HttpResponse, number: str) -> list[Any]:
    """List the searches of a request, newest first."""
    row = request_page.seen(request, number)
    return pagination.rows(request, response, SearchRow.objects.filter(scope__request=row), RecordSearch.from_row, by="-id")


@operation(router, "GET", f"{ONE}/searches/{{int:id}}/affidavit", act="records.see", scope="read:records", page="records-affidavit")
def read_search_affidavit(request: Call, number: str, id: int) -> HttpResponseBase:
    """Read the affidavit of a finished search as JSON."""
    return search_pages.affidavit_file(request, number, id, "json")


act_operation(router, ORDER_SEARCH, RecordSearch, RecordSearch.from_row)
act_operation(router, SETTLE_ITEM, SettledItem, SettledItem.from_row)
act_operation(router, READ_ITEM_AGAIN, SettledItem, SettledItem.from_row)
act_operation(router, ASK_ITEM_PASSWORD, SettledItem, SettledItem.from_row)


class RecordClock(Schema):
    """Working days since receipt: worked + requester + law + idle = elapsed. idle_days: those on which nothing happened; until: the
    last day counted; due: the target."""

    worked: int
    requester: int
    law: int
    idle: int
    elapsed: int
    idle_days: list[date]
    until: date
    due: date | None


@operation(router, "GET", f"{ONE}/clock", act="records.see", scope="read:records", page="records-clock", response=RecordClock)
def read_record_clock(request: Call, number: str) -> RecordClock:
    """Read how the time of a request was used."""
    row = request_page.seen(request, number)
    counted = clock.clock_of(row, usable_pack(row), local_day(request.now))
    account = counted.account
    return RecordClock(
        worked=account.worked,
        requester=account.requester,
        law=account.law,
        idle=len(account.idle),
        elapsed=account.elapsed,
        idle_days=list(account.idle),
        until=counted.until,
        due=row.due,
    )


class RecordCharge(Schema):
    """id: number of the charge; task: id in the law pack; amount: in the unit of the task; rate: of one; charged: 0 where the law
    charges nothing; note: what for."""

    id: int
    task: str
    amount: Decimal
    rate: Decimal
    charged: Decimal
    note: str


class RecordCharges(Schema):
    """sum: of the charges; total: after a reduction; may_prepay: payment may be asked for in advance."""

    charges: list[RecordCharge]
    sum: Decimal
    total: Decimal
    paid: Decimal
    owed: Decimal
    may_prepay: bool


class RecordFees(Schema):
    """What a request is expected to cost, and what it cost."""

    estimate: RecordCharges
    invoice: RecordCharges


def _charges(of: Charges) -> RecordCharges:
    lines = [
        RecordCharge(id=c.line.pk, task=c.task.id, amount=c.line.amount, rate=c.line.rate, charged=c.cost, note=c.line.note)
        for c in of.charges
    ]
    return RecordCharges(charges=lines, sum=of.sum, total=of.total, paid=of.paid, owed=of.owed, may_prepay=of.may_prepay)


def _fees(row: Request) -> RecordFees:
    estimate, invoice = (charges_of(row, usable_pack(row), is_estimate=is_estimate) for is_estimate in (True, False))
    return RecordFees(estimate=_charges(estimate), invoice=_charges(invoice))


@operation(router, "GET", f"{ONE}/fees", act="records.see", scope="read:records", page="records-fees", response=RecordFees)
def read_record_fees(request: Call, number: str) -> RecordFees:
    """Read the charges of a request: the estimate and the invoice."""
    return _fees(request_page.seen(request, number))


for charge in fees.ACTS:
    act_operation(router, charge, RecordFees, lambda done: _fees(done.request))


def _changed(done: Any) -> Schema:
    """The request after an act on it or on something of it."""
    row = done if isinstance(done, Request) else done.request
    return REQUEST_ROW(REQUESTS.queryset().get(pk=row.pk))


def _answered(done: Reply) -> Schema:
    return REPLY_ROW(REPLIES.queryset().get(pk=done.pk))


for on_request in (*requests.ON_REQUEST, requests.END_ASSIGNMENT):
    act_operation(router, on_request, REQUEST_ROW.schema, _changed)  # type: ignore[misc]
for on_reply in (replies.ATTACH, replies.DISMISS, replies.READ):
    act_operation(router, on_reply, REPLY_ROW.schema, _answered)
act_operation(router, replies.REQUEST, RecordReceipt, _receipt)
act_operation(router, replies.MAKE_REQUEST, REQUEST_ROW.schema, _changed)
act_operation(router, letters.DEMAND, REQUEST_ROW.schema, _changed)
for written in (letters.WRITE, *letters.ON_LETTER, letters.DISCARD):
    act_operation(router, written, LETTER_ROW.schema, LETTER_ROW)
for change in productions.ACTS:
    act_operation(router, change, PRODUCTION_ROW.schema, PRODUCTION_ROW)


@operation(router, "GET", f"{ONE}/case-file", act="records.export", scope="read:records", page="records-case-file")
def export_record_case_file(request: Call, number: str) -> HttpResponseBase:
    """Export everything about a request as a zip file that a court can check, with the audit entries and their proofs."""
    return case_file.export(request, number)


class RecordAttestation(RowSchema):
    """What somebody stated about personal accounts and devices. state: asked, signed or refused; has_records: whether there were
    some, none while it is not signed; answer: as it was signed."""

    id: int
    state: Annotated[str, shown_as(ATTESTATION)]
    asked: datetime
    signed: datetime | None
    has_records: bool | None
    answer: str


for on_attestation in attestations.ACTS:
    act_operation(router, on_attestation, RecordAttestation, RecordAttestation.from_row)
for on_notice in notices.ACTS:
    act_operation(router, on_notice, NOTICE_ROW.schema, NOTICE_ROW)
act_operation(router, contests.ANSWER, CONTEST_ROW.schema, CONTEST_ROW)
for publishing in publications.ACTS:
    act_operation(router, publishing, PUBLICATION_ROW.schema, PUBLICATION_ROW)
for answering in formats.ACTS:
    act_operation(router, answering, FORMAT_ROW.schema, FORMAT_ROW)


class RecordFigure(Schema):
    """A number about the requests of the last 365 days. row: of a table; value: null where there is nothing to count; definition:
    what is counted; query: SQL of it, or of the rows from which it is made."""

    key: str
    title: str
    row: str
    value: str | None
    unit: str
    definition: str
    query: str


@operation(
    router,
    "GET",
    "/records/statistics",
    act="records.see",
    scope="read:records",
    page="records-statistics",
    response=list[RecordFigure],
)
def read_record_statistics(request: Call) -> list[dict[str, Any]]:
    """Read the statistics of the records desk, each number with its query."""
    require(request, "records.see")
    return statistics_page.plain(statistics.figures(request.now, public=False))
