"""My mailboxes, who else may use them, and the answer while I am away (P-06, M5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import AutoReply
from desk.mailbox.post import Post, letter
from desk.mailbox.test_pages import DANA, said
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
STREETS = "streets@city.example"


def days(city: Town, start: int, end: int, **more: str) -> dict[str, str]:
    today = timezone.localdate(city.now)
    return {"starts": str(today + timedelta(days=start)), "until": str(today + timedelta(days=end)), "text": "I am away.", **more}


@pytest.mark.rule("P-06", "Each mailbox shows the authorization, its end, and other users.")
def test_each_mailbox_says_my_right_to_it_and_who_else_has_one(post: Post, visit: Visit) -> None:
    post.delivered(post.arrive(letter(sender="a@b.example", to=STREETS), STREETS), 0)
    post.index()
    page = said(visit("crew0").get("/mail/boxes/"))
    assert "Dana Ortiz dana.ortiz @city.example 0 It is yours, until" in page and "nobody" in page
    assert "Streets and Closures streets @city.example 1 You may use it, until" in page
    assert "Streets" not in said(visit("crew1").get("/mail/boxes/"))


@pytest.mark.rule(
    "P-06",
    "The owner sets an auto-reply for an absence, to the end of the last day; an empty text sends nothing outside.",
)
def test_the_holder_says_what_is_answered_while_they_are_away(visit: Visit, city: Town) -> None:
    """From the first day to the end of the last, by the city's clock; nothing outside where nothing is written."""
    dana = visit("crew0")
    assert "Your mailbox answers from" in said(dana.post("/mail/away/", days(city, 1, 3), follow=True))
    row = AutoReply.objects.get(mailbox__address=DANA, ended__isnull=True)
    start, end = timezone.localtime(row.starts), timezone.localtime(row.until)
    assert (start.date(), start.hour, end.hour) == (timezone.localdate(city.now) + timedelta(days=1), 0, 0)
    assert end.date() == timezone.localdate(city.now) + timedelta(days=4)
    assert (row.text, row.outside, row.kind) == ("I am away.", "", "own")
    assert "I am away." in dana.get("/mail/away/").content.decode()
    dana.post("/mail/away/", days(city, 0, 2, outside="Write to Lena."))
    assert AutoReply.objects.get(ended__isnull=True).outside == "Write to Lena."
    assert "answers no more" in said(dana.post("/mail/away/", {"end": "yes"}, follow=True))
    assert "answers no more" in said(dana.post("/mail/away/", {"end": "yes"}, follow=True))
    assert not AutoReply.objects.filter(ended__isnull=True).exists()
    assert set(Entry.objects.filter(act__startswith="reply.").values_list("person", flat=True)) == {"p-crew0"}


@pytest.mark.parametrize(("start", "end", "text"), [(3, 1, "x"), (-9, -8, "x"), (0, 900, "x"), (0, 1, "")])
def test_an_answer_without_words_or_days_that_fit_is_asked_for_again(
    visit: Visit, city: Town, start: int, end: int, text: str
) -> None:
    answer = visit("crew0").post("/mail/away/", {**days(city, start, end), "text": text})
    assert answer.status_code == 422 and not AutoReply.objects.exists()


def test_who_may_send_from_the_mailbox_of_a_function_says_what_it_answers(visit: Visit, city: Town) -> None:
    """On its own page, which the list of mailboxes leads to; the others of the mailbox see it there."""
    dana, place = visit("crew0"), f"/mail/away/{city.objects['streets']}/"
    assert place in dana.get("/mail/boxes/").content.decode() and place not in visit("crew1").get("/mail/boxes/").content.decode()
    assert f"{STREETS} answers from" in said(dana.post(place, days(city, 0, 3), follow=True))
    row = AutoReply.objects.get(ended__isnull=True)
    assert (row.mailbox.address, row.text, row.by) == (STREETS, "I am away.", "p-crew0")
    assert "It answers by itself, last day:" in said(dana.get("/mail/boxes/"))
    assert place in visit("head").get(f"/access/mailboxes/{STREETS}/").content.decode()
    assert visit("crew1").post(place, {"end": "yes"}).status_code == 403 and AutoReply.objects.filter(ended__isnull=True).exists()
    own = city.authorizations["crew0"].mailbox_id
    assert visit("head").get(f"/mail/away/{own}/").status_code == 404
    assert f"{STREETS} answers no more" in said(visit("head").post(place, {"end": "yes"}, follow=True))
    assert not AutoReply.objects.filter(ended__isnull=True).exists()
