"""Who is let in, and what comes first: sign-in, the session's epoch, the policy (P-06, P-18; L2, P1; promise 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import suspensions
from civicmail.city.identity.models import Acknowledgement, PolicyText
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def newer(city: Town) -> PolicyText:
    """A version that everybody had to accept by last week."""
    return PolicyText.objects.create(
        version=8,
        title="E-mail use policy",
        text="Nothing of one's own.",
        sha256="8" * 64,
        published=city.now - timedelta(days=20),
        by="p-office",
    )


def test_without_a_sign_in_there_is_nothing_but_the_way_to_it(city: Town) -> None:
    answer = Client().get("/dept/public-works/people/?q=ann")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fdept%2Fpublic-works%2Fpeople%2F%3Fq%3Dann"


def test_a_part_of_a_page_that_was_asked_for_leads_the_whole_page_to_the_sign_in(city: Town) -> None:
    answer = Client().get(
        "/my/access/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/dept/public-works/people/?page=2"}
    )
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=%2Fdept%2Fpublic-works%2Fpeople%2F%3Fpage%3D2"


@pytest.mark.rule("P-08, promise 5, L2", "A session of an older epoch is refused by the pages at its next request.")
def test_a_session_of_an_older_epoch_is_refused_at_its_next_request(city: Town, visit: Visit) -> None:
    """L2, promise 5: the old cookie opens nothing any more, and does not come back to life."""
    client = visit("crew0")
    assert client.get("/my/access/").status_code == 200
    officer = Actor("p-head", departments=frozenset({"public-works"}))
    suspensions.suspend(city.people["crew0"], actor=officer, reason="On leave from today on.", now=epoch_ms(city.now))
    answer = client.get("/my/access/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")
    Account.objects.filter(person=city.people["crew0"]).update(epoch=1)
    assert client.get("/my/access/").status_code == 302


def test_a_session_that_says_no_epoch_is_none(city: Town, visit: Visit) -> None:
    client = visit("crew0")
    session = client.session
    del session["epoch"]
    session.save()
    assert client.get("/").status_code == 302


@pytest.mark.rule("P-18, P1", "The policy is accepted before anything is opened, and then that is opened.")
def test_the_policy_comes_before_the_first_use_of_anything(city: Town, visit: Visit) -> None:
    """P1: who has not accepted what is asked gets the policy, and only then the page that was asked for."""
    text = newer(city)
    client = visit("head")
    assert client.get("/").headers["Location"] == "/acknowledge/8/"
    asked = client.get("/dept/public-works/people/")
    assert asked.status_code == 302
    assert asked.headers["Location"] == "/acknowledge/8/?next=%2Fdept%2Fpublic-works%2Fpeople%2F"
    page = client.get(asked.headers["Location"])
    assert b"checked" not in page.content, "nothing is preselected"
    answer = client.post(asked.headers["Location"], {"answer": "accept", "shown": text.sha256})
    assert answer.headers["Location"] == "/dept/public-works/people/"
    assert client.get("/dept/public-works/people/").status_code == 200
    said = Acknowledgement.objects.get(person=city.people["head"], text=text)
    assert (said.accepted, said.shown, said.how) == (True, text.sha256, "page")


@pytest.mark.rule("P-18, P1", "Each answer to the policy is a button that names it, and nothing else answers.")
def test_each_answer_to_the_policy_is_a_button_that_names_it(city: Town, visit: Visit) -> None:
    """P1, P-18: accepting is an act; a form that is sent without an answer is asked again."""
    newer(city)
    client = visit("head")
    page = client.get("/acknowledge/8/").content
    assert page.count(b'name="answer"') == 2
    assert b'value="accept">Accept the policy</button>' in page
    assert b'value="decline">Decline</button>' in page
    assert client.post("/acknowledge/8/", {"shown": "8" * 64}).status_code == 422


@pytest.mark.rule("P-18, P3", "The policy is read as HTML with headings, and what is in it is only text.")
def test_the_policy_is_plain_html_with_headings(city: Town, visit: Visit) -> None:
    """P3, P-18: text that can be read aloud, enlarged and printed; no file to open, and whatever is in it is only text."""
    text = PolicyText.objects.create(
        version=8,
        title="Rules",
        text="# What mail is for\n\nWork.\n\n<script>alert(1)</script>",
        sha256="8" * 64,
        published=city.now,
        by="p",
    )
    page = visit("crew0").get(f"/policy/versions/{text.version}/").content.decode()
    assert "<h3>What mail is for</h3>" in page
    assert "<p>Work.</p>" in page
    assert "&lt;script&gt;alert(1)" in page


def test_who_declines_sees_why_nothing_opens_and_may_accept_after_all(city: Town, visit: Visit) -> None:
    text = newer(city)
    client = visit("head")
    client.post("/acknowledge/8/", {"answer": "decline", "shown": text.sha256})
    assert client.get("/").status_code == 200
    assert b"Accept the e-mail policy after all" in client.get("/").content
    assert client.get("/dept/public-works/people/").status_code == 302
    assert b"You declined" in client.get("/my/access/").content


def test_an_answer_to_a_text_that_was_not_shown_does_not_count(city: Town, visit: Visit) -> None:
    text = newer(city)
    answer = visit("head").post("/acknowledge/8/", {"answer": "accept", "shown": "0" * 64})
    assert answer.status_code == 409
    assert not Acknowledgement.objects.filter(person=city.people["head"], text=text).exists()


def test_an_address_of_an_older_version_leads_to_the_newest(city: Town, visit: Visit) -> None:
    newer(city)
    assert visit("crew0").get("/acknowledge/7/").headers["Location"] == "/acknowledge/8/"


def test_nobody_is_led_to_another_host_after_answering(city: Town, visit: Visit) -> None:
    text = newer(city)
    client = visit("head")
    answer = client.post("/acknowledge/8/?next=https://evil.example/", {"answer": "accept", "shown": text.sha256})
    assert answer.headers["Location"] == "/"


def test_who_has_no_access_hears_why(city: Town, visit: Visit) -> None:
    Acknowledgement.objects.create(
        person=city.people["crew6"], text=city.policy, accepted=True, shown=city.policy.sha256, at=city.now
    )
    answer = visit("crew6").get("/my/devices/")
    assert answer.status_code == 403
    assert b"Nobody has authorized you" in answer.content


def test_a_body_that_is_too_large_is_refused_before_it_is_read(city: Town, visit: Visit) -> None:
    answer: Any = visit("head").post("/dept/public-works/personal-use/", {}, CONTENT_LENGTH=str(100 * 1024 * 1024))
    assert answer.status_code == 413
    assert b"too large" in answer.content


def test_a_form_without_its_token_changes_nothing_and_says_so(city: Town) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/accounts/login/", {"login": "x", "password": "y"})
    assert answer.status_code == 403
    assert b"reload the page" in answer.content
