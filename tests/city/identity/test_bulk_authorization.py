"""The first roster: a position's people in one reviewed action, and nobody of it by a list (P-04; M2, M3)."""

from __future__ import annotations

from typing import Any

import pytest

from city.identity import staff
from city.identity.staff import KINDS, MS, NOW, OLD
from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import bulk_authorization
from civicmail.city.identity.models import Authorization, Profile, RoleAssignment
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot

pytestmark = pytest.mark.django_db

UNTIL = MS + 200 * DAY_MS


class Town:
    def __init__(self) -> None:
        self.head = staff.person("head")
        self.where: Department = staff.department(head=self.head)
        staff.employed(self.head, self.where, position="Director")
        self.deputy = staff.worker("deputy", self.where, self.head)
        self.where.deputies.add(self.deputy)
        self.by_head = actor_of(Account.objects.get(person=self.head), "", MS)
        self.by_deputy = actor_of(Account.objects.get(person=self.deputy), "", MS)

    def people(self, count: int, kind: str = "employee", position: str = "Field agent") -> list[Person]:
        made = []
        for n in range(count):
            person = staff.person(account=False)
            person.given, person.family, person.display = "Kim", "Lee", f"Kim Lee {n}"
            person.save()
            staff.employed(person, self.where, kind, position=position)
            made.append(person)
        return made

    def profile(self, by: Any = None) -> Profile:
        return bulk_authorization.write_profile(
            self.where, "Field agent", Reasons(**staff.WORDS), actor=by or self.by_deputy, now=MS
        )


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_people_of_a_position_are_authorized_in_one_action(kind: str) -> None:
    """P-04: each with an address of their own, a sign-in, a requester who is somebody else, and an entry."""
    town = Town()
    people = town.people(50, kind)
    made = bulk_authorization.authorize(town.profile(), people, until=UNTIL, actor=town.by_head, now=MS)
    assert len(made) == 50 and len({a.mailbox.address for a in made}) == 50
    assert {a.requester for a in made} == {town.deputy} and {a.approver for a in made} == {town.head}
    assert Entry.objects.filter(act="roster.authorise").count() == 50
    seen = build_snapshot(1, MS, ("city.example",))
    assert all(seen.people[p.uid].why == "" and seen.people[p.uid].kind == kind for p in people)
    assert "kim.lee@city.example" in seen.mailboxes and "kim.lee50@city.example" in seen.mailboxes


@pytest.mark.rule("P-04", "At most fifty people are authorized in one reviewed action.")
def test_more_than_fifty_nobody_reviews() -> None:
    town = Town()
    with pytest.raises(Unusable, match="1 to 50"):
        bulk_authorization.authorize(town.profile(), town.people(51), until=UNTIL, actor=town.by_head, now=MS)


@pytest.mark.rule(
    "P-04",
    "The author of a position's reasons counts as the requester for all people in it, and another person authorizes; "
    "nobody is named as a requester without having acted.",
)
def test_who_wrote_the_profile_asks_and_nobody_is_named_who_did_nothing() -> None:
    """M3: no supervisor and no officer stands for a requester."""
    town = Town()
    officer = staff.worker("officer", town.where, town.head)
    RoleAssignment.objects.create(
        person=officer, role="access-officer", starts=OLD, until=NOW + (NOW - OLD), by="t", reason="a test"
    )
    mine, theirs = town.profile(town.by_head), town.people(1)
    Episode.objects.filter(person=theirs[0]).update(supervisor=officer)
    with pytest.raises(NotPermitted, match="wrote the reasons requests"):
        bulk_authorization.authorize(mine, theirs, until=UNTIL, actor=town.by_head, now=MS)
    assert not Authorization.objects.filter(profile__isnull=False).exists()
    Episode.objects.filter(person=town.head).update(position="Field agent")
    Authorization.objects.filter(person=town.head).delete()
    with pytest.raises(NotPermitted, match="for yourself"):
        bulk_authorization.authorize(mine, [town.head], until=UNTIL, actor=town.by_deputy, now=MS)
    assert bulk_authorization.authorize(mine, theirs, until=UNTIL, actor=town.by_deputy, now=MS)[0].requester == town.head


def test_all_or_none_and_only_who_is_of_the_position_and_without_access() -> None:
    town = Town()
    people, profile = town.people(3), town.profile()
    with pytest.raises(Conflict, match="Not of this position"):
        bulk_authorization.authorize(profile, [*people, *town.people(1, position="Clerk")], until=UNTIL, actor=town.by_head, now=MS)
    assert not Authorization.objects.filter(profile__isnull=False).exists()
    bulk_authorization.authorize(profile, people[:1], until=UNTIL, actor=town.by_head, now=MS)
    with pytest.raises(Conflict, match="Have access"):
        bulk_authorization.authorize(profile, people, until=UNTIL, actor=town.by_head, now=MS)
    with pytest.raises(NotPermitted):
        bulk_authorization.authorize(profile, [*people[1:], town.head], until=UNTIL, actor=town.by_head, now=MS)


def test_a_new_text_is_a_new_version_and_the_old_one_authorizes_nobody_more() -> None:
    town = Town()
    people, first = town.people(2), town.profile()
    bulk_authorization.authorize(first, people[:1], until=UNTIL, actor=town.by_head, now=MS)
    second = town.profile()
    assert (first.version, second.version) == (1, 2)
    with pytest.raises(Conflict, match="newer version"):
        bulk_authorization.authorize(first, people[1:], until=UNTIL, actor=town.by_head, now=MS)
    assert Authorization.objects.get(person=people[0]).profile == first


def test_the_number_of_queries_does_not_grow_with_people(django_assert_max_num_queries: Any) -> None:
    town = Town()
    profile, few, many = town.profile(), town.people(2), town.people(48)
    for people in (few, many):
        with django_assert_max_num_queries(34):
            bulk_authorization.authorize(profile, people, until=UNTIL, actor=town.by_head, now=MS)
