"""Roles: conflicts at grant and at use, recorded exceptions, four hours, and the claim (D1 to D4; P-16)."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole, machine
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.guard.roles import CONFLICTS, ROLES, Role
from civicmail.city.identity.actions import roles
from civicmail.city.identity.models import RoleActivation, RoleAssignment
from civicmail.city.identity.queries.actors import actor_of
from civicmail.core.config.errors import UsageError

pytestmark = pytest.mark.django_db

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
WHY = "Chosen by the administrator."
CONTROL = "The city attorney reads every entry of this person each week."


@pytest.fixture
def where() -> Department:
    return staff.department("clerk")


@pytest.fixture
def ann(where: Department) -> Person:
    person = staff.person("ann")
    staff.employed(person, where)
    return person


def _grant(person: Person, role: Role, where: Department, starts: int = MS, until: int = MS + 90 * DAY_MS) -> RoleAssignment:
    department = where if ROLES[role].departmental else None
    return roles.grant(person, role, department=department, starts=starts, until=until, actor=OFFICER, reason=WHY, now=MS)


@pytest.mark.rule("P-16, D1", "A role is not assigned to a person whose other role excludes it.")
@pytest.mark.parametrize("pair", [*combinations(ROLES, 2)], ids="+".join)
def test_the_conflict_table_is_enforced_at_grant(pair: tuple[Role, Role], ann: Person, where: Department) -> None:
    """Every pair, from the table."""
    _grant(ann, pair[0], where)
    if frozenset(pair) in CONFLICTS:
        with pytest.raises(Conflict, match="exclude each other"):
            _grant(ann, pair[1], where)
    else:
        _grant(ann, pair[1], where)
    assert RoleAssignment.objects.count() == (1 if frozenset(pair) in CONFLICTS else 2)


def test_dates_are_respected(ann: Person, where: Department) -> None:
    """D1: one after the other is no conflict."""
    _grant(ann, "auditor", where, until=MS + 10 * DAY_MS)
    with pytest.raises(Conflict):
        _grant(ann, "examiner", where, starts=MS + 9 * DAY_MS)
    _grant(ann, "examiner", where, starts=MS + 10 * DAY_MS)


@pytest.mark.rule("P-16, D3", "A recorded conflict excuses until its end.")
def test_a_recorded_conflict_lasts_as_long_as_it_says(ann: Person, where: Department) -> None:
    """With what watches over it."""
    _grant(ann, "auditor", where)
    with pytest.raises(Unusable, match="reason"):
        roles.record_conflict(ann, "auditor", "examiner", control="None.", until=MS + DAY_MS, actor=OFFICER, now=MS)
    roles.record_conflict(ann, "auditor", "examiner", control=CONTROL, until=MS + 30 * DAY_MS, actor=OFFICER, now=MS)
    with pytest.raises(Conflict):
        _grant(ann, "examiner", where, until=MS + 31 * DAY_MS)
    held = _grant(ann, "examiner", where, until=MS + 30 * DAY_MS)
    actor = actor_of(Account.objects.get(person=ann), "", MS)
    assert actor.holds("examiner") and actor.holds("auditor")
    RoleAssignment.objects.update(until=NOW.replace(year=2027))
    with pytest.raises(Conflict, match="exclude"):
        roles.activate(held, hours=1, actor=Actor("ann", "Ann"), reason="Case 7 of the week.", now=MS + 30 * DAY_MS)


@pytest.mark.rule("P-16, D4", "A privileged role is activated for four hours at most, with a reason.")
def test_a_privileged_role_is_activated_for_four_hours_at_most_with_a_reason(ann: Person, where: Department) -> None:
    held, self_ = _grant(ann, "examiner", where), Actor("ann", "Ann")
    for hours, reason in ((5, "Case 7 of the week."), (0, "Case 7 of the week."), (2, "x")):
        with pytest.raises(UsageError):
            roles.activate(held, hours=hours, actor=self_, reason=reason, now=MS)
    with pytest.raises(NotPermitted):
        roles.activate(held, hours=2, actor=Actor("bob", "Bob"), reason="Case 7 of the week.", now=MS)
    use = roles.activate(held, hours=4, actor=self_, reason="Case 7 of the week.", now=MS)
    assert epoch_ms(use.until) == MS + 4 * 3_600_000
    account = Account.objects.get(person=ann)
    assert actor_of(account, "", MS + 1).has_activated("examiner", MS + 1)
    roles.deactivate(use, actor=self_, now=MS + 2)
    roles.deactivate(use, actor=self_, now=MS + 3)
    assert not actor_of(account, "", MS + 3).has_activated("examiner", MS + 3)
    assert [*Entry.objects.order_by("id").values_list("act", flat=True)] == ["duty.grant", "duty.take-up", "duty.lay-down"]


def test_a_role_that_ends_takes_its_use_along(ann: Person, where: Department) -> None:
    held = _grant(ann, "examiner", where)
    roles.activate(held, hours=4, actor=Actor("ann", "Ann"), reason="Case 7 of the week.", now=MS)
    roles.end(held, actor=OFFICER, reason="Another work.", now=MS + 1)
    assert RoleActivation.objects.get().laid_down is not None
    with pytest.raises(Conflict):
        roles.end(RoleAssignment.objects.get(), actor=OFFICER, reason="Another work.", now=MS + 2)


def test_nobody_grants_themselves_a_role_and_it_ends_within_a_year(ann: Person, where: Department) -> None:
    with pytest.raises(NotPermitted):
        roles.grant(
            ann,
            "auditor",
            until=MS + DAY_MS,
            actor=Actor("ann", "Ann", (HeldRole("access-officer", "", FOREVER),)),
            reason=WHY,
            now=MS,
        )
    with pytest.raises(Unusable):
        _grant(ann, "auditor", where, until=MS + 366 * DAY_MS)
    with pytest.raises(Unusable):
        roles.grant(ann, "authoriser", until=MS + DAY_MS, actor=OFFICER, reason=WHY, now=MS)


def test_the_first_role_claims_the_installation_before_it_is_granted(installed: Path, ann: Person, where: Department) -> None:
    """P-16: the marker is there even when the grant comes to nothing; then only recovery helps."""
    founder = guard.founder(installed)
    with pytest.raises(Conflict, match="access officer"):
        roles.grant(ann, "auditor", until=MS + DAY_MS, actor=founder, reason=WHY, now=MS)
    assert not guard.is_claimed(installed)
    ann.episodes.update(ended=NOW.date())
    with pytest.raises(Conflict):
        roles.grant(ann, "access-officer", until=MS + DAY_MS, actor=founder, reason=WHY, now=MS)
    assert guard.is_claimed(installed)
    with pytest.raises(NotPermitted, match="claimed"):
        guard.founder(installed)
    ann.episodes.update(ended=None)

    def wrong() -> None:
        raise NotPermitted("This is not the recovery key.")

    with pytest.raises(NotPermitted, match="recovery key"):
        roles.recover(ann, wrong, until=MS + DAY_MS, actor=machine("os:root"), reason=WHY, now=MS)
    Account.objects.update(locked=NOW)
    roles.recover(ann, lambda: None, until=MS + DAY_MS, actor=machine("os:root"), reason=WHY, now=MS)
    actor = actor_of(Account.objects.get(person=ann), "", MS)
    assert actor.holds("access-officer") and actor.admitted and where.pk
    assert Entry.objects.get().act == "access.recover"
