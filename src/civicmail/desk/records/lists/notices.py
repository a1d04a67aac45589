"""Notices to the people whom records are about: of all requests, and of one (P-21)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Cell, Column, Day, Filter, Link, List, ListRequest, Operation, Somebody, State
from civicmail.city.pages.states import choices
from civicmail.desk.records.lists.of_request import OfRequest
from civicmail.desk.records.states import NOTICE


def _today(request: ListRequest) -> date:
    from civicmail.city.guard.epoch import from_ms
    from civicmail.desk.records.queries.law import local_day

    return local_day(from_ms(request.now))


def _late(rows: Any, value: str, request: ListRequest) -> Any:
    """Those that were not served by their day."""
    late = {"state": "due", "serve_by__lt": _today(request)}
    return rows.filter(**late) if value == "yes" else rows.exclude(**late)


def _serve_by(row: Any, request: ListRequest) -> Cell:
    return Cell.of(row.serve_by, "Late" if row.state == "due" and row.serve_by < _today(request) else "")


def _class(row: Any, _: ListRequest) -> str:
    """The title of the class in the law pack of the request."""
    from civicmail.desk.records.queries.law import pack_or_none

    pack = pack_or_none(row.request)
    return pack.notice_class(row.notice).title if pack is not None else row.notice


class SubjectNotices(List):
    """List notices to the people whom records are about, newest first.

    request: number; name: of the subject; notice: class of the law pack; serve_by: last day to serve it; sent: when it was served;
    locked_until: last day of the lock, as the letter names it.
    """

    name, permission = "list_subject_notices", "records.see"
    page = Page("records/notices/", "records-notices")
    operation: Operation | None = Operation("/records/notices", "read:records", shape="SubjectNoticeLine")
    model, related = "records.SubjectNotice", ("request", "by")
    title, section = "Subject notices", "Records"
    caption, empty, noun, sort = "Notices to the people whom records are about", "There is no notice.", "notices", "serve_by"
    columns: Sequence[Column] = (
        Column("name", "Person", link=("records-notice", "pk")),
        Column("request", "Request", "request.number"),
        Column("notice", "Class", cell=_class, full=True),
        State("state", "State", words=NOTICE),
        Day("serve_by", "Serve by", name="serve by", cell=_serve_by, sort=("serve_by",)),
        Day("sent", "Served", name="served", optional=True, sort=("sent",)),
        Day("locked_until", "Locked until", name="locked until", optional=True),
        Day("decided"),
        Column("service"),
        Somebody("by"),
    )
    filters: Sequence[Filter] = (
        Filter("state", "State", choices=choices(NOTICE)),
        Filter("late", "Late", apply=_late, choices=(("yes", "Not served in time"), ("no", "In time"))),
        Filter("number", "Request has", ("request__number__icontains",)),
    )


class RequestNotices(OfRequest, SubjectNotices):
    """List the notices of a request."""

    name = "list_request_notices"
    page = Page("records/requests/<slug:number>/notices/", "records-request-notices")
    operation = None
    tab, empty = "Notices", "Nobody must be notified before these records are released."
    columns = tuple(column for column in SubjectNotices.columns if column.key != "request")
    filters = ()

    def page_links(self, request: ListRequest) -> Sequence[Link]:
        return [Link("Add a notice", "records-notice-add", args=[request.parent.number], permission="records.work", primary=True)]


NOTICES, REQUEST_NOTICES = SubjectNotices(), RequestNotices()
