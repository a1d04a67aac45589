"""The differences of two documents that say nearly the same: what a reviewer reads before deciding on both alike (P-21)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.desk.records import word_difference
from civicmail.desk.records.models import Item
from civicmail.desk.records.queries.reading import Reading
from civicmail.desk.records.views import request_page


@acting("records.review")
@require_GET
def difference(request: CityRequest, number: str, item: int, other: int) -> HttpResponse:
    """Show how the second of two documents of a request differs from the first. Both looks are entered before anything is read."""
    require(request, "records.review")
    row = request_page.seen(request, number)
    first, second = (get_object_or_404(Item, request=row, number=n) for n in (item, other))
    facts = {"ids": [first.capture, second.capture], "items": [first.number, second.number]}
    opened = Reading(row, "content.show", actor=request.actor, facts=facts, now=epoch_ms(request.now))
    files = [opened.file(first), opened.file(second)]
    documents = [file.document for file in files]
    shown = {
        "page": request_page.page(row, "Differences", here=[("Review", _review_url(row.number, first))]),
        "first": first,
        "second": second,
        "why": next((file.why for file in files if file.document is None), ""),
        "limit": word_difference.MAX_WORDS,
    }
    if documents[0] is not None and documents[1] is not None:
        shown["runs"] = list(word_difference.difference(documents[0], documents[1]))
        shown["is_cut"] = any(len(d.words) > word_difference.MAX_WORDS for d in documents if d is not None)
    return render(request, "records/difference.html", shown)


def _review_url(number: str, item: Item) -> str:
    return f"{reverse('records-review', args=[number])}?which=all&item={item.number}"
