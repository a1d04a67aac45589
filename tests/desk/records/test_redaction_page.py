"""The redaction screen: words and boxes are marked, coded and removed by forms, and the preview is the file that would leave."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image, ImageDraw

from civicmail.city.guard.epoch import epoch_ms
from civicmail.desk.records.actions import redactions
from civicmail.desk.records.models import Decision, Redaction
from civicmail.desk.records.queries.contradictions import contradictions
from desk.records.mail_world import archived, letter
from desk.records.review_world import Desk

pytestmark = pytest.mark.django_db
CODE = "19.36(10)(a)"


@pytest.fixture
def desk(city: Any, installed: Path) -> Any:
    """Two messages with the same telephone number; the first has a picture."""
    desk: Any = Desk(city)
    desk.request.scopes.filter(state="agreed").update(query="list OR called")
    out = BytesIO()
    picture = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(picture).text((20, 20), "SECRET", fill="black")
    picture.save(out, "PNG")
    quote = letter("She called", "Zoe wrote: a call back at 414-555-0142\n")
    ids = archived(
        installed, epoch_ms(city.now), [letter("Lead line list", file=("photo.png", "image/png", out.getvalue())), quote]
    )
    desk.items = [desk.item(n, capture=capture) for n, capture in enumerate(ids, 1)]
    desk.items.append(desk.item(3, capture=ids[0], part="1.2", parent=desk.items[0], media_type="image/png"))
    return desk


@pytest.fixture
def officer(visit: Callable[[str], Client]) -> Client:
    return visit("recorder")


def url(desk: Any, item: int, part: str = "redact") -> str:
    return f"/records/requests/{desk.request.number}/documents/{item}/{part}/"


def text(response: Any) -> str:
    assert response.status_code in (200, 422), response.content[:2000]
    return " ".join(response.content.decode().split())


def mark_phone(desk: Any, officer: Client) -> Redaction:
    assert officer.post(url(desk, 1), {"act": "all", "find": "414-555-0142"}).status_code == 302
    return Redaction.objects.get(request=desk.request)


@pytest.mark.rule("P-21", "Words are redacted by their numbers, by searching or with the mouse; nothing without a code is saved.")
def test_r22_words_are_marked_coded_and_saved(desk: Any, officer: Client) -> None:
    page = text(officer.get(f"{url(desk, 1)}?find=414-555-0142&numbers=1"))
    assert ">Save" not in page and ">Undo" not in page, "there is nothing to save, and nothing to undo"
    assert "Mark all 1" in page and '<span data-w="1">' in page and "photo.png" in page
    mark = mark_phone(desk, officer)
    page = text(officer.get(url(desk, 1)))
    assert f"Redaction {mark.number}" in page and "No code" in page and "Save" not in page and ">Undo" in page
    officer.post(url(desk, 1), {"act": "save"})
    assert not Decision.objects.exists()
    refused = officer.post(
        url(desk, 1), {"act": "apply", "box": mark.number, "code": "balancing", "fact-balancing-interest-in-secrecy": "her health"}
    )
    assert refused.status_code == 422 and "her health" in text(refused)
    assert officer.post(url(desk, 1), {"act": "apply", "box": mark.number, "code": CODE}).status_code == 302
    page = text(officer.get(url(desk, 1)))
    assert f"{mark.number} · REDACTED 19.36(10)(a)" in page and "Save 1 redaction " in page
    assert officer.post(url(desk, 1), {"act": "save"}).status_code == 302
    assert Decision.objects.get().verdict == "redact"


@pytest.mark.rule("P-21", "The preview of a redacted document is the file that would leave, without what is redacted.")
def test_r22_the_preview_is_the_file_that_would_leave(desk: Any, officer: Client) -> None:
    mark = mark_phone(desk, officer)
    assert "414-555-0142" in text(officer.get(url(desk, 1, "preview")))
    officer.post(url(desk, 1), {"act": "apply", "box": mark.number, "code": CODE})
    page = text(officer.get(url(desk, 1, "preview")))
    assert "414-555-0142" not in page and "REDACTED 19.36(10)(a)" in page and "ventilator" in page
    picture = officer.get(url(desk, 1, "preview/1"))
    assert picture["Content-Type"] == "image/png" and picture.content.startswith(b"\x89PNG")
    assert officer.get(url(desk, 1, "preview/99")).status_code == 404


@pytest.mark.rule("P-21", "The same words are redacted in every document of the request, also where they are quoted.")
def test_r22_a_redaction_is_applied_to_quotes_in_the_request(desk: Any, officer: Client) -> None:
    mark = mark_phone(desk, officer)
    officer.post(url(desk, 1), {"act": "apply", "box": mark.number, "code": CODE, "where": "request"})
    assert sorted(Redaction.objects.values_list("content", "code")) == sorted((item.content, CODE) for item in desk.items[:2])
    page = text(officer.get(url(desk, 2, "preview")))
    assert "414-555-0142" not in page


@pytest.mark.rule("P-21", "One code for the same words everywhere, also where they were found and marked in the same message.")
def test_r22_a_code_for_the_whole_request_covers_every_mark_of_the_same_words(desk: Any, officer: Client, installed: Path) -> None:
    roster = letter("List", "Call 414-555-0142 or 414 555 0142. At night 414-555-0142, never 414-555-0199.\n")
    desk.items.append(desk.item(4, capture=archived(installed, epoch_ms(desk.city.now), [roster])[0]))
    for found in ("414-555-0142", "414-555-0199"):
        officer.post(url(desk, 4), {"act": "all", "find": found})
    other = Redaction.objects.get(number=4)
    answer = officer.post(url(desk, 4), {"act": "apply", "box": "1", "code": CODE, "where": "request"})
    assert answer["Location"].endswith(f"?box={other.number}"), "the next one without a code"
    assert set(Redaction.objects.filter(code="")) == {other}
    assert "Also redacted in this request: 4." in text(officer.get(url(desk, 4))), "two here, and one in each other message"


def test_r22_a_box_is_drawn_on_a_picture_and_burned_in_the_preview(desk: Any, officer: Client) -> None:
    assert officer.get(url(desk, 3, "pages/1"))["Content-Type"] == "image/png"
    assert officer.get(url(desk, 3, "pages/2")).status_code == 404
    sides = {"page": "1", "x0": "100", "y0": "60", "x1": "5", "y1": "5"}
    assert officer.post(url(desk, 3), {"act": "box", **sides}).status_code == 302
    mark = Redaction.objects.get()
    assert (mark.first, mark.x0, mark.y0, mark.x1, mark.y1) == (-1, 5, 5, 100, 60)
    assert officer.post(url(desk, 3), {"act": "box", **sides, "x1": "100"}).status_code == 302
    assert Redaction.objects.count() == 1, "a box without an area is none"
    officer.post(url(desk, 3), {"act": "apply", "box": mark.number, "code": CODE})
    page = text(officer.get(url(desk, 3, "preview")))
    assert "SECRET" not in page and "REDACTED" in page


@pytest.mark.parametrize(
    "given",
    [
        {"act": "mark", "first": "9", "last": "3"},
        {"act": "mark", "first": "x", "last": "3"},
        {"act": "mark", "first": "1", "last": "999999"},
        {"act": "mark"},
        {"act": "box", "page": "1", "x0": "1", "y0": "1", "x1": "9", "y1": "9"},
        {"act": "box", "page": "1", "x0": "nan", "y0": "1", "x1": "9", "y1": "9"},
        {"act": "all", "find": ""},
        {"act": "all", "find": "nowhere in it"},
    ],
)
def test_what_cannot_be_marked_says_so_and_marks_nothing(desk: Any, officer: Client, given: dict[str, str]) -> None:
    response = officer.post(url(desk, 1), given, follow=True)
    assert "cm-note" in text(response)
    assert not Redaction.objects.exists()


def test_removed_and_undone_redactions_are_not_in_the_preview_and_unknown_ones_are_not_found(desk: Any, officer: Client) -> None:
    mark = mark_phone(desk, officer)
    officer.post(url(desk, 1), {"act": "allow", "box": mark.number, "override": "Another telephone of the city."})
    officer.post(url(desk, 1), {"act": "remove", "box": mark.number})
    assert not Redaction.objects.filter(removed__isnull=True).exists()
    officer.post(url(desk, 1), {"act": "undo"})
    assert Redaction.objects.get(removed__isnull=True).override == "Another telephone of the city."
    assert officer.post(url(desk, 1), {"act": "apply", "box": "77", "code": CODE}).status_code == 404
    assert "Choose what to do." in text(officer.post(url(desk, 1), {"act": "burn"}, follow=True))
    assert officer.get(url(desk, 9)).status_code == 404


def test_a_file_that_cannot_be_read_is_withheld_whole(desk: Any, officer: Client) -> None:
    desk.items[2].part = "7"
    desk.items[2].save()
    page = text(officer.get(url(desk, 3)))
    assert "withhold it whole" in page
    assert "withhold it whole" in text(officer.get(url(desk, 3, "preview")))


def test_a_mark_without_a_code_blocks_the_release(desk: Any, officer: Client) -> None:
    mark_phone(desk, officer)
    assert "uncoded" in {c.kind for c in contradictions(desk.request)}
    actor = desk.actor()
    redactions.remove(desk.request, [1], actor=actor, now=desk.now())
    assert "uncoded" not in {c.kind for c in contradictions(desk.request)}
