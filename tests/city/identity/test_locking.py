"""All doors of an account are shut by one act, and what was in force before is given back by another (P-25, L2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session

from city.identity import staff
from city.identity.staff import MS, NOW
from city.identity.test_access_end import OFFICER, _equipped, _town
from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account, Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_end, access_requests, bulk_authorization, invitations, locking, suspensions
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization, Device, Profile, Token
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot

pytestmark = pytest.mark.django_db
SECURITY = Actor("sec", "Security", (HeldRole("security-officer", active_until=MS + 3_600_000),))
WHY = "The account acts unlike its owner."


@pytest.mark.rule(
    "P-25, L2",
    "One act closes every entry point of an account: pages, IMAP, sending, device passwords, tokens, sessions.",
)
def test_every_door_is_shut_at_once() -> None:
    """Pages, IMAP, sending, device passwords, tokens, sessions; what comes is held, and no role is left."""
    where, head, ann = _town()
    _equipped(ann, where, head)
    epoch = Account.objects.get(person=ann).epoch
    assert len(locking.lock(ann, actor=SECURITY, reason=WHY, now=MS)) == 2
    seen = build_snapshot(1, MS, ("city.example",))
    assert seen.people["ann"].why and seen.people["ann"].grants == () == seen.people["ann"].devices
    assert seen.mailboxes["ann@city.example"].state == "held"
    account = Account.objects.get(person=ann)
    assert account.epoch == epoch + 1 and not account.is_active and not Session.objects.exists()
    assert not Device.objects.filter(ended__isnull=True).exists() and not Token.objects.filter(ended__isnull=True).exists()
    actor = actor_of(account, "", MS)
    assert not actor.admitted and actor.held == () and actor.departments == frozenset()
    assert Entry.objects.get(act="containment.lock").object == "person:ann"
    assert locking.lock(ann, actor=SECURITY, reason=WHY, now=MS + 1) == [], "twice is once"


@pytest.mark.rule("P-25", "A release gives back what was in force before, and nothing that an attacker may hold.")
def test_only_what_was_in_force_before_is_given_back() -> None:
    """A right that was suspended before stays so, and what the attacker may hold stays ended."""
    where, head, ann = _town()
    _equipped(ann, where, head)
    before = Authorization.objects.get(person=ann, role="delegate")
    Authorization.objects.filter(pk=before.pk).update(state="suspended")
    rights = locking.lock(ann, actor=SECURITY, reason=WHY, now=MS)
    assert locking.unlock(ann, rights, actor=SECURITY, reason="Spoke to her at her desk.", now=MS + 1) == 1
    states = dict(Authorization.objects.filter(person=ann).values_list("role", "state"))
    assert states == {"holder": "active", "delegate": "suspended"}
    seen = build_snapshot(1, MS + 1, ("city.example",))
    assert Account.objects.get(person=ann).is_active and seen.people["ann"].grants and seen.people["ann"].devices == ()
    assert not Token.objects.filter(ended__isnull=True).exists()


@pytest.mark.rule("P-25", "A security officer locks and releases accounts, but never their own.")
def test_nobody_locks_who_may_not_nor_themselves() -> None:
    _, head, ann = _town()
    for actor in (Actor("sec", held=(HeldRole("security-officer"),)), Actor("ann", held=SECURITY.held), Actor("head")):
        with pytest.raises(NotPermitted):
            locking.lock(ann, actor=actor, reason=WHY, now=MS)
        with pytest.raises(NotPermitted):
            locking.unlock(ann, [], actor=actor, reason=WHY, now=MS)
    assert not suspensions.Account.objects.filter(is_active=False).exists() and head is not None


HEAD = Actor("head", departments=frozenset({"clerk"}))


def _day_comes(ann: Person) -> None:
    Authorization.objects.filter(person=ann).update(state="approved", starts=NOW)
    assert sweep(MS).begun == 1


def _is_granted(ann: Person) -> None:
    Authorization.objects.filter(person=ann).update(state="asked", approver=None)
    assert access_requests.approve(Authorization.objects.get(person=ann), actor=HEAD, now=MS).state == "active"


def _is_authorized_with_others(ann: Person) -> None:
    Authorization.objects.filter(person=ann).update(state="revoked")
    where, other = ann.episodes.get().department, staff.person("other")
    profile = bulk_authorization.write_profile(where, "Clerk", Reasons(**staff.WORDS), actor=HEAD, now=MS)
    Profile.objects.filter(pk=profile.pk).update(by=other)
    profile.refresh_from_db()
    bulk_authorization.authorize(profile, [ann], until=MS + 300 * DAY_MS, actor=HEAD, now=MS)


def _comes_back(ann: Person) -> None:
    suspensions.resume(ann, actor=HEAD, reason="She needs her mail today.", now=MS)


@pytest.mark.rule(
    "P-25, P-07",
    "An authorization that begins, is granted or returns does not open a locked account; with the release it takes effect.",
)
@pytest.mark.parametrize("begins", [_day_comes, _is_granted, _is_authorized_with_others, _comes_back])
def test_a_right_that_begins_opens_no_account_that_is_locked(begins: Callable[[Person], None]) -> None:
    """Whichever way it begins; every door stays shut until the lock is lifted, and then it counts."""
    _, _, ann = _town()
    rights = locking.lock(ann, actor=SECURITY, reason=WHY, now=MS)
    begins(ann)
    assert Authorization.objects.filter(person=ann, state="active").count() == 1
    account, seen = Account.objects.get(person=ann), build_snapshot(1, MS, ("city.example",))
    assert not account.is_active and not actor_of(account, "", MS).admitted
    assert seen.people["ann"].grants == () and seen.mailboxes["ann@city.example"].state == "held"
    locking.unlock(ann, rights, actor=SECURITY, reason="Spoke to her at her desk.", now=MS + 1)
    account, seen = Account.objects.get(person=ann), build_snapshot(2, MS + 1, ("city.example",))
    assert account.is_active and actor_of(account, "", MS + 1).admitted
    assert seen.people["ann"].grants and seen.mailboxes["ann@city.example"].state == "open"


@pytest.mark.rule(
    "P-25, promise 7",
    "The owner of a locked account is told at every entry point to call the security office, and no link opens it.",
)
def test_the_owner_of_a_locked_account_hears_whom_to_call_at_every_door() -> None:
    """Nothing of a head who could help, and no link by which it could be opened."""
    _, _, ann = _town()
    locking.lock(ann, actor=SECURITY, reason=WHY, now=MS)
    why = build_snapshot(1, MS, ("city.example",)).people["ann"].why
    assert "call the security office (P-25)" in why and "department" not in why
    office = Actor("officer", held=(HeldRole("access-officer", "", FOREVER),))
    for make in (invitations.invite, invitations.recover):
        with pytest.raises(Conflict, match="security office"):
            make(ann, actor=office, reason="Lost everything.", now=MS)


@pytest.mark.rule("P-09, P-30", "Access that ended for a violation is not opened by a date or by a release.")
def test_access_that_ended_for_a_violation_is_opened_by_no_day_that_comes() -> None:
    """What had been approved for a later day ends with it, at once, also while the account is locked."""
    _, _, ann = _town("contractor")
    Authorization.objects.filter(person=ann).update(state="approved", starts=NOW)
    rights = locking.lock(ann, actor=SECURITY, reason=WHY, now=MS)
    access_end.end_access(ann, reason="A violation by an agency's employee.", when=MS, actor=OFFICER, now=MS)
    locking.unlock(ann, rights, actor=SECURITY, reason="Spoke to her at her desk.", now=MS + 1)
    assert sweep(MS + DAY_MS).begun == 0 and not Authorization.objects.filter(person=ann, state__in=LIVING).exists()
    account = Account.objects.get(person=ann)
    assert not account.is_active and account.contained is None and not actor_of(account, "", MS + DAY_MS).admitted
