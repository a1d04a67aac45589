"""Documents of a request for records: what was decided, redacted, and contradicts itself (P-21). Their text is never in them."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from ninja import Schema

from civicmail.desk.records.acts.replies import FLAG_PERSONAL
from civicmail.desk.records.acts.reviews import (
    ASSIGN_ITEMS,
    CONFIRM_ITEM,
    DECIDE_ITEM,
    REDACT_WORDS,
    REMOVE_REDACTION,
    SAMPLE_RELEASES,
)
from civicmail.desk.records.models import Decision, Item, Redaction
from civicmail.desk.records.queries import personal_mail, reviews
from civicmail.desk.records.queries.contradictions import contradictions
from civicmail.desk.records.views import request_page
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.records import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who

ONE = "/records/requests/{str:number}"


class RecordDecision(RowSchema):
    """verdict: release, redact, withhold, not-responsive, not-a-record, personal or duplicate; second_asked: a second person must
    agree, who is confirmed_by then."""

    verdict: str
    code: str
    reason: str
    facts: dict[str, str]
    note: str
    by: Who
    at: datetime
    second_asked: bool
    confirmed_by: Who | None
    confirmed: datetime | None


class RecordItem(Schema):
    """number: within the request; capture, part: the message and its MIME part, "" for the message itself; parent: number of the
    message of a file; holders: mailboxes that had it; decision: the one that counts, which all copies share."""

    number: int
    capture: str
    part: str
    parent: int | None
    media_type: str
    size: int
    holders: list[str]
    decision: RecordDecision | None


class RecordRedaction(RowSchema):
    """number: within the request, by which it is contested; first, last: words from 0, -1 for a box; code: "" for a mark without
    one, which redacts nothing."""

    number: int
    first: int
    last: int
    page: int
    code: str
    reason: str
    by: Who
    at: datetime


class RecordContradiction(Schema):
    """kind: open, uncoded, unused, second, family, request or cluster; item: number of the document; sentence: for people."""

    kind: str
    item: int
    sentence: str


class PersonalMail(Schema):
    """number: within the request; at: when the message came."""

    number: int
    at: datetime


class PersonalMailFlag(RowSchema):
    """capture: the message; why: what makes it purely personal, as its holder says."""

    capture: str
    by: Who
    at: datetime
    why: str


class DocumentCount(Schema):
    """count: documents."""

    count: int


def _item(item: Item, decision: Decision | None) -> RecordItem:
    return RecordItem(
        number=item.number,
        capture=item.capture,
        part=item.part,
        parent=item.parent.number if item.parent is not None else None,
        media_type=item.media_type,
        size=item.size,
        holders=item.holders,
        decision=RecordDecision.from_row(decision) if decision is not None else None,
    )


@operation(
    router, "GET", f"{ONE}/items", act="records.see", scope="read:records", page="records-request", response=list[RecordItem]
)
def list_record_items(request: Call, response: HttpResponse, number: str) -> list[RecordItem]:
    """List the documents of a request, with the decision on each."""
    row = request_page.seen(request, number)
    decided = {d.content: d for d in reviews.decisions(row).select_related("by", "confirmed_by")}
    items = Item.objects.filter(request=row).select_related("parent")
    return pagination.rows(request, response, items, lambda item: _item(item, decided.get(item.content)), by="number")


@operation(
    router,
    "GET",
    f"{ONE}/contradictions",
    act="records.see",
    scope="read:records",
    page="records-contradictions",
    response=list[RecordContradiction],
)
def list_record_contradictions(request: Call, number: str) -> list[RecordContradiction]:
    """List what must be settled before anything of a request is released."""
    found = contradictions(request_page.seen(request, number))
    return [RecordContradiction(kind=c.kind, item=c.item, sentence=c.sentence) for c in found]


@operation(
    router,
    "GET",
    f"{ONE}/personal-mail",
    act="records.see",
    scope="read:records",
    page="records-personal",
    response=list[PersonalMail],
)
def list_personal_record_mail(request: Call, number: str) -> list[PersonalMail]:
    """List when the messages came that two people excluded as purely personal."""
    return [PersonalMail(number=n, at=at) for n, at in personal_mail.excluded(request_page.seen(request, number))]


def _redaction(row: Redaction) -> RecordRedaction:
    return RecordRedaction.from_row(row)


def _count(count: int) -> DocumentCount:
    return DocumentCount(count=count)


act_operation(router, FLAG_PERSONAL, PersonalMailFlag, PersonalMailFlag.from_row)
act_operation(router, DECIDE_ITEM, RecordDecision, RecordDecision.from_row)
act_operation(router, CONFIRM_ITEM, RecordDecision, RecordDecision.from_row)
act_operation(router, REDACT_WORDS, RecordRedaction, _redaction)
act_operation(router, REMOVE_REDACTION, RecordRedaction, _redaction)
act_operation(router, SAMPLE_RELEASES, DocumentCount, _count)
act_operation(router, ASSIGN_ITEMS, DocumentCount, _count)
