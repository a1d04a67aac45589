"""The page My roles: activate a privileged role for some hours, with a reason and step-up (D4)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.guard.roles import ROLES
from civicmail.city.identity.queries.actors import active_roles
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.page import Page


@acting("my.duties")
def my_roles(request: CityRequest) -> HttpResponse:
    """Which roles the person holds, until when, and which of them is activated now."""
    who = me(request)
    require(request, "my.duties", OfPerson(who.uid))
    used = {u.grant_id: u for u in active_roles(who, epoch_ms(request.now))}
    grants = who.roles.filter(ended__isnull=True, until__gt=request.now).select_related("department").order_by("role")
    rows = [(g, ROLES[g.role], used.get(g.pk)) for g in grants if g.role in ROLES]
    return render(request, "my_roles.html", {"page": Page(gettext("My roles")), "rows": rows})
