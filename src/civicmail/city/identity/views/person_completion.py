"""Names that complete what is typed into a field for a person (city/pages/person_fields.py)."""

from __future__ import annotations

from django.http import JsonResponse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages import person_search
from civicmail.city.pages.city_request import CityRequest, acting, require

MIN_LENGTH = 2
"""Characters; a single letter fits half the city."""


@acting("my.write")
def complete(request: CityRequest) -> JsonResponse:
    """?q=words: people whom the reader may see, as lines of the field with their places."""
    require(request, "my.write", OfPerson(request.actor.uid))
    words = request.GET.get("q", "").strip()[:254]
    people = person_search.search(words, request.actor, now=epoch_ms(request.now)) if len(words) >= MIN_LENGTH else []
    offered = [(person_search.line(person), person_search.place(person)) for person in people[: person_search.MAX_OFFERED]]
    response = JsonResponse({"people": offered})
    response["Cache-Control"] = "private, no-store"
    return response
