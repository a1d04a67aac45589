"""The public reading room, without an account: search what was released, read it, and follow what is new
("/public/records/released/…"). Its files leave through the release gate alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.page import Action, Page
from civicmail.desk.records import released_index
from civicmail.desk.records.models import Publication
from civicmail.desk.records.queries import reading_room
from civicmail.desk.records.reading_room_feed import MEDIA_TYPE, Entry, atom
from civicmail.desk.records.views import production_files
from civicmail.desk.viewer.queries import installation

PER_PAGE = 20
MAX_FEED = 100
MAX_WORDS = 200
"""Characters of a search."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Which part of a list a page shows, as components/pager.html takes it. params: of the address, without the page."""

    path: str
    params: Mapping[str, str]
    page: int
    total: int

    @classmethod
    def of(cls, request: CityRequest, total: int, **params: str) -> Pages:
        """By the address, inside what there is."""
        text = request.GET.get("page", "")
        page = int(text) if text.isdecimal() and len(text) < 7 else 1
        return cls(request.path, {k: v for k, v in params.items() if v}, min(max(page, 1), max(1, -(-total // PER_PAGE))), total)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))

    @property
    def offset(self) -> int:
        return (self.page - 1) * PER_PAGE

    @property
    def first(self) -> int:
        return self.offset + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.offset + PER_PAGE, self.total)

    @property
    def newer(self) -> str:
        return self._link(self.page - 1) if self.page > 1 else ""

    @property
    def older(self) -> str:
        return self._link(self.page + 1) if self.page < self.pages else ""

    def _link(self, page: int) -> str:
        return f"{self.path}?{urlencode({**self.params, 'page': page})}"


@never_cache
def room(request: CityRequest) -> HttpResponse:
    """What is published, newest first; with words, the documents that have all of them."""
    words, year, slug = (request.GET.get(name, "").strip()[:MAX_WORDS] for name in ("q", "year", "in"))
    rows = list(reading_room.public())
    years = sorted({row.published.year for row in rows if row.published}, reverse=True)
    rows = [row for row in rows if not year or (row.published and str(row.published.year) == year)]
    one = next((row for row in rows if row.slug == slug), None)
    rows = [one] if one else rows
    shown: dict[str, Any] = {"words": words, "year": year, "years": [str(each) for each in years], "one": one}
    if words:
        data, by_pk = installation(), {row.pk: row for row in rows}
        total, _ = released_index.search(data, words, by_pk.keys(), offset=0, limit=0)
        pages = Pages.of(request, total, q=words, year=year, **{"in": slug})
        _, hits = released_index.search(data, words, by_pk.keys(), offset=pages.offset, limit=PER_PAGE)
        shown["hits"] = [_hit(by_pk[hit.publication], hit) for hit in hits]
    else:
        pages = Pages.of(request, len(rows), year=year, **{"in": slug})
        shown["rows"] = rows[pages.offset : pages.offset + PER_PAGE]
    feed = Action(gettext("Feed of what is new"), reverse("public-feed"))
    page = Page(gettext("Reading room"), gettext("Public records"), _up(), actions=[feed])
    return render(request, "records/reading_room.html", {"page": page, "listing": pages, **shown})


@never_cache
def release(request: CityRequest, slug: str) -> HttpResponse:
    """One release with its documents; where one was taken down, when and why (410)."""
    row = _find(slug)
    if row.state != "public":
        return _taken(request, row)
    numbers = reading_room.items(row)
    pages = Pages.of(request, len(numbers))
    some = numbers[pages.offset : pages.offset + PER_PAGE]
    facts: list[tuple[str, Any]] = [
        (gettext("Published"), row.published),
        (gettext("Documents"), len(numbers)),
        (gettext("Pages"), row.production.last - row.production.first + 1),
    ]
    shown = {
        "page": Page(row.title, gettext("Reading room"), _up(in_room=True), facts=facts),
        "row": row,
        "listing": pages,
        "documents": reading_room.documents(row, some, released_index.titles(installation(), row.pk)),
        "lists": reading_room.lists(row),
        "digest": reading_room.manifest_digest(row),
        "key": production_files.public_key(),
    }
    return render(request, "records/public_release.html", shown)


@never_cache
def package(request: CityRequest, slug: str) -> HttpResponseBase:
    """The zip file of a release."""
    row = _find(slug)
    return production_files.sent_whole(row.production, f"{slug}.zip") if row.state == "public" else _taken(request, row)


@never_cache
def file(request: CityRequest, slug: str, name: str) -> HttpResponseBase:
    """One file of a release."""
    row = _find(slug)
    if row.state != "public":
        return _taken(request, row)
    return production_files.sent_file(get_object_or_404(row.production.files.select_related("production"), name=name))


@never_cache
def feed(request: CityRequest) -> HttpResponse:
    """The newest publications as an Atom feed."""
    content = feed_of(list(reading_room.public()[:MAX_FEED]), settings.CITY.web.pages)
    return HttpResponse(content, content_type=MEDIA_TYPE)


def feed_of(rows: list[Publication], root: str) -> bytes:
    """The feed of these publications. root: where the pages are."""
    entries = [Entry(row.slug, row.title, row.summary, row.published) for row in rows if row.published]
    city = settings.CITY.city
    at = root + reverse("public-reading-room")
    title = gettext("Public records of {city}").format(city=city.name)
    domain = next(iter(city.domains), "localhost")
    return atom(entries, title=title, author=city.name, domain=domain, address=lambda slug: f"{at}{slug}/" if slug else at)


def _find(slug: str) -> Publication:
    """A publication that is or was public. Raises Http404."""
    row = get_object_or_404(Publication.objects.select_related("production__request"), slug=slug)
    if row.state != "public" and row.published is None:
        raise Http404
    return row


def _taken(request: CityRequest, row: Publication) -> HttpResponse:
    page = Page(gettext("This release was taken down"), gettext("Reading room"), _up(in_room=True))
    return render(request, "records/release_taken.html", {"page": page, "row": row}, status=410)


def _hit(row: Publication, hit: released_index.Hit) -> dict[str, Any]:
    """A document of an answer, with the address of its text."""
    files = reading_room.documents(row, [hit.item], {}) if hit.item else []
    return {"row": row, "hit": hit, "document": files[0] if files else None}


def _up(*, in_room: bool = False) -> list[tuple[str, str]]:
    above = [(gettext("Public records"), reverse("public-records"))]
    return [*above, (gettext("Reading room"), reverse("public-reading-room"))] if in_room else above
