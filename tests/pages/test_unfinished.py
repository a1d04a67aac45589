"""A search that was ended before it had looked at everything: pages say so, files and programs get none of it (promise 8)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from civicmail.core.query.tree import Tree
from civicmail.desk.viewer.queries import store
from civicmail.mail.search.finder import VERBS
from civicmail.mail.search.finders import Cut, Query
from pages.programs import asking
from pages.world import Town

LATE = "A search has 5 seconds, fewer while others wait. This one was stopped and has not looked through all mail."
BUSY = "Too many large searches are under way. Nothing was looked for."


class Ended:
    """Finders whose every query ends so; what is late has found what there is."""

    def __init__(self, how: Cut) -> None:
        self.how = how

    def ask(self, query: Query, large: bool, asked: tuple[str, Tree, dict[str, Any]], nothing: Any) -> Any:
        query.cut = self.how
        verb, tree, options = asked
        return VERBS[verb](store().reader(), tree, **options) if self.how == "late" else nothing


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch, city: Town) -> Callable[[Cut], None]:
    return lambda how: monkeypatch.setattr(store(), "_finders", Ended(how))


def said(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def test_a_page_says_that_it_is_not_all_and_never_that_everything_was_searched(
    city: Town, visit: Callable[[str], Client], ends: Callable[[Cut], None]
) -> None:
    """What was found until then is there."""
    ends("late")
    mine, whose = said(visit("crew0").get("/mail/?q=kestrel")), visit("recorder")
    for page in (mine, said(whose.get(f"/mandates/{city.objects['case']}/search/?q=kestrel"))):
        assert "At least" in page
        assert "This may not be all." in page
        assert LATE in page
        assert "Not all was searched." in page
        assert "Searched everything" not in page
    assert "This may not be all." not in said(visit("crew0").get("/mail/")), "nothing was typed"
    number = city.objects["case"]
    hold, export = (said(whose.get(f"/mandates/{number}/{what}/?q=kestrel")) for what in ("hold", "exports"))
    assert "how many are there now cannot be counted at this moment" in hold
    assert "How many there are could not be counted in time. The export finds all of them" in export
    assert "Export all messages" in export


@pytest.mark.rule(
    "promise 8",
    "A page states if a search has not covered all mail; files and programs get the whole answer or none.",
)
def test_files_and_programs_get_none_of_what_is_not_whole(
    city: Town, visit: Callable[[str], Client], ends: Callable[[Cut], None]
) -> None:
    """Nobody reads a sentence there."""
    ends("late")
    assert visit("crew0").get("/mail/?q=kestrel&format=csv").status_code == 503
    number = city.objects["case"]
    answers = (
        asking(city.people["crew0"])("GET", "/mail?q=kestrel"),
        asking(city.people["recorder"])("GET", f"/mandates/{number}/messages?q=kestrel"),
    )
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith(LATE)


def test_who_has_no_turn_hears_it_in_words_and_is_not_sent_round_in_a_circle(
    city: Town, visit: Callable[[str], Client], ends: Callable[[Cut], None]
) -> None:
    ends("busy")
    response = visit("crew0").get("/mail/?q=kestrel")
    assert (response.status_code, response["Retry-After"]) == (503, "3")
    assert "Too much is asked for at this moment" in said(response)
    assert BUSY in said(response)
    assert "http-equiv" not in response.content.decode(), "it does not load itself again"
    assert visit("crew0").get("/mail/").status_code == 200
