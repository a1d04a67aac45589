"""Personnel lists: read, check line by line, apply or reject (P-08, L7). Identity providers use SCIM (/scim/v2/)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.directory import feed_table
from civicmail.city.directory.models import FeedLine, FeedRun
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.identity.actions import feed, feedmaps
from civicmail.city.identity.acts.feeds import APPLY_FEED, REJECT_FEED
from civicmail.city.identity.views.feeds import STATES
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, shown_as

router = Router(tags=["Personnel feed"])
ONE = "/feeds/{int:id}"
MAX_NAME = 120


class PersonnelList(RowSchema):
    """A list that was read. kind: file, ldap or scim; state: proposed, stopped (by the brake), applied, rejected, live or failed;
    lines: how many are added, changed, ended or refused."""

    id: int
    source: str
    kind: str
    state: Annotated[str, shown_as(STATES)]
    at: datetime
    rows: int
    by: str
    reason: str
    lines: dict[str, int]


class PersonnelLine(RowSchema):
    """did: added, changed, ended or refused; changes: field -> before and after."""

    line: int
    uid: str
    did: str
    changes: dict[str, Any]
    reason: str


class PersonnelListToRead(Schema):
    """name: of the file; content: in base64 (RFC 4648). Its columns are ours, or those of a mapping that was saved on the page."""

    name: str
    content: str


@operation(router, "GET", "/feeds", act="feed.run", scope="read:people", page="feeds", response=list[PersonnelList])
def list_feeds(request: Call, response: HttpResponse) -> list[PersonnelList]:
    """List personnel lists that were read, newest first."""
    require(request, "feed.run")
    rows: list[FeedRun] = pagination.rows(request, response, FeedRun.objects.all(), lambda r: r, by="-pk")
    return _runs(rows)


@operation(router, "GET", ONE, act="feed.run", scope="read:people", page="feed", response=PersonnelList)
def read_feed(request: Call, id: int) -> PersonnelList:
    """Read one personnel list."""
    require(request, "feed.run")
    return _run(_row(id))


@operation(router, "GET", f"{ONE}/lines", act="feed.run", scope="read:people", page="feed", response=list[PersonnelLine])
def list_feed_lines(request: Call, response: HttpResponse, id: int, did: str = "") -> list[PersonnelLine]:
    """List its changes line by line. did: only those."""
    require(request, "feed.run")
    rows = _row(id).lines.all()
    return pagination.rows(request, response, rows.filter(did=did) if did else rows, _line, by="pk")


@operation(router, "POST", "/feeds", act="feed.run", scope="write:people", page="feed-new", response=PersonnelList, status=201)
def read_personnel_list(request: Call, body: PersonnelListToRead) -> PersonnelList:
    """Upload a personnel list; changes nothing yet."""
    require(request, "feed.run")
    try:
        content = base64.b64decode(body.content, validate=True)
    except (ValueError, binascii.Error):
        raise Unusable("The content is not base64.", {"content": "Not base64 (RFC 4648)."}) from None
    if not 0 < len(name := body.name.strip()) <= MAX_NAME or "\0" in name:
        raise Unusable("Give the file a name.", {"name": f"From 1 to {MAX_NAME} characters."})
    table = feed_table.read(content)
    saved = None if table.is_ours else feedmaps.find_mapping(table)
    if not table.is_ours and saved is None:
        raise Unusable(
            "Nothing was read: this file has no column mapping. Save one on the page first.", {"content": "Unknown columns."}
        )

    def do() -> PersonnelList:
        common: dict[str, Any] = {"source": name, "actor": request.actor, "now": epoch_ms(request.now)}
        made = feed.propose(content, **common) if saved is None else feedmaps.propose(content, feedmaps.columns_of(saved), **common)
        return _run(_row(made.pk))

    return once(request, do)


def _row(id_: int) -> FeedRun:
    return get_object_or_404(FeedRun, pk=id_)


def _run(r: FeedRun) -> PersonnelList:
    return _runs([r])[0]


def _runs(rows: Sequence[FeedRun]) -> list[PersonnelList]:
    """Two queries, however many lines they have."""
    counts: dict[int, dict[str, int]] = {}
    of = FeedLine.objects.filter(run__in=[r.pk for r in rows]).order_by()
    for run, did, n in of.values("run", "did").annotate(n=Count("id")).values_list("run", "did", "n"):
        counts.setdefault(run, {})[did] = n
    return [PersonnelList.from_row(r, lines=counts.get(r.pk, {})) for r in rows]


def _line(n: FeedLine) -> PersonnelLine:
    return PersonnelLine.from_row(n, line=n.line or 0)


for _act in (APPLY_FEED, REJECT_FEED):
    act_operation(router, _act, PersonnelList, _run)
