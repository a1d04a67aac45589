"""All doors of an account are shut by one act, and what was in force before is given back by another (P-25, L2)."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session

from city.access.staff import MS
from city.access.test_ending import _equipped, _town
from civicmail.city.access.actions import locking, suspensions
from civicmail.city.access.actors import Actor, Held
from civicmail.city.access.errors import NotPermitted
from civicmail.city.access.models import Account, Authorisation, Device, Entry, Token
from civicmail.city.access.queries.actors import actor_of
from civicmail.city.access.queries.snapshots import current

pytestmark = pytest.mark.django_db
SECURITY = Actor("sec", "Security", (Held("security-officer", taken_until=MS + 3_600_000),))
WHY = "The account acts unlike its owner."


def test_every_door_is_shut_at_once() -> None:
    """R-665, L2: pages, IMAP, sending, device passwords, tokens, sessions; what comes is held, and no duty is left."""
    where, head, ann = _town()
    _equipped(ann, where, head)
    epoch = Account.objects.get(person=ann).epoch
    assert len(locking.lock(ann, actor=SECURITY, reason=WHY, now=MS)) == 2
    seen = current(1, MS, ("city.example",))
    assert seen.people["ann"].why and seen.people["ann"].grants == () == seen.people["ann"].devices
    assert seen.mailboxes["ann@city.example"].state == "held"
    account = Account.objects.get(person=ann)
    assert account.epoch == epoch + 1 and not account.is_active and not Session.objects.exists()
    assert not Device.objects.filter(ended__isnull=True).exists() and not Token.objects.filter(ended__isnull=True).exists()
    actor = actor_of(account, "", MS)
    assert not actor.admitted and actor.held == () and actor.departments == frozenset()
    assert Entry.objects.get(act="containment.lock").object == "person:ann"
    assert locking.lock(ann, actor=SECURITY, reason=WHY, now=MS + 1) == [], "twice is once"


def test_only_what_was_in_force_before_is_given_back() -> None:
    """R-666: a right that was suspended before stays so, and what the attacker may hold stays ended."""
    where, head, ann = _town()
    _equipped(ann, where, head)
    before = Authorisation.objects.get(person=ann, role="delegate")
    Authorisation.objects.filter(pk=before.pk).update(state="suspended")
    rights = locking.lock(ann, actor=SECURITY, reason=WHY, now=MS)
    assert locking.unlock(ann, rights, actor=SECURITY, reason="Spoke to her at her desk.", now=MS + 1) == 1
    states = dict(Authorisation.objects.filter(person=ann).values_list("role", "state"))
    assert states == {"holder": "active", "delegate": "suspended"}
    seen = current(1, MS + 1, ("city.example",))
    assert Account.objects.get(person=ann).is_active and seen.people["ann"].grants and seen.people["ann"].devices == ()
    assert not Token.objects.filter(ended__isnull=True).exists()


def test_nobody_locks_who_may_not_nor_themselves() -> None:
    """R-667."""
    _, head, ann = _town()
    for actor in (Actor("sec", held=(Held("security-officer"),)), Actor("ann", held=SECURITY.held), Actor("head")):
        with pytest.raises(NotPermitted):
            locking.lock(ann, actor=actor, reason=WHY, now=MS)
        with pytest.raises(NotPermitted):
            locking.unlock(ann, [], actor=actor, reason=WHY, now=MS)
    assert not suspensions.Account.objects.filter(is_active=False).exists() and head is not None
