"""The coding and redaction screens in Chromium: for everybody, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Account
from civicmail.desk.records.actions import redactions
from civicmail.desk.records.actions.redactions import Place
from desk.records.mail_world import archived, letter
from desk.records.review_world import Desk
from pages.looks import looked_at
from pages.shots import shot

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]


def screen(browse: Callable[..., Any], installed: Path, path: str, **window: Any) -> Any:
    """A screen of three messages for an officer who switched keys on."""
    shown = browse("recorder", "/", **window)
    desk = Desk(shown.town)
    desk.request.scopes.filter(state="agreed").update(query="lead OR lunch")
    sheet = ("ward6-lines.csv", "text/csv", b"house,owner\n1412,Ann Lee\n")
    letters = [
        letter("Lead line list, draft", file=sheet),
        letter("Re: Lead line list, draft", "I agree.\n"),
        letter("Lunch on Friday?"),
    ]
    ids = archived(installed, epoch_ms(shown.town.now), letters)
    for number, capture in enumerate(ids, 1):
        desk.item(number, capture=capture, thread="t1" if number < 3 else "", place=number)
    parent = desk.request.items.get(number=1)
    desk.item(4, "sheet", capture=ids[0], part="1.2", parent=parent, media_type="text/csv", size=26)
    Account.objects.filter(person=shown.town.people["recorder"]).update(letter_keys=True)
    actor = desk.actor()
    places = [Place(parent.content, first, last) for first, last in ((40, 42), (48, 48), (51, 56))]
    marks = redactions.mark(desk.request, places, actor=actor, now=desk.now())
    for mark in (marks[0], marks[2]):
        redactions.apply(desk.request, [mark.number], "19.36(10)(a)", "", {}, actor=actor, now=desk.now())
    shown.goto(shown.url.rstrip("/") + f"/records/requests/{desk.request.number}/{path}")
    shown.desk = desk
    return shown


@pytest.mark.parametrize(
    "path",
    ["review/", "review/?item=1&do=withhold", "documents/1/redact/?box=2", "documents/1/preview/", "documents/1/difference/2/"],
)
def test_the_screens_are_for_everybody(browse: Callable[..., Any], installed: Path, path: str) -> None:
    shown = screen(browse, installed, path)
    assert looked_at(shown) == []
    shown.emulate_media(forced_colors="none")
    shot(shown, f"records-{path.strip('/').replace('/', '-').replace('?', '-').replace('&', '-')}")
