"""Who acts, as a plain value: made once for a request, a command or a round of tick; the guard and every verb take it."""

from __future__ import annotations

from dataclasses import dataclass, field

from civicmail.city.access.duties import Duty


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A duty that is in force. department: "" for the whole city; taken_until: ms until which a privileged one is taken up."""

    duty: Duty
    department: str = ""
    active_until: int = 0


FOREVER = 1 << 62
"""ms until which a duty is taken up that nobody lays down: of the owner of a folder that nobody has claimed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """uid: of the person, or the name of a machine part ("tick", "feed", "os:NAME"). departments: codes for which the actor decides
    by office, as head or deputy, divisions included; supervises: uids. admitted: may use mail pages at all: live access and the
    policy acknowledged. client: the address the request came from. machine: nobody behind it; acts only by its own rule."""

    uid: str
    name: str = ""
    held: tuple[HeldRole, ...] = ()
    departments: frozenset[str] = field(default_factory=frozenset)
    supervises: frozenset[str] = field(default_factory=frozenset)
    admitted: bool = True
    client: str = ""
    machine: bool = False

    def holds(self, duty: Duty, department: str = "") -> bool:
        """Whether a duty is held, for this department where the duty is a department's."""
        return any(h.duty == duty and (not h.department or h.department == department) for h in self.held)

    def has_activated(self, duty: Duty, now: int) -> bool:
        return any(h.duty == duty and now < h.active_until for h in self.held)

    def decides_for(self, department: str) -> bool:
        """Whether this is a designated authoriser of the department (M3): its head, a deputy, or one by duty."""
        return department in self.departments or self.holds("authoriser", department)


ANONYMOUS = Actor("", admitted=False)


def machine(name: str) -> Actor:
    """A part of the program that acts by itself: tick, feed, the worker."""
    return Actor(name, name, machine=True)
