"""The snapshot says what the rows say: open, held, closed, granted, and why not (M4, M5, S1, P1, P2; P-04, P-06, P-07)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from city.identity import staff
from city.identity.staff import KINDS, LATER, MS, NOW, OLD
from civicmail.city.directory.models import Address, Agency, Contract, Mailbox, MailGroup, Person
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Acknowledgement, Authorization, Device
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.snapshot.snapshot import Snapshot

pytestmark = pytest.mark.django_db

DOMAINS = ("city.example",)


def _snapshot(now: int = MS) -> Snapshot:
    return build_snapshot(1, now, DOMAINS)


@pytest.fixture
def boss() -> Person:
    return staff.person("boss")


@pytest.mark.rule(
    "P-06, promise 5, M4",
    "A personal mailbox is open while its owner has a live authorization; else incoming mail is held.",
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mailbox_is_open_while_its_holder_has_a_live_authorization_and_held_otherwise(kind: str, boss: Person) -> None:
    """Of every kind of person; what comes is held, not lost."""
    where = staff.department(head=boss)
    ann = staff.worker("ann", where, boss, kind)
    seen = _snapshot()
    assert seen.mailboxes["ann@city.example"].state == "open" and not seen.people["ann"].why
    assert [g.role for g in seen.people["ann"].grants] == ["holder"] and seen.people["ann"].kind == kind
    ann.authorizations.update(state="suspended", since=NOW)
    seen = _snapshot()
    assert seen.mailboxes["ann@city.example"].state == "held" and seen.people["ann"].grants == ()
    assert "suspended since 2 March 2026" in seen.people["ann"].why
    ann.authorizations.update(state="revoked")
    seen = _snapshot()
    assert seen.mailboxes["ann@city.example"].state == "held" and "Nobody has authorized you" in seen.people["ann"].why


def test_addresses_elsewhere_stand_beside_who_has_them(boss: Person) -> None:
    ann = staff.worker("ann", staff.department(head=boss), boss)
    Person.objects.filter(pk=ann.pk).update(outside="ann@home.example a@post.example")
    assert _snapshot().by_outside == {"ann@home.example": "ann", "a@post.example": "ann"}


def test_what_is_over_is_over_although_no_sweep_has_come(boss: Person) -> None:
    """M2, M4: dates are respected at use."""
    where = staff.department(head=boss)
    ann = staff.worker("ann", where, boss)
    ann.authorizations.update(until=NOW)
    seen = _snapshot()
    assert seen.mailboxes["ann@city.example"].state == "held" and seen.people["ann"].why


def test_a_closed_mailbox_is_closed_for_its_holder_too(boss: Person) -> None:
    where = staff.department(head=boss)
    staff.worker("ann", where, boss)
    Mailbox.objects.update(closed=NOW)
    seen = _snapshot()
    assert seen.mailboxes["ann@city.example"].state == "closed" and seen.people["ann"].grants == ()


@pytest.mark.rule("P-04, P-07, promise 5, M5", "Access to another mailbox requires live access of one's own, and ends with it.")
@pytest.mark.parametrize("role", ["delegate", "successor"])
@pytest.mark.parametrize("lost", ["suspended", "expired", "episode", "agency"])
@pytest.mark.parametrize("kind", ["employee", "contractor"])
def test_nobody_is_granted_anything_without_live_access_of_their_own(role: str, lost: str, kind: str, boss: Person) -> None:
    """And a grant ends with it."""
    where = staff.department(head=boss)
    ann = staff.worker("ann", where, boss, kind)
    box = staff.mailbox("clerk@city.example", where)
    staff.authorized(ann, box, ann.episodes.get(), boss, role=role)
    own = ann.authorizations.filter(role="holder")
    own.update(until=NOW + timedelta(hours=1))
    grants = _snapshot().people["ann"].grants
    assert {g.mailbox: g.until for g in grants}["clerk@city.example"] == MS + 3_600_000
    assert {g.send for g in grants if g.role == role} == {role == "delegate"}
    assert _snapshot().mailboxes["clerk@city.example"].state == "open"
    if lost == "suspended":
        own.update(state="suspended")
    elif lost == "expired":
        own.update(state="expired")
    elif lost == "episode":
        ann.episodes.update(ended=NOW.date())
    elif kind == "contractor":
        Agency.objects.update(suspended=NOW)
    else:
        own.update(state="revoked")
    seen = _snapshot()
    assert seen.people["ann"].grants == () and seen.people["ann"].why
    assert seen.mailboxes["clerk@city.example"].state == "held", "nobody who is named can read it"


@pytest.mark.rule("P-07, M5", "A function mailbox has no sign-in.")
def test_nobody_signs_in_as_a_function_mailbox(boss: Person) -> None:
    """There is no such login; named people use it."""
    where = staff.department(head=boss)
    ann = staff.worker("ann", where, boss)
    box = staff.mailbox("311@city.example", where)
    staff.authorized(ann, box, ann.episodes.get(), boss, role="delegate")
    seen = _snapshot()
    assert seen.person_of("311@city.example") is None
    assert seen.grant(seen.people["ann"], "311@city.example", MS) is not None


@pytest.mark.rule("P-07, S1", "A machine is let in until the end that its department gave it.")
def test_a_machine_sends_as_itself_until_its_time_is_over(boss: Person) -> None:
    """A service sender is a machine with an owner and an end, SMTP only."""
    where = staff.department(head=boss)
    box = staff.mailbox("printer@city.example", where, kind="service")
    Mailbox.objects.filter(pk=box.pk).update(expires=LATER)
    Device.objects.create(machine=box, key="k1", name="printer", mac="00" * 32, made=OLD)
    seen = _snapshot()
    machine = seen.person_of("printer@city.example")
    assert machine is not None and machine.machine and [d.id for d in machine.devices] == ["k1"]
    assert [(g.mailbox, g.role) for g in machine.grants] == [("printer@city.example", "service")]
    Mailbox.objects.filter(pk=box.pk).update(expires=NOW)
    machine = _snapshot().person_of("printer@city.example")
    assert machine is not None and machine.grants == () and "over" in machine.why


@pytest.mark.rule(
    "P-18, P1, P2",
    "Nobody sends before accepting the policy; a new text requires everyone's answer, with a grace period.",
)
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_sends_before_the_policy_is_accepted_and_a_new_text_is_asked_of_everybody(kind: str, boss: Person) -> None:
    """Before the first access; then with grace; receiving goes on."""
    text = staff.policy(at=OLD - timedelta(days=5))
    ann = staff.worker("ann", staff.department(head=boss), boss, kind)
    assert "Accept the e-mail policy first" in _snapshot().people["ann"].why
    Acknowledgement.objects.create(person=ann, text=text, accepted=True, shown=text.sha256, at=OLD)
    assert _snapshot().people["ann"].why == ""
    staff.policy(2, at=NOW)
    day = 86_400_000
    assert _snapshot(MS + 13 * day).people["ann"].why == "", "there is grace"
    late = _snapshot(MS + 14 * day)
    assert late.people["ann"].why and late.mailboxes["ann@city.example"].state == "open", "outbound stops, inbound goes on"


def test_a_locked_sign_in_and_a_closed_one_send_nothing(boss: Person) -> None:
    """AC-7."""
    ann = staff.worker("ann", staff.department(head=boss), boss)
    Account.objects.filter(person=ann).update(locked=NOW)
    assert "locked" in _snapshot().people["ann"].why
    Account.objects.filter(person=ann).update(locked=None, is_active=False)
    assert "closed" in _snapshot().people["ann"].why


def test_who_left_is_told_so_for_a_month_and_then_unknown(boss: Person) -> None:
    ann = staff.worker("ann", staff.department(head=boss), boss)
    ann.episodes.update(ended=timezone.localdate(NOW))
    assert "ended on 2 March 2026" in _snapshot().people["ann"].why
    assert "ann" not in _snapshot(MS + 40 * 86_400_000).people


def test_an_agencys_person_without_a_right_hears_of_the_contract_and_of_its_sponsor(boss: Person) -> None:
    """P-09: what ended is named, and not a supervisor whom they do not have."""
    ann = staff.worker("ann", staff.department(head=boss), boss, "contractor")
    Authorization.objects.filter(person=ann).update(state="expired")
    assert _snapshot().people["ann"].why.endswith("ask the sponsor of your contract (P-09).")
    Contract.objects.update(starts=OLD.date(), ends=timezone.localdate(NOW) - timedelta(days=1))
    assert "ended on 1 March 2026, and your access with it; ask its sponsor (P-09)." in _snapshot().people["ann"].why


def test_lists_are_expanded_through_lists_and_a_cycle_is_harmless(boss: Person) -> None:
    root = staff.department("city", boss)
    clerk, parks = staff.department("clerk", parent=root), staff.department("parks", parent=root)
    for name, where in (("ann", clerk), ("bob", parks)):
        staff.worker(name, where, boss)
    box = staff.mailbox("clerk@city.example", clerk)
    inner = MailGroup.objects.create(address="inner@city.example", name="i", department=clerk, made=OLD)
    outer = MailGroup.objects.create(address="outer@city.example", name="o", department=clerk, made=OLD)
    every = MailGroup.objects.create(address="all@city.example", name="a", department=root, made=OLD, everyone=True)
    parks_only = MailGroup.objects.create(address="parks@city.example", name="p", department=parks, made=OLD, everyone=True)
    inner.members.add(box)
    inner.subgroups.add(outer)
    outer.subgroups.add(inner, parks_only)
    groups = _snapshot().groups
    assert groups["outer@city.example"] == groups["outer@city.example"]
    assert set(groups["outer@city.example"]) == {"clerk@city.example", "bob@city.example"}
    assert set(groups["inner@city.example"]) == {"clerk@city.example", "bob@city.example"}
    assert set(groups["all@city.example"]) == {"ann@city.example", "bob@city.example"}
    every.closed = NOW
    every.save()
    assert "all@city.example" not in _snapshot().groups


def test_aliases_reach_the_mailbox_until_they_end(boss: Person) -> None:
    ann = staff.worker("ann", staff.department(head=boss), boss)
    Address.objects.create(address="a.mueller@city.example", mailbox=ann.mailboxes.get(), person=ann, since=OLD)
    found = _snapshot().mailbox_of("A.Mueller+x@city.example")
    assert found is not None and found.id == "ann@city.example"
    Address.objects.filter(address="a.mueller@city.example").update(until=NOW)
    assert _snapshot().mailbox_of("a.mueller@city.example") is None


def test_the_number_of_queries_does_not_grow_with_people(boss: Person, django_assert_num_queries: Any) -> None:
    where = staff.department(head=boss)
    group = MailGroup.objects.create(address="all@city.example", name="a", department=where, made=OLD, everyone=True)
    for number in range(3):
        group.members.add(staff.worker(f"w{number}", where, boss).mailboxes.get())
    with django_assert_num_queries(18):
        _snapshot()
    for number in range(3, 9):
        staff.worker(f"w{number}", where, boss)
    with django_assert_num_queries(18):
        _snapshot()
