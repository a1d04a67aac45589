"""The list of requests for records (P-21)."""

from __future__ import annotations

from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Command, Day, Filter, Link, List, Operation, Somebody, State, Time
from civicmail.city.pages.states import choices
from civicmail.desk.records.states import INTAKES, REQUEST


def _line(row: Any) -> str:
    target = f", target {row.due.isoformat()}" if row.due else ""
    return f"{row.number}  {REQUEST[row.state][1].lower()}{target}  {row.title or 'no title yet'}"


class Requests(List):
    """List requests for records, newest first.

    number: PR-2026-00041; intake: how it came; title: the desk's name for it; custodian: who answers for it; due: the internal
    target.
    """

    name, permission = "list_record_requests", "records.see"
    page = Page("records/requests/", "records-requests")
    command = Command("records list", ("number", "title", "state", "received", "due", "intake"), _line)
    operation = Operation("/records/requests", "read:records", shape="RecordRequestLine")
    model, related = "records.Request", ("custodian",)
    title, section = "Records requests", "Records"
    caption, empty, noun, sort = "Records requests", "No request has come in.", "requests", "-received"
    links = (Link("Enter a request", "records-request-new", permission="records.work"),)
    columns = (
        Column("number", "Number", link=("records-request", "number"), sort=("number",)),
        Column("title", "About", cell=lambda r, _: r.title or "No title yet", full=True),
        State("state", "State", words=REQUEST),
        Time("received", "Received", sort=("received",)),
        Day("due", "Target", optional=True, sort=("due",)),
        Somebody("custodian", "Custodian", optional=True),
        Column("intake"),
    )
    filters = (
        Filter("state", "State", choices=choices(REQUEST)),
        Filter("intake", "Came by", choices=tuple((i, i.title()) for i in INTAKES)),
        Filter("number", "Number has", ("number__icontains",)),
    )


REQUESTS = Requests()
