"""Grounds on which mail of others may be examined, with the role that may request it (P-16, P-21). Pure.

P-16 says *management*: for the city an officer with a role, for a department its head and deputies, for their own people only. The
requester never decides: a second person does (E3), outside the reporting lines of the people examined.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.mandates import GROUNDS, Ground
from civicmail.city.guard.roles import ROLES, Role

Head = Literal["department-head"]
HEAD: Head = "department-head"
"""As what a head or deputy asks: an office in the directory, not a role."""


@dataclass(frozen=True, slots=True)
class GroundRule:
    """One line of the table. role: of the requester; own: only for people of the requester's own departments; why: the reason for
    the line."""

    ground: Ground
    role: Role | Head
    why: str
    own: bool = False


GROUND_RULES: tuple[GroundRule, ...] = (
    GroundRule("request", "records-officer", "answers requests for records of the whole city (P-21)"),
    GroundRule("request", "city-attorney", "advises on privilege and on denials of such requests (P-21)"),
    GroundRule("examination", "examiner", "city management examines by its examiners (P-16)"),
    GroundRule("examination", HEAD, "departmental management examines its own department (P-16)", own=True),
    GroundRule("litigation", "city-attorney", "the city's lawyer answers for what courts ask (P-16)"),
    GroundRule("continuity", HEAD, "somebody is away and the department's work goes on (P-16)", own=True),
    GroundRule("continuity", "access-officer", "ends access and hands work over, where no head is left to ask (P-08)"),
    GroundRule("continuity", "examiner", "on behalf of a department without a head (P-16)"),
)

PROTECTED_CLASSES: dict[str, str] = {
    "council": "Mayor and council",
    "city-attorney": "City attorney",
    "personnel": "Human resources",
    "union": "Union",
    "internal-affairs": "Police internal affairs",
}
"""Classes of people whose mail only an approver named for the class opens (E3). Elected officials are of the first and holders of
the role city attorney of the second by themselves; the city names everybody else, and the approvers."""

URGENT: frozenset[str] = frozenset({"examiner"})
"""As what somebody may look before a second person has decided (E4)."""


def find_rule(ground: str, role: str) -> GroundRule | None:
    """The line of the table, None where there is none."""
    return next((way for way in GROUND_RULES if (way.ground, way.role) == (ground, role)), None)


def role_name(role: str) -> str:
    """The role's name on pages: Examiner, Head of department."""
    return next((meaning.name for known, meaning in ROLES.items() if known == role), "Head of department")


def why_refused(actor: Actor, ground: str, role: str, departments: Collection[str], now: int) -> str:
    """Why the actor may not request, or examine, this way; empty if they may. departments: codes of the people examined."""
    rule = find_rule(ground, role)
    if rule is None:
        named = next((label for known, label in GROUNDS.items() if known == ground), "This")
        return f"{named} is no ground on which a {role_name(role).lower()} looks at mail."
    if rule.role == HEAD:
        if not actor.departments:
            return "Only the head of a department, or a deputy, asks like this."
    elif not actor.holds(rule.role):
        return f"This needs the role {role_name(role).lower()}."
    elif ROLES[rule.role].privileged and not actor.has_activated(rule.role, now):
        return f"Activate the role {role_name(role).lower()} first, with a reason."
    if rule.own and not (departments and set(departments) <= actor.departments):
        return "A department looks at the mail of its own people only."
    return ""


def available_rules(actor: Actor, now: int) -> list[GroundRule]:
    """The lines that this actor can use at this moment, in order of the table; for a form."""
    return [way for way in GROUND_RULES if not why_refused(actor, way.ground, way.role, actor.departments, now)]
