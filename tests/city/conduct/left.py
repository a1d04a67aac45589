"""A department with somebody who leaves, for tests: a head with a mailbox, a colleague, a function mailbox."""

from __future__ import annotations

from dataclasses import dataclass

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.conduct.actions import leavers
from civicmail.city.conduct.models import Leaver
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.identity.actions import access_end
from civicmail.city.identity.models import Ending

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
WHY = "Retired at the end of the month, with thanks."


@dataclass
class Place:
    """A department as a test begins."""

    where: Department
    head: Person
    ann: Person
    bob: Person
    box: Mailbox
    office: Mailbox

    @property
    def boss(self) -> Actor:
        return Actor("head", "Head Test", departments=frozenset({"clerk"}))

    def leaves(self, who: Person | None = None, now: int = MS) -> Ending:
        """Access ends at once."""
        return access_end.end_access(who or self.ann, reason=WHY, when=now, actor=OFFICER, now=now)

    def leaver(self, now: int = MS) -> Leaver:
        """Access ended, and the department was asked."""
        self.leaves(now=now)
        leavers.open_due(now)
        return Leaver.objects.get(ending__person=self.ann)


def place() -> Place:
    head = staff.person("head")
    where = staff.department(head=head)
    episode = staff.employed(head, where)
    other = staff.person("other")
    staff.authorized(head, staff.mailbox("head@city.example", where, head), episode, other)
    ann, bob = staff.worker("ann", where, head), staff.worker("bob", where, head)
    office = staff.mailbox("311@city.example", where)
    staff.authorized(bob, office, bob.episodes.get(), head, role="delegate")
    return Place(where, head, ann, bob, Mailbox.objects.get(holder=ann), office)
