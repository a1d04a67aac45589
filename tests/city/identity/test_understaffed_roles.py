"""Roles that take two people, and of which there is no second (P-07, P-16)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from city.identity.signins import AT, NOW, OFFICER, account, person
from civicmail.city.directory.models import Person
from civicmail.city.guard.models import Invitation
from civicmail.city.guard.permissions import PERMISSIONS, TAKE_TWO
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.queries.understaffed_roles import PAIRS, understaffed_roles

pytestmark = pytest.mark.django_db


def grant(who: Person, role: str) -> None:
    RoleAssignment.objects.create(person=who, role=role, starts=AT, until=AT + timedelta(days=90), by="e-9", reason="the council")


def test_each_pair_is_of_an_act_that_takes_two() -> None:
    assert {act for act, *_ in PAIRS} <= TAKE_TWO and PERMISSIONS["account.hand-over"].alone


def test_one_holder_is_no_pair_and_two_are() -> None:
    """Nobody has it yet, one has, another has."""
    assert understaffed_roles(now=NOW) == []
    one, other = person(), person("e-18", "Otto Other")
    grant(one, "security-officer")
    assert understaffed_roles(now=NOW) == ["security-officer"]
    grant(other, "security-officer")
    assert understaffed_roles(now=NOW) == []


@pytest.mark.rule("P-07, P-16", "The first steps name each role whose acts take two people and that has no second person.")
def test_whose_sign_in_the_other_opened_is_no_second_person() -> None:
    """Two numbers are not two people; a letter that two handed out is enough for the next letter."""
    officer, other = person(OFFICER.uid + "-a", "Olga Officer-Lund"), person("e-18", "Otto Other")
    for who in (officer, other):
        grant(who, "policy-author" if who is officer else "policy-approver")
        grant(who, "access-officer")
    Invitation.objects.create(
        account=account(other, "otto"), by=officer.uid, handed_by="e-9", whole=True, made=AT, used=AT, until=AT, mac="x"
    )
    assert understaffed_roles(now=NOW) == ["policy-approver"]
