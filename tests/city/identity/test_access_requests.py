"""Asking and answering: four reasons, three people, an end, a cost; no grant without own access (M1 to M3, M5; P-04, P-07)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from city.identity import staff
from city.identity.staff import KINDS, MS, NOW, OLD
from civicmail.city.directory.models import Address, Contract, Department, Mailbox, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_requests, suspensions
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot

pytestmark = pytest.mark.django_db

REASONS = Reasons(**staff.WORDS)
UNTIL = MS + 300 * DAY_MS


def actor(person: Person, now: int = MS) -> Actor:
    return actor_of(Account.objects.select_related("person").get(person=person), "192.0.2.1", now)


class Town:
    """A department with head, deputy and supervisor, who have access, and ann, whom the supervisor supervises."""

    def __init__(self, kind: str = "employee") -> None:
        self.head = staff.person("head")
        self.root = staff.department("city", staff.person("top"))
        self.clerk = staff.department("clerk", self.head, self.root)
        for person in (self.head, self.root.head):
            assert person is not None
            staff.employed(person, self.clerk)
        self.deputy = staff.worker("deputy", self.clerk, self.head)
        self.clerk.deputies.add(self.deputy)
        self.super = staff.worker("super", self.clerk, self.head)
        self.ann = staff.person("ann", account=False)
        self.ann.given, self.ann.family = "Ann", "Müller"
        self.ann.save()
        staff.employed(self.ann, self.clerk, kind, self.super)

    def ask(self, reasons: Reasons = REASONS, until: int = UNTIL) -> Authorization:
        if Contract.objects.exists():
            until = min(until, MS + 200 * DAY_MS)
        return access_requests.ask(self.ann, reasons=reasons, until=until, actor=actor(self.super), now=MS)


@pytest.mark.rule("P-04, M1", "A request names the department that owns the mailbox and what it costs a year.")
@pytest.mark.parametrize("kind", KINDS)
def test_a_supervisor_asks_the_head_approves_and_it_is_in_force(kind: str) -> None:
    """M1 to M3: of every kind."""
    town = Town(kind)
    asked = town.ask()
    assert asked.state == "asked" and asked.cost == 12_000 and asked.department == town.clerk
    assert asked.mailbox.address == "ann.muller@city.example" and asked.mailbox.department == town.clerk
    assert build_snapshot(1, MS, ("city.example",)).mailboxes[asked.mailbox.address].state == "held"
    done = access_requests.approve(asked, actor=actor(town.head), now=MS)
    assert done.state == "active" and done.approver == town.head
    assert Account.objects.get(person=town.ann).username == "ann.muller@city.example"
    seen = build_snapshot(1, MS, ("city.example",))
    assert seen.people["ann"].kind == kind and seen.people["ann"].why == ""
    assert [*Entry.objects.order_by("id").values_list("act", flat=True)] == [
        "request.ask", "request.approve", "account.open", "access.begin",
    ]  # fmt: skip
    assert Entry.objects.get(act="request.ask").facts["duties"] == staff.WORDS["duties"], "the reasons are evidence"


@pytest.mark.rule("P-04, M2", "Each of the four reasons is written out.")
@pytest.mark.parametrize("field", ["duties", "performance", "efficiency", "service"])
def test_each_of_the_four_reasons_is_written_out(field: str) -> None:
    town = Town()
    with pytest.raises(Unusable) as refused:
        town.ask(replace(REASONS, **{field: "   because it is    so   "}))
    assert set(refused.value.fields) == {field} and not Authorization.objects.filter(person=town.ann).exists()


@pytest.mark.rule("P-04, P-09, M2", "Access ends within a year, and an agency's people's with the contract.")
def test_access_always_ends_within_a_year_or_with_the_contract() -> None:
    """The contract's last day is still a day of work."""
    town = Town("contractor")
    last = epoch_ms(timezone.make_aware(datetime(2027, 1, 1)))  # midnight in the city
    for until in (MS, last + 1, MS + 366 * DAY_MS):
        with pytest.raises(Unusable, match="Access ends"):
            access_requests.ask(town.ann, reasons=REASONS, until=until, actor=actor(town.super), now=MS)
    assert access_requests.ask(town.ann, reasons=REASONS, until=last, actor=actor(town.super), now=MS).state == "asked"


def test_nobody_is_authorized_for_more_than_a_year() -> None:
    with pytest.raises(Unusable, match="Access ends"):
        Town().ask(until=MS + 365 * DAY_MS + 1)


@pytest.mark.parametrize("who", ["ann", "super", "stranger", "it"])
def test_only_a_decider_who_neither_asked_nor_holds_approves(who: str) -> None:
    """M3: and never information technology alone."""
    town = Town()
    asked = town.ask()
    if who == "ann":
        Account.objects.create(person=town.ann, username="ann", made=OLD)
        town.clerk.deputies.add(town.ann)
        decider = replace(actor(town.ann), admitted=True)
    elif who == "super":
        town.clerk.deputies.add(town.super)
        decider = actor(town.super)
    else:
        other = staff.worker("it" if who == "it" else "stranger", staff.department("it"), town.head)
        if who == "it":
            from civicmail.city.identity.models import RoleAssignment

            RoleAssignment.objects.create(
                person=other, role="system-administrator", starts=OLD, until=NOW + timedelta(days=9), by="os", reason="it"
            )
        decider = actor(other)
    with pytest.raises(NotPermitted):
        access_requests.approve(asked, actor=decider, now=MS)
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_the_database_itself_refuses_an_approver_who_asked_or_holds() -> None:
    """M3."""
    asked = Town().ask()
    for who in (asked.person, asked.requester):
        with pytest.raises(IntegrityError), transaction.atomic():
            Authorization.objects.filter(pk=asked.pk).update(approver=who)


