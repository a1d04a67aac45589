"""A case comes to whoever may go on with it: on Home, and by a letter (P-30; V4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from city.conduct import cases_of_violations as cases
from city.conduct.cases_of_violations import DEPUTY, HEAD, ONE, THREE, TWO, WEEK, WHY, said, who
from city.identity.staff import MS, NOW
from civicmail.city.conduct.actions import consequences, violation_reports
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import next_steps, violation_tasks
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db
ANN = Actor("ann", "Ann", admitted=False)


@pytest.fixture(autouse=True)
def town() -> None:
    cases.town()
    for uid in ("one", "two", "three"):
        RoleAssignment.objects.create(
            person=who(uid), role="access-officer", starts=NOW - timedelta(days=1), until=NOW + timedelta(days=90), by="chief",
            reason="a test",
        )  # fmt: skip


def has(actor: Actor) -> bool:
    """Whether a case stands on this person's Home."""
    found = [task for group in violation_tasks.tasks(actor, MS) for task in group.tasks]
    return any(task.route in ("dept-violations", "violations") for task in found)


def told(row: Violation) -> list[str]:
    """Who was written to when the case came into its state, as whoever goes on with it."""
    rows = Notice.objects.filter(key__startswith=f"violation:{row.pk}:{row.state}:", subject__contains="to look at").order_by("id")
    return sorted(n.to.partition("@")[0] for n in rows)


@pytest.mark.rule(
    "P-30, V4",
    "Each step of a violation case is a task of the people who may take it and had no part in it, and one of them is notified.",
)
def test_each_step_comes_to_whoever_may_take_it_and_had_no_part() -> None:
    """Who found it is not asked to decide, and an appeal does not wait for nobody."""
    row = cases.confirmed()
    assert told(row) == ["deputy"], "the head has found it"
    assert (has(HEAD), has(DEPUTY), has(ONE), has(THREE)) == (False, True, True, False), "three has reported it"
    row = consequences.decide(row, said("permanent"), actor=DEPUTY, now=MS + WEEK)
    assert told(row) == ["one", "two"] and (has(DEPUTY), has(ONE)) == (False, True)
    row = consequences.agree(row, yes=False, actor=ONE, reason="It is not that bad.", now=MS + WEEK + 1)
    assert told(row) == ["deputy", "deputy"], "somebody decides afresh"
    row = consequences.decide(row, said("warning"), actor=DEPUTY, now=MS + WEEK + 2)
    assert not has(ONE), "nothing waits while nobody appeals"
    row = consequences.appeal(row, "It was no list, it was my family.", actor=ANN, now=MS + WEEK + 3)
    assert told(row) == ["one", "two"] and (has(HEAD), has(DEPUTY), has(TWO)) == (False, False, True)
    assert all("votes" not in n.text and "Ann" not in n.text for n in Notice.objects.filter(key__contains=":appealed:"))
    consequences.hear(row, uphold=True, actor=TWO, reason=WHY, now=MS + WEEK + 4)
    assert not any(map(has, (HEAD, DEPUTY, ONE, TWO, THREE)))


def test_what_nobody_has_a_name_for_is_the_offices_and_nobody_is_asked_about_who_is_above_them() -> None:
    """P-30, V4."""
    violation_reports.complain("A clerk insulted me in a letter.", "", "", now=MS)
    assert has(ONE) and not has(HEAD)
    about_head = cases.reported("head", by=TWO)
    assert not has(DEPUTY), "the head is above the deputy"
    about_head.state = "confirmed"
    assert [p.uid for p in next_steps.next_deciders(about_head, MS)] == ["one", "three"]
