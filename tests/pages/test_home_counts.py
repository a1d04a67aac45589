"""What Home counts is what its page lists."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.city.directory.models import Department
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries import department_questions
from pages.test_sweep import PEOPLE
from pages.world import Town

pytestmark = pytest.mark.django_db
TASK = re.compile(r'(?s)<div><a href="([^"]+)">([^<]+)</a>(.*?)</li>')
OTHERWISE = {
    "/mail/": "Home counts copies, the list conversations",
    "/holding/approvals/": "Home counts messages, the list recipients",
    "/oversight/audit/": "the entries of what is over are there, too",
}
"""Pages that list something else than Home counts, and say so."""
LISTED = re.compile(r'<p class="cm-cover"[^>]*><strong>([\d,]+)</strong>')


@pytest.fixture
def city(whole_city: Town) -> Town:
    """With something in every state."""
    return whole_city


@pytest.mark.rule("promise 7", "A count on Home equals the list of its page.")
def test_as_many_as_home_counts_are_on_the_page_that_it_leads_to(city: Town, visit: Callable[[str], Client]) -> None:
    """A number on Home with fewer or more behind it sends people looking for the difference."""
    wrong, compared = {}, 0
    for who in PEOPLE:
        client = visit(who)
        home = client.get("/", follow=True).content.decode()
        for path, label, state in TASK.findall(home):
            number = re.search(r">\s*([\d,]+) ", state)
            page = client.get(html.unescape(path), follow=True).content.decode()
            listed = LISTED.search(page)
            if number is None or listed is None or path.partition("?")[0] in OTHERWISE:
                continue
            compared += 1
            first = len(re.findall(r"<li>", page.partition('<ul class="cm-tasks">')[2].partition("</ul>")[0]))
            if number[1] != listed[1] and int(number[1]) > first:
                wrong[f"{who}: {label}, {path}"] = f"{number[1]} on Home, {listed[1]} there"
    assert wrong == {}
    assert compared > 5


@pytest.mark.rule("P-05", "A task of Home about people leads to a list of exactly those people.")
def test_a_task_about_people_opens_only_those_people(city: Town, visit: Callable[[str], Client]) -> None:
    """Not the list of the whole department."""
    now, codes = epoch_ms(city.now), list(Department.objects.values_list("code", flat=True))
    counted = department_questions.counts(codes, now)
    assert counted
    for code, of in counted.items():
        for question, count in (("arrived", of.arrived), ("unused", of.never + of.unused)):
            assert department_questions.episodes_asked_about(question, [code], now).count() == count, (code, question)
    page = visit("head").get("/dept/public-works/people/?question=unused").content.decode()
    works = counted["public-works"]
    assert f"<strong>{works.never + works.unused}</strong>" in page
