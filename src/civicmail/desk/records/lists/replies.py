"""The list of what requesters wrote, and of mail that fits no request: the holding pen (P-21)."""

from __future__ import annotations

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Choice, Column, Filter, List, Operation, Somebody, State, Time
from civicmail.city.pages.states import choices
from civicmail.desk.records.states import REPLY

WAYS = {"page": "Status page", "mail": "Mail to records@", "queue": "Sent here by a rule"}


class Replies(List):
    """List what requesters wrote to the records desk, and mail that fits no request, newest first.

    way: page, mail or queue; request: number, empty in the holding pen; capture: number of the message; text: written on the status
    page.
    """

    name, permission = "list_record_replies", "records.see"
    page = Page("records/mail/", "records-replies")
    operation = Operation("/records/replies", "read:records", shape="RecordReplyLine")
    model, related = "records.Reply", ("request", "by")
    title, section = "Records mail", "Records"
    caption, empty, noun, sort = "Mail and messages to the records desk", "Nothing has come in.", "messages", "-received"
    columns = (
        Time("received", "Received", link=("records-reply", "pk"), sort=("received",)),
        Choice("way", "Came by", words=WAYS),
        Column(
            "request",
            "Request",
            cell=lambda r, _: r.request.number if r.request else "None yet",
            value=lambda r: str(r.request or ""),
        ),
        State("state", "State", words=REPLY),
        Somebody("by", "Answered by", optional=True),
        Column("capture"),
        Column("text"),
    )
    filters = (
        Filter("state", "State", choices=choices(REPLY)),
        Filter("way", "Came by", choices=tuple(WAYS.items())),
        Filter(
            "place",
            "Where",
            apply=lambda rows, value, _: rows.filter(request__isnull=value == "pen"),
            choices=(("pen", "No request yet"), ("request", "With a request")),
        ),
    )


REPLIES = Replies()
