"""Notices to the people whom records are about: classes of the law, service, the lock of the release, and a court action."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.law import adopted
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions import notices, requests
from civicmail.desk.records.actions.notices import NewNotice
from civicmail.desk.records.models import Production, SubjectNotice
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.queries.receipts import token_of
from civicmail.desk.records.worker_jobs import productions as worker
from desk.records.production_world import Release
from desk.records.test_productions import QuietOcr

pytestmark = pytest.mark.django_db
RECORD = "The report on the inspection of the Lincoln Street crew, 4 March."
CLASS = {"wisconsin": "discipline", "federal": "submitter"}
METHOD = {"wisconsin": "certified mail", "federal": "mail"}
LOCKED = {"wisconsin": 12, "federal": 10}
"""Working days after the service on which nothing is released: Wis. Stat. 19.356 (5); 28 CFR 16.7 as the office has it."""


@pytest.fixture(params=["wisconsin", "federal"])
def desk(city: Any, installed: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Release:
    monkeypatch.setattr(worker, "find_tesseract", lambda _: QuietOcr("", "", finds_orientation=True))
    made = Release(city, installed)
    made.assign("attorney", "attorney")
    law = getattr(request, "param", "wisconsin")
    if law == "federal":
        made.move_to_federal_law()
    return made


def pack_of(desk: Release) -> LawPack:
    return adopted.version(desk.data, desk.request.law, desk.request.law_version)


def today(desk: Release) -> date:
    return local_day(desk.city.now)


def served_days_ago(desk: Release, working_days: int) -> date:
    """The latest day of service behind which so many whole working days are over, counted by hand."""
    day, calendar = today(desk), pack_of(desk).calendar
    while working_days:
        day -= timedelta(days=1)
        working_days -= calendar.is_working(day, "long")
    return day - timedelta(days=1)


def add(desk: Release, **more: Any) -> SubjectNotice:
    law = desk.request.law
    values: dict[str, Any] = {"notice": CLASS[law], "name": "Pat Nguyen", "record": RECORD, **more}
    return notices.add(desk.request, NewNotice(**values), actor=desk.actor(), now=desk.now())


def serve(desk: Release, notice: SubjectNotice, sent: date | None = None) -> SubjectNotice:
    proof = "9407 1118 9876 5432 1000 00"
    return notices.serve(notice, METHOD[desk.request.law], sent, proof, actor=desk.actor(), now=desk.now())


def approved(desk: Release) -> Production:
    return desk.approve(desk.make(desk.order()))


def text(response: Any) -> str:
    assert response.status_code in (200, 409, 422), (response.status_code, response.content[:500])
    return " ".join(response.content.decode().split())


@pytest.mark.rule("P-21", "Nothing is released while the notice to a person whom it is about is due, or its lock runs.")
def test_r24_a_release_waits_for_the_notice_and_for_every_working_day_of_the_lock(desk: Release) -> None:
    row = approved(desk)
    notice = add(desk, decided=today(desk) - timedelta(days=60))
    with pytest.raises(Conflict, match="must be notified first"):
        desk.release(row)
    days = LOCKED[desk.request.law]
    notice = serve(desk, notice, served_days_ago(desk, days - 1))
    assert notice.locked_until is not None and notice.locked_until >= today(desk)
    with pytest.raises(Conflict, match="Locked until"):
        desk.release(row)
    SubjectNotice.objects.filter(pk=notice.pk).update(sent=served_days_ago(desk, days))
    assert desk.release(row).state == "released"
    assert notices.end_old(desk.now()) == 1 and notices.end_old(desk.now()) == 0
    notice.refresh_from_db()
    assert notice.state == "over"


def test_r24_the_letter_is_of_the_law_and_kept_as_it_was_served(desk: Release) -> None:
    notice = serve(desk, add(desk))
    assert RECORD in notice.letter and "Pat Nguyen" in notice.letter
    assert (notice.state, notice.service, notice.sent) == ("sent", METHOD[desk.request.law], today(desk))
    if desk.request.law == "wisconsin":
        assert "commence an action in circuit court" in notice.letter
    acts = list(Entry.objects.filter(act__startswith="records.notice").order_by("pk").values_list("act", flat=True))
    assert acts == ["records.notice-added", "records.notice-served"]
    assert "Pat Nguyen" not in str(list(Entry.objects.filter(act__startswith="records.notice").values_list("facts", "reason")))


def test_r24_only_classes_and_ways_of_the_law_exist(desk: Release) -> None:
    with pytest.raises(Unusable, match="class of the law"):
        add(desk, notice="embarrassing")
    with pytest.raises(Unusable, match="no document 77"):
        add(desk, items=[77])
    with pytest.raises(Unusable):
        add(desk, decided=today(desk) + timedelta(days=1))
    notice = add(desk)
    for method, sent, proof in (
        ("telephone", None, "x1234"),
        (METHOD[desk.request.law], None, " "),
        (METHOD[desk.request.law], today(desk) + timedelta(days=1), "x1234"),
        (METHOD[desk.request.law], today(desk) - timedelta(days=1), "x1234"),
    ):
        with pytest.raises(Unusable):
            notices.serve(notice, method, sent, proof, actor=desk.actor(), now=desk.now())
    with pytest.raises(NotPermitted):
        notices.serve(notice, METHOD[desk.request.law], None, "x1234", actor=desk.actor("crew0"), now=desk.now())
    notice.refresh_from_db()
    assert notice.state == "due"


@pytest.mark.parametrize("desk", ["wisconsin"], indirect=True)
def test_r24_a_disputed_record_stays_locked_until_the_court_has_decided(desk: Release) -> None:
    row = approved(desk)
    notice = serve(desk, add(desk, decided=today(desk) - timedelta(days=90)), today(desk) - timedelta(days=60))
    notices.dispute(notice, "Circuit Court, 26-CV-118", actor=desk.actor(), now=desk.now())
    assert desk.request.pauses.get(ended=None).reason == "subject-action", "the clock waits for the law"
    assert notices.end_old(desk.now()) == 0
    with pytest.raises(Conflict, match="A court decides first"):
        desk.release(row)
    notices.end(notice, "Action dismissed on 4 March; no appeal.", actor=desk.actor(), now=desk.now())
    assert not desk.request.pauses.filter(ended=None).exists()
    assert desk.release(row).state == "released"


@pytest.mark.parametrize("desk", ["federal"], indirect=True)
def test_r24_a_law_without_an_action_of_the_subject_records_none(desk: Release) -> None:
    notice = serve(desk, add(desk))
    with pytest.raises(Conflict, match="knows no court action"):
        notices.dispute(notice, "Court, 1", actor=desk.actor(), now=desk.now())


@pytest.mark.parametrize("desk", ["wisconsin"], indirect=True)
def test_r24_other_records_do_not_wait(desk: Release) -> None:
    """A request without a notice, and a notice about a document that this production does not release."""
    row = approved(desk)
    add(desk, items=[3])
    assert desk.release(row).state == "released"


@pytest.mark.parametrize("desk", ["wisconsin"], indirect=True)
def test_r24_a_notice_about_a_document_locks_its_copies_too(desk: Release) -> None:
    row = approved(desk)
    notice = add(desk, items=[5])
    with pytest.raises(Conflict, match="Not released"):
        desk.release(row)
    notices.drop(notice, "The record was released before.", actor=desk.actor(), now=desk.now())
    assert desk.release(row).state == "released"


@pytest.mark.parametrize("desk", ["wisconsin"], indirect=True)
def test_r24_an_official_has_a_class_and_a_lock_of_its_own(desk: Release) -> None:
    notice = serve(desk, add(desk, notice="official"))
    assert "augment the record" in notice.letter
    assert notice.locked_until == pack_of(desk).due("official-lock", today(desk))


@pytest.mark.parametrize("desk", ["wisconsin"], indirect=True)
def test_r29_a_suit_freezes_notices_but_not_what_a_court_does(desk: Release) -> None:
    due, sent = add(desk), serve(desk, add(desk))
    requests.record_suit(desk.request, actor=desk.actor("attorney"), reason="Petition for mandamus, 26-CV-119.", now=desk.now())
    due.refresh_from_db()
    sent.refresh_from_db()
    for verb in (
        lambda: add(desk),
        lambda: serve(desk, due),
        lambda: notices.drop(due, "Added in error by us.", actor=desk.actor(), now=desk.now()),
    ):
        with pytest.raises(Conflict, match="suit"):
            verb()
    assert notices.dispute(sent, "Circuit Court, 26-CV-120", actor=desk.actor(), now=desk.now()).state == "disputed"


@pytest.mark.parametrize("desk", ["wisconsin"], indirect=True)
def test_r24_the_pages_say_what_is_locked_and_what_is_late(desk: Release, visit: Callable[[str], Client]) -> None:
    row = approved(desk)
    officer, base = visit("recorder"), f"/records/requests/{desk.request.number}/"
    page = text(officer.get(f"{base}notices/new/"))
    assert "Results of an investigation of an employee" in page
    given = {"notice": "discipline", "name": "Pat Nguyen", "person": "", "record": RECORD, "items": "", "decided": ""}
    made = officer.post(f"{base}notices/new/", given)
    notice = SubjectNotice.objects.get()
    assert made.status_code == 302 and made.headers["Location"] == f"/records/notices/{notice.pk}/", text(made)
    page = text(officer.get(f"/records/notices/{notice.pk}/"))
    assert "The letter, if it is sent today" in page and RECORD in page and "It is late." not in page
    SubjectNotice.objects.update(serve_by=today(desk) - timedelta(days=1))
    assert "It is late." in text(officer.get(f"/records/notices/{notice.pk}/"))
    late = text(officer.get("/records/notices/?late=yes"))
    assert "Pat Nguyen" in late and "Late" in late and "Results of an investigation" in late
    assert "Pat Nguyen" not in text(officer.get("/records/notices/?late=no"))
    assert "Pat Nguyen" in text(officer.get(f"{base}notices/"))
    wrong = officer.post(f"/records/notices/{notice.pk}/serve/", {"method": "", "sent": "", "proof": ""})
    assert wrong.status_code == 422
    given = {"method": "certified mail", "sent": "", "proof": "9407 1118"}
    assert officer.post(f"/records/notices/{notice.pk}/serve/", given).status_code == 302
    assert "Locked until" in text(officer.get(f"{base}productions/{row.number}/"))
    page = text(officer.get(f"/records/notices/{notice.pk}/"))
    assert "The letter as it was served" in page and "9407 1118" in page and "Serve the notice" not in page
    status = text(Client().get(f"/public/records/status/{token_of(desk.request)}/"))
    assert "Some records must wait" in status and "They stay locked until" in status and "Nguyen" not in status
