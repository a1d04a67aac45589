"""Rows for tests of people's side: a department with its head, people of each kind, with and without access."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

from civicmail.city.directory.models import Address, Agency, Contract, Department, Episode, Kind, Mailbox, Person
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Authorization, PolicyText, Undertaking

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
OLD = NOW - timedelta(days=60)
LATER = NOW + timedelta(days=300)
WORDS = {
    "duties": "Answers letters of the people of this city.",
    "performance": "Does the work in half of the time by mail.",
    "efficiency": "Saves paper, postage and a courier each day.",
    "service": "People get their answers on the same day.",
}
KINDS = list(Kind.values)
_numbers = count(1)


def person(uid: str = "", *, account: bool = True) -> Person:
    uid = uid or f"p-{next(_numbers)}"
    made = Person.objects.create(uid=uid, given=uid.title(), family="Test", display=f"{uid.title()} Test")
    if account:
        Account.objects.create(person=made, username=f"{uid}@city.example", made=OLD)
    return made


def department(code: str = "clerk", head: Person | None = None, parent: Department | None = None) -> Department:
    return Department.objects.create(code=code, name=code.title(), head=head, parent=parent, mailbox_cost=12_000)


def employed(
    who: Person, where: Department, kind: str = "employee", supervisor: Person | None = None, position: str = "Clerk"
) -> Episode:
    contract = None
    if kind in ("contractor", "vendor", "agent"):
        agency, _ = Agency.objects.get_or_create(code="acme", defaults={"name": "Acme Paving"})
        contract, _ = Contract.objects.get_or_create(
            agency=agency, number="C-1", defaults={"starts": OLD.date(), "ends": date(2026, 12, 31)}
        )
        bound(PolicyText.objects.order_by("-version").first())
    starts = OLD.date()
    return Episode.objects.create(
        person=who, kind=kind, department=where, position=position, supervisor=supervisor, contract=contract, starts=starts
    )


def mailbox(address: str, where: Department, holder: Person | None = None, kind: str = "") -> Mailbox:
    kind = kind or ("personal" if holder else "function")
    box = Mailbox.objects.create(address=address, name=address, kind=kind, department=where, holder=holder, made=OLD)
    Address.objects.create(address=address, mailbox=box, person=holder, since=OLD)
    return box


def authorized(
    who: Person, box: Mailbox, episode: Episode, by: Person, *, role: str = "holder", state: str = "active"
) -> Authorization:
    """An authorization as it stands after approval, without the way there. by: who approved; asked by another one."""
    asker = person(account=False)
    return Authorization.objects.create(
        mailbox=box, person=who, episode=episode, department=box.department, role=role, requester=asker, asked=OLD, approver=by,
        decided=OLD, starts=OLD, until=LATER, state=state, since=OLD, **WORDS,
    )  # fmt: skip


def worker(uid: str, where: Department, by: Person, kind: str = "employee", supervisor: Person | None = None) -> Person:
    """Somebody with a mailbox of their own and live access to it."""
    who = person(uid)
    episode = employed(who, where, kind, supervisor)
    authorized(who, mailbox(f"{uid}@city.example", where, who), episode, by)
    return who


def policy(version: int = 1, at: datetime = OLD, *, material: bool = True) -> PolicyText:
    made = PolicyText.objects.create(
        version=version,
        title="E-mail use",
        text=f"Version {version}.",
        sha256="0" * 64,
        material=material,
        published=at,
        by="os:root",
    )
    bound(made)
    return made


def bound(text: PolicyText | None) -> None:
    """Every agency has bound itself to a version of the policy (P-09)."""
    for agency in Agency.objects.order_by("pk") if text is not None else ():
        Undertaking.objects.get_or_create(agency=agency, text=text, defaults={"how": "paper", "reference": "A-1", "at": OLD})
