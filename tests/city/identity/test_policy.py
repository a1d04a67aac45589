"""The policy text: versions with their hash, accepted as shown, declined without blame, on paper (P1 to P3; P-18)."""

from __future__ import annotations

import pytest

from city.identity import staff
from city.identity.staff import KINDS, MS
from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import policy
from civicmail.city.identity.models import Acknowledgement, PolicyText
from civicmail.city.identity.queries.department_questions import overdue
from civicmail.city.identity.queries.policy_answers import owed_by
from civicmail.city.identity.queries.snapshots import build_snapshot

pytestmark = pytest.mark.django_db

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
TEXT = "Use the city's mail for the work of the city. " * 5


def _publish(changed: str = "", now: int = MS, *, material: bool = True) -> PolicyText:
    return policy.publish(
        "E-mail use", TEXT + changed, changed=changed, material=material, actor=OFFICER, reason="Council.", now=now
    )


def _self(person: Person) -> Actor:
    return Actor(person.uid, person.display, admitted=False)


def _staff(kind: str = "employee") -> Person:
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    return staff.worker("ann", where, head, kind)


def test_a_version_has_a_number_and_its_hash_stands_in_the_ledger() -> None:
    """P1."""
    first = _publish()
    with pytest.raises(Unusable, match="Describe the change"):
        _publish()
    second = _publish("Phones too.", MS + 1)
    assert (first.version, second.version) == (1, 2) and second.sha256 == policy.digest(second.text) != first.sha256
    assert [e.facts["sha256"] for e in Entry.objects.order_by("id")] == [first.sha256, second.sha256]


@pytest.mark.rule("P-18, P1", "An answer to the policy counts for the text that was shown.")
@pytest.mark.parametrize("kind", KINDS)
def test_accepting_is_of_the_text_that_was_shown(kind: str) -> None:
    ann, text = _staff(kind), _publish()
    with pytest.raises(Conflict, match="not this version"):
        policy.accept(ann, text, "0" * 64, actor=_self(ann), now=MS + 1)
    newer = _publish("Phones too.", MS + 1)
    with pytest.raises(Conflict, match="newer version"):
        policy.accept(ann, text, text.sha256, actor=_self(ann), now=MS + 2)
    made = policy.accept(ann, newer, newer.sha256, actor=_self(ann), now=MS + 2)
    assert made.shown == newer.sha256 and owed_by(ann.pk, MS + 3) is None
    with pytest.raises(NotPermitted):
        policy.accept(ann, newer, newer.sha256, actor=Actor("bob", "Bob"), now=MS + 2)


@pytest.mark.rule("P-18, P1", "Declining the policy stops access until it is accepted after all, and revokes nothing.")
def test_declining_stops_access_and_is_no_violation() -> None:
    """Sending stops, what comes is held, nothing is revoked; accepting after all gives it back."""
    ann, text = _staff(), _publish()
    policy.accept(ann, text, text.sha256, actor=_self(ann), now=MS)
    policy.decline(ann, text, text.sha256, actor=_self(ann), now=MS + 1)
    seen = build_snapshot(1, MS + 1, ("city.example",))
    assert "declined" in seen.people["ann"].why and seen.mailboxes["ann@city.example"].state == "held"
    assert ann.authorizations.get().state == "active"
    policy.accept(ann, text, text.sha256, actor=_self(ann), now=MS + 2)
    assert build_snapshot(1, MS + 2, ("city.example",)).mailboxes["ann@city.example"].state == "open"


def test_after_grace_the_owner_sees_who_cannot_send() -> None:
    """P2."""
    ann = _staff()
    text = _publish()
    policy.accept(ann, text, text.sha256, actor=_self(ann), now=MS)
    _publish("Phones too.", MS + DAY_MS)
    assert overdue(["clerk"], MS + 14 * DAY_MS) == []
    assert overdue(["clerk"], MS + 15 * DAY_MS) == [ann] and overdue(["parks"], MS + 15 * DAY_MS) == []


def test_a_version_that_is_not_material_is_asked_of_nobody() -> None:
    ann, text = _staff(), _publish()
    policy.accept(ann, text, text.sha256, actor=_self(ann), now=MS)
    _publish("Commas.", MS + 1, material=False)
    assert owed_by(ann.pk, MS + 2) is None


@pytest.mark.rule("P-18, P3", "Nobody records a signature on paper for themselves.")
def test_a_clerk_records_paper_with_a_reference_and_never_their_own() -> None:
    ann, text = _staff(), _publish()
    with pytest.raises(Unusable):
        policy.record_paper(ann, text, accepted=True, reference="", actor=OFFICER, now=MS)
    with pytest.raises(NotPermitted):
        policy.record_paper(
            ann,
            text,
            accepted=True,
            reference="Binder 4",
            actor=Actor("ann", "Ann", (HeldRole("access-officer", "", FOREVER),)),
            now=MS,
        )
    policy.record_paper(ann, text, accepted=True, reference="Binder 4, sheet 17", actor=OFFICER, now=MS)
    row = Acknowledgement.objects.get()
    assert (row.how, row.reference) == ("paper", "Binder 4, sheet 17") and owed_by(ann.pk, MS) is None
    assert Entry.objects.filter(act="policy.paper", person="officer").count() == 1
