"""The end of access: once, everywhere, at once, by steps that are recorded; and of one employment only (L1 to L5; P-08)."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from city.identity import staff
from city.identity.staff import KINDS, LATER, MS, NOW, OLD
from civicmail.city.directory.actions.people import Work
from civicmail.city.directory.models import Address, Department, Mailbox, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_end, access_requests, people
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.models import Authorization, Device, Ending, EndingStep, RoleAssignment, Token
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_changes, build_snapshot
from civicmail.city.snapshot.models import Publication
from civicmail.city.snapshot.published_snapshot import snapshot_path
from civicmail.city.snapshot.snapshot_file import decode

pytestmark = pytest.mark.django_db

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
WHY = "Retired at the end of the month."


def _town(kind: str = "employee") -> tuple[Department, Person, Person]:
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    return where, head, staff.worker("ann", where, head, kind)


def _equipped(ann: Person, where: Department, head: Person) -> None:
    """Everything that somebody can have."""
    box = staff.mailbox("311@city.example", where)
    staff.authorized(ann, box, ann.episodes.get(), head, role="delegate")
    bob = staff.worker("bob", where, head)
    staff.authorized(bob, ann.mailboxes.get(), bob.episodes.get(), head, role="delegate")
    Device.objects.create(person=ann, key="k1", name="phone", mac="00" * 32, made=OLD)
    Token.objects.create(person=ann, mac="11" * 32, made=OLD, until=LATER)
    RoleAssignment.objects.create(person=ann, role="auditor", starts=OLD, until=LATER, by="os", reason="audit")
    where.deputies.add(ann)
    session = Session.objects.create(session_key="s" * 32, session_data="", expire_date=LATER)
    UserSession.objects.create(
        user=Account.objects.get(person=ann), ip="192.0.2.9", session_key=session.session_key, user_agent="x"
    )


@pytest.mark.rule("P-08, promise 5, L2", "The end of access ends everything that the person had, immediately.")
@pytest.mark.parametrize("kind", KINDS)
def test_everything_ends_at_once_and_each_step_is_recorded(kind: str) -> None:
    """L1, L2: of every kind of person."""
    where, head, ann = _town(kind)
    _equipped(ann, where, head)
    epoch = Account.objects.get(person=ann).epoch
    done = access_end.end_access(ann, reason=WHY, when=MS, actor=OFFICER, now=MS)
    assert done.done is not None
    seen = build_snapshot(1, MS, ("city.example",))
    assert "ended on 2 March 2026" in seen.people["ann"].why and seen.people["ann"].grants == () == seen.people["ann"].devices
    assert seen.mailboxes["ann@city.example"].state == "held", "what comes is held"
    assert [g.mailbox for g in seen.people["bob"].grants] == ["bob@city.example"], "nobody acts for who is gone"
    account = Account.objects.get(person=ann)
    assert account.epoch == epoch + 1 and not account.is_active and not Session.objects.exists()
    assert not Device.objects.filter(ended__isnull=True).exists() and not Token.objects.filter(ended__isnull=True).exists()
    actor = actor_of(account, "", MS)
    assert not actor.admitted and actor.held == () and actor.departments == frozenset()
    steps = list(EndingStep.objects.filter(ending=done).values_list("step", "count"))
    assert steps == [
        ("sessions", 1), ("devices", 1), ("tokens", 1), ("authorisations", 2), ("grants", 1), ("duties", 1), ("personal-use", 0),
        ("approvals", 1), ("employment", 1), ("snapshot", 0),
    ]  # fmt: skip
    assert Entry.objects.filter(act="access.end", object="person:ann").count() == 1


def test_what_ended_with_access_is_known_for_a_month_so_that_who_shows_it_hears_why() -> None:
    """P-09: not what was lost or ended before; nothing of it once the person works here again."""
    where, _, ann = _town("contractor")
    for key, over in (("lost", OLD), ("phone", None)):
        Device.objects.create(person=ann, key=key, name=key, mac=key, made=OLD, ended=over)
    before = build_snapshot(1, MS, ("city.example",)).people["ann"]
    assert ([d.id for d in before.devices], before.former) == (["phone"], ())
    access_end.end_access(ann, reason=WHY, when=MS, actor=OFFICER, now=MS)
    seen = build_snapshot(2, MS, ("city.example",)).people["ann"]
    assert (seen.devices, seen.grants, [d.id for d in seen.former]) == ((), (), ["phone"])
    assert seen.why.endswith("ended on 2 March 2026; ask the sponsor of your contract (P-09).")
    few = build_changes(3, MS, [ann.pk], [])
    assert few is not None and seen in few.people
    assert "ann" not in build_snapshot(4, MS + 40 * DAY_MS, ("city.example",)).people
    staff.employed(ann, where)
    assert build_snapshot(5, MS, ("city.example",)).people["ann"].former == ()


def test_twice_is_once() -> None:
    """L1: the second time changes nothing."""
    where, head, ann = _town()
    _equipped(ann, where, head)
    access_end.end_access(ann, reason=WHY, when=MS, actor=OFFICER, now=MS)
    before = (Entry.objects.count(), EndingStep.objects.count(), Account.objects.get(person=ann).epoch)
    access_end.end_access(ann, reason=WHY, when=MS + 1, actor=OFFICER, now=MS + 1)
    sweep(MS + 2)
    assert (Entry.objects.count(), EndingStep.objects.count(), Account.objects.get(person=ann).epoch) == before
    assert Ending.objects.count() == 1


def test_a_step_that_was_done_before_a_crash_is_not_done_again() -> None:
    """L1."""
    _, _, ann = _town()
    planned = access_end.end_access(ann, reason=WHY, when=MS + DAY_MS, actor=OFFICER, now=MS)
    EndingStep.objects.create(ending=planned, step="sessions", count=1, at=NOW)
    epoch = Account.objects.get(person=ann).epoch
    sweep(MS + DAY_MS)
    assert Account.objects.get(person=ann).epoch == epoch and Ending.objects.get().done is not None
    assert EndingStep.objects.count() == len(access_end.STEPS)


@pytest.mark.rule("P-08, promise 5, L1", "Access ends once, at the earliest time set.")
def test_an_end_to_come_waits_for_its_day_and_an_earlier_one_wins() -> None:
    """L1."""
    _, _, ann = _town()
    access_end.end_access(ann, reason=WHY, when=MS + 20 * DAY_MS, actor=OFFICER, now=MS)
    sweep(MS + 19 * DAY_MS)
    assert Authorization.objects.get(person=ann).state == "active"
    access_end.end_access(ann, reason="Leaves earlier than planned.", when=MS + 2 * DAY_MS, actor=OFFICER, now=MS)
    access_end.end_access(ann, reason="Somebody says later.", when=MS + 9 * DAY_MS, actor=OFFICER, now=MS)
    sweep(MS + 2 * DAY_MS)
    assert (
        Authorization.objects.get(person=ann).state == "revoked" and Ending.objects.get().reason == "Leaves earlier than planned."
    )


def test_an_end_to_come_can_be_called_off_until_it_comes() -> None:
    _, _, ann = _town()
    planned = access_end.end_access(ann, reason=WHY, when=MS + 2 * DAY_MS, actor=OFFICER, now=MS)
    access_end.call_off(planned, actor=OFFICER, reason="Stays after all.", now=MS + DAY_MS)
    assert not sweep(MS + 3 * DAY_MS) and Authorization.objects.get(person=ann).state == "active"
    done = access_end.end_access(ann, reason=WHY, when=MS + 4 * DAY_MS, actor=OFFICER, now=MS + 4 * DAY_MS)
    with pytest.raises(Conflict, match="has come"):
        access_end.call_off(done, actor=OFFICER, reason="Stays after all.", now=MS + 4 * DAY_MS)
    acts = Entry.objects.filter(object="person:ann").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["access.end-asked", "access.end-called-off", "access.end-asked", "access.end"]


def test_mail_mailbox_and_address_stay_and_nobody_else_gets_them() -> None:
    """L3."""
    where, head, ann = _town()
    access_end.end_access(ann, reason=WHY, when=MS, actor=OFFICER, now=MS)
    assert Mailbox.objects.get(holder=ann).closed is None and Address.objects.filter(person=ann, until__isnull=True).exists()
    other = staff.person("ann2", account=False)
    staff.employed(other, where)
    asker = actor_of(Account.objects.get(person=head), "", MS)
    reasons = Reasons(**staff.WORDS)
    with pytest.raises(Unusable):
        access_requests.ask(other, reasons=reasons, until=MS + DAY_MS, address="ann@city.example", actor=asker, now=MS)
    Mailbox.objects.update(closed=NOW)
    Address.objects.update(until=NOW)
    with pytest.raises(Unusable, match=r"was a mailbox|belonged to somebody else"):
        access_requests.ask(other, reasons=reasons, until=MS + DAY_MS, address="ann@city.example", actor=asker, now=MS)


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_hired_again_is_not_touched_by_the_old_ending_and_gets_nothing_back(kind: str) -> None:
    """L5."""
    where, head, ann = _town(kind)
    access_end.end_access(ann, reason=WHY, when=MS, actor=OFFICER, now=MS)
    contract = ann.episodes.get().contract
    people.rehire(ann, Work(kind, where, "Clerk", contract=contract), actor=OFFICER, reason="Comes back.", now=MS + DAY_MS)
    assert "Nobody has authorized you" in build_snapshot(1, MS + DAY_MS, ("city.example",)).people["ann"].why
    super_ = staff.worker("super", where, head)
    ann.episodes.filter(ended__isnull=True).update(supervisor=super_)
    asked = access_requests.ask(
        ann, reasons=Reasons(**staff.WORDS), until=MS + 90 * DAY_MS, actor=actor_of(super_.account, "", MS), now=MS + DAY_MS
    )
    access_requests.approve(asked, actor=actor_of(head.account, "", MS + DAY_MS), now=MS + DAY_MS)
    sweep(MS + 2 * DAY_MS)
    seen = build_snapshot(1, MS + 2 * DAY_MS, ("city.example",))
    assert seen.people["ann"].why == "" and seen.mailboxes["ann@city.example"].state == "open", "the old mailbox is theirs again"
    again = access_end.end_access(ann, reason=WHY, when=MS + 3 * DAY_MS, actor=OFFICER, now=MS + 3 * DAY_MS)
    assert again.done is not None and Ending.objects.count() == 2


@pytest.mark.rule("P-08, L5", "An ending that was planned for one employment leaves the next one alone.")
def test_an_ending_that_was_planned_does_nothing_to_a_new_employment() -> None:
    """L5: it carries the employment that it was planned for."""
    where, head, ann = _town()
    access_end.end_access(ann, reason=WHY, when=MS + 20 * DAY_MS, actor=OFFICER, now=MS)
    ann.episodes.update(ended=NOW.date())
    ann.authorizations.update(state="revoked")
    again = people.rehire(ann, Work("employee", where, "Clerk"), actor=OFFICER, reason="Comes back.", now=MS + DAY_MS)
    staff.authorized(ann, ann.mailboxes.get(), again, head)
    _equipped_again(ann, where)
    sweep(MS + 20 * DAY_MS)
    assert Ending.objects.get().done is not None
    seen = build_snapshot(1, MS + 20 * DAY_MS, ("city.example",))
    assert seen.people["ann"].why == "" and [d.id for d in seen.people["ann"].devices] == ["k2"]
    assert actor_of(Account.objects.get(person=ann), "", MS + 20 * DAY_MS).holds("auditor")


def _equipped_again(ann: Person, where: Department) -> None:
    Device.objects.create(person=ann, key="k2", name="phone", mac="22" * 32, made=NOW)
    RoleAssignment.objects.create(person=ann, role="auditor", starts=NOW, until=LATER, by="os", reason="audit")
    where.deputies.add(ann)


def test_nobody_ends_their_own_access_and_strangers_end_nobodys() -> None:
    where, head, ann = _town()
    with pytest.raises(NotPermitted):
        access_end.end_access(head, reason=WHY, when=MS, actor=actor_of(head.account, "", MS), now=MS)
    with pytest.raises(NotPermitted):
        access_end.end_access(head, reason=WHY, when=MS, actor=actor_of(ann.account, "", MS), now=MS)
    with pytest.raises(Conflict, match="Never worked"):
        access_end.end_access(staff.person("new"), reason=WHY, when=MS, actor=OFFICER, now=MS)
    assert where.pk


def test_a_successor_is_asked_for_and_the_department_decides() -> None:
    """L4."""
    where, head, ann = _town()
    bob = staff.worker("bob", where, head)
    access_end.end_access(ann, reason=WHY, when=MS, actor=actor_of(head.account, "", MS), now=MS, successor=bob)
    waiting = Authorization.objects.get(role="successor")
    assert waiting.state == "asked" and waiting.person == bob
    deputy = staff.worker("deputy", where, head)
    where.deputies.add(deputy)
    access_requests.approve(waiting, actor=actor_of(deputy.account, "", MS), now=MS)
    grant = next(g for g in build_snapshot(1, MS, ("city.example",)).people["bob"].grants if g.role == "successor")
    assert grant.mailbox == "ann@city.example" and not grant.send
    sweep(MS + 91 * DAY_MS)
    assert Authorization.objects.get(role="successor").state == "expired"


@pytest.mark.django_db(transaction=True)
def test_two_hundred_end_in_one_go_with_one_snapshot(installed: Path) -> None:
    """L2: what has to be quick is until the last door is shut."""
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    crowd = [staff.worker(f"w{n}", where, head) for n in range(200)]
    version = Publication.objects.get_or_create(pk=1)[0].version
    began = time.monotonic()
    access_end.end_many(crowd, reason=WHY, when=MS, actor=OFFICER, now=MS)
    assert time.monotonic() - began < 50
    assert Publication.objects.get().version == version + 1
    seen = decode(snapshot_path(installed).read_bytes())
    assert all(seen.mailboxes[f"w{n}@city.example"].state == "held" for n in range(200))
    assert Ending.objects.filter(done__isnull=False).count() == 200 and timedelta(0) < LATER - NOW
