"""Protected mail, and who approves its examination; maintained by the access office (pages, "/access/protected/"; P-16, E3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.examination_grounds import PROTECTED_CLASSES
from civicmail.city.guard.models import Protection
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page

BY_ITSELF = {
    "council": "Elected officials belong to it by themselves.",
    "city-attorney": "Whoever holds the role city attorney belongs to it by themselves.",
}
"""Class -> who is in it without being named."""


@dataclass
class Kind:
    """One class as the page lists it."""

    name: str
    hint: str
    members: list[Protection] = field(default_factory=list)
    approvers: list[Protection] = field(default_factory=list)


@acting("protection.see")
def protected(request: CityRequest) -> HttpResponse:
    """List each class with its members and approvers; a class without an approver cannot be examined."""
    require(request, "protection.see")
    kinds = {kind: Kind(name, BY_ITSELF.get(kind, "")) for kind, name in PROTECTED_CLASSES.items()}
    for row in Protection.objects.filter(ended__isnull=True).select_related("person", "department").order_by("id"):
        (kinds[row.kind].approvers if row.approves else kinds[row.kind].members).append(row)
    changes = bool(may(request, "mandate.protect"))
    actions = [Action("Protect or name somebody", reverse("protect"), primary=True)] if changes else []
    page = Page("Protected mail", "Access office", actions=actions)
    return render(request, "identity/protected.html", {"page": page, "kinds": list(kinds.values()), "changes": changes})
