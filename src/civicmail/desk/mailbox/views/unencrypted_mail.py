"""What went unencrypted although a rule asked for more, and why? For privacy officers ("/mail/sent-plain/", P-19)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.http import HttpResponseBase

from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page
from civicmail.desk.mailbox.models import SentPlain

DAYS = 90
MOST = 5


@acting("plain.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """The newest first, with the sums of a quarter above them."""
    require(request, "plain.see")
    rows = SentPlain.objects.select_related("person")
    departments = list(SentPlain.objects.order_by("department").values_list("department", flat=True).distinct())
    table = listing.from_query(
        request,
        rows,
        caption="Sent unencrypted",
        columns=[
            Column("made", "Sent", lambda p: Cell(p.made, hint=f"{p.copies} outside"), ("made",)),
            Column("person", "By", lambda p: p.person, ("person__name",), name="by"),
            Column("department", "Department", lambda p: p.department or "none", ("department",), name="department"),
            Column("reason", "Reason", lambda p: p.reason, name="reason"),
            Column("rules", "Rules put aside", lambda p: p.rules.replace(",", ", "), name="rules"),
        ],
        filters=[Filter("department", "Department", _of, [(d, d or "none") for d in departments])],
        empty="Nobody has sent anything unencrypted that a rule would have encrypted.",
        noun="messages",
        sort="-made",
    )
    page = Page("What went unencrypted, and why?", "Encryption", facts=_sums(request))
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _sums(request: CityRequest) -> list[tuple[str, Any]]:
    """Of the last quarter, by department."""
    since = SentPlain.objects.filter(made__gte=request.now - timedelta(days=DAYS))
    whole = since.aggregate(n=Count("id"), copies=Sum("copies"))
    facts: list[tuple[str, Any]] = [(f"In {DAYS} days", f"{whole['n']} messages, {whole['copies'] or 0} copies")]
    most = since.values("department").annotate(n=Count("id")).order_by("-n", "department")[:MOST]
    return facts + [(row["department"] or "no department", f"{row['n']} messages") for row in most]


def _of(query: QuerySet[SentPlain], department: str) -> QuerySet[SentPlain]:
    return query.filter(department=department)
