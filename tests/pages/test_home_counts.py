"""What Home counts is what its page lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from civicmail.city.directory.models import Agency, Contract, Department
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.models import Bar
from civicmail.city.identity.queries import department_questions
from pages.test_sweep import PEOPLE
from pages.world import Town

pytestmark = pytest.mark.django_db
LISTED = re.compile(r'<p class="cm-cover"[^>]*><strong>([\d,]+)</strong>')
WITHOUT_LIST = {
    "access-review": "the screen of one review shows what is open of it",
    "campaign": "the page of one review has what it could not carry out",
    "request-new": "the form for the only person, else a list of everybody whom one may ask for",
    "request": "the only request opens itself",
    "letter": "the only letter opens itself",
    "duties": "the role is activated first",
    "first-steps": "the page of all steps says which are done",
}
"""Routes of tasks with a number that lead to no list."""
NUMBER = re.compile(r"\b[1-9][\d,]*\b")


@pytest.fixture
def city(whole_city: Town) -> Town:
    """With something in every state; two agencies of which one owes its agreement, and permanent bars of which one may end."""
    t = whole_city
    agency = Agency.objects.create(code="quarry", name="Quarry")
    day = t.now.date()
    Contract.objects.create(
        agency=agency, number="26-7", sponsor=t.people["head"], starts=day - timedelta(days=9), ends=day + timedelta(days=9)
    )
    for key, asker in (("crew7", "head"), ("crew8", "office"), ("crew9", "")):
        Bar.objects.create(
            person=t.people[key], kind="permanent", since=t.now, reason="Sold addresses.", first=t.people["chief"],
            second=t.people["deputy"], asker=t.people.get(asker), law="Settlement 26-3" if asker else "",
        )  # fmt: skip
    return t


def rows_of(page: str) -> int:
    """The rows that a page lists: of what waits there for an answer, else of its list."""
    if '<ul class="cm-tasks">' in page:
        return len(re.findall(r"<li>", page.partition('<ul class="cm-tasks">')[2].partition("</ul>")[0]))
    listed = LISTED.search(page)
    return int(listed[1].replace(",", "")) if listed else 0


@pytest.mark.rule("promise 7", "A count on Home equals the list that its task leads to.")
def test_as_many_as_home_counts_are_on_the_page_that_it_leads_to(city: Town, visit: Callable[[str], Client]) -> None:
    """Every task of everybody: a number on Home with fewer or more behind it sends people looking for the difference."""
    wrong, compared, uncounted = {}, set(), set()
    for who in PEOPLE:
        client = visit(who)
        for each in client.get("/", follow=True).context["tasks"]:
            task = each.task
            if task.count:
                page = client.get(task.url, follow=True).content.decode()
                compared.add(task.label)
                if rows_of(page) != task.count:
                    wrong[f"{who}: {task.label}, {task.url}"] = f"{task.count} on Home, {rows_of(page)} there"
            elif NUMBER.search(task.amount) and task.due is None and task.route not in WITHOUT_LIST:
                uncounted.add((task.label, task.url, task.amount))
    assert wrong == {}
    assert uncounted == set(), "a number on Home says how many rows are behind it"
    assert {"Answer whether a bar ends", "Get the signed undertaking", "Decide about rules"} <= compared and len(compared) > 30


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
