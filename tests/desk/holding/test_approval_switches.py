"""Whose files wait for a manager while nobody has decided, and that somebody hears that it is to be decided (P-22)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.desk.holding import approval_switches, tasks
from civicmail.desk.holding.actions import publish_approvals, switch_approval
from civicmail.desk.holding.models import AskedDepartment, UnaskedDepartment
from desk.holding.leaving import ACME, PDF, Bureau, bureau
from desk.holding.test_approvals import clock as clock
from desk.holding.test_standing_approvals import WHY, actor
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.world import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(clock: Any, installed: Path, city: Town) -> Iterator[Bureau]:
    """Nobody has decided about any department."""
    UnaskedDepartment.objects.all().delete()
    with bureau(installed, city, on=False) as made:
        publish_approvals.publish_standing(made.desk.now)
        yield made


@pytest.mark.rule("P-22", "Files of an undecided department wait as soon as a head or deputy with a sign-in can answer.")
def test_what_nobody_decided_waits_where_somebody_can_answer(files: Bureau) -> None:
    works = files.town.departments["public-works"]
    assert approval_switches.switch_of(works).acts and not approval_switches.switch_of(works).is_decided
    assert files.send("crew0", ACME) is not None
    works.head, works.parent = None, None
    works.save()
    works.deputies.clear()
    assert not approval_switches.switch_of(works).acts, "nobody could answer"
    publish_approvals.publish_standing(files.desk.now)
    assert files.send("crew0", ACME, files={"plan.pdf": PDF + b"2"}) is None


@pytest.mark.rule("P-22", "An exemption of a department from approval is a decision with a name, a day and a reason.")
def test_a_decision_has_a_name_and_a_day(files: Bureau) -> None:
    works, author = files.town.departments["public-works"], actor(files, "author")
    with pytest.raises(NotPermitted):
        switch_approval.decide_off(works, actor=actor(files, "crew0"), reason=WHY, now=files.desk.now)
    with pytest.raises(Unusable):
        switch_approval.decide_off(works, actor=author, reason="No.", now=files.desk.now)
    row = switch_approval.decide_off(works, actor=author, reason=WHY, now=files.desk.now)
    assert (row.by, row.at, row.reason) == (files.town.people["author"], from_ms(files.desk.now), WHY)
    assert files.send("crew0", ACME) is None
    with pytest.raises(Conflict):
        switch_approval.decide_off(works, actor=author, reason=WHY, now=files.desk.now)
    switch_approval.switch_on(works, 10, actor=author, reason=WHY, now=files.desk.now)
    assert files.send("crew0", ACME, files={"plan.pdf": PDF + b"2"}) is not None
    switch_approval.switch_off(AskedDepartment.objects.get(department=works), actor=author, reason=WHY, now=files.desk.now)
    assert approval_switches.switch_of(works).is_decided and not approval_switches.switch_of(works).acts


def test_a_press_on_do_not_ask_switches_nothing_on(files: Bureau, visit: Callable[[str], Client]) -> None:
    """Somebody decided the same since the page was shown."""
    works, page = files.town.departments["public-works"], "/policy/approvals/public-works/"
    assert b'name="state" value="undecided"' in visit("author").get(page).content
    switch_approval.decide_off(works, actor=actor(files, "second"), reason=WHY, now=files.desk.now)
    for seen in ("undecided", "off"):
        answer = visit("author").post(page, {"do": "off", "reason": WHY, "state": seen})
        assert answer.status_code == 409 and approval_switches.switch_of(works).state == "off"


@pytest.mark.rule("P-22", "An older department without a decision needs no approval, and is shown as undecided.")
def test_a_department_from_before_is_not_asked_and_still_to_be_decided(files: Bureau) -> None:
    """Nobody's mail waits because of an upgrade."""
    works = files.town.departments["public-works"]
    UnaskedDepartment.objects.create(department=works, at=from_ms(files.desk.now))
    publish_approvals.publish_standing(files.desk.now)
    assert files.send("crew0", ACME) is None
    assert works.pk in approval_switches.undecided_departments()


@pytest.mark.rule("P-22", "The policy authors see on Home how many departments are undecided.")
def test_whoever_decides_hears_of_it(files: Bureau) -> None:

    def label(key: str) -> list[str]:
        groups = tasks.officer_tasks(actor(files, key), files.desk.now)
        return [task.state[1] for group in groups for task in group.tasks if task.route == "asked-departments"]

    count = len(approval_switches.undecided_departments())
    assert label("author") == label("second") == [f"{count} not decided"] and label("head") == []
    for department in files.town.departments.values():
        switch_approval.decide_off(department, actor=actor(files, "author"), reason=WHY, now=files.desk.now)
    assert label("author") == []
