"""A town in which somebody may be looked at: two departments, a head above a worker above a clerk, an examiner and second
persons."""

from __future__ import annotations

from typing import Any

import pytest

from city.identity import staff
from city.identity.staff import MS, NOW, OLD
from civicmail.city.directory.models import Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.guard.roles import Role
from civicmail.city.identity.actions import mandates
from civicmail.city.identity.models import RoleAssignment

HOUR = 3_600_000
WHY = "A tip that bids were passed on before the opening."


def actor(uid: str, *roles: Role, departments: tuple[str, ...] = (), taken: int = MS + 300 * DAY_MS) -> Actor:
    """Somebody who has these roles, activated."""
    return Actor(uid, uid, tuple(HeldRole(d, "", taken) for d in roles), frozenset(departments))


EXA = actor("exa", "examiner")
APP = actor("app", "examination-approver")
HANK = actor("hank", departments=("works", "roads"))
AUDITOR = actor("audit", "auditor")
OFFICER = actor("officer", "access-officer")


def town() -> None:
    """works (hank; below it roads): wendy, whom hank supervises, and carl, whom wendy supervises. clerk (cora): exa and minion, who
    works for exa; app, audit, officer. Everybody has a mailbox; works has an office's. exa and app hold their roles."""
    hank, cora = staff.person("hank"), staff.person("cora")
    works, clerk = staff.department("works", hank), staff.department("clerk", cora)
    staff.department("roads", parent=works)
    staff.employed(hank, works)
    staff.employed(cora, clerk)
    staff.mailbox("hank@city.example", works, hank)
    wendy = staff.worker("wendy", works, hank, supervisor=hank)
    staff.worker("carl", works, hank, supervisor=wendy)
    exa = staff.worker("exa", clerk, cora)
    for uid in ("app", "audit", "officer"):
        staff.worker(uid, clerk, cora)
    staff.worker("minion", clerk, cora, supervisor=exa)
    staff.mailbox("works@city.example", works)
    for uid, role in (("exa", "examiner"), ("app", "examination-approver")):
        hold(uid, role)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """The town. Nothing carries entries to a ledger there, however much time passes."""
    monkeypatch.setattr(entries, "MAX_LAG_MS", 400 * DAY_MS)
    town()


def entered(act: str) -> list[Entry]:
    return list(Entry.objects.filter(act=act))


def hold(uid: str, role: str) -> RoleAssignment:
    who = Person.objects.get(uid=uid)
    return RoleAssignment.objects.create(person=who, role=role, starts=OLD, until=NOW + (NOW - OLD), by="officer", reason="a test")


def asked(*people: str, by: Actor = EXA, ground: str = "examination", role: str = "examiner", **more: Any) -> Mandate:
    """A mandate that somebody has asked for at MS; more: of Wanted, and sealed."""
    sealed = more.pop("sealed", False)
    wanted = MandateRequest(**({"people": people or ("wendy",), "reason": WHY} | more))
    return mandates.ask(ground, role, wanted, sealed=sealed, actor=by, now=MS)


def approved(*people: str, at: int = MS + 1, **more: Any) -> Mandate:
    return mandates.approve(asked(*people, **more), actor=APP, now=at)


def day(number: int) -> Any:
    """So many days after MS."""
    return from_ms(MS + number * DAY_MS)
