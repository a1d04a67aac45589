"""Who approved what? Every answer about files, with who gave it, when and why: a report to filter, print and take away as a file
("/holding/approvals/report/"; P-22, P-28)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.urls import reverse

from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page
from civicmail.desk.holding.approval_states import WORDS
from civicmail.desk.holding.models import ApprovalCopy
from civicmail.desk.holding.views.approvals import sender_hint

DAYS = [("7", "7 days"), ("31", "31 days"), ("92", "three months"), ("366", "a year")]
ANSWER_CHOICES = [(state, word) for state, (_, word) in WORDS.items() if state not in ("waits", "gone")]
MAX_COUNTED = 5_000
"""Answers of which the wait is told, the newest first."""


@acting("approvals.see")
def report(request: CityRequest) -> HttpResponseBase:
    """Of a head's or deputy's departments; of all for an auditor. The newest first."""
    require(request, "approvals.see")
    rows = ApprovalCopy.objects.filter(at__isnull=False).exclude(state="gone")
    if not request.actor.holds("auditor"):
        rows = rows.filter(approval__department__code__in=request.actor.departments)
    table = listing.from_query(
        request,
        rows,
        caption="What was said about files that leave",
        columns=_columns(),
        filters=[
            Filter("since", "Since", lambda q, v: q.filter(at__gte=request.now - timedelta(days=int(v))), DAYS),
            Filter("by", "Answered by", lambda q, v: q.filter(Q(by__family__icontains=v) | Q(by__uid=v))),
            Filter("state", "Answer", lambda q, v: q.filter(state=v), ANSWER_CHOICES),
            Filter("to", "Recipient", lambda q, v: q.filter(address__icontains=v)),
            Filter("department", "Department", _in_department),
        ],
        empty="Nothing was answered yet.",
        noun="answers",
        sort="-at",
        slim=lambda q: q.select_related("approval__person", "approval__department", "by"),
    )
    assert isinstance(table.results, QuerySet)
    decided = table.results.exclude(state__in=("expired", "withdrawn"))  # nobody has answered these
    times = decided.order_by("-at").values_list("approval__made", "at")[:MAX_COUNTED]
    facts: list[tuple[str, Any]] = [("Answers", table.total), ("Median wait", median_wait(times))]
    page = Page("Who approved what?", "Approvals", [("Approvals", reverse("approvals"))], None, facts)
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def median_wait(times: Iterable[tuple[datetime, datetime]]) -> str:
    """The median of how long answers took, in words. times: (asked, answered) of each."""
    waits = [(answered - requested).total_seconds() for requested, answered in times]
    return hours_text(timedelta(seconds=median(waits))) if waits else "nothing was answered"


def hours_text(duration: timedelta) -> str:
    """As "2 h 05 min"."""
    minutes = max(0, round(duration.total_seconds() / 60))
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _columns() -> list[Column]:
    return [
        Column("at", "Answered", lambda c: Cell(c.at, reverse("approval", args=[c.approval_id])), ("at",)),
        Column("state", "Answer", lambda c: Cell(WORDS[c.state][1], role=WORDS[c.state][0], hint=_own_hint(c)), ("state", "at")),
        Column("by", "By", lambda c: str(c.by) if c.by else "nobody", ("by__family", "at"), name="by"),
        Column(
            "from", "Sent by", lambda c: Cell(str(c.approval.person), hint=sender_hint(c.approval)),
            ("approval__person__family", "at"), name="sent by",
        ),
        Column("to", "To", lambda c: Cell(c.address, full=True), ("address",), name="to"),
        Column("files", "Files (SHA-256)", _files, name="files"),
        Column("waited", "Waited", lambda c: hours_text(c.at - c.approval.made), num=True, name="waited"),
        Column("reason", "Why", lambda c: c.reason, name="why"),
    ]  # fmt: skip


def _files(copy: ApprovalCopy) -> str:
    """Those that were said yes or no to, links by the SHA-256 of their address; of some of them also the others."""
    hashes = ", ".join(f"link {part[3][:12]}" if part[1] == "link" else part[3][:12] for part in copy.parts)
    return f"{hashes}; not {', '.join(sha256[:12] for sha256 in copy.without)}" if copy.without else hashes


def _own_hint(copy: ApprovalCopy) -> str:
    return "own files" if copy.approval.own else ""


def _in_department(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(Q(approval__department__code=value.lower()) | Q(approval__department__name__icontains=value))
