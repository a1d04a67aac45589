"""People who sign in, for tests: rows of the directory and who may release, invite and end them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from civicmail.city.directory.models import Department, Episode, Mailbox, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.models import Account, Invitation
from civicmail.city.identity.actions import invitations

NOW = 1_772_452_800_000  # 2 March 2026, noon in UTC
AT = datetime.fromtimestamp(NOW / 1000, UTC)
OFFICER = Actor("e-1", "Olga Officer", (HeldRole("access-officer", "", FOREVER),), client="192.0.2.1")


SECOND = Actor("e-9", "Sven Second", (HeldRole("access-officer", "", FOREVER),), client="192.0.2.2")


def department(code: str = "clerk") -> Department:
    return Department.objects.get_or_create(code=code, defaults={"name": code.title()})[0]


def person(uid: str = "e-17", name: str = "Ines Moravec", kind: str = "employee") -> Person:
    """Somebody who works in the clerk's department and has neither mailbox nor sign-in. The directory has the two officers, too."""
    for one in (OFFICER, SECOND):
        Person.objects.get_or_create(uid=one.uid, defaults={"family": one.name.split()[1], "display": one.name})
    given, _, family = name.partition(" ")
    made = Person.objects.create(uid=uid, given=given, family=family, display=name)
    Episode.objects.create(person=made, kind=kind, department=department(), position="Clerk", starts=date(2026, 1, 1))
    return made


def mailbox(holder: Person | None, address: str, kind: str = "personal") -> Mailbox:
    return Mailbox.objects.create(address=address, name=address, kind=kind, department=department(), holder=holder, made=AT)


def account(holder: Person | None = None, username: str = "ines", password: str = "") -> Account:
    """A sign-in; with a password that is hashed, or without any."""
    made = Account(person=holder or person(), username=username, made=AT)
    made.set_password(password or None)
    made.save()
    return made


def actor(of: Person) -> Actor:
    return Actor(of.uid, of.display, client="192.0.2.7")


def letter(who: Person, *, recovery: bool = False, now: int = NOW) -> Invitation:
    """What both halves of a letter open, as two officers made it."""
    ask = invitations.recover if recovery else invitations.invite
    first = ask(who, actor=OFFICER, reason="new clerk", now=now)
    row = Invitation.objects.latest("pk")
    second = invitations.hand_over(row, actor=SECOND, reason="showed a passport", now=now)
    found = invitations.find_letter(first, second, now=now)
    assert found is not None
    return found
