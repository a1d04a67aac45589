"""The policy office sees hits by clause and month, what was overridden or wrong, and which rules wait for a look (P-29)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from civicmail.city.guard.epoch import epoch_ms
from civicmail.desk.holding.models import Contest
from civicmail.desk.oversight.models import Hits, Version
from civicmail.desk.oversight.queries import policy_report
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
DAY = timedelta(days=1)


def version(t: Town, rule: str, number: int, state: str, age: int, mode: str = "enforce", approved: bool = False) -> Version:
    at = t.now - age * DAY
    more = {"author": t.people["author"], "approver": t.people["second"], "decided": at} if approved else {}
    return Version.objects.create(
        rule=rule, number=number, text="", made=at, since=at, activated=at, state=state, mode=mode, clause="P-25", do="hold",
        owner="Security office", **more,
    )  # fmt: skip


@pytest.mark.rule("P-29", "The policy report counts hits, overrides and appeals whose writer was right, by clause and month.")
def test_hits_are_counted_by_clause_and_month(city: Town, visit: Visit) -> None:
    version(city, "archives", 1, "active", 200, approved=True)
    today = timezone.localdate(city.now)
    Hits.objects.create(rule="archives", day=today, how="enforce", copies=7201, overridden=3)
    Hits.objects.create(rule="archives", day=today, how="shadow", copies=40)
    Hits.objects.create(rule="emergency-1", day=today, how="enforce", copies=5)
    Hits.objects.create(rule="archives", day=today - 500 * DAY, how="enforce", copies=9999)
    for answer in ("corrected", "released", "upheld", ""):
        Contest.objects.create(capture=answer, rules="archives,other", text="x", made=city.now, answer=answer, answered=city.now)
    report = policy_report.read(epoch_ms(city.now))
    [row, other] = [each for each in report.clauses if each.clause in ("–", "P-25")]
    month = today.replace(day=1)
    assert (row.enforced[month], row.tried[month], row.overridden[month], row.wrong[month]) == (7201, 40, 3, 2)
    assert other.enforced[month] == 5 and row.enforced.total() == 7201
    shown = visit("author").get("/policy/report/")
    assert "7201" in words(shown) and "In twelve months: copies acted on 7,201, only counted 40." in words(shown)
    assert "/policy/rules/?clause=P-25" in shown.content.decode() and "/policy/rules/archives/" in shown.content.decode()
    lines = b"".join(visit("auditor").get("/policy/report/?format=csv")).decode()  # type: ignore[call-overload]
    assert ",1,7201,0,40,3,2,7241\r\n" in lines and "P-25 (" in lines
    assert visit("author").get(f"/policy/report/?month={month - 31 * DAY:%Y-%m}").status_code == 200
    assert visit("head").get("/policy/report/").status_code == 403


@pytest.mark.rule("P-29", "A rule that has been in shadow for more than 90 days is named, however often it was edited meanwhile.")
def test_a_rule_too_long_in_shadow_is_named(city: Town, visit: Visit) -> None:
    version(city, "slow", 1, "replaced", 120, "shadow")
    version(city, "slow", 2, "active", 10, "shadow")
    version(city, "back", 1, "replaced", 150, "shadow")
    version(city, "back", 2, "replaced", 100, "enforce")
    version(city, "back", 3, "active", 50, "shadow")
    version(city, "acts", 1, "replaced", 150, "shadow")
    version(city, "acts", 2, "active", 100)
    report = policy_report.read(epoch_ms(city.now))
    assert [(each.version.rule, each.version.number) for each in report.shadows] == [("slow", 2)]
    assert "120 days, since" in words(visit("second").get("/policy/report/"))


def test_rules_that_nobody_has_approved_come_before_the_oldest_approvals(city: Town) -> None:
    version(city, "old", 1, "active", 400, approved=True)
    version(city, "older", 1, "active", 500, approved=True)
    version(city, "shipped", 1, "active", 20)
    assert [each.version.rule for each in policy_report.read(epoch_ms(city.now)).oldest] == ["shipped", "older", "old"]
