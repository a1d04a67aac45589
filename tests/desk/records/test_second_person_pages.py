"""Two people on the pages of a request: a sample of what is released is read by another one, and no reviewer approves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.desk.records.actions import productions, redactions
from civicmail.desk.records.actions.redactions import Place
from civicmail.desk.records.models import Decision, Production
from civicmail.desk.records.worker_jobs import productions as worker
from desk.records.mail_world import archived, letter
from desk.records.production_world import Release
from desk.records.review_world import Desk
from desk.records.test_production_pages import text
from desk.records.test_productions import QuietOcr

pytestmark = pytest.mark.django_db


@pytest.fixture
def sampled(city: Any, installed: Path, visit: Callable[[str], Client]) -> Desk:
    """Three messages that an officer released; a sample of them was drawn on its page."""
    desk = Desk(city)
    desk.assign("attorney", "attorney")
    desk.request.scopes.filter(state="agreed").update(query="lead")
    letters = [letter(f"Lead line list {n}") for n in range(3)]
    for number, capture in enumerate(archived(installed, epoch_ms(city.now), letters), 1):
        desk.item(number, capture=capture)
    officer = visit("recorder")
    for number in (1, 2, 3):
        officer.post(page_of(desk, f"review/?item={number}"), {"act": "release"})
    said = text(officer.post(page_of(desk, "sample/"), {"percent": "60"}, follow=True))
    assert "Documents for the second reader: 2." in said
    return desk


def page_of(desk: Desk, rest: str) -> str:
    return f"/records/requests/{desk.request.number}/{rest}"


@pytest.mark.rule("P-21", "A sample of what is released in full is read by a second person before anything leaves.")
def test_r23_who_decided_does_not_confirm_the_sample_and_nothing_is_ordered_before_it_is_read(
    sampled: Desk, visit: Callable[[str], Client]
) -> None:
    officer = visit("recorder")
    waiting = text(officer.get(page_of(sampled, "review/?which=second")))
    assert "Waits for a second reader." in waiting and "Confirm <kbd" not in waiting
    refused = text(officer.post(page_of(sampled, "review/?which=second"), {"act": "confirm"}, follow=True))
    assert "cm-note" in refused and not Decision.objects.filter(confirmed__isnull=False).exists()
    assert "waits for a second reader" in text(officer.get(page_of(sampled, "contradictions/")))
    Production.objects.filter(request=sampled.request, state__in=productions.OPEN).update(state="stopped")
    refusal = officer.post(page_of(sampled, "productions/new/"), {"interim": ""})
    assert refusal.status_code == 409 and "waits for a second reader." in refusal.content.decode()


def test_r23_a_second_person_confirms_the_sample_by_its_list(sampled: Desk, visit: Callable[[str], Client]) -> None:
    attorney = visit("attorney")
    for _ in range(2):
        assert "Confirm <kbd" in text(attorney.get(page_of(sampled, "review/?which=second")))
        attorney.post(page_of(sampled, "review/?which=second"), {"act": "confirm"})
    assert "Nothing is left in this list." in text(attorney.get(page_of(sampled, "review/?which=second")))
    assert {d.confirmed_by.display for d in Decision.objects.filter(second_asked=True) if d.confirmed_by} == {
        sampled.city.people["attorney"].display
    }
    assert "Every document is decided" in text(attorney.get(page_of(sampled, "contradictions/")))


@pytest.fixture
def asked(city: Any, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A production that waits for its approval."""
    monkeypatch.setattr(worker, "find_tesseract", lambda _: QuietOcr("", "", finds_orientation=True))
    desk = Release(city, installed)
    desk.assign("attorney", "attorney")
    assert desk.make(desk.order()).state == "asked"
    return desk


def may_approve(desk: Release, browser: Client) -> bool:
    """By the button of the page, and by what comes of pressing it without one."""
    page, decide = page_of(desk, "productions/1/"), page_of(desk, "productions/1/decide/")
    offered = decide in text(browser.get(page))
    row = Production.objects.get(request=desk.request)
    browser.post(decide, {"decision": "yes", "manifest": row.manifest, "state": "asked"})
    row.refresh_from_db()
    assert offered == (row.state == "approved")
    return offered


@pytest.mark.rule("P-21", "Whoever decided, redacted or ordered anything of a request approves no production of it.")
@pytest.mark.parametrize("did", ["nothing", "a decision that was replaced", "a redaction that was removed"])
def test_r23_whoever_reviewed_sees_no_approval_and_cannot_press_it(
    did: str, asked: Release, visit: Callable[[str], Client]
) -> None:
    assert not may_approve(asked, visit("recorder")), "who reviewed and ordered"
    attorney = asked.city.people["attorney"]
    if did == "a decision that was replaced":
        row = Decision.objects.filter(request=asked.request).first()
        assert row is not None
        Decision.objects.create(
            request=asked.request, content=row.content, verdict="release", by=attorney, at=asked.city.now, replaced=asked.city.now
        )
    elif did == "a redaction that was removed":
        place = Place(asked.items[4].content, 0, 0)
        (mark,) = redactions.mark(asked.request, [place], actor=asked.actor("attorney"), now=asked.now())
        redactions.remove(asked.request, [mark.number], actor=asked.actor("attorney"), now=asked.now())
    assert may_approve(asked, visit("attorney")) == (did == "nothing")
    assert attorney.uid in productions.about(Production.objects.get()).first_actors or did == "nothing"
