"""Roles that need a second holder: acts that take two people and would wait for ever."""

from __future__ import annotations

from itertools import product

from civicmail.city.guard import four_eyes
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.queries.four_eyes import facts
from civicmail.city.guard.roles import Role
from civicmail.city.identity.models import RoleAssignment

PAIRS: tuple[tuple[str, Role, Role], ...] = (
    ("account.hand-over", "access-officer", "access-officer"),
    ("release.second", "security-officer", "security-officer"),
    ("finding.second", "use-reviewer", "use-reviewer"),
    ("rule.decide", "policy-author", "policy-approver"),
    ("mandate.approve", "examiner", "examination-approver"),
)
"""An act, who does its first half, and who its second; what departments do among themselves is not here."""


def understaffed_roles(*, now: int) -> list[Role]:
    """Roles of second decisions that no present holder could take for the holder of the first. now: ms. Without unassigned
    roles."""
    holders: dict[str, set[str]] = {}
    for role, uid in RoleAssignment.objects.in_force(from_ms(now)).values_list("role", "person__uid"):
        holders.setdefault(role, set()).add(uid)
    known = facts(set().union(*(holders.get(role, ()) for _, *pair in PAIRS for role in pair)), began=now, now=now)
    return [
        second
        for act, first, second in PAIRS
        if holders.get(first)
        and holders.get(second)
        and all(
            four_eyes.why_refused(uid, [other], known, began=now, now=now, alone=PERMISSIONS[act].alone)
            for other, uid in product(holders[first], holders[second])
        )
    ]
