"""Everybody follows every link that they are shown: none leads nowhere, none ends in an error, no page shows what a template should
hide (issue 17). The town has something in every state, and what one person has opened the next one opens by example."""

from __future__ import annotations

import html
import re
from collections import Counter, deque
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from pages.leftovers import leftovers
from pages.test_sweep import PEOPLE, once_of_a_person
from pages.world import Town, carry

pytestmark = pytest.mark.django_db
AGAIN = 1
"""Pages of one kind that each opens although others have opened them."""
PEOPLE_OF_A_KIND = 8
"""Who open a page of a kind that others have opened, too. Who may open which page at all is swept elsewhere (test_sweep.py)."""
FIRST_OF_A_LIST = 16
"""Pages of one kind that are opened at all."""
NOT_FOLLOWED = re.compile(
    r"^/(accounts|static|language|demo)/|/(raw|frame|file|pack)/$|\.(csv|eml|mobileconfig|xml|json)$|[?&]format="
)
"""Files, and what signs out."""


@pytest.fixture
def city(whole_city: Town) -> Town:
    """With something in every state."""
    return whole_city


@pytest.mark.rule("promise 7", "No link that anybody is shown leads nowhere, and no page shows what a template should hide.")
@pytest.mark.timeout(900)
def test_no_link_that_anybody_is_shown_leads_nowhere(
    city: Town, visit: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    once_of_a_person(monkeypatch)  # who only looks stays who they are
    opened: set[str] = set()
    kinds: Counter[str] = Counter()
    people: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    for who in PEOPLE:
        client, mine, todo = visit(who), Counter[str](), deque([("/", "")])
        seen: set[str] = set()
        while todo:
            path, source = todo.popleft()
            if path in seen:
                continue
            seen.add(path)
            kind = kind_of(path)
            again = mine[kind] < AGAIN and people[kind] < PEOPLE_OF_A_KIND
            if not again and (path in opened or kinds[kind] >= (3 if "?" in kind else FIRST_OF_A_LIST)):
                continue
            people[kind] += mine[kind] == 0
            mine[kind] += 1
            kinds[kind] += path not in opened
            opened.add(path)
            carry(timezone.now())
            response = client.get(path, follow=True)
            if response.status_code >= 400:
                wrong.setdefault(f"{kind}: {response.status_code}", f"{who}, from {kind_of(source)}")
            elif left := leftovers(response):
                wrong.setdefault(f"{kind}: {left[:2]}", who)
            if not response.streaming and "html" in response.headers.get("Content-Type", ""):
                at = f"{response.request['PATH_INFO']}?{response.request['QUERY_STRING']}"
                todo.extend((link, path) for link in links(response.content.decode(), at))
    assert wrong == {}
    assert len(kinds) > 200, "they were everywhere"


def links(page: str, at: str) -> list[str]:
    """Paths of ours with their questions, as a browser asks for them."""
    found = []
    for href in re.findall(r'<a\b[^>]*\shref="([^"]+)"', page):
        to = urlsplit(urljoin(f"http://testserver{at}", html.unescape(href)))
        path = to.path + (f"?{to.query}" if to.query else "")
        if to.netloc == "testserver" and not NOT_FOLLOWED.search(path):
            found.append(path)
    return found


def kind_of(path: str) -> str:
    """The page without whom it is about, and a list whatever it is asked."""
    plain, _, query = path.partition("?")
    plain = re.sub(r"/[0-9a-f-]{8,}(?=/)|/\d+(?=/)|/[a-z]+-\d+(?=/)|/p-[\w-]+(?=/)|(?<=/dept)/[^/]+|@[^/]+", "/*", plain)
    return plain + ("?" if query else "")
