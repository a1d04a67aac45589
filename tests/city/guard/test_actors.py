"""Who is asking, from the rows: offices, roles in force and usable, admission (D1, D3, D4, P1; P-04, P-16)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from city.identity import staff
from city.identity.staff import KINDS, LATER, MS, NOW, OLD
from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Acknowledgement, ConflictRecord, RoleActivation, RoleAssignment
from civicmail.city.identity.queries.actors import about_person, actor_of

pytestmark = pytest.mark.django_db


def _actor(person: Person, now: int = MS) -> Actor:
    return actor_of(Account.objects.select_related("person").get(person=person), "192.0.2.1", now)


def _role(person: Person, role: str, until: datetime = LATER, **more: Any) -> RoleAssignment:
    return RoleAssignment.objects.create(
        person=person, role=role, starts=OLD, until=until, by="os:root", reason="first one", **more
    )


@pytest.fixture
def boss() -> Person:
    return staff.person("boss")


def test_heads_and_deputies_decide_for_their_department_and_its_divisions(boss: Person) -> None:
    works = staff.department("works", boss)
    streets = staff.department("streets", parent=works)
    staff.department("lights", parent=streets)
    staff.department("parks")
    staff.employed(boss, works)
    dee = staff.person("dee")
    staff.employed(dee, streets, supervisor=boss)
    streets.deputies.add(dee)
    assert _actor(boss).departments == {"works", "streets", "lights"} and _actor(boss).supervises == {"dee"}
    assert _actor(dee).departments == {"streets", "lights"}
    assert _actor(boss).admitted, "somebody has to authorize the first mailbox"


@pytest.mark.parametrize("kind", KINDS)
def test_live_access_and_the_accepted_policy_admit(kind: str, boss: Person) -> None:
    where = staff.department(head=boss)
    ann = staff.worker("ann", where, boss, kind)
    assert _actor(ann).admitted
    text = staff.policy(at=OLD - timedelta(days=1))
    assert not _actor(ann).admitted
    Acknowledgement.objects.create(person=ann, text=text, accepted=True, shown="", at=NOW)
    assert _actor(ann).admitted
    Acknowledgement.objects.create(person=ann, text=text, accepted=False, shown="", at=NOW + timedelta(hours=1))
    assert not _actor(ann, MS + 7_200_000).admitted


@pytest.mark.parametrize("gone", ["locked", "closed", "left", "suspended"])
def test_who_is_locked_closed_gone_or_suspended_is_not_admitted(gone: str, boss: Person) -> None:
    """L2: an old session holds nothing."""
    where = staff.department(head=boss)
    ann = staff.worker("ann", where, boss)
    _role(ann, "access-officer")
    assert _actor(ann).holds("access-officer") and _actor(ann).admitted
    if gone == "locked":
        Account.objects.filter(person=ann).update(locked=NOW)
    elif gone == "closed":
        Account.objects.filter(person=ann).update(is_active=False)
    elif gone == "left":
        ann.episodes.update(ended=NOW.date())
    else:
        ann.authorizations.update(state="suspended")
    assert not _actor(ann).admitted
    assert _actor(ann).holds("access-officer") == (gone == "suspended")


def test_a_role_holds_between_its_dates(boss: Person) -> None:
    staff.employed(boss, staff.department())
    _role(boss, "auditor", until=NOW + timedelta(hours=1))
    assert _actor(boss).holds("auditor")
    assert not _actor(boss, MS + 3_600_000).holds("auditor")
    assert not _actor(boss, MS - 61 * 86_400_000).holds("auditor")


@pytest.mark.rule("P-16, D1", "Two roles that exclude each other have no effect, in whatever order they were assigned.")
def test_two_roles_that_exclude_each_other_are_of_no_use_unless_that_was_recorded(boss: Person) -> None:
    """D1, D3: at use, with the dates respected."""
    staff.employed(boss, staff.department())
    _role(boss, "auditor")
    _role(boss, "access-officer", until=NOW + timedelta(days=1))
    assert _actor(boss).held == ()
    assert _actor(boss, MS + 86_400_000).holds("auditor"), "the other one is over"
    ConflictRecord.objects.create(
        person=boss, first="access-officer", second="auditor", control="The clerk reads it all.", until=NOW + timedelta(hours=1),
        by="os:root", at=OLD,
    )  # fmt: skip
    assert _actor(boss).holds("auditor") and _actor(boss).holds("access-officer")
    assert _actor(boss, MS + 3_600_000).held == ()


def test_a_privileged_role_is_activated_until_its_time_or_until_it_is_deactivated(boss: Person) -> None:
    """D4."""
    staff.employed(boss, staff.department())
    grant = _role(boss, "examiner")
    use = RoleActivation.objects.create(grant=grant, reason="case 7", at=NOW, until=NOW + timedelta(hours=4))
    assert _actor(boss).has_activated("examiner", MS) and not _actor(boss).has_activated("examiner", MS + 4 * 3_600_000)
    RoleActivation.objects.filter(pk=use.pk).update(laid_down=NOW)
    assert not _actor(boss).has_activated("examiner", MS)


def test_a_departments_authorizer_decides_for_its_divisions(boss: Person) -> None:
    works = staff.department("works")
    staff.department("streets", parent=works)
    staff.employed(boss, works)
    _role(boss, "authoriser", department=works)
    actor = _actor(boss)
    assert actor.decides_for("streets") and actor.decides_for("works") and not actor.decides_for("parks")


def test_an_act_on_a_person_is_about_the_department_where_the_person_works(boss: Person) -> None:
    old, new = staff.department("old"), staff.department("new")
    staff.employed(boss, old)
    assert about_person(boss).department == "old"
    boss.episodes.update(ended=OLD.date())
    assert about_person(boss).department == "old"
    staff.employed(boss, new)
    assert about_person(boss).department == "new" and about_person(boss).person == "boss"
