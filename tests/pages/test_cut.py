"""Ledger-cut sweep: wherever mail is shown, a ledger that lags makes it a 503 with nothing of it (E6; promise 4)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from civicmail.city.guard.actions import entries
from civicmail.city.guard.models import Entry
from pages.post import CANARIES
from pages.test_sweep import PAGES, allowed, path_of
from pages.world import Town

SHOWN = ("content.list", "content.show", "content.privileged", "clearance.decide", "my.mail")
"""Acts of pages that show mail when they are opened."""
ORDERED: dict[str, dict[str, str]] = {
    "reveal": {"reason_code": "delivery", "text": "Its envelope does not say why it waits."},
    "mandate-part": {},
    "mandate-raw": {},
    "clearance-part": {},
    "clearance-raw": {},
    "mandate-exports": {"query": ""},
    "mandate-export-file": {},
    "mandate-hold": {"query": "", "ground": "request", "reason": "Request 41 of a resident, Elm Street."},
}
"""Pages that show or hand out mail when their form is sent, with the form."""
COUNTED = {"mandate-exports", "mandate-hold"}
"""Of these the forms that say how many messages a query finds."""
WITHOUT = {
    "accident": "says that something was seen; shows nothing of it",
    "mandate-export": "says how far an export is, by numbers",
    "mandate-export-stop": "ends what is under way",
    "mandate-export-go-on": "the worker asks for a permit of its own before it reads on",
}
"""Pages whose act is of content and that show none, with the reason."""

MINE_WITHOUT = {
    "mail-label": "says how a label is called",
    "mail-unlabel": "says which label goes",
    "mail-digest": "says on which days a digest comes",
    "secure-mail": "says for whom a message waits, and whether it was opened",
}
"""Pages of one's own mail that show none of it, with the reason."""


def of(page: dict[str, Any], city: Town) -> str:
    """The act of the view behind it."""
    path = path_of(page, city).partition("?")[0]
    act: str = getattr(resolve(path).func, "act", "")
    return act


@pytest.mark.rule("P-16, promise 4, E6", "While the ledger is cut or lags, no page that shows mail shows any.")
def test_a_cut_ledger_shows_nothing_anywhere(
    city: Town, visit: Callable[[str], Client], installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new page of mail fails here until it is in one of the lists above."""
    monkeypatch.setattr(entries, "lag_ms", lambda now: entries.MAX_LAG_MS + 1)
    zipped = installed / "exports" / str(city.objects["export"]) / "export.zip"
    zipped.parent.mkdir(parents=True)
    zipped.write_bytes(b"Kestrel budget")
    city_pages = {name: of(page, city) for name, page in PAGES.items()}
    opened = {name for name, act in city_pages.items() if act in SHOWN and PAGES[name].get("get", True)} - MINE_WITHOUT.keys()
    others = {name for name, act in city_pages.items() if act.startswith("content.") and name not in opened}
    assert others == ORDERED.keys() | WITHOUT.keys()
    assert len(opened) >= 10
    before = Entry.objects.count()
    wrong = []
    for name in sorted(opened | ORDERED.keys()):
        page = PAGES[name]
        client, path = visit(min(allowed(page))), path_of(page, city)
        answers = [client.post(path, ORDERED[name])] if name in ORDERED else [client.get(path)]
        answers += [client.get(path)] if name in COUNTED else []
        for answer in answers:
            text = b"".join(answer).decode() if answer.streaming else answer.content.decode()
            shown = [what for what, word in CANARIES.items() if word in text]
            if answer.status_code != 503 or shown or answer["Retry-After"] != "60":
                wrong.append(f"{name} {path}: {answer.status_code} {shown}")
    assert wrong == []
    assert Entry.objects.count() == before, "nothing was seen, and nothing says so"


def test_no_page_of_mail_stays_in_a_browser(city: Town, visit: Callable[[str], Client]) -> None:
    """Lists, envelopes and refusals too: the next person at the counter finds nothing of it (promise 4)."""
    pages = {n: p for n, p in PAGES.items() if (act := of(p, city)) in ("my.mail", "system.see") or act.startswith("content.")}
    assert len(pages) > 20
    kept = []
    for name, page in pages.items():
        for who in (min(allowed(page)), "crew6"):
            answer = visit(who).get(path_of(page, city))
            if "no-store" not in answer.get("Cache-Control", ""):
                kept.append(f"{name} {who} {answer.status_code}")
    assert kept == []


def test_the_lists_are_of_pages_that_exist() -> None:
    there = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text())["page"]
    assert ORDERED.keys() | WITHOUT.keys() <= there.keys()
