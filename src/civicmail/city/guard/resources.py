"""Resources: the typed objects that acts concern, with the facts that rules read (NIST SP 800-162). Pure.

A kind has the facts that its rules read, and none has a default: callers of the guard state each. A rule refuses if the resource
lacks a fact that it needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from civicmail.city.guard import four_eyes
from civicmail.city.guard.actors import Actor


@dataclass(frozen=True)
class Resource:
    """The object of an act."""


@dataclass(frozen=True)
class City(Resource):
    """The installation, or all departments at once."""


CITY = City()


@dataclass(frozen=True)
class InDepartment(Resource):
    """department: code of the owner, "" without one: then the access office is responsible."""

    department: str


@dataclass(frozen=True)
class OfPerson(Resource):
    """person: uid of the person concerned, "" for none: a machine, or an unknown person."""

    person: str

    def is_about(self, actor: Actor) -> bool:
        """Whether the actor is the person concerned, under any number."""
        return four_eyes.is_same_person(actor.uid, self.person, self.four_eyes if isinstance(self, Decision) else None)


@dataclass(frozen=True, kw_only=True)
class Decision(Resource):
    """A decision that takes two people.

    first_actors: uids of the actors of the other parts, "" for an unknown one; began_ms: its start, epoch ms; four_eyes: facts
    about these people (four_eyes.py). Without them the guard decides about a button, never about an act.
    """

    first_actors: tuple[str, ...]
    began_ms: int
    four_eyes: four_eyes.Facts | None = None


@dataclass(frozen=True)
class PersonIn(OfPerson, InDepartment):
    """Somebody, and the department in which they work."""


@dataclass(frozen=True)
class MailboxIn(PersonIn):
    """A mailbox. person: its holder; senders: who else may send from it now (M5)."""

    senders: frozenset[str] = field(default_factory=frozenset, kw_only=True)


@dataclass(frozen=True)
class GrantOn(PersonIn):
    """An authorization for a mailbox. holder: of the mailbox, "" without one."""

    holder: str = field(kw_only=True)


@dataclass(frozen=True)
class Employment(PersonIn):
    """A person's employment here. sponsor: of the contract under which they work here, "" without one."""

    sponsor: str = field(kw_only=True)


@dataclass(frozen=True)
class ExternalAccount(PersonIn):
    """A person's account in an external system. responsible: uid of who answers for that system."""

    responsible: str = field(kw_only=True)


@dataclass(frozen=True)
class PartOfReview(InDepartment):
    """A part of a review. reviewer: the actor, if the part is theirs to answer; else ""."""

    reviewer: str = field(kw_only=True)


@dataclass(frozen=True)
class ReviewedRight(PartOfReview, PersonIn, Decision):
    """An authorization in a part of a review; a sole grantor is one of firsts (R6)."""


@dataclass(frozen=True)
class DepartmentCase(InDepartment, Decision):
    """A department's question that two people answer."""


@dataclass(frozen=True)
class PersonCase(PersonIn, Decision):
    """A request or a case about a person that two people decide."""


@dataclass(frozen=True)
class OwnCase(OfPerson, Decision):
    """A request or case of the actor, which another person decides. Its department is irrelevant."""


@dataclass(frozen=True)
class OutboundFiles(PersonCase):
    """Files that leave in a person's message. alone: the sender has no superior in this, so they decide themselves (P-22)."""

    alone: bool = field(kw_only=True)
