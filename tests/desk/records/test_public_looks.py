"""Every public page of the records desk in Chromium, in English and Spanish, on a phone and at a desk (28 CFR 35.200, 35.160)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicmail.desk.records.actions import formats, publications
from civicmail.desk.records.actions.formats import NewFormatRequest
from civicmail.desk.records.models import FormatRequest, Letter, Publication
from civicmail.desk.records.queries.receipts import token_of
from civicmail.desk.records.worker_jobs import productions as worker
from desk.records.test_productions import QuietOcr
from desk.records.test_reading_room import Room
from pages.conftest import browse as browse
from pages.looks import looked_at
from pages.shots import shot
from pages.test_spanish import left_in_english

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]
PUBLIC = "/public/records/"


def published(town: Any, installed: Path) -> Room:
    """A release in the reading room."""
    Publication.objects.all().delete()
    desk = Room(town, installed)
    desk.assign("attorney", "attorney")
    desk.public()
    formats.ask(desk.request, None, NewFormatRequest("large"), now=desk.now())
    Letter.objects.filter(state="sent").update(sent=town.now, text="La carta")
    return desk


def pages_of(desk: Room) -> dict[str, str]:
    row = Publication.objects.get(state="public")
    return {
        "notice": PUBLIC,
        "request": f"{PUBLIC}request/",
        "status": f"{PUBLIC}status/",
        "follow": f"{PUBLIC}status/{token_of(desk.request)}/",
        "room": f"{PUBLIC}released/",
        "search": f"{PUBLIC}released/?q=list",
        "nothing found": f"{PUBLIC}released/?q=zebra&year=2026",
        "release": f"{PUBLIC}released/{row.slug}/",
        "statistics": f"{PUBLIC}statistics/",
        "format": f"{PUBLIC}released/{row.slug}/format/",
        "format answer": f"{PUBLIC}formats/{formats.token_of(FormatRequest.objects.latest('pk'))}/?new=1",
        "taken": f"{PUBLIC}released/{row.slug}/",
    }


@pytest.mark.parametrize("language", ["en", "es"])
def test_r33_every_public_page_is_for_everybody(
    browse: Callable[..., Any], installed: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(worker, "find_tesseract", lambda _: QuietOcr("", "", finds_orientation=True))
    page = browse("", PUBLIC, width=320)
    desk = published(page.town, installed)
    page.context.add_cookies([{"name": "language", "value": language, "url": page.url}])
    wrong = {}
    for name, path in pages_of(desk).items():
        if name == "taken":
            row = Publication.objects.get(state="public")
            publications.take_down(row, "A court has ordered it.", actor=desk.actor(), now=desk.now())
        page.goto(page.url.partition("/public/")[0] + path)
        shot(page, f"{name}-{language}")
        found = looked_at(page)
        if page.locator("html").get_attribute("lang") != language:
            found.append("another language")
        if language == "es":
            found += left_in_english(page.content())
        if found:
            wrong[name] = found
    assert wrong == {}
