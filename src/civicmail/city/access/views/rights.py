"""What may be done to one right of somebody, as links of the pages that show it (P-04, P-07)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from civicmail.city.access import guard
from civicmail.city.access.moments import ms
from civicmail.city.access.queries.bars import about_authorisation
from civicmail.city.access.views.asked import Asked, may
from civicmail.city.access.views.page import Action


def user_acts(request: Asked, a: Any) -> list[Action]:
    """What can be done to one right of somebody, as pages of their own."""
    about = about_authorisation(a)
    acts = []
    if a.state == "asked":
        return [Action("Look at the request", reverse("request", args=[a.pk]))]
    moved = a.role == "holder" and a.episode.department_id != a.department_id
    if a.state in ("active", "suspended") and not moved and guard.may(request.actor, "request.decide", about, now=ms(request.now)):
        acts.append(Action("Keep for longer…", reverse("extend", args=[a.pk])))
    if a.role != "holder" and may(request, "access.end", about):
        acts.append(Action("End this right…", reverse("revoke", args=[a.pk])))
    if moved and may(request, "access.end", about):
        acts.append(Action("Say when it ends…", reverse("overlap", args=[a.pk])))
    return acts
