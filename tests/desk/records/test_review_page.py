"""The coding screen: list, message and decisions on one page, by buttons and without script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.models import Decision, Item, Suggestion
from desk.records.mail_world import archived, letter
from desk.records.review_world import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(city: Any, installed: Path) -> Desk:
    """Three messages of a request, of which two are one thread and one has a file."""
    desk = Desk(city)
    desk.request.scopes.filter(state="agreed").update(query="lead OR lunch")
    letters = [
        letter("Lead line list, draft"),
        letter("Re: Lead line list, draft", "I agree.\n"),
        letter("Lunch on Friday?", "Pizza?\n"),
    ]
    for number, capture in enumerate(archived(installed, epoch_ms(city.now), letters), 1):
        desk.item(number, capture=capture, thread="t1" if number < 3 else "", place=number)
    desk.url = f"/records/requests/{desk.request.number}/review/"  # type: ignore[attr-defined]
    return desk


@pytest.fixture
def officer(visit: Callable[[str], Client]) -> Client:
    return visit("recorder")


def text(response: Any) -> str:
    assert response.status_code in (200, 422), response.content[:2000]
    return " ".join(response.content.decode().split())


def test_the_screen_shows_the_message_with_hits_suggestions_and_its_list(desk: Any, officer: Client) -> None:
    page = text(officer.get(desk.url))
    assert "<mark>lead</mark>" in page and "1 of 3" in page
    assert '414-555-0142<sup><span class="cm-hidden">suggestion </span>2</sup>' in page
    assert "<dt>Date</dt><dd>" in page and "2:05 p.m." in page and "12 Nov 2026 14:05:00" not in page
    assert "3 quoted lines" in page and "Lunch on Friday?" in page and "Re: Lead line list, draft" in page
    entry = Entry.objects.filter(object=object_of(desk.request), act="content.show").latest("pk")
    assert entry.facts["item"] == 1 and "Lead" not in str(entry.facts)


def test_a_decision_leads_to_the_next_message_and_undo_leads_back(desk: Any, officer: Client) -> None:
    response = officer.post(f"{desk.url}?item=1", {"act": "release", "note": "as it is", "seen": ""})
    assert response.status_code == 302 and "item=2" in response["Location"]
    assert Decision.objects.get().verdict == "release"
    page = text(officer.get(response["Location"]))
    assert "Last decision: released" in page and "Same as last" in page
    officer.post(f"{desk.url}?item=2", {"act": "last"})
    assert Decision.objects.filter(verdict="release").count() == 2
    back = officer.post(f"{desk.url}?item=3", {"act": "undo"})
    assert "item=2" in back["Location"]
    assert Decision.objects.filter(replaced__isnull=True).count() == 1


def test_the_last_decision_of_a_list_leads_to_what_was_left_out_and_then_says_that_nothing_is(desk: Any, officer: Client) -> None:
    for number in (1, 3):
        page = text(officer.post(f"{desk.url}?item={number}", {"act": "release"}, follow=True))
    assert "Number</dt><dd>000002" in page, "it was skipped"
    page = text(officer.post(f"{desk.url}?item=2", {"act": "release"}, follow=True))
    assert "Nothing is left in this list." in page
    page = text(officer.post(f"{desk.url}?item=3&which=all", {"act": "not-responsive"}, follow=True))
    assert "Number</dt><dd>000003" in page, "a list of all documents keeps it"


def test_the_rest_of_the_thread_is_decided_only_if_that_is_ticked(desk: Any, officer: Client) -> None:
    officer.post(f"{desk.url}?item=1", {"act": "not-responsive", "thread": "1"})
    assert Decision.objects.count() == 2


@pytest.mark.rule("P-21", "A decision under a code takes a form with the facts that the code needs.")
def test_r19_the_form_of_a_code_asks_for_its_facts_and_keeps_what_was_typed(desk: Any, officer: Client) -> None:
    page = text(officer.get(f"{desk.url}?item=1&do=withhold"))
    assert 'value="905.03"' in page and 'name="fact-905.03-counsel"' in page and 'value="schill"' not in page
    refused = officer.post(f"{desk.url}?item=1", {"act": "withhold", "code": "905.03", "fact-905.03-counsel": "V. Holm"})
    assert refused.status_code == 422 and "V. Holm" in text(refused) and "Write down: " in text(refused)
    facts = {f"fact-905.03-{name}": "written" for name in ("counsel", "client", "purpose", "confidentiality")}
    assert officer.post(f"{desk.url}?item=1", {"act": "withhold", "code": "905.03", **facts}).status_code == 302
    assert "Waits for a second reader." in text(officer.get(f"{desk.url}?item=1&which=all"))


def test_r18_the_form_of_personal_mail_has_the_pack_s_code_chosen(desk: Any, officer: Client) -> None:
    assert 'value="schill" checked' in text(officer.get(f"{desk.url}?item=3&do=personal"))
    officer.post(f"{desk.url}?item=3", {"act": "personal", "code": "schill"})
    assert Decision.objects.get().second_asked


@pytest.mark.rule("P-21", "A suggestion says what found it and what may be public about it; it decides nothing by itself.")
def test_r21_a_suggestion_says_why_and_that_it_may_be_public_and_is_counted_when_it_is_answered(desk: Any, officer: Client) -> None:
    """John K. MacIver Institute v. Erpenbach, 2014 WI App 49."""
    page = text(officer.get(f"{desk.url}?item=1"))
    assert "Telephone number" in page and "not answered before" in page and "Normally public" in page
    assert Suggestion.objects.count() == 0 and desk.request.redactions.count() == 0
    keys = [key.split('"')[0] for key in page.split('name="suggestion" value="')[1:]]
    phone = next(key for key in keys if key.startswith("phone"))
    officer.post(f"{desk.url}?item=1", {"act": "use", "suggestion": phone})
    (mark,) = desk.request.redactions.all()
    assert mark.code == "" and mark.first == mark.last
    address = next(key for key in keys if key.startswith("address"))
    officer.post(f"{desk.url}?item=1", {"act": "dismiss", "suggestion": address})
    page = text(officer.get(f"{desk.url}?item=1"))
    assert "Suggestions" not in page.split('class="cm-suggestions"')[0].split("Decision")[-1]
    assert dict(Suggestion.objects.values_list("detector", "answer")) == {"phone": "used", "address": "dismissed"}


def test_what_lies_outside_of_the_scope_is_not_shown(desk: Any, officer: Client) -> None:
    desk.request.scopes.filter(state="agreed").update(query="lunch")
    page = text(officer.get(f"{desk.url}?item=1"))
    assert "Nothing is kept under this id" in page and "ventilator" not in page


def test_who_is_not_assigned_sees_no_message(desk: Any, visit: Callable[[str], Client]) -> None:
    desk.request.assignments.filter(person=desk.city.people["attorney"]).update(until=desk.city.now)
    assert visit("attorney").get(desk.url).status_code == 403
    assert visit("auditor").get(desk.url).status_code == 403
    above = desk.url.removesuffix("review/")
    assert desk.url not in visit("auditor").get(above).content.decode(), "no tab leads to a page that they may not open"
    assert desk.url in visit("recorder").get(above).content.decode()


def test_an_empty_list_says_so_and_offers_what_earlier_requests_decided(desk: Any, officer: Client) -> None:
    officer.post(f"{desk.url}?item=1", {"act": "release"})
    later = desk.other_request()
    later.scopes.filter(state="agreed").delete()
    item = Item.objects.get(request=desk.request, number=1)
    page = text(officer.get(f"/records/requests/{later.number}/review/"))
    assert "no documents yet" in page
    desk.item(1, request=later, content="content 1", capture=item.capture)
    page = text(officer.get(f"/records/requests/{later.number}/review/?which=redact"))
    assert "Take over 1 decision of earlier requests" in page
    officer.post(f"/records/requests/{later.number}/review/?which=redact", {"act": "inherit"})
    assert later.decisions.get().inherited is not None


def test_contradictions_have_a_page(desk: Any, officer: Client) -> None:
    officer.post(f"{desk.url}?item=1", {"act": "personal"})
    page = text(officer.get(f"/records/requests/{desk.request.number}/contradictions/"))
    assert "000001 waits for a second reader." in page and "000002 is not decided." in page


@pytest.mark.rule("P-21", "Documents that say nearly the same are compared before both are decided alike.")
def test_r15_the_differences_of_near_duplicates_are_shown_and_both_looks_entered(desk: Any, officer: Client) -> None:
    Item.objects.filter(number__lt=3).update(cluster=7)
    address = f"/records/requests/{desk.request.number}/documents/1/difference/2/"
    assert address in text(officer.get(f"{desk.url}?item=1"))
    assert "difference" not in text(officer.get(f"{desk.url}?item=3"))
    page = text(officer.get(address))
    assert "</span>I agree</ins>." in page and "<del>" in page and "From: Zoe Dufresne" in page.replace("&lt;", "<")
    entry = Entry.objects.filter(object=object_of(desk.request), act="content.show").latest("pk")
    assert entry.facts["items"] == [1, 2] and len(entry.facts["ids"]) == 2
    assert officer.get(address.replace("/2/", "/9/")).status_code == 404


def test_r21_the_desk_reads_how_often_a_detector_is_right(desk: Any, officer: Client) -> None:
    Suggestion.objects.create(request=desk.request, content="c", detector="phone", first=1, last=1, answer="used")
    Suggestion.objects.create(request=desk.request, content="c", detector="phone", first=2, last=2, answer="dismissed")
    page = text(officer.get("/records/detectors/"))
    assert "Telephone number" in page and "1 of 2" in page and "71 %" in page and "none yet" in page
    assert "/records/detectors/" in text(officer.get(desk.url))
