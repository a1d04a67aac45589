"""Contests of redactions and withheld documents: of all requests, and of one (P-21)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Filter, List, ListRequest, Number, Operation, Somebody, State, Time
from civicmail.city.pages.states import choices
from civicmail.desk.records.lists.of_request import OfRequest
from civicmail.desk.records.states import CONTEST


def _number(row: Any, _: ListRequest) -> str:
    return f"Redaction {row.redaction}" if row.redaction else f"Document {row.item:06}"


class RecordContests(List):
    """List what requesters contest, newest first.

    request: number; redaction: number of the contested one, 0 if it is about a withheld document; item: number of that, or 0;
    text: its first 2,000 characters; answered: when; by: the second person.
    """

    name, permission = "list_record_contests", "records.see"
    page = Page("records/contests/", "records-contests")
    operation: Operation | None = Operation("/records/contests", "read:records", shape="RecordContestLine")
    model, related = "records.Contest", ("request", "by")
    title, section = "Contests", "Records"
    caption, empty, noun, sort = "What requesters contest", "Nothing is contested.", "contests", "-made"
    columns: Sequence[Column] = (
        Number("redaction", "Contested", cell=_number, link=("records-contest", "pk"), is_number=False),
        Column("request", "Request", "request.number"),
        State("state", "State", words=CONTEST),
        Time("made", "Contested on", name="contested", sort=("made",)),
        Time("answered", "Answered", name="answered", optional=True, sort=("answered",)),
        Somebody("by", "By", name="by", optional=True),
        Number("item"),
        Column("text", value=lambda row: row.text[:2000]),
        Column("answer"),
    )
    filters: Sequence[Filter] = (
        Filter("state", "State", choices=choices(CONTEST)),
        Filter("number", "Request has", ("request__number__icontains",)),
    )


class RequestContests(OfRequest, RecordContests):
    """List the contests of a request."""

    name = "list_request_contests"
    page = Page("records/requests/<slug:number>/contests/", "records-request-contests")
    operation = None
    tab = "Contests"
    columns = tuple(column for column in RecordContests.columns if column.key != "request")
    filters = ()


CONTESTS, REQUEST_CONTESTS = RecordContests(), RequestContests()
