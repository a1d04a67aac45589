"""The clock of a request: whose each day was, reasons to stop it, people, the end, a suit, and records about the requester."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions import clock, contacts, replies, requests
from civicmail.desk.records.actions.intake import REQUESTER, ContactData, NewRequest, submit
from civicmail.desk.records.models import Contact, Request
from civicmail.desk.records.queries.clock import clock_of
from civicmail.desk.records.queries.law import local_day
from desk.holding.test_quarantine import words

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=CHICAGO)
WHY = "The requester and the clerk agreed on this by telephone."


def day(n: int) -> int:
    """Epoch ms, so many days behind that Monday."""
    return epoch_ms(MONDAY + timedelta(days=n))


@pytest.fixture
def row(law: LawPack, city: Any) -> Request:
    """Came in on that Monday, when somebody else was custodian."""
    made = submit(NewRequest(text="Mail about the harbor.", intake="web"), now=day(0)).request
    made.custodian = city.people["records"]
    made.save()
    return made


def of(row: Request) -> Request:
    return Request.objects.get(pk=row.pk)


@pytest.mark.rule("P-21", "Worked, waiting and idle days of a request add up to its working days, and each idle day has an owner.")
def test_r8_the_days_add_up_and_each_idle_day_has_an_owner(row: Request, law: LawPack, act: Any) -> None:
    clock.pause(row, "awaiting-scope", "Question sent on 4 March.", actor=act("recorder"), now=day(2))
    replies.write(of(row), "Only Oak Street.", now=day(7))
    for until in range(0, 40, 3):
        counted = clock_of(of(row), law, local_day(MONDAY + timedelta(days=until)))
        account = counted.account
        assert account.worked + account.requester + account.law + len(account.idle) == law.working_days(
            local_day(MONDAY), local_day(MONDAY + timedelta(days=until))
        )
        assert [d for d, _ in counted.owners] == list(account.idle) and all(owner for _, owner in counted.owners)
    assert counted.account.requester == 3, "Thursday, Friday and the Monday on which they wrote; Wednesday was worked"
    assert of(row).pauses.get().ended == datetime.fromtimestamp(day(7) / 1000, CHICAGO)


def test_r8_what_the_program_does_by_itself_makes_no_worked_day(row: Request, law: LawPack, act: Any) -> None:
    def entry(who: Actor, n: int) -> None:
        with transaction.atomic():
            entries.enter("records.made", actor=who, reason="", now=day(n), object=f"request:{row.number}")

    entry(machine("production"), 1)
    entry(REQUESTER, 2)
    entry(act("recorder"), 3)
    assert clock_of(of(row), law, local_day(MONDAY + timedelta(days=4))).account.worked == 1


def test_r8_a_pause_needs_a_reason_of_the_law_and_what_shows_it(row: Request, act: Any) -> None:
    officer = act("recorder")
    for reason, evidence in (("busy", "Much to do."), ("awaiting-scope", " ")):
        with pytest.raises(Unusable):
            clock.pause(row, reason, evidence, actor=officer, now=day(1))
    with pytest.raises(NotPermitted):
        clock.pause(row, "awaiting-scope", "Question sent.", actor=act("crew0"), now=day(1))
    before = of(row).due
    clock.pause(row, "awaiting-scope", "Question sent.", actor=officer, now=day(1))
    with pytest.raises(Conflict, match="stands still"):
        clock.pause(row, "awaiting-prepayment", "Estimate sent.", actor=officer, now=day(1))
    assert of(row).due is None, "nobody is promised a day while the clock stands still"
    clock.resume(row, actor=officer, reason="They answered.", now=day(4))
    assert of(row).due > before, "the target moves by the days that did not count"
    assert Entry.objects.filter(object=f"request:{row.number}", act="records.pause").count() == 1


def test_r8_the_target_of_a_personnel_file_is_seven_working_days(row: Request, law: LawPack, act: Any) -> None:
    clock.set_target(row, "personnel-file", actor=act("recorder"), reason=WHY, now=day(0))
    assert of(row).due == law.due("personnel-file", local_day(MONDAY)) == (MONDAY + timedelta(days=9)).date()
    with pytest.raises(Unusable):
        clock.set_target(row, "release-lock", actor=act("recorder"), reason=WHY, now=day(0))


def test_r8_idle_days_are_published_to_the_requester(law: LawPack, city: Any, visit: Any) -> None:
    receipt = submit(NewRequest(text="Mail about parks.", intake="web"), now=epoch_ms(city.now - timedelta(days=30)))
    counted = clock_of(receipt.request, law, local_day(city.now))
    page = words(visit("").get(f"/public/records/status/{receipt.link}/"))
    assert len(counted.account.idle) > 10 and f"Nothing happened {len(counted.account.idle)} " in page


def test_r3_an_oral_request_is_put_in_writing_and_a_denial_names_the_time_for_written_reasons(
    law: LawPack, act: Any, visit: Any
) -> None:
    row = submit(NewRequest(text="The mayor's mail of May.", intake="counter", oral=True), now=day(0)).request
    requests.close(row, "denied", actor=act("recorder"), reason=WHY, now=day(1))
    page = words(visit("recorder").get(f"/records/requests/{row.number}/clock/"))
    assert "may demand written reasons until Mar 10, 2026" in page, "five working days behind Tuesday"
    requests.put_in_writing(of(row), "All mail of the mayor of May 2025.", actor=act("recorder"), now=day(2))
    assert not of(row).oral and of(row).text.endswith("May 2025.")
    with pytest.raises(Conflict):
        requests.put_in_writing(of(row), "Again.", actor=act("recorder"), now=day(2))


@pytest.mark.rule("P-21", "Records about the requester are decided in the steps of the law, in their order.")
def test_r5_the_steps_for_records_about_the_requester_are_taken_in_the_order_of_the_law(law: LawPack, act: Any) -> None:
    row = submit(NewRequest(text="Mail about me.", intake="web", self_request=True), now=day(0)).request
    officer = act("recorder")
    with pytest.raises(Conflict, match="next step"):
        requests.take_step(row, "own-right", True, actor=officer, reason=WHY, now=day(1))
    for step in law.self_request:
        requests.take_step(row, step.id, step.id != "general-right", actor=officer, reason=WHY, now=day(1))
    assert list(row.steps.values_list("step", flat=True)) == ["general-right", "grant", "own-right"]
    with pytest.raises(Conflict, match="All steps"):
        requests.take_step(row, "own-right", True, actor=officer, reason=WHY, now=day(1))


@pytest.mark.rule("P-21", "A suit about a request freezes it: nothing of it changes until the city attorney records its end.")
def test_r29_a_suit_freezes_the_request_until_the_attorney_ends_it(row: Request, city: Any, act: Any) -> None:
    officer, attorney = act("recorder"), act("attorney")
    requests.assign(row, city.people["recorder"], "reviewer", actor=officer, now=epoch_ms(city.now))
    with pytest.raises(NotPermitted):
        requests.record_suit(row, actor=officer, reason=WHY, now=day(1))
    requests.record_suit(row, actor=attorney, reason=WHY, now=day(1))
    assignment = of(row).assignments.get()
    changes: list[Any] = [
        lambda: clock.pause(of(row), "awaiting-scope", "Question sent.", actor=officer, now=day(2)),
        lambda: clock.set_target(of(row), "respond", actor=officer, reason=WHY, now=day(2)),
        lambda: requests.close(of(row), "denied", actor=officer, reason=WHY, now=day(2)),
        lambda: requests.withdraw(of(row), actor=officer, reason=WHY, now=day(2)),
        lambda: requests.describe(of(row), "Another title", actor=officer, now=day(2)),
        lambda: requests.unassign(assignment, actor=officer, now=day(2)),
        lambda: contacts.change(of(row), ContactData(), actor=officer, now=day(2)),
    ]
    for change in changes:
        with pytest.raises(Conflict, match="suit"):
            change()
    requests.end_suit(of(row), actor=attorney, reason=WHY, now=day(9))
    requests.describe(of(row), "Harbor", actor=officer, now=day(9))
    assert of(row).title == "Harbor"


def test_withdraw_close_and_reopen(row: Request, act: Any) -> None:
    officer = act("recorder")
    with pytest.raises(Unusable):
        requests.close(row, "withdrawn", actor=officer, reason=WHY, now=day(1))
    requests.close(row, "none", actor=officer, reason=WHY, now=day(1))
    with pytest.raises(Conflict):
        requests.withdraw(of(row), actor=officer, reason=WHY, now=day(2))
    requests.reopen(of(row), actor=officer, reason=WHY, now=day(3))
    assert (of(row).state, of(row).outcome, of(row).closed) == ("review", "", None)
    requests.withdraw(of(row), actor=officer, reason=WHY, now=day(4))
    assert of(row).state == "withdrawn"


def test_who_is_assigned_holds_a_role_of_the_records_office(row: Request, city: Any, act: Any) -> None:
    officer = act("recorder")
    with pytest.raises(Unusable):
        requests.assign(row, city.people["crew0"], "reviewer", actor=officer, now=epoch_ms(city.now))
    with pytest.raises(Unusable):
        requests.assign(row, city.people["records"], "attorney", actor=officer, now=epoch_ms(city.now))
    requests.assign(row, city.people["attorney"], "attorney", actor=officer, now=epoch_ms(city.now))
    with pytest.raises(Conflict):
        requests.assign(row, city.people["attorney"], "second", actor=officer, now=epoch_ms(city.now))


@pytest.mark.rule("P-24", "Contact data of a requester is deleted on its own day, counted from the end of the request.")
def test_r4_contact_data_is_deleted_on_its_own_day(law: LawPack, act: Any) -> None:
    contact = ContactData(email="robin@resident.example")
    row = submit(NewRequest(text="Mail about parks.", intake="web", contact=contact), now=day(0)).request
    assert contacts.delete_old(day(4000)) == 0, "the request is open"
    requests.close(row, "full", actor=act("recorder"), reason=WHY, now=day(100))
    assert contacts.delete_old(day(100 + 7 * 365)) == 0
    assert contacts.delete_old(day(101 + 7 * 366)) == 1 and not Contact.objects.filter(request=row).exists()
