"""Every act that takes two people, by the real verbs: no history of invitations, recoveries, second numbers, people added by hand,
renames, deputies and grants lets one natural person do both halves (P-07, P-16; E3, AC-5)."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.directory.actions.people import Name, Work
from civicmail.city.directory.models import Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.four_eyes import WINDOW
from civicmail.city.guard.models import Account, Invitation
from civicmail.city.guard.permissions import TAKE_TWO
from civicmail.city.identity.actions import organization, people, roles
from civicmail.core.config.errors import CivicmailError
from desk.halves import BESIDE, FOUR, HALVES, WHY, Second, able, row, where

pytestmark = pytest.mark.django_db


def test_every_act_of_the_table_that_takes_two_is_tried_here() -> None:
    """A new one is not forgotten."""
    assert set(HALVES) - BESIDE == TAKE_TWO


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    monkeypatch.setattr(entries, "MAX_LAG_MS", 4000 * DAY_MS)
    boss, head = staff.person("boss"), staff.person("head")
    top = staff.department("top", boss)
    clerk = staff.department("clerk", head, top)
    staff.employed(boss, top)
    box = staff.mailbox("head@city.example", clerk, head)
    staff.authorized(head, box, staff.employed(head, clerk), boss)
    staff.mailbox("boss@city.example", top, boss)
    for n, uid in enumerate(FOUR):
        staff.employed(staff.person(uid), clerk)
        Person.objects.filter(uid=uid).update(family=f"Family{n}", display=f"{uid} Family{n}")
    staff.employed(staff.person("sub", account=False), clerk, position="Field agent")


def allowed(second: Second, who: str, now: int) -> bool:
    """Whether nobody has said that this is no second person; what else hinders it does not count here."""
    with transaction.atomic():
        try:
            second(able(who), now)
        except NotPermitted:
            return False
        except CivicmailError:
            return True
        finally:
            transaction.set_rollback(True)
    return True


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("act", sorted(HALVES))
def test_two_people_do_it_and_one_who_recovered_the_other_does_not(act: str) -> None:
    """In every act; and somebody else still can."""
    second = HALVES[act]("ann", MS)
    assert allowed(second, "bea", MS + 1), "two people"
    assert not allowed(second, "ann", MS + 1)
    opened("bea", "ann", MS)
    assert not allowed(second, "bea", MS + 2), "ann has recovered bea"
    assert allowed(second, "cyd", MS + 2)
    opened("cyd", "dot", MS)
    opened("ann", "dot", MS)
    assert not allowed(second, "cyd", MS + 3), "dot has recovered both"


def opened(of: str, by: str, now: int, other: str = "") -> None:
    """other: who handed the second half over, "" for a link that by has seen whole."""
    account, at = Account.objects.get(person__uid=of), from_ms(now)
    Invitation.objects.create(
        account=account,
        mac=str(uuid.uuid4()),
        recovery=True,
        made=at,
        until=from_ms(now + DAY_MS),
        used=at,
        by=by,
        handed_by=other,
        handed=at if other else None,
        whole=not other,
    )


# -- histories


@dataclass
class World:
    """What really happened. owner: the natural person behind each account; opened: (when, whose, who could have done it)."""

    now: int = MS
    owner: dict[str, str] = field(default_factory=lambda: {uid: uid for uid in FOUR})
    opened: list[tuple[int, str, frozenset[str]]] = field(default_factory=list)

    def able(self, uid: str, at: int) -> frozenset[str]:
        """The natural persons who can sign in as this account."""
        return frozenset({self.owner[uid]}).union(*(who for when, of, who in self.opened if of == uid and at - WINDOW < when <= at))

    def open(self, by: str, of: str) -> None:
        if by != of:
            opened(of, by, self.now)
            self.opened.append((self.now, of, self.able(by, self.now)))

    def letter(self, by: str, of: str) -> None:
        """By two halves: of whoever asks, and of somebody else."""
        other = next(uid for uid in reversed(self.owner) if uid != by)
        if of not in (by, other):
            opened(of, by, self.now, other)
            self.opened.append((self.now, of, self.able(by, self.now) & self.able(other, self.now)))

    def add(self, by: str, of: str) -> None:
        """Somebody who does not exist, by whose number the adder signs in; or one person under a second number."""
        uid = f"n{len(self.owner)}"
        twice = by != of
        name = Name(row(of).family, row(of).given) if twice else Name(f"Other{uid}", uid)
        people.add(uid, name, Work("employee", where()), actor=able(by), reason=WHY, now=self.now)
        Account.objects.create(person=row(uid), username=f"{uid}@city.example", made=from_ms(self.now))
        self.owner[uid] = self.owner[of]

    def rename(self, by: str, of: str) -> None:
        uid = f"{self.now}{of}"
        with suppress(NotPermitted):  # nobody their own
            people.rename(row(of), Name(f"Renamed{uid}", f"New{uid}"), actor=able(by), reason=WHY, now=self.now)

    def deputy(self, by: str, of: str) -> None:
        clerk = where()
        organization.lead_department(clerk, clerk.head, [row(of)], actor=able(by), reason=WHY, now=self.now)

    def grant(self, by: str, of: str) -> None:
        with suppress(CivicmailError):
            roles.grant(row(of), "privacy-officer", until=self.now + 9 * DAY_MS, actor=able(by), reason=WHY, now=self.now)

    def wait(self, by: str, of: str) -> None:
        self.now += 40 * DAY_MS


STEPS = st.sampled_from(["open", "open", "letter", "add", "rename", "deputy", "grant", "wait"])
WHICH = st.integers(0, 4)
"""Of the accounts, those first that were touched last."""


@pytest.mark.rule("P-16", "In no act that takes two people, and by no history of accounts, does one natural person do both halves.")
@pytest.mark.usefixtures("town")
@example([("open", 2, 0), ("open", 1, 2)], "mandate.approve", 0, 2, [])  # one officer recovers both
@example([("open", 2, 0), ("wait", 0, 0), ("open", 0, 3)], "pull.second", 0, 2, [])  # by one in between, and some time apart
@example([("add", 0, 0), ("rename", 1, 0)], "request.decide", 0, 2, [])  # a person who does not exist
@example([("add", 1, 0), ("rename", 1, 0)], "approval.answer", 0, 2, [])  # a second number under another name
@example([("add", 0, 0), ("add", 2, 0), ("rename", 0, 3)], "account.hand-over", 0, 1, [])  # who does not exist has two numbers
@example([], "mandate.ratify", 0, 1, [("deputy", 0, 1)])
@example([("deputy", 0, 0), ("open", 0, 1)], "account.hand-over", 2, 1, [("deputy", 0, 1)])  # a deputy all the time
@example([("add", 0, 0)], "records.confirm-scope", 0, 1, [])  # by an account that came later
@example([], "account.hand-over", 0, 1, [("deputy", 1, 1), ("deputy", 1, 0)])  # named by themselves before
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    history=st.lists(st.tuples(STEPS, WHICH, WHICH), max_size=6), act=st.sampled_from(sorted(HALVES)), first=st.integers(0, 2),
    second=st.integers(0, 2), after=st.lists(st.tuples(st.sampled_from(["open", "deputy", "grant"]), WHICH, WHICH), max_size=2),
)  # fmt: skip
def test_no_history_lets_one_natural_person_do_both_halves(
    history: list[tuple[str, int, int]], act: str, first: int, second: int, after: list[tuple[str, int, int]]
) -> None:
    with transaction.atomic():
        world, order = World(), list(FOUR)

        def take(steps: list[tuple[str, int, int]]) -> list[tuple[str, str, str]]:
            done = []
            for step, by, of in steps:
                world.now += 1
                done.append((step, order[by], order[of]))
                getattr(world, step)(*done[-1][1:])
                fresh = [uid for uid in world.owner if uid not in order]
                order[:] = [*fresh, *dict.fromkeys((done[-1][2], done[-1][1], *order))]
            return done

        take([(step, by % 4, of % 4) for step, by, of in history])
        one, other = order[first], order[second]
        order[:] = [*dict.fromkeys((one, other, *order))]
        began = world.now = world.now + 1
        half = HALVES[act](one, began)
        could = set(where().deputies.values_list("uid", flat=True))
        late = take([(step, by % 4, of % 4) for step, by, of in after])
        world.now += 1
        may = allowed(half, other, world.now)
        both = world.able(one, began) & world.able(other, world.now)
        assert not (both and may), f"{both} did both halves of {act}"
        namers = [by for step, by, of in late if step == "deputy" and of == other]
        named = other not in could and namers[:1] == [one]  # who is a deputy by then is not made one once more
        assert not (named and may), f"{one} has named {other} for {act}"
        if not history and not late and one != other:
            assert may, f"{one} and {other} are two people in {act}"
        transaction.set_rollback(True)
