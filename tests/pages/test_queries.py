"""What a page asks the database does not grow with the rows that it shows (speed, issue 4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from civicmail.desk.mailbox import count_cache
from civicmail.front.web.system import installation
from pages.conftest import with_mail
from pages.test_looks import visitor
from pages.test_sweep import PAGES, path_of
from pages.world import Town, carry, more, signed_in, town

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]  # every page, twice, beside other lanes
GROWING = {name: page for name, page in PAGES.items() if page.get("get", True)}
MOST = 64


@pytest.fixture
def asked(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, int]]:
    """How many queries each page makes; the number in the menu is not counted anew meanwhile, which any page may have to."""
    monkeypatch.setattr(count_cache, "MAX_AGE_SECONDS", 86_400)
    (installed / "claimed").touch()

    def count(t: Town, *names: str) -> dict[str, int]:
        found = {}
        for name in names or GROWING:
            page = GROWING[name]
            client = Client()
            client.cookies["sessionid"] = signed_in(t.people[visitor(page)])
            path = path_of(page, t)
            carry(timezone.now())
            client.get(path)
            while installation.checks().last().since:  # the page of health says more when its checks are done
                time.sleep(0.01)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code in (200, 302), name
            found[name] = len(queries)
        return found

    return count


@pytest.mark.rule("P-08", "The number of a page's database queries does not grow with the people that it shows.")
def test_a_list_asks_the_same_however_many_rows_it_shows(asked: Callable[..., dict[str, int]], installed: Path) -> None:
    """One list, so that the mutant is told in seconds."""
    t = town()
    few = asked(t, "requests")
    more(t, 30)
    assert asked(t, "requests") == few


def test_no_page_asks_more_for_two_hundred_people_than_for_a_few(asked: Callable[..., dict[str, int]], installed: Path) -> None:
    """The same number of queries on every page, and never more than a few dozen."""
    t = with_mail(installed, held=True)
    few = asked(t)
    more(t, 190)
    many = asked(t)
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name]} == {}
    assert {name: n for name, n in many.items() if n > MOST} == {}
