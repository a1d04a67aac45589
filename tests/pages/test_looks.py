"""Every page in a real Chromium, in the town that has something in every state: in each look of looks.py, in English and, for
pages of employees, in Spanish; one h1, a title of its own, and a console that says nothing about the content security policy (P3).

test_every_state_of_an_object_is_for_everybody opens the page of an object once for each state of its table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

import pytest
from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import expect

from civicmail.city.conduct.models import Closure, OutsideEnding, Review, Violation
from civicmail.city.directory.models import FeedRun
from civicmail.city.guard.models import Mandate
from civicmail.desk.holding.models import Containment, Contest, Finding, Release
from civicmail.desk.incidents.models import Case, Pull
from civicmail.desk.mailbox.models import Outgoing
from civicmail.desk.oversight.models import Emergency, Replay, Version
from civicmail.desk.records import models as records
from civicmail.desk.retention.models import Disposal
from civicmail.desk.workbench.models import Export
from pages.everystate import STATES
from pages.looks import LOOKS, in_spanish, looked_at, seen
from pages.test_sweep import PAGES, allowed, path_of

SHOWN = {name: page for name, page in PAGES.items() if page.get("get", True) and page.get("looks", True)}
BESIDES = {
    "sign-in": "/accounts/login/", "nowhere": "/nowhere/", "refused": "/access/", "policy": "/policy/text/",
    "complaint": "/complaints/new/", "public-records": "/public/records/", "public-records-request": "/public/records/request/",
    "public-records-status": "/public/records/status/", "public-reading-room": "/public/records/released/",
}  # fmt: skip
"""Pages that are not in the list, and what everybody may meet."""

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.every_state]


class Tab:
    """What `browse` asks of a window, in one tab for all pages here: it keeps style, script and fonts, as a reader's does."""

    def __init__(self, context: Any) -> None:
        self._context, self._page = context, context.new_page()

    def emptied(self) -> Tab:
        """Nobody is signed in."""
        self._context.clear_cookies()
        return self

    def add_cookies(self, cookies: list[Any]) -> None:
        self._context.add_cookies(cookies)

    def new_page(self) -> Any:
        self._page.set_viewport_size({"width": 1280, "height": 800})
        self._page.emulate_media(forced_colors="none")
        return self._page


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Tab]:
    context = browser.new_context()
    yield Tab(context)
    context.close()


@pytest.fixture
def new_context(tab: Tab, new_context: Callable[..., Any]) -> Callable[..., Any]:
    """The tab; a window of its own for who has no script."""
    return lambda **wanted: tab.emptied() if wanted["java_script_enabled"] else new_context(**wanted)


def visitor(page: dict[str, Any]) -> str:
    """The person to whom the page shows most."""
    may = allowed(page)
    return next((who for who in ("head", "office", "examiner") if who in may), min(may))


@pytest.mark.parametrize("name", list(SHOWN))
def test_a_page_is_for_everybody(browse: Callable[..., Any], name: str) -> None:
    """P3: 0 violations, nothing to scroll sideways, one h1 that the title begins with."""
    page = SHOWN[name]
    shown = browse(visitor(page), lambda town: path_of(page, town))
    headings = shown.locator("h1").all_inner_texts()
    assert len(headings) == 1
    assert re.sub(r"^\d+ % · ", "", shown.title()).startswith(headings[0]), "long work has its percentage before it"
    assert looked_at(shown) + in_spanish(shown) == []


@pytest.mark.parametrize("name", list(BESIDES))
def test_what_is_no_page_of_the_list_is_for_everybody_too(browse: Callable[..., Any], name: str) -> None:
    shown = browse("" if name == "sign-in" else "crew0", BESIDES[name])
    assert len(shown.locator("h1").all_inner_texts()) == 1
    assert looked_at(shown) + in_spanish(shown) == []


