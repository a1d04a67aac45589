"""report@ and records@ are there from the start, and what comes to records@ reaches somebody (P-21, P-31)."""

from __future__ import annotations

from typing import Any

import pytest

from civicmail.city.directory.models import Mailbox, MailGroup
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.identity.actions import mailboxes, office_lists, roles
from civicmail.city.identity.actions.claiming import FirstOfficer, claim_installation
from civicmail.city.identity.queries import office_lists as queries
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.groups import behind
from desk.mailbox.conftest import city as city
from pages.world import Town

pytestmark = pytest.mark.django_db
DOMAINS = ("city.example",)
WHY = "The council's decision 26-14."


@pytest.fixture
def town(city: Town) -> Town:
    office = actor_of(city.people["office"].account, "", epoch_ms(city.now))
    made = office_lists.make_missing(city.departments["clerk"], actor=office, reason=WHY, now=epoch_ms(city.now))
    assert made == ["records@city.example", "report@city.example"]
    return city


@pytest.mark.rule("P-21, P-31", "A claimed installation has report@ and records@ for each of its domains.")
def test_a_claimed_installation_has_them_for_each_domain(settings: Any, tmp_path: Any) -> None:
    settings.DATA = tmp_path
    first = FirstOfficer("e-1", "Olga", "Officer", "it", "City IT")
    claim_installation(first, actor=Actor("os:root", "root", machine=True), reason=WHY, now=1_800_000_000_000)
    assert list(MailGroup.objects.values_list("address", flat=True)) == ["records@city.example", "report@city.example"]
    assert queries.missing(DOMAINS) == {}


@pytest.mark.rule(
    "P-21",
    "Mail to records@ reaches the records officers, else the access officer, or the people named on the list as soon as "
    "there are any.",
)
def test_what_comes_to_records_reaches_the_records_officers_and_until_then_the_access_officer(town: Town) -> None:
    records = MailGroup.objects.get(address="records@city.example")
    office = actor_of(town.people["office"].account, "", epoch_ms(town.now))

    def theirs(*keys: str) -> set[str]:
        people = [town.people[key] for key in keys]
        return set(Mailbox.objects.filter(holder__in=people, closed__isnull=True).values_list("address", flat=True))

    held = [p for key, p in town.people.items() if p.roles.filter(role="records-officer", ended__isnull=True).exists()]
    assert set(behind(records)) == set(Mailbox.objects.filter(holder__in=held).values_list("address", flat=True))
    for person in held:
        for grant in person.roles.filter(role="records-officer", ended__isnull=True):
            roles.end(grant, actor=office, reason=WHY, now=epoch_ms(town.now))
    assert set(behind(records)) == theirs("office")
    roles.grant(
        town.people["crew0"],
        "records-officer",
        until=epoch_ms(town.now) + 30 * DAY_MS,
        actor=office,
        reason=WHY,
        now=epoch_ms(town.now),
    )
    assert set(behind(records)) == theirs("crew0") != set()
    assert queries.read_by(town.people["crew0"].pk) == ["records@city.example"]
    desk = Mailbox.objects.get(address=next(iter(theirs("head"))))
    mailboxes.change_group(records, [desk], actor=office, reason=WHY, now=epoch_ms(town.now))
    assert set(behind(records)) == theirs("head"), "there is a desk"
    assert behind(MailGroup.objects.get(address="report@city.example")) == ()


def test_what_is_there_already_stays_as_it_is(town: Town) -> None:
    office = actor_of(town.people["office"].account, "", epoch_ms(town.now))
    assert office_lists.make_missing(town.departments["clerk"], actor=office, reason=WHY, now=epoch_ms(town.now)) == []
