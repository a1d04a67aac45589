"""The letters of a request (P-21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Link, ListRequest, Number, Operation, Somebody, State, Time
from civicmail.desk.records.lists.of_request import OfRequest
from civicmail.desk.records.states import LETTER


class Letters(OfRequest):
    """List the letters of a request, newest first.

    kind: id in the law pack; text: the whole letter; why: the reason of a return.
    """

    name, permission = "list_record_letters", "records.see"
    page = Page("records/requests/<slug:number>/letters/", "records-letters")
    operation = Operation("/records/requests/{str:number}/letters", "read:records", shape="RecordLetterLine")
    model, related = "records.Letter", ("request", "by", "approved_by")
    template, tab = "records/letters.html", "Letters"
    caption, empty, noun, sort = "Letters", "No letter was written yet.", "letters", "-at"
    columns = (
        Column(
            "subject", "Letter", cell=lambda row, _: row.subject or row.kind, link=("records-letter", "request.number", "pk"),
        ),
        State("state", "State", words=LETTER),
        Time("at", "Written", sort=("at",)),
        Somebody("by", "By", optional=True),
        Somebody("approved_by", "Approved by", optional=True),
        Time("sent", "Sent", optional=True, sort=("sent",)),
        Number("id", value="pk"),
        Column("kind"),
        Column("language"),
        Column("text"),
        Column("why"),
    )  # fmt: skip

    def page_links(self, request: ListRequest) -> Sequence[Link]:
        return [Link("Write a letter", "records-letter-new", args=[request.parent.number], permission="records.work", primary=True)]

    def context(self, request: ListRequest) -> Mapping[str, Any]:
        from civicmail.city.guard import guard
        from civicmail.desk.records.queries.law import pack_or_none
        from civicmail.desk.records.queries.letters import demand_until, reasons_due

        row = request.parent
        pack = pack_or_none(row)
        return {
            **super().context(request),
            "row": row,
            "demand_until": demand_until(row, pack) if pack and row.reasons_demanded is None else None,
            "reasons_due": reasons_due(row, pack) if pack else None,
            "may_demand": bool(guard.may(request.actor, "records.work", now=request.now)),
        }


LETTERS = Letters()
