"""What Home counts is what its page lists."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from pages.test_sweep import PEOPLE
from pages.world import Town

pytestmark = pytest.mark.django_db
TASK = re.compile(r'(?s)<li><div><a href="([^"]+)">([^<]+)</a>.*?</div>(.*?)</li>')
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