def test_who_answers_second_hears_that_somebody_was_faster() -> None:
    """Two people confirm opposite things at once: one of them counts."""
    town = Town()
    asked = town.ask()
    access_requests.refuse(asked, actor=actor(town.deputy), reason="No need for mail in this work.", now=MS)
    with pytest.raises(Conflict):
        access_requests.approve(asked, actor=actor(town.head), now=MS)
    row = Authorization.objects.get(pk=asked.pk)
    assert row.state == "refused" and row.approver == town.deputy
    assert row.mailbox.closed is not None, "a mailbox that was made for it is closed"


def test_a_request_is_asked_once_and_may_be_withdrawn_and_asked_again() -> None:
    town = Town()
    asked = town.ask()
    with pytest.raises(Conflict, match="waits for a decision"):
        town.ask()
    access_requests.withdraw(asked, actor=actor(town.super), reason="Asked too early.", now=MS)
    again = town.ask()
    assert again.mailbox == asked.mailbox, "the address is the person's own"


@pytest.mark.parametrize("kind", KINDS)
def test_a_grant_needs_the_grantees_own_live_access(kind: str) -> None:
    """M5."""
    town = Town(kind)
    box = staff.mailbox("311@city.example", town.clerk)
    grant = access_requests.ask_grant(
        town.ann, box, "delegate", reasons=REASONS, until=MS + 90 * DAY_MS, actor=actor(town.super), now=MS
    )
    with pytest.raises(Conflict, match="no access of their own"):
        access_requests.approve(grant, actor=actor(town.head), now=MS)
    access_requests.approve(town.ask(), actor=actor(town.head), now=MS)
    assert access_requests.approve(grant, actor=actor(town.head), now=MS).state == "active"
    roles = {g.role for g in build_snapshot(1, MS, ("city.example",)).people["ann"].grants}
    assert roles == {"holder", "delegate"}


def test_the_holder_of_a_mailbox_asks_for_a_delegate_and_the_department_decides() -> None:
    town = Town()
    box = town.super.mailboxes.get()
    bob = staff.worker("bob", town.clerk, town.head)
    grant = access_requests.ask_grant(
        bob, box, "delegate", reasons=REASONS, until=MS + 90 * DAY_MS, actor=actor(town.super), now=MS
    )
    assert access_requests.approve(grant, actor=actor(town.head), now=MS).state == "active"
    with pytest.raises(Conflict, match="own"):
        access_requests.ask_grant(
            town.super, box, "delegate", reasons=REASONS, until=MS + 90 * DAY_MS, actor=actor(town.head), now=MS
        )
    with pytest.raises(NotPermitted):
        access_requests.ask_grant(town.ann, box, "delegate", reasons=REASONS, until=MS + 9 * DAY_MS, actor=actor(bob), now=MS)


def test_it_begins_on_its_day_when_that_was_asked() -> None:
    town = Town()
    asked = access_requests.ask(town.ann, reasons=REASONS, until=UNTIL, starts=MS + 3 * DAY_MS, actor=actor(town.super), now=MS)
    assert access_requests.approve(asked, actor=actor(town.head), now=MS).state == "approved"
    assert not Account.objects.filter(person=town.ann).exists()


def test_suspending_stops_everything_and_resuming_gives_it_back() -> None:
    """M4."""
    town = Town()
    access_requests.approve(town.ask(), actor=actor(town.head), now=MS)
    epoch = Account.objects.get(person=town.ann).epoch
    assert suspensions.suspend(town.ann, actor=actor(town.deputy), reason="Long leave.", now=MS) == 1
    assert Account.objects.get(person=town.ann).epoch == epoch + 1, "sessions end"
    with pytest.raises(Conflict):
        suspensions.suspend(town.ann, actor=actor(town.head), reason="Long leave.", now=MS)
    with pytest.raises(NotPermitted, match="themselves"):
        suspensions.resume(town.deputy, actor=actor(town.deputy), reason="I am back.", now=MS)
    assert suspensions.resume(town.ann, actor=actor(town.head), reason="Back from leave.", now=MS) == 1
    assert build_snapshot(1, MS, ("city.example",)).mailboxes["ann.muller@city.example"].state == "open"


def test_extending_takes_somebody_else_again() -> None:
    town = Town()
    row = access_requests.approve(town.ask(), actor=actor(town.head), now=MS)
    why = "Still does this work, and by mail."
    with pytest.raises(NotPermitted):
        town.clerk.deputies.add(town.super)
        access_requests.extend(row, MS + 350 * DAY_MS, actor=actor(town.super), reason=why, now=MS)
    assert (
        epoch_ms(access_requests.extend(row, MS + 350 * DAY_MS, actor=actor(town.deputy), reason=why, now=MS).until)
        == MS + 350 * DAY_MS
    )


def test_an_entry_goes_when_the_verb_fails(installed: Path) -> None:
    """A3: nothing half-done."""
    town = Town()
    Address.objects.create(address="ann.muller@city.example", mailbox=town.super.mailboxes.get(), person=town.super, since=OLD)
    with pytest.raises(Unusable, match="in use"):
        access_requests.ask(
            town.ann, reasons=REASONS, until=UNTIL, address="ann.muller@city.example", actor=actor(town.super), now=MS
        )
    assert not Entry.objects.exists() and not Mailbox.objects.filter(holder=town.ann).exists()
    assert installed.exists() and Department.objects.count() == 2
