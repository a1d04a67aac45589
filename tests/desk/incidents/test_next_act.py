"""The one main act on the page of a case is what comes next (P-31)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.desk.incidents import queries, states
from civicmail.desk.incidents.actions import case_answers, message_removal
from civicmail.desk.incidents.models import Case
from civicmail.desk.incidents.states import CaseState
from desk.incidents.test_message_removal import lies, reported, wave, work
from desk.incidents.test_reporting import WHY, officer, phish
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
_MAIN = re.compile(r'<(?:a|button)\b[^>]*class="usa-button(?: cm-stop)?"[^>]*>(.*?)</(?:a|button)>', re.DOTALL)


def main_acts(client: Client, case: Case) -> list[str]:
    page = client.get(f"/incidents/{case.pk}/").content.decode()
    return _MAIN.findall(page[page.index("<main") :])


@pytest.mark.rule("P-31", "The main act of a case is the next step: genuine mail is restored, and never removed.")
@pytest.mark.parametrize(
    ("state", "there", "aside", "wanted"),
    [
        ("open", 3, 0, "answer"),
        ("open", 0, 1, "answer"),
        ("right", 3, 1, "pull"),
        ("right", 0, 1, "none"),
        ("genuine", 3, 0, "none"),
        ("genuine", 3, 1, "undo"),
    ],
)
def test_what_comes_next_in_each_state(state: CaseState, there: int, aside: int, wanted: str) -> None:
    """What was found genuine is never to be taken back next, and what was taken of it goes back."""
    assert states.comes_next(state, there, aside) == wanted


def test_a_dangerous_case_is_answered_then_pulled_then_the_next_one(plain: Town, visit: Visit, installed: Path) -> None:
    now, security = epoch_ms(plain.now), visit("security")
    one, two, other = wave(installed, now)
    for capture in (one, two):
        lies(installed, "dana.ortiz", capture)
        lies(installed, "pat.nguyen", capture)
    case = reported(plain, one, phish())
    assert main_acts(security, case) == ["Remove from 2 mailboxes and thank the 1 who reported"]
    case_answers.answer(case, "right", actor=officer(), reason=WHY, now=now)
    assert main_acts(security, case) == ["Remove 3 copies…"]
    found = queries.find_copies(case, now=now)
    message_removal.ask(case, found.copies, "", 3, actor=officer(), reason=WHY, now=now)
    assert main_acts(security, case) == [], "one that is under way is not asked for again"
    work(plain, installed)
    assert main_acts(security, case) == []
    assert "No other incident waits" in security.get(f"/incidents/{case.pk}/").content.decode()
    later = reported(plain, other, b"From: help@desk.example\r\nSubject: Something else\r\n\r\nGood morning, all is well.")
    assert main_acts(security, case) == [f"Next: incident {later.pk}, which waits longest"]


def test_what_was_done_looks_done(plain: Town, visit: Visit, installed: Path) -> None:
    now, security = epoch_ms(plain.now), visit("security")
    case = reported(plain, wave(installed, now)[0], phish())
    page = security.post(f"/incidents/{case.pk}/", {"answer": "right", "reason": WHY}, follow=True).content.decode()
    assert re.search(r'cm-note--done" role="status"><svg[^>]*><use href="[^"]*#check_circle">', page)


def test_what_was_genuine_after_all_is_put_back(plain: Town, visit: Visit, installed: Path) -> None:
    now, security = epoch_ms(plain.now), visit("security")
    one, two, _ = wave(installed, now)
    for capture in (one, two):
        lies(installed, "dana.ortiz", capture)
        lies(installed, "pat.nguyen", capture)
    case = reported(plain, one, phish())
    asked = message_removal.ask(case, queries.find_copies(case, now=now).copies, "", 3, actor=officer(), reason=WHY, now=now)
    work(plain, installed)
    case_answers.answer(case, "genuine", actor=officer(), reason=WHY, now=now)
    assert main_acts(security, case) == ["Restore 3 copies…"]
    asked.refresh_from_db()
    message_removal.undo(asked, actor=officer(), reason=WHY, now=now)
    work(plain, installed)
    assert main_acts(security, case) == []
    page = security.get(f"/incidents/{case.pk}/").content.decode()
    assert re.search(r'class="usa-button usa-button--outline"[^>]*>Remove 3 copies…', page), (
        "it can be done, and is not the main act"
    )
