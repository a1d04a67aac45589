"""Contests: a requester objects to one number of a release without an account, and a second person answers by the law's letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import RoleActivation, RoleAssignment
from civicmail.city.notices.models import Notice
from civicmail.desk.records.actions import contests, redactions, requests
from civicmail.desk.records.models import Contact, Contest, Letter, Request
from civicmail.desk.records.queries.contestable import contestable
from civicmail.desk.records.queries.receipts import token_of
from civicmail.desk.records.views import public_contests
from civicmail.desk.records.worker_jobs import productions as worker
from desk.records.production_world import SECRET, Release
from desk.records.test_productions import QuietOcr

pytestmark = pytest.mark.django_db
WHY = "An account number of a city account is no secret, and it was printed in the council's agenda."
BECAUSE = "The number was published in the agenda of 2 March, so the exemption does not apply."


@pytest.fixture(params=["wisconsin"])
def desk(city: Any, installed: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Release:
    """With everything released. The attorney approved it, so that `records` answers."""
    monkeypatch.setattr(worker, "find_tesseract", lambda _: QuietOcr("", "", finds_orientation=True))
    monkeypatch.setattr(public_contests, "CONTESTS", type(public_contests.CONTESTS)(3))
    made = Release(city, installed)
    made.assign("attorney", "attorney")
    Contest.objects.all().delete()
    grant = RoleAssignment.objects.get(person=city.people["records"], role="records-officer")
    until = city.now + timedelta(hours=2)
    RoleActivation.objects.create(grant=grant, reason="Case 26-014.", at=city.now - timedelta(minutes=1), until=until)
    if request.param == "federal":
        made.move_to_federal_law()
    made.release(made.approve(made.make(made.order())))
    made.request.refresh_from_db()
    return made


def contest(desk: Release, **what: int) -> Contest:
    return contests.contest(desk.request, **(what or {"redaction": 14}), text=WHY, now=desk.now())


def text(response: Any) -> str:
    assert response.status_code in (200, 409, 422), (response.status_code, response.content[:500])
    return " ".join(response.content.decode().split())


@pytest.mark.rule("P-21", "A requester can contest one redaction or withheld document, and somebody else answers.")
def test_r28_a_requester_contests_box_14_without_an_account(desk: Release) -> None:
    assert contestable(desk.request).redactions == {14} and contestable(desk.request).items == {3}
    status = f"/public/records/status/{token_of(desk.request)}/"
    stranger = Client()
    assert "Contest a redaction or a withheld document" in text(stranger.get(status))
    assert "Its number" in text(stranger.get(f"{status}contest/"))
    wrong = stranger.post(f"{status}contest/", {"kind": "redaction", "number": "15", "text": WHY})
    assert wrong.status_code == 422 and "No release has this number" in text(wrong)
    done = stranger.post(f"{status}contest/", {"kind": "redaction", "number": "14", "text": f"{WHY} My number is 123-45-6789."})
    assert done.status_code == 302, text(done)
    page = text(stranger.get(status))
    assert "Number 14" in page and "printed in the council" in page and "123-45-6789" not in page
    entry = Entry.objects.filter(act="records.contest").latest("pk")
    assert (entry.person, entry.facts["redaction"]) == ("requester", 14)
    again = stranger.post(f"{status}contest/", {"kind": "redaction", "number": "14", "text": WHY})
    assert again.status_code == 409 and "contested it already" in text(again)
    often = stranger.post(f"{status}contest/", {"kind": "item", "number": "3", "text": WHY})
    assert often.status_code == 409 and "come back later" in text(often)
    assert Client().get("/public/records/status/wrong/contest/").status_code == 404


def test_r28_only_numbers_of_a_release_can_be_contested(desk: Release) -> None:
    for what in ({"redaction": 3}, {"item": 14}, {"item": 1}, {"item": 4}, {}):
        with pytest.raises(Unusable, match="No release has this number"):
            contests.contest(desk.request, **what, text=WHY, now=desk.now())
    with pytest.raises(Unusable, match="Shorten it"):
        contests.contest(desk.request, redaction=14, text="ä" * (1 << 20), now=desk.now())
    other = desk.other_request()
    with pytest.raises(Unusable, match="No release has this number"):
        contests.contest(other, redaction=14, text=WHY, now=desk.now())
    assert contest(desk, item=3).item == 3


@pytest.mark.rule("P-21", "A contest is answered by somebody who decided, redacted and approved nothing of it.")
def test_r28_who_decided_or_approved_it_does_not_answer(desk: Release, city: Any) -> None:
    row = contest(desk)
    for key in ("recorder", "attorney"):
        with pytest.raises(NotPermitted):
            contests.answer(row, "upheld", BECAUSE, actor=desk.actor(key), now=desk.now())
    assert set(contests.about(row).first_actors) == {city.people["recorder"].uid, city.people["attorney"].uid}
    row.refresh_from_db()
    assert row.state == "open"


@pytest.mark.parametrize("desk", ["wisconsin", "federal"], indirect=True)
def test_r28_upheld_is_answered_by_the_letter_of_the_law(desk: Release, city: Any) -> None:
    Contact.objects.filter(request=desk.request).update(email="robin@resident.example")
    row = contests.answer(contest(desk), "upheld", BECAUSE, actor=desk.actor("records"), now=desk.now())
    desk.request.refresh_from_db()
    assert (row.state, desk.request.state) == ("upheld", "released")
    letter = Letter.objects.filter(request=desk.request, kind="contest-answer").get()
    assert BECAUSE in letter.text and "number 14" in letter.text
    assert {"wisconsin": "19.37(1)", "federal": "5 USC 552"}[desk.request.law] in letter.text
    assert Notice.objects.get(to="robin@resident.example", key__endswith=f"contest-{row.pk}").text.strip()
    page = text(Client().get(f"/public/records/status/{token_of(desk.request)}/"))
    assert BECAUSE in page and "Upheld" in page
    with pytest.raises(Conflict):
        contests.answer(row, "changed", BECAUSE, actor=desk.actor("records"), now=desk.now())


def test_r28_changed_leads_back_to_review_and_a_further_release_has_more(desk: Release, city: Any) -> None:
    contests.answer(contest(desk), "changed", BECAUSE, actor=desk.actor("records"), now=desk.now())
    desk.request.refresh_from_db()
    assert desk.request.state == "review"
    redactions.remove(desk.request, [14], actor=desk.actor(), now=desk.now())
    desk.decide(1, "release")
    former = desk.request.decisions.filter(content=desk.items[1].content, verdict="redact")
    former.update(replaced=from_ms(desk.now()))
    row = desk.make(desk.order())
    assert (row.total, row.state) == (1, "asked"), row.problems
    row = desk.release(desk.approve(row))
    assert any(SECRET.encode() in content for name, content in desk.files(row).items() if name.endswith(".txt"))
    assert contestable(desk.request).redactions == {14}, "the first release is still what it was"


def test_r29_a_suit_freezes_contests(desk: Release, city: Any) -> None:
    row = contest(desk)
    requests.record_suit(desk.request, actor=desk.actor("attorney"), reason="Petition for mandamus, 26-CV-119.", now=desk.now())
    with pytest.raises(Conflict, match="court"):
        contest(desk, item=3)
    with pytest.raises(Conflict, match="suit"):
        contests.answer(row, "upheld", BECAUSE, actor=desk.actor("records"), now=desk.now())
    assert "Contest a redaction" not in text(Client().get(f"/public/records/status/{token_of(desk.request)}/"))


def test_r28_the_desk_lists_and_answers_them(desk: Release, city: Any, visit: Callable[[str], Client]) -> None:
    row = contest(desk)
    officer = visit("recorder")
    assert "Redaction 14" in text(officer.get("/records/contests/?state=open"))
    assert "Redaction 14" in text(officer.get(f"/records/requests/{desk.request.number}/contests/"))
    page = text(officer.get(f"/records/contests/{row.pk}/"))
    assert WHY.replace("'", "&#x27;") in page and "Redaction 14 by" in page and "approved nothing of it answers" in page
    assert officer.get(f"/records/contests/{row.pk}/answer/").status_code == 403
    Request.objects.filter(pk=desk.request.pk).update(state="done", outcome="partial", closed=desk.city.now)
    done = contests.answer(row, "changed", BECAUSE, actor=desk.actor("records"), now=desk.now())
    desk.request.refresh_from_db()
    assert (done.state, desk.request.state, desk.request.outcome) == ("changed", "review", "")
    assert BECAUSE in text(officer.get(f"/records/contests/{row.pk}/"))
