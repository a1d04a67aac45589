"""The posted notice of the custodian of records: who, where, when, how, at what cost (Wis. Stat. 19.34 (1), "/public/records/")."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext

from civicmail.city.law.errors import IncompleteLetter, NotInPack
from civicmail.city.law.letters import Rendered
from civicmail.city.law.pack import LawPack
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.page import Page
from civicmail.desk.records.queries import custodians
from civicmail.desk.records.queries.custodians import Designation
from civicmail.desk.records.queries.law import in_force, local_day


def notice(request: CityRequest) -> HttpResponse:
    """The notice as the law pack words it, from the list of designations; without place and hours, what is known."""
    people, pack = custodians.designated(request.now), in_force(local_day(request.now))
    shown = {
        "page": Page(gettext("Public records")),
        "notice": posted(people, pack, translation.get_language() or "en") if pack and people else None,
        "people": people,
        "address": custodians.address(),
        "day": request.now,
    }
    return render(request, "records/public_notice.html", shown)


def posted(people: list[Designation], pack: LawPack, language: str) -> Rendered | None:
    """The notice; None if the city has yet to say where and when (settings city.records_place, city.records_hours)."""
    city = settings.CITY.city
    first, *others = people
    facts = {
        "authority": city.name,
        "custodian": first.person.display,
        "deputies": ", ".join(one.person.display for one in others) or gettext("none"),
        "designated": local_day(first.since),
        "place": city.records_place,
        "hours": city.records_hours,
        "methods": gettext("on this page, by mail to {address}, by telephone, in writing or in person").format(
            address=custodians.address()
        ),
        "costs": "; ".join(task.title for task in pack.fee_tasks),
    }
    try:
        letter = pack.letter("posted-notice")
        return pack.render_letter(letter.id, facts, language if language in letter.text else pack.languages[0])
    except (IncompleteLetter, NotInPack):
        return None
