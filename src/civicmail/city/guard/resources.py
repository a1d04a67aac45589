"""Resources: the typed objects that acts concern, with the facts that rules read (NIST SP 800-162). Pure.

A kind has the facts that its rules read, and none of them is ever guessed: whoever asks the guard says each. A rule that meets a
resource without a fact that it needs refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from civicmail.city.guard import four_eyes
from civicmail.city.guard.actors import Actor


@dataclass(frozen=True)
class Resource:
    """What an act is done to."""


@dataclass(frozen=True)
class City(Resource):
    """The installation, or all departments at once."""


CITY = City()


@dataclass(frozen=True)
class InDepartment(Resource):
    """department: code of the one that owns it, "" where none does: then it is the access office's."""

    department: str


@dataclass(frozen=True)
class OfPerson(Resource):
    """person: uid of whom it is about, "" for nobody: a machine, or somebody who is not known yet."""

    person: str

    def is_about(self, actor: Actor) -> bool:
        """Whether the actor is the person whom it is about, under whatever number."""
        return four_eyes.is_same_person(actor.uid, self.person, self.four_eyes if isinstance(self, Decision) else None)


@dataclass(frozen=True, kw_only=True)
class Decision(Resource):
    """A decision that takes two people.

    first_actors: uids of those who did the other parts, "" for an unknown one; began_ms: when it began, epoch ms; four_eyes:
    facts about these people (four_eyes.py). Without them the guard answers for a button, never for an act.
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
    """A right on a mailbox for somebody. holder: of the mailbox, "" without one."""

    holder: str = field(kw_only=True)


@dataclass(frozen=True)
class Employment(PersonIn):
    """What somebody does here. sponsor: of the contract under which they are here, "" without one."""

    sponsor: str = field(kw_only=True)


@dataclass(frozen=True)
class ExternalAccount(PersonIn):
    """A person's account in an external system. responsible: uid of who answers for that system."""

    responsible: str = field(kw_only=True)


@dataclass(frozen=True)
class PartOfReview(InDepartment):
    """A part of a review. reviewer: who asks the guard, where the part is theirs to answer; else ""."""

    reviewer: str = field(kw_only=True)


@dataclass(frozen=True)
class ReviewedRight(PartOfReview, PersonIn, Decision):
    """A right in a part of a review; whoever granted it alone is one of firsts (R6)."""


@dataclass(frozen=True)
class DepartmentCase(InDepartment, Decision):
    """A department's question that two people answer."""


@dataclass(frozen=True)
class PersonCase(PersonIn, Decision):
    """A request or a case about somebody that two people decide."""


@dataclass(frozen=True)
class OwnCase(OfPerson, Decision):
    """Something that somebody did or asked for, which another person answers. Its department is nobody's business."""


@dataclass(frozen=True)
class OutboundFiles(PersonCase):
    """Files that leave in somebody's message. alone: nobody is above the sender in this, so they decide themselves (P-22)."""

    alone: bool = field(kw_only=True)
