"""What a review says about the use of access, and what is done with it, in Chromium (P-05; R3, R4, R9)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from civicmail.city.conduct.actions import review_schedule, review_start
from civicmail.city.conduct.models import Review, ReviewRow
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.models import Authorization, Usage
from pages.looks import looked_at
from pages.shots import shot
from pages.test_reviewer import fifty
from pages.world import Town

EVIDENCE = re.compile(r'<dl class="cm-facts"><div><dt>Last mail sent.*?system itself\.', re.DOTALL)


def evidence(page: Any) -> list[str]:
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", each)) for each in EVIDENCE.findall(page.content.decode())]


@pytest.mark.django_db
@pytest.mark.rule("P-05, R4", "A review, the department and the person read the same dated evidence of use.")
def test_a_review_and_the_pages_of_the_person_say_the_same(city: Town, visit: Callable[[str], Client]) -> None:
    box = city.authorizations["crew0"].mailbox
    Usage.objects.filter(mailbox=box).update(retrieved=2)
    made = Review.objects.create(key="everyone:evidence", tier="everyone", planned=city.now.date(), by="tick")
    review = review_start.begin(made, actor=review_schedule.TICK, now=epoch_ms(city.now))
    (own,) = evidence(visit("crew0").get("/my/access/"))
    (known,) = evidence(visit("head").get("/dept/public-works/people/p-crew0/"))
    assert own == known and "Last mail sent" in own and "6 times read" in own
    assert own in evidence(visit("head").get(f"/dept/public-works/reviews/{review.pk}/"))
    never = visit("crew5").get("/my/access/").content.decode()
    assert "Never used since" in never and not evidence(visit("crew5").get("/my/access/"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.neighbour("chromium")
def test_people_who_never_used_it_lose_access_by_one_answer(browse: Callable[..., Any]) -> None:
    """The rows are named, one reason is typed once, and the evidence says since when."""
    page = browse("chief", "/policy/text/")
    review = fifty(page.town)
    page.goto(page.url.split("/policy/")[0] + f"/dept/fire/reviews/{review.pk}/")
    assert "never used, since" in page.inner_text("main")
    shot(page, "review")
    assert looked_at(page) == []
    page.get_by_role("link", name="Answer 3 together: never used").click()
    page.get_by_text("Fire Fighter02").click()
    page.get_by_text("End their access now").click()
    page.fill("[name=reason]", "They work in the field and never used mail.")
    shot(page, "review-alike")
    assert looked_at(page) == []
    page.get_by_role("button", name="Record the answer").click()
    page.get_by_text("Answered together: 2.").wait_for()
    states = ReviewRow.objects.filter(review=review, exceptions=["never"]).values_list("person__uid", "answer")
    assert dict(states) == {"p-fire0": "revoke", "p-fire1": "revoke", "p-fire2": ""}
    assert not Authorization.objects.filter(person__uid__in=["p-fire0", "p-fire1"], state="active").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.neighbour("chromium")
def test_an_officer_sees_progress_by_reviewer_and_reminds_one(browse: Callable[..., Any]) -> None:
    page = browse("office", lambda t: f"/access/campaigns/{t.objects['review']}/")
    table = page.get_by_role("table", name="Progress by reviewer")
    assert "0 of 6" in table.inner_text()
    shot(page, "review-progress")
    assert looked_at(page) == []
    row = table.get_by_role("row", name=re.compile("Rosa Hale"))
    row.get_by_role("button", name="Remind").click()
    page.get_by_text("Reminded for Public Works: 1 person.").wait_for()
    assert "Reminded today" in row.inner_text() and not row.get_by_role("button").count()
