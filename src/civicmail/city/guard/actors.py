"""Actor: the person or program that performs an act, as a plain value that the guard and every verb take."""

from __future__ import annotations

from dataclasses import dataclass, field

from civicmail.city.guard.roles import Role


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role in force. department: "" for the whole city; active_until: epoch ms until which a privileged role is active."""

    role: Role
    department: str = ""
    active_until: int = 0


FOREVER = 1 << 62
"""ms until which a role is activated that nobody deactivates: of the owner of a folder that nobody has claimed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program that performs an act.

    uid: of the person, or name of a program part ("tick", "feed", "os:NAME"). departments: codes of departments that the
    actor heads or deputizes for, with their divisions; supervises: uids; admitted: may use mail pages at all (active access,
    policy acknowledged); client: network address of the request; machine: a program, which acts only by its own rules.
    """

    uid: str
    name: str = ""
    held: tuple[HeldRole, ...] = ()
    departments: frozenset[str] = field(default_factory=frozenset)
    supervises: frozenset[str] = field(default_factory=frozenset)
    admitted: bool = True
    client: str = ""
    machine: bool = False

    def holds(self, role: Role, department: str = "") -> bool:
        """Whether the actor has a role, for this department if the role is departmental."""
        return any(h.role == role and (not h.department or h.department == department) for h in self.held)

    def has_activated(self, role: Role, now: int) -> bool:
        return any(h.role == role and now < h.active_until for h in self.held)

    def decides_for(self, department: str) -> bool:
        """Whether the actor is a designated authorizer of the department (M3): its head, a deputy, or one by role."""
        return department in self.departments or self.holds("authoriser", department)


ANONYMOUS = Actor("", admitted=False)


def machine(name: str) -> Actor:
    """A part of the program that acts by itself: tick, feed, the worker."""
    return Actor(name, name, machine=True)
