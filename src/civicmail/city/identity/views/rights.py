"""Acts on one authorization of a person, as links of the pages that show it (P-04, P-07)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.urls import reverse

from civicmail.city.guard import guard
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.four_eyes import Facts
from civicmail.city.guard.queries import four_eyes
from civicmail.city.identity.queries.bars import about_authorization
from civicmail.city.pages.city_request import CityRequest, may
from civicmail.city.pages.page import Action


def second_person(request: CityRequest, rights: Iterable[Any]) -> Facts:
    """Data about the actor and the requesters of these authorizations, loaded once for all rows of a page."""
    return four_eyes.facts_of(map(about_authorization, rights), request.actor, epoch_ms(request.now))


def user_acts(request: CityRequest, a: Any, eyes: Facts) -> list[Action]:
    """Acts on one authorization, each with a page of its own. eyes: from second_person, including this authorization."""
    about = about_authorization(a)
    acts = []
    if a.state == "asked":
        return [Action("Look at the request", reverse("request", args=[a.pk]))]
    moved = a.role == "holder" and a.episode.department_id != a.department_id
    extends = a.state in ("active", "suspended") and not moved
    if extends and guard.may(request.actor, "request.decide", replace(about, four_eyes=eyes), now=epoch_ms(request.now)):
        acts.append(Action("Keep for longer…", reverse("extend", args=[a.pk])))
    if a.role != "holder" and may(request, "access.end", about):
        acts.append(Action("End this right…", reverse("revoke", args=[a.pk])))
    if moved and may(request, "access.end", about):
        acts.append(Action("Say when it ends…", reverse("overlap", args=[a.pk])))
    return acts
