"""Names that complete what is typed into a field for a person (city/pages/person_fields.py)."""

from __future__ import annotations

from django.http import JsonResponse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages import completion, person_search
from civicmail.city.pages.city_request import CityRequest, acting, require


@acting("my.write")
def complete(request: CityRequest) -> JsonResponse:
    """?q=words: people whom the reader may see, as lines of the field with their places."""
    require(request, "my.write", OfPerson(request.actor.uid))
    now, words = epoch_ms(request.now), completion.words_of(request.GET.get("q", ""))
    if not words:
        return completion.answer([], "")
    people = person_search.search(words, request.actor, now=now)[: person_search.MAX_OFFERED]
    person, _ = person_search.find(words, request.actor, now=now)
    exact = person_search.lines([person.uid])[0] if person is not None else ""
    return completion.answer([(person_search.line(p), person_search.place(p)) for p in people], exact)
