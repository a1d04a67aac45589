"""Items of a request: what its latest search found, with families, copies and what could not be searched (P-21)."""

from __future__ import annotations

from django.db.models import QuerySet

from civicmail.desk.records.models import Item, Request, Search

UNDER_WAY = ("waiting", "running")
NOT_SETTLED = ("", "reading", "read", "asked")
"""Item.settled while it is open whether the item is meant."""


def latest_search(request: Request) -> Search | None:
    """The search whose items count: the newest one that did not fail."""
    return Search.objects.filter(scope__request=request).exclude(state="failed").select_related("scope", "by").first()


def listed(request: Request) -> QuerySet[Item]:
    """All items of the latest search, also those that could not be searched. A search takes over what it finds again; the rest
    stays with the former one and is out of scope."""
    search = latest_search(request)
    return Item.objects.filter(search=search) if search else Item.objects.none()


def current(request: Request) -> QuerySet[Item]:
    """The items that are reviewed: what was found, and what a person has seen to be meant."""
    return listed(request).filter(hit=True)


def worklist(request: Request) -> QuerySet[Item]:
    """Items of which a part could not be searched and that nobody has settled."""
    return listed(request).exclude(trouble="").filter(settled__in=NOT_SETTLED)
