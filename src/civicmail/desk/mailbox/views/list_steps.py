"""What stands beside a message and a page of writing: the folders; of a message also previous and next in its list.

The list is in the address of the page (?list=QUERY); the first page takes it from the page that it was opened from.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import NotPermitted, NotRecorded
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.core.query.errors import QueryError
from civicmail.desk.mailbox import mail_list, queries
from civicmail.desk.mailbox.views.folders import Folders, folders, folders_beside
from civicmail.desk.mailbox.views.list_address import address_of
from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex


@dataclass(frozen=True, slots=True)
class ListSteps:
    """up: the list; newer, older: addresses of the messages beside this one, "" where there is none; folders: beside it."""

    up: str
    newer: str = ""
    older: str = ""
    folders: Folders | None = None


def list_steps(request: Request, one: OpenedMessage) -> ListSteps:
    """The list around an open message; nothing of it for a part of the page, as a reading pane loads it."""
    path, query = reverse("my-mail"), query_of(request)
    up = list_url(query)
    if "HX-Request" in request.headers:
        return ListSteps(up)
    now = epoch_ms(request.now)
    kept = queries.marks_by(one.permit, now=now)
    address = address_of(path, QueryDict(query or ""), one.mine, kept.labels, bare="inbox").first_page()
    try:
        desk = queries.desk(one.permit, one.mine, now=now, marks=kept)
        steps = ListSteps(up, folders=folders_beside(desk, address))
    except (NotIndexed, DamagedIndex):
        return ListSteps(up, folders=folders(address, None, {}, one.mine.boxes, one.permit.person))
    if query is None:
        return steps
    mine = queries.choose_box(one.mine, address.values.get("box", ""))
    try:
        beside = mail_list.neighbors(replace(desk, mine=mine), address.list_query, uuid.UUID(one.id))
    except (QueryError, DamagedIndex):
        return steps
    tail = urlencode({"list": query})
    newer, older = (f"{reverse('mail-message', args=[id_])}?{tail}" if id_ else "" for id_ in beside)
    return replace(steps, newer=newer, older=older)


def folders_of(request: Request, *, current: str = "") -> Folders | None:
    """The folders beside a page of My mail that shows no message; None while mail cannot be read. current: URL of a folder."""
    now = epoch_ms(request.now)
    try:
        permit, mine = queries.own_mail(request.actor, now=now)
    except (NotPermitted, NotRecorded):
        return None
    kept = queries.marks_by(permit, now=now)
    address = address_of(reverse("my-mail"), QueryDict(), mine, kept.labels, bare="inbox")
    try:
        shown = folders_beside(queries.desk(permit, mine, now=now, marks=kept), address)
    except (NotIndexed, DamagedIndex):
        shown = folders(address, None, {}, mine.boxes, permit.person)
    return shown.at(current)


def list_url(query: str | None) -> str:
    """The list with this query string."""
    return f"{reverse('my-mail')}?{query}" if query else reverse("my-mail")


def query_of(request: Request) -> str | None:
    """The query string of the list; None for a message that was opened from elsewhere."""
    if (query := request.GET.get("list")) is not None:
        return query
    came_from: Any = urlsplit(request.headers.get("Referer", ""))
    is_list = came_from.netloc == request.get_host() and came_from.path == reverse("my-mail")
    return came_from.query if is_list else None