def test_a_form_with_mistakes_is_for_everybody_and_takes_the_focus(browse: Callable[..., Any]) -> None:
    """The summary has the focus, links to the fields, and the title says that there is an error."""
    shown = browse("head", "/dept/public-works/personal-use/")
    shown.get_by_role("button", name="Allow this").click()
    expect(shown).to_have_title(re.compile("^Error: "))  # a click waits for the answer's first bytes, not for its head
    assert shown.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "problem"
    shown.get_by_role("link", name=re.compile("For whom: This field is required")).first.click()
    assert shown.evaluate("document.activeElement.name") == "whom"
    assert looked_at(shown) == []


def test_the_menu_opens_and_closes_on_a_phone_without_script(browse: Callable[..., Any]) -> None:
    shown = browse("head", "/my/access/", width=320, script=False)
    assert not shown.get_by_role("link", name="Personal use").is_visible()
    shown.get_by_role("button", name="Menu", exact=True).click()
    assert shown.get_by_role("link", name="Personal use").is_visible()
    shown.keyboard.press("Escape")
    assert not shown.get_by_role("link", name="Personal use").is_visible()


OBJECTS: dict[str, tuple[type[Model], str, tuple[str, ...]]] = {
    "mandate": (Mandate, "state", ("number",)),
    "mandate-export": (Export, "state", ("mandate.number", "pk")),
    "feed": (FeedRun, "state", ("pk",)),
    "violation": (Violation, "state", ("department.code", "pk")),
    "my-violation": (Violation, "state", ("pk",)),
    "closure": (Closure, "state", ("pk",)),
    "outside-confirm": (OutsideEnding, "state", ("pk",)),
    "campaign": (Review, "state", ("pk",)),
    "release": (Release, "state", ("pk",)),
    "containment": (Containment, "state", ("pk",)),
    "finding": (Finding, "state", ("pk",)),
    "contest": (Contest, "answer", ("pk",)),
    "incident": (Case, "state", ("pk",)),
    "pull": (Pull, "state", ("pk",)),
    "rule-version": (Version, "state", ("rule", "number")),
    "replay": (Replay, "state", ("version.rule", "pk")),
    "emergency": (Emergency, "ratified", ("pk",)),
    "mail-outgoing": (Outgoing, "state", ("uid",)),
    "records-request": (records.Request, "state", ("number",)),
    "records-notice": (records.SubjectNotice, "state", ("pk",)),
    "records-contest": (records.Contest, "state", ("pk",)),
    "records-publication": (records.Publication, "state", ("pk",)),
    "records-format": (records.FormatRequest, "state", ("pk",)),
    "records-letter": (records.Letter, "state", ("request.number", "pk")),
    "records-reply": (records.Reply, "state", ("pk",)),
    "retention-disposal": (Disposal, "state", ("pk",)),
}
"""Page of an object -> its model, the column with its state, and what its address takes."""


@pytest.mark.parametrize("name", list(OBJECTS))
def test_every_state_of_an_object_is_for_everybody(browse: Callable[..., Any], name: str) -> None:
    """Its page once for each state of everystate.STATES, by the first who sees it: the looks take turns."""
    (model, column, attributes), wrong = OBJECTS[name], []
    for n, state in enumerate(sorted(STATES[model, column])):
        shown = _first_seen(browse, name, model._default_manager.filter(**{column: state}).order_by("pk")[:3], attributes)
        wrong += [f"{state}: {text}" for text in (["nobody sees it"] if shown is None else seen(shown, LOOKS[n % len(LOOKS)]))]
    assert wrong == []


def _first_seen(browse: Callable[..., Any], name: str, rows: Iterable[Any], attributes: tuple[str, ...]) -> Any:
    """The page of the first of these rows that somebody may see; what is about nobody yet has no department."""
    people = sorted(allowed(SHOWN[name]), key=lambda who: (who != visitor(SHOWN[name]), who))
    for row in rows:
        if "department.code" in attributes and row.department is None:
            continue
        path = reverse(name, args=[attrgetter(attribute)(row) for attribute in attributes])
        for who in people:
            if _status(page := browse(who, path)) == 200:
                return page
    return None


def _status(page: Any) -> int:
    return int(page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus"))
