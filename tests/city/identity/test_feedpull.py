"""An LDAP server speaks by the worker: the same proposal, brake and report as a file (L1, L7; P-08)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.directory import feed_status
from civicmail.city.directory.ldap_rows import Entry
from civicmail.city.directory.models import Department, Episode, FeedRun, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.errors import NotPermitted, Unusable
from civicmail.city.identity.actions import feed, feedpull
from civicmail.city.identity.actions.feedpull import MINUTE_MS, PULL_ACTOR
from civicmail.city.identity.models import Authorization, Ending
from civicmail.city.notices.models import Notice
from civicmail.core.config.settings import Ldap
from civicmail.front.checkup import feeds as checkup
from civicmail.front.checkup.findings import Installation

pytestmark = pytest.mark.django_db
OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
SOURCE = Ldap(name="hr", url="ldap://127.0.0.1:1", starttls=False, base="dc=x", every=60, apply=True)


def _entries(*uids: str, department: str = "clerk") -> list[Entry]:
    values = {"sn": ["Test"], "departmentnumber": [department]}
    return [Entry(f"uid={u},dc=x", {**values, "employeenumber": [u], "givenname": [u.title()]}) for u in uids]


class Server:
    """What is asked instead of a server; or it fails."""

    def __init__(self, entries: list[Entry] | None = None) -> None:
        self.entries = entries
        self.asked = 0

    def __call__(self, source: Ldap, attributes: Sequence[str]) -> list[Entry]:
        self.asked += 1
        if self.entries is None:
            raise Unusable("The LDAP server cannot be reached: refused.")
        return self.entries


@pytest.fixture
def clerk(installed: Any, settings: Any) -> Department:
    settings.CITY = replace(settings.CITY, feeds=replace(settings.CITY.feeds, ldap=[SOURCE]))
    return staff.department("clerk")


def test_the_worker_asks_when_it_is_time_and_applies_what_the_brake_lets_through(clerk: Department) -> None:
    """A hundred come, two go, and doors shut for them; nobody gets access."""
    crowd = [f"e-{n}" for n in range(100)]
    server = Server(_entries(*crowd))
    assert feedpull.pull_due(MS, fetch=server) == 1 and Episode.objects.count() == 100
    assert not Authorization.objects.exists()
    server.entries = _entries(*crowd[2:])
    assert feedpull.pull_due(MS + 59 * MINUTE_MS, fetch=server) == 0 and server.asked == 1
    assert feedpull.pull_due(MS + 60 * MINUTE_MS, fetch=server) == 1
    assert Ending.objects.filter(done__isnull=False).count() == 2
    assert [r.state for r in FeedRun.objects.order_by("id")] == ["applied", "applied"]


@pytest.mark.rule(
    "P-08, L1, L7",
    "An LDAP server is queried on schedule; lists within the deletion threshold are applied, others wait without another query.",
)
def test_half_of_the_people_gone_is_stopped_and_not_asked_again(clerk: Department) -> None:
    crowd = [f"e-{n}" for n in range(100)]
    server = Server(_entries(*crowd))
    feedpull.pull_due(MS, fetch=server)
    server.entries = _entries(*crowd[50:])
    for hour in (1, 2, 3):
        feedpull.pull_due(MS + hour * 60 * MINUTE_MS, fetch=server)
    run = FeedRun.objects.get(state="stopped")
    assert server.asked == 2 and "would end 50 people" in run.brake and not Ending.objects.exists()
    with pytest.raises(NotPermitted):
        feed.apply(run, actor=PULL_ACTOR, reason="By itself.", now=MS, despite_brake=True)


@pytest.mark.rule("P-08, L7", "An unavailable or empty server ends no access, and is one report.")
def test_a_server_that_is_away_or_empty_ends_nobody_and_is_one_report(clerk: Department, installed: Any) -> None:
    """And the access office is told once."""
    head = staff.person("head")
    staff.employed(head, clerk)
    staff.mailbox("head@city.example", clerk, head)
    _officer(head)
    server = Server(None)
    for minutes in (0, 60, 120):
        assert feedpull.pull_due(MS + minutes * MINUTE_MS, fetch=server) == 1
    server.entries = []
    feedpull.pull_due(MS + 180 * MINUTE_MS, fetch=server)
    run = FeedRun.objects.get()
    assert run.state == "failed" and run.reason == "The list has no people in it." and not Ending.objects.exists()
    assert Notice.objects.get().subject == "The personnel feed hr does not answer"
    assert [h.state for h in feed_status.read(installed)] in ([], ["failed"])  # written when the transaction commits


def _officer(person: Person) -> None:
    from civicmail.city.identity.models import RoleAssignment

    RoleAssignment.objects.create(
        person=person, role="access-officer", starts=staff.OLD, until=staff.LATER, by="os:root", reason="The access office."
    )


def test_people_without_a_number_or_department_are_refused_alone(clerk: Department) -> None:
    server = Server([*_entries("e-1"), Entry("cn=printer,dc=x", {"sn": ["Printer"]}), *_entries("e-2", department="nowhere")])
    run = feedpull.pull(SOURCE, actor=OFFICER, now=MS, fetch=server)
    assert sorted(run.lines.values_list("did", flat=True)) == ["added", "refused", "refused"]
    assert run.kind == "ldap" and run.state == "proposed" and run.source == "hr"


@pytest.mark.rule("P-08, L6", "Doctor warns of a feed that is silent, held, or does not answer.")
def test_doctor_warns_of_a_feed_that_is_silent_or_held(installed: Any, settings: Any) -> None:
    city = replace(settings.CITY, feeds=replace(settings.CITY.feeds, ldap=[SOURCE]))

    def levels(now: int) -> list[tuple[str, str]]:
        return [(f.level, f.check) for f in checkup.feeds(Installation(installed, city, now))]

    assert levels(MS) == [("warning", "feeds")], "it was never heard"
    feed_status.note(installed, "ldap", "hr", "applied", MS)
    feed_status.note(installed, "file", "people.csv", "applied", MS)
    assert levels(MS + MINUTE_MS) == [("ok", "feeds")]
    assert levels(MS + 9 * 24 * 60 * MINUTE_MS) == [("warning", "feeds")] * 2
    feed_status.note(installed, "file", "other.csv", "stopped", MS)
    feed_status.note(installed, "ldap", "hr", "failed", MS)
    assert levels(MS + MINUTE_MS) == [("problem", "feeds")] * 2
